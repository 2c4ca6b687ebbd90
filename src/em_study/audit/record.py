"""Read the manifest of a run. It imports little of the study, so that `verify` can use it first."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from em_study import TITLE
from em_study.audit.checksums import file_within
from em_study.layout import FILES, MANIFEST, RUN, kind_of

RECORDED = {  # files with checksums, by kind, and the word for each kind
    "outputs": "result",
    "records": "record",
    "inputs": "input",
    "configuration_files": "configuration",
    "article_files": "article",
    "code": "code",
}
KEPT = ("commit", "dirty", "configuration", "configuration_sha256", "code", "python", "packages", "blas", "processor")
ABOUT_THE_RUN = (FILES["report"].path, "ro-crate-metadata.json")  # made after the manifest, and describe it
ARCHIVE = "archive.json"  # description of an archive
LARGEST = 100_000_000  # bytes
CHANGE = {"kind", "name", "key", "now", "article", "file"}  # of a `Change`
MAPS, BLOCKS = TypeAdapter(list[dict[str, str]]), TypeAdapter(list[dict[str, dict]])
LISTS = TypeAdapter(list[list[dict]])


def read_manifest(folder: Path) -> tuple[dict, str]:
    """Return the manifest in a folder's results, and a sentence without its full stop if it cannot be used."""
    file = file_within(folder / "results", Path(MANIFEST).name)
    if file is None:
        return {}, f"{MANIFEST} is missing, so there is no complete run here"
    if file.stat().st_size > LARGEST:
        return {}, f"{MANIFEST} has more than {LARGEST:,} bytes, so it is not a manifest"
    try:
        content = file.read_text(encoding="utf-8")
    except (ValueError, OSError) as error:
        return {}, f"{MANIFEST} cannot be read ({error})"
    manifest, problem = parsed(content, MANIFEST, (*(RECORDED.keys() - {"records"}), "caller"))
    if not problem and not {"records", "code_computes", "made_by", "changes"} <= manifest.keys():
        problem = f"{MANIFEST}: not certified, because this run is older than the records of results"
        return {}, f"{problem}. Make the results again (`snakemake --cores 4`)"
    return manifest, problem


def parsed(content: str, name: str, further=()) -> tuple[dict, str]:
    """Return a manifest from its text, and a sentence without its full stop if it cannot be used.

    `further` are required keys, in addition to those of published results.
    """
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        return {}, f"{name} cannot be read ({error})"
    if not isinstance(manifest, dict) or not {"code", "configuration"} <= manifest.keys():
        return {}, f"{name} is not a manifest"
    if not {*KEPT, *further} <= manifest.keys():
        return {}, f"{name} is of an older version (see CHANGELOG.md): make the results again"
    return (manifest, "") if _has_form(manifest) else ({}, f"{name} is not a manifest")


def _has_form(manifest: dict) -> bool:
    """Whether the entries of a manifest have the expected types."""
    blocks = manifest["configuration"] if isinstance(manifest["configuration"], dict) else {}
    lists = [manifest.get(kind, []) for kind in ("made_by", "changes")]
    try:
        MAPS.validate_python([manifest.get(kind, {}) for kind in (*RECORDED, "packages", "code_computes")])
        BLOCKS.validate_python([blocks.get(name) for name in ("experiments", "sweeps", "claims")])
        LISTS.validate_python(lists)
    except ValidationError:
        return False
    return all(change.keys() == CHANGE for change in lists[1])


def forget_descriptions(caller: dict | None):
    """Remove the report and the crate of an earlier run; if another workflow calls the study, they are its own."""
    for file in map(Path, ABOUT_THE_RUN if caller is None else ()):
        if file.is_file() and is_ours(file):
            file.unlink()


def is_ours(file: Path) -> bool:
    """Whether a report or a crate belongs to this study."""
    try:
        return TITLE in file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


def changes_in(manifest: dict) -> list:
    """Return the changes of a run to the articles; published results state none."""
    from em_study.configuration.changes import Change

    return [Change(**change) for change in manifest.get("changes", ())]


def needs_a_run(folder: Path) -> tuple[dict, str]:
    """Return the manifest of a run that can be described and packed, and a sentence if there is none."""
    manifest, problem = read_manifest(folder)
    if not problem and not (folder / RUN).is_file():
        problem = f"{RUN} is missing: the last run has not finished"
    if not problem and manifest["caller"] is not None:
        problem = "the study is a module of another workflow here: describe and pack that workflow"
    return manifest, problem


def recorded_files(manifest: dict) -> dict[str, str]:
    """Return the checksum of every file that a manifest records, by its path."""
    return {path: checksum for kind in RECORDED for path, checksum in manifest[kind].items()}


def is_archive(folder: Path) -> bool:
    """Whether a folder is an unpacked archive."""
    return (folder / ARCHIVE).is_file()


def holding_rows(manifest: dict) -> list[str]:
    """List results that hold samples of a user's files: data, frames, predictions, imputed values, figures, page."""
    from em_study.data.settings import SOURCES

    private = {name for name, source in SOURCES.items() if source.holds_user_data}
    own = {
        name
        for name, found in manifest["configuration"]["experiments"].items()
        if isinstance(found.get("data"), dict) and found["data"].get("source") in private
    }
    found = {path: kind_of(path) for path in manifest["outputs"]}
    of_all = {
        path: names.get("experiment") for path, (kind, names) in found.items() if kind and FILES[kind].holds_samples
    }
    return [path for path, experiment in of_all.items() if own and experiment in {*own, None}]
