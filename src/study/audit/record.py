"""The manifest of the last run, read back. It imports nothing of the study, so that `verify` can use it first."""

import json
from pathlib import Path

FILES = {  # recorded with their checksums, by kind; and what a kind is called
    "outputs": "result",
    "inputs": "input",
    "configuration_files": "configuration",
    "article_files": "article",
    "code": "code",
}


ARCHIVE = "archive.json"  # what an archive says of itself
LARGEST = 100_000_000  # bytes


def read_left_out(folder: Path) -> dict[str, str]:
    """Return the checksums of what an archive leaves out, by path; none if the folder is no archive."""
    try:
        left_out = json.loads((folder / ARCHIVE).read_text(encoding="utf-8"))["left_out"]
        return {str(path): str(checksum) for path, checksum in left_out.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def needs_a_run(folder: Path) -> tuple[dict, str]:
    """Return the manifest of a run that can be described and packed, and a sentence if there is none such."""
    manifest, problem = read_manifest(folder)
    if not problem and not (folder / "results/run.json").is_file():
        problem = "results/run.json is missing: the last run has not ended"
    if not problem and manifest["caller"] is not None:
        problem = "the study is a module of another workflow here: describe and pack that one"
    return manifest, problem


def read_manifest(folder: Path) -> tuple[dict, str]:
    """Return the manifest in a folder's results, and a sentence without its full stop if it cannot be used."""
    file = folder / "results/manifest.json"
    try:
        if not file.is_file():
            return {}, "results/manifest.json is missing: there is no complete run here"
        if file.stat().st_size > LARGEST:
            return {}, f"results/manifest.json has more than {LARGEST:,} bytes: it is none"
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        return {}, f"results/manifest.json cannot be read ({error})"
    if not isinstance(manifest, dict) or not {"outputs", "code", "inputs", "configuration"} <= set(manifest):
        return {}, "results/manifest.json is not a manifest"
    if not {*FILES, "caller"} <= set(manifest):
        return {}, "results/manifest.json is of an older version (see CHANGELOG.md): make the results anew"
    if not all(isinstance(manifest[kind], dict) for kind in (*FILES, "configuration")):
        return {}, "results/manifest.json is not a manifest"
    return manifest, ""
