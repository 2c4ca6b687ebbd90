"""The manifest of a run, read back. It imports little of the study, so that `verify` can use it first."""

import json
from pathlib import Path

from em_study import TITLE
from em_study.audit.checksums import file_within

FILES = {  # recorded with their checksums, by kind; and what a kind is called
    "outputs": "result",
    "records": "record",
    "inputs": "input",
    "configuration_files": "configuration",
    "article_files": "article",
    "code": "code",
}
KEPT = ("commit", "dirty", "configuration", "configuration_sha256", "code", "python", "packages", "blas", "processor")
NOT_CERTIFIED = ("manifest.json", "pages.json", "report_image", "fetch")  # records of what the manifest is not about
ABOUT_THE_RUN = ("results/report.html", "ro-crate-metadata.json")  # what is made after the manifest, and describes it
ARCHIVE = "archive.json"  # what an archive says of itself
LARGEST = 100_000_000  # bytes


def read_manifest(folder: Path) -> tuple[dict, str]:
    """Return the manifest in a folder's results, and a sentence without its full stop if it cannot be used."""
    name = "results/manifest.json"
    file = file_within(folder / "results", "manifest.json")
    if file is None:
        return {}, f"{name} is missing: there is no complete run here"
    if file.stat().st_size > LARGEST:
        return {}, f"{name} has more than {LARGEST:,} bytes: it is none"
    try:
        content = file.read_text(encoding="utf-8")
    except (ValueError, OSError) as error:
        return {}, f"{name} cannot be read ({error})"
    manifest, problem = parsed(content, name, (*(FILES.keys() - {"records"}), "caller"))
    if not problem and not {"records", "code_computes", "made_by", "changes"} <= manifest.keys():
        problem = f"{name}: old record, not certified: it is older than the records of what made each result"
        return {}, f"{problem}. Make the results anew (`snakemake --cores 4`)"
    if not problem and not _is_certificate(manifest):
        return {}, f"{name} is not a manifest"
    return manifest, problem


def _is_certificate(manifest: dict) -> bool:
    """Tell whether what a manifest says of records and changes has the form that it is read by."""
    lists = (manifest["made_by"], manifest["changes"])
    keys = {"kind", "name", "key", "now", "article", "file"}  # of a `Change`
    return (
        _maps(manifest["code_computes"], str)
        and all(isinstance(found, list) and all(isinstance(each, dict) for each in found) for found in lists)
        and all(change.keys() == keys for change in manifest["changes"])
    )


def parsed(content: str, name: str, further=()) -> tuple[dict, str]:
    """Return a manifest from its text, and a sentence without its full stop if it cannot be used.

    Parameters
    ----------
    content, name : str
    further : iterable of str
        What it must have beside what published results keep.
    """
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        return {}, f"{name} cannot be read ({error})"
    if not isinstance(manifest, dict) or not {"code", "configuration"} <= manifest.keys():
        return {}, f"{name} is not a manifest"
    if not {*KEPT, *further} <= manifest.keys():
        return {}, f"{name} is of an older version (see CHANGELOG.md): make the results anew"
    of_text = [manifest[kind] for kind in FILES if kind in manifest] + [manifest["packages"]]
    configuration = manifest["configuration"]
    parts = (
        [configuration.get(key) for key in ("experiments", "sweeps", "claims")]
        if isinstance(configuration, dict)
        else [0]
    )
    whole = all(_maps(found, str) for found in of_text) and all(_maps(found, dict) for found in parts)
    return (manifest, "") if whole else ({}, f"{name} is not a manifest")


def _maps(found, kind) -> bool:
    """Tell whether something is an object whose values are all of a kind."""
    return isinstance(found, dict) and all(isinstance(value, kind) for value in found.values())


def forget_descriptions(caller: dict | None):
    """Remove the report and the crate of an earlier run; where a workflow calls the study, they are that one's."""
    for file in map(Path, ABOUT_THE_RUN if caller is None else ()):
        if file.is_file() and is_ours(file):
            file.unlink()


def is_ours(file: Path) -> bool:
    """Tell whether a report or a crate is of this study."""
    try:
        return TITLE in file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def changes_in(manifest: dict) -> list:
    """Return what a run has changed of the articles; of published results nothing is known."""
    from em_study.configuration.changes import Change

    return [Change(**change) for change in manifest.get("changes", ())]


def needs_a_run(folder: Path) -> tuple[dict, str]:
    """Return the manifest of a run that can be described and packed, and a sentence if there is none such."""
    manifest, problem = read_manifest(folder)
    if not problem and not (folder / "results/run.json").is_file():
        problem = "results/run.json is missing: the last run has not ended"
    if not problem and manifest["caller"] is not None:
        problem = "the study is a module of another workflow here: describe and pack that one"
    return manifest, problem


def recorded_files(manifest: dict) -> dict[str, str]:
    """Return the checksum of every file that a manifest records, by its path."""
    return {path: checksum for kind in FILES for path, checksum in manifest[kind].items()}


def is_archive(folder: Path) -> bool:
    """Tell whether a folder is an unpacked archive."""
    return (folder / ARCHIVE).is_file()


def holding_rows(manifest: dict) -> list[str]:
    """List the results that hold rows of a user's files: data, frames, predictions, imputed rows, pictures, page."""
    own = {
        name
        for name, found in manifest["configuration"]["experiments"].items()
        if isinstance(found.get("data"), dict) and found["data"].get("source") == "csv"
    }
    rows = [path for path in manifest["outputs"] if _experiment_of(path) in own]
    return rows + (["results/index.html"] if own else [])


def _experiment_of(path: str) -> str | None:
    parts = Path(path).parts
    if len(parts) < 3:
        return None
    if parts[1] in ("data", "watch"):
        return Path(path).stem
    return parts[2] if parts[1] in ("predictions", "imputed", "figures") else None
