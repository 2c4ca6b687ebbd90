"""Check a run's results against its manifest, its code, its configuration and each other."""

import filecmp
import json
import os
import tempfile
from pathlib import Path

from em_study.audit.certificate import certificate_lines, not_certified
from em_study.audit.checksums import NOT_RESULTS, configuration_digest, file_within, leads_out
from em_study.audit.record import FILES, NOT_CERTIFIED, changes_in, holding_rows, is_archive, read_manifest
from em_study.audit.stale import is_made_here
from em_study.data.checksums import Checksums, sha256_of
from em_study.places import ROOT, Places
from em_study.plan.provenance import read_record

# Folders of results; a Snakefile that takes the study as a module may have others beside them.
STUDY_S = ("data", "evaluation", "figures", "fits", "imputed", "predictions", "records", "sklearn", "sweeps", "tables")


def problems_of(folder: Path, is_own: bool = True):
    """Yield what does not hold, a sentence each.

    Parameters
    ----------
    folder : Path
        Of the run; the results are in its folder `results`.
    is_own : bool
        Whether the run is one's own; else it is another's, and is not trusted.
    """
    manifest, problem = read_manifest(folder)
    if problem:
        yield problem
        return
    absent = not_here(folder, manifest, is_own)
    records = {path: _record(folder, path, is_own) for path in manifest["records"]}
    for kind, name in FILES.items():
        recorded = manifest[kind]
        if kind in ("outputs", "records", "code"):
            outside = [path for path in recorded if leads_out(path)]
            yield from (f"{path!r}: this {name} file leads out of the folder, and is not read" for path in outside)
            recorded = {path: checksum for path, checksum in recorded.items() if path not in outside}
        recorded = {path: checksum for path, checksum in recorded.items() if path not in absent}
        found = list(_changed(folder, recorded, kind, manifest, is_own))
        made_by = {path: (file, of["rule"]) for file, of in records.items() if of for path in of["outputs"]}
        yield from (text + _maker(made_by.get(path)) for path, text in found)
        if kind == "outputs":
            yield from _not_recorded(folder, manifest)
        if kind == "records":
            sources = manifest["inputs"] | manifest["code"]
            yield from certificate_lines(not_certified(records, manifest["outputs"], sources))
        if found and (kind == "code" or not is_own):
            words = (
                "the code is not the one that made the results" if kind == "code" else f"one {name} file or more differ"
            )
            yield f"{words}, so nothing was computed again"
            return
    if configuration_digest(manifest["configuration"]) != manifest["configuration_sha256"]:
        yield "results/manifest.json: its configuration does not have the checksum beside it"
    if is_own and not absent.intersection(manifest["inputs"]):  # without its files it cannot be loaded
        yield from _other_configuration(folder, manifest)
    try:
        yield from _tables(folder, manifest)
    except Exception as error:  # whatever stands in them
        yield f"the tables cannot be computed again: {type(error).__name__}: {error}"


def not_here(folder: Path, manifest: dict, is_own: bool) -> set[str]:
    """Name recorded files that may be missing: what an archive leaves out, and the inputs of another's results."""
    absent = {*manifest["inputs"]} if not is_own or is_archive(folder) else set()
    if is_archive(folder):
        absent |= {*holding_rows(manifest)}
    elif not is_own:  # results alone: what lies in a tree, or outside, is not theirs to show
        absent |= {*manifest["configuration_files"], *manifest["article_files"]}
        of_a_tree = {path for path in absent if Places(folder).file(path) == ROOT / path}
        return {path for path in absent if path in of_a_tree or file_within(folder, path) is None}
    return {path for path in absent if file_within(folder, path) is None}


def _changed(folder, recorded, kind, manifest, is_own):
    for path, checksum in recorded.items():
        for file in _files_to_check(folder, path, kind, is_own):
            if file is None or not file.is_file():
                yield path, f"{path}: this {FILES[kind]} file is missing"
            elif sha256_of(file) != checksum and not (kind == "code" and _computes_the_same(file, path, manifest)):
                yield path, f"{path}: this {FILES[kind]} file is not the one that the manifest records"


def _record(folder: Path, path: str, is_own: bool) -> dict | None:
    file = folder / path if is_own else file_within(folder / "results", path.removeprefix("results/"))
    return None if file is None or leads_out(path) else read_record(file)


def _maker(made_by: tuple[str, str] | None) -> str:
    """Say what made a result."""
    return f" (made by rule {made_by[1]}, see {made_by[0]})" if made_by else ""


def _files_to_check(folder, path, kind, is_own):
    """List where a recorded file is. Of another's code, which is not run, this tree's must be the same."""
    if is_own:
        return [Places(folder).file(path)]
    if kind != "code":
        return [file_within(folder, path)]
    return [ROOT / path, *([file_within(folder, path)] if is_archive(folder) else [])]


def _computes_the_same(file, path, manifest) -> bool:
    return Checksums().of_code(file) == manifest["code_computes"].get(path)


def other_words(folder: Path, manifest: dict, is_own: bool) -> list[str]:
    """Name code files that are others than the recorded ones in comments or docstrings alone."""
    places = {path: _files_to_check(folder, path, "code", is_own) for path in manifest["code"] if not leads_out(path)}
    return [
        path
        for path, files in places.items()
        if any(file and file.is_file() and sha256_of(file) != manifest["code"][path] for file in files)
    ]


def _not_recorded(folder, manifest):
    for file in sorted((folder / "results").rglob("*")):
        path = file.relative_to(folder)
        is_kept = path.parts[1] in (*NOT_RESULTS, "downloads") or path.parts[3:4] == ("cells",)
        is_kept |= path.parts[1] == "records" and not {*NOT_CERTIFIED}.isdisjoint(path.parts[2:3])
        is_callers = manifest["caller"] is not None and path.parts[1] not in STUDY_S
        is_recorded = str(path) in manifest["outputs"] or str(path) in manifest["records"]
        if file.is_file() and not is_kept and not is_callers and not is_recorded:
            hint = "; if it is left over, `em-study clean` lists it" if is_made_here(path) else ""
            yield f"{path}: this file is not of the recorded run{hint}"


def _other_configuration(folder, manifest):
    from em_study.configuration.loading import load
    from em_study.errors import StudyError

    try:
        files = [os.path.relpath(Places(folder).file(name)) for name in manifest["configuration_files"]]
        effective = load(files, caller=manifest["caller"]).study.model_dump()
    except StudyError as error:
        yield f"the configuration is not valid: {error}"
        return
    if configuration_digest(json.loads(json.dumps(effective))) != manifest["configuration_sha256"]:
        yield "the configuration files give another configuration than the recorded one"


def _tables(folder, manifest):
    import pandas as pd
    from pydantic import ValidationError

    from em_study.claims.checks import sweeps_of
    from em_study.claims.judge import judge_all
    from em_study.configuration.changes import warnings_of
    from em_study.configuration.study import Study
    from em_study.data.storage import read_table
    from em_study.errors import StudyError
    from em_study.sweeps.cells import text_keys
    from em_study.sweeps.repeated import repeated_runs
    from em_study.tables.collect import COLLECTED, collect
    from em_study.tables.columns import COLUMNS, PARTS, SWEEP_COLUMNS

    tables = folder / "results/tables"
    try:
        study = Study.model_validate(manifest["configuration"])
    except ValidationError:
        yield "results/manifest.json: its configuration is not valid"
        return
    found, used = {}, sweeps_of(study)
    names = [*COLLECTED, "claims", *(f"sweeps/{name}{end}" for name in study.sweeps for end in ("", "_summary"))]
    unknown = [path for path in (f"results/tables/{name}.csv" for name in names) if path not in manifest["outputs"]]
    if unknown:
        yield f"results/manifest.json does not record {', '.join(unknown)}, so nothing was computed again"
        return
    for name in (*COLLECTED, "claims"):
        try:
            found[name] = collect(name, [read_table(tables / f"{name}.csv")])
        except (StudyError, OSError, ValueError) as error:
            yield f"results/tables/{name}.csv does not fit its data dictionary: {error}"
    for name, sweep in study.sweeps.items():
        table, varied = tables / f"sweeps/{name}.csv", list(sweep.vary)
        try:
            columns = pd.read_csv(table, nrows=0).columns.tolist()
            if columns != [*varied, *SWEEP_COLUMNS, *sweep.measurements]:
                yield f"results/tables/sweeps/{name}.csv does not fit its data dictionary: columns {columns}"
            elif not _gives(table, varied, tables / f"sweeps/{name}_summary.csv"):
                yield f"results/tables/sweeps/{name}_summary.csv is not what its table gives"
            if name in used:
                found[f"sweeps/{name}"] = read_table(table, text_keys(sweep.vary))
        except (OSError, ValueError) as error:
            yield f"results/tables/sweeps/{name}.csv cannot be read: {error}"
    read = (*PARTS, *(f"sweeps/{name}" for name in used))
    if {*read, "claims"} <= set(found):
        warnings = warnings_of(study, changes_in(manifest))
        rows = judge_all(study.claims, {name: found[name] for name in read}, repeated_runs(study), warnings)
        if not _same(pd.DataFrame(rows, columns=list(COLUMNS["claims"])), found["claims"]):
            yield "results/tables/claims.csv is not what the other tables give"


def _gives(table, varied, summary) -> bool:
    """Tell whether the table of a sweep gives its summary."""
    from em_study.sweeps.run import put_together

    with tempfile.TemporaryDirectory() as made:
        put_together([table], varied, Path(made) / "table.csv", Path(made) / "summary.csv")
        return filecmp.cmp(Path(made) / "summary.csv", summary, shallow=False)


def _same(made, written) -> bool:
    """Compare tables as they are written."""
    return made.to_csv(index=False) == written.to_csv(index=False)


def verify(folder: Path | None = None):
    """Yield what does not hold, and return 1 then; or that everything does. Without a folder, the run in this one."""
    place, is_own = folder or Path(), folder is None
    if not (place / "results").is_dir() and place.name == "results":
        place = place.parent
    if place.is_file():
        yield f"{place}: not certified, because it has no records; `em-study compare` holds a run to it"
        return 1
    found = list(problems_of(place, is_own))
    if found:
        yield from found
        yield f"{len(found)} of the checks failed"
        yield "To make a result again: delete it and results/manifest.json, and give the same snakemake command"
        return 1
    manifest, _ = read_manifest(place)
    absent = not_here(place, manifest, is_own)
    n_files = len(manifest["outputs"].keys() - absent)
    if changes := changes_in(manifest):
        yield "These results were not made with the settings of the articles:"
        yield from (f"  {change}" for change in changes)
    this = {"python": manifest["python"], "processor": manifest["processor"]}
    if others := [maker for maker in manifest["made_by"] if maker != this]:
        yield f"some results were made by another Python or processor than {this}: {others}"
    if other := other_words(place, manifest, is_own):
        yield f"other in comments or docstrings alone, and counted as the same: {', '.join(other)}"
    if absent:
        yield f"not checked, and known by their checksums alone: {', '.join(sorted(absent))}"
    checked = [kind for kind in ("inputs", "configuration_files") if absent.isdisjoint(manifest[kind])]
    named = {"inputs": ", inputs", "configuration_files": ", configuration"}
    told = "".join(named[kind] for kind in checked)
    yield f"everything holds: {n_files} results, their records{told}, code, tables and claims"
    return 0
