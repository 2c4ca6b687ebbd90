"""The manifest of a run, read back. It imports little of the study, so that `verify` can use it first."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from em_study import TITLE
from em_study.audit.checksums import file_within
from em_study.layout import FILES, MANIFEST, RUN, kind_of

RECORDED = {  # with their checksums by kind; and what a kind is called
    "outputs": "result",
    "records": "record",
    "inputs": "input",
    "configuration_files": "configuration",
    "article_files": "article",
    "code": "code",
}
KEPT = ("commit", "dirty", "configuration", "configuration_sha256", "code", "python", "packages", "blas", "processor")
ABOUT_THE_RUN = (FILES["report"].path, "ro-crate-metadata.json")  # what is made after the manifest, and describes it
ARCHIVE = "archive.json"  # what an archive says of itself
LARGEST = 100_000_000  # bytes
CHANGE = {"kind", "name", "key", "now", "article", "file"}  # of a `Change`
MAPS, BLOCKS = TypeAdapter(list[dict[str, str]]), TypeAdapter(list[dict[str, dict]])
LISTS = TypeAdapter(list[list[dict]])


def read_manifest(folder: Path) -> tuple[dict, str]:
    """Return the manifest in a folder's results, and a sentence without its full stop if it cannot be used."""
    file = file_within(folder / "results", Path(MANIFEST).name)
    if file is None:
        return {}, f"{MANIFEST} is missing: there is no complete run here"
    if file.stat().st_size > LARGEST:
        return {}, f"{MANIFEST} has more than {LARGEST:,} bytes: it is none"
    try:
        content = file.read_text(encoding="utf-8")
    except (ValueError, OSError) as error:
        return {}, f"{MANIFEST} cannot be read ({error})"
    manifest, problem = parsed(content, MANIFEST, (*(RECORDED.keys() - {"records"}), "caller"))
    if not problem and not {"records", "code_computes", "made_by", "changes"} <= manifest.keys():
        problem = f"{MANIFEST}: old record, not certified: it is older than the records of what made each result"
        return {}, f"{problem}. Make the results anew (`snakemake --cores 4`)"
    return manifest, problem


def parsed(content: str, name: str, further=()) -> tuple[dict, str]:
    """Return a manifest from its text, and a sentence without its full stop if it cannot be used.

    `further` is what it must have beside what published results keep.
    """
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        return {}, f"{name} cannot be read ({error})"
    if not isinstance(manifest, dict) or not {"code", "configuration"} <= manifest.keys():
        return {}, f"{name} is not a manifest"
    if not {*KEPT, *further} <= manifest.keys():
        return {}, f"{name} is of an older version (see CHANGELOG.md): make the results anew"
    return (manifest, "") if _has_form(manifest) else ({}, f"{name} is not a manifest")


def _has_form(manifest: dict) -> bool:
    """Tell whether what is there of a manifest has the form that it is read by."""
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
    if not problem and not (folder / RUN).is_file():
        problem = f"{RUN} is missing: the last run has not ended"
    if not problem and manifest["caller"] is not None:
        problem = "the study is a module of another workflow here: describe and pack that one"
    return manifest, problem


def recorded_files(manifest: dict) -> dict[str, str]:
    """Return the checksum of every file that a manifest records, by its path."""
    return {path: checksum for kind in RECORDED for path, checksum in manifest[kind].items()}


def is_archive(folder: Path) -> bool:
    """Tell whether a folder is an unpacked archive."""
    return (folder / ARCHIVE).is_file()


def holding_rows(manifest: dict) -> list[str]:
    """List the results that hold rows of a user's files: data, frames, predictions, imputed rows, pictures, page."""
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
