"""Check a run's results against its manifest, its code, its configuration and each other: `make verify`.

    python -m study.audit.verify

Run it in the folder of the study. Says in plain words what does not hold, and ends with 1 then.
"""

import filecmp
import json
import sys
import tempfile
from pathlib import Path

from study.audit.checksums import NOT_RESULTS, configuration_digest, sha256_of
from study.audit.record import FILES, read_manifest
from study.audit.stale import is_made_here

# Folders of results; a Snakefile that takes the study as a module may have others beside them.
STUDY_S = ("data", "evaluation", "figures", "fits", "predictions", "sklearn", "sweeps", "tables")


def problems_of(folder: Path):
    """Yield what does not hold, a sentence each.

    Parameters
    ----------
    folder : Path
        Where the study is; the results are in its folder `results`.
    """
    manifest, problem = read_manifest(folder)
    if problem:
        yield problem
        return
    for kind, name in FILES.items():
        found = list(_changed(folder, manifest[kind], name))
        yield from found
        if kind == "outputs":
            yield from _not_recorded(folder, manifest)
        if kind == "code" and found:
            yield "the code is not the one that made the results, so nothing was computed again"
            return
    yield from _other_configuration(folder, manifest)
    yield from _tables(folder, manifest)


def _changed(folder, recorded, name):
    for path, checksum in recorded.items():
        if not (folder / path).is_file():
            yield f"{path}: this {name} file is missing"
        elif sha256_of(folder / path) != checksum:
            yield f"{path}: this {name} file is not the one that the manifest records"


def _not_recorded(folder, manifest):
    for file in sorted((folder / "results").rglob("*")):
        path = file.relative_to(folder)
        is_kept = path.parts[1] in (*NOT_RESULTS, "downloads") or path.parts[3:4] == ("cells",)
        is_callers = manifest["caller"] is not None and path.parts[1] not in STUDY_S
        if file.is_file() and not is_kept and not is_callers and str(path) not in manifest["outputs"]:
            hint = "; if it is left over, `make clean-stale` removes it" if is_made_here(path) else ""
            yield f"{path}: this file is not of the recorded run{hint}"


def _other_configuration(folder, manifest):
    from study.configuration.errors import StudyError
    from study.plan.loading import load

    if configuration_digest(manifest["configuration"]) != manifest["configuration_sha256"]:
        yield "results/manifest.json: its configuration does not have the checksum beside it"
    try:
        files = [folder / file for file in manifest["configuration_files"]]
        effective = load(files, caller=manifest["caller"]).study.model_dump()
    except StudyError as error:
        yield f"the configuration is not valid: {error}"
        return
    if configuration_digest(json.loads(json.dumps(effective))) != manifest["configuration_sha256"]:
        yield "the configuration files give another configuration than the recorded one"


def _tables(folder, manifest):
    import pandas as pd

    from study.claims.judge import judge_all
    from study.configuration.claim_checks import sweeps_of
    from study.configuration.errors import StudyError
    from study.configuration.schema import Study
    from study.data.storage import read_table
    from study.tables.collect import COLLECTED, collect
    from study.tables.columns import COLUMNS, PARTS, SWEEP_COLUMNS

    tables = folder / "results/tables"
    study = Study.model_validate(manifest["configuration"])
    found, used = {}, sweeps_of(study)
    for name in (*COLLECTED, "claims"):
        try:
            found[name] = collect(name, [read_table(tables / f"{name}.csv")])
        except (StudyError, OSError, ValueError) as error:
            yield f"results/tables/{name}.csv does not fit its data dictionary: {error}"
    for name, sweep in manifest["configuration"]["sweeps"].items():
        table, varied = tables / f"sweeps/{name}.csv", list(sweep["vary"])
        try:
            columns = pd.read_csv(table, nrows=0).columns.tolist()
            if columns != [*varied, *SWEEP_COLUMNS, *sweep["measurements"]]:
                yield f"results/tables/sweeps/{name}.csv does not fit its data dictionary: columns {columns}"
            elif not _gives(table, varied, tables / f"sweeps/{name}_summary.csv"):
                yield f"results/tables/sweeps/{name}_summary.csv is not what its table gives"
            if name in used:
                found[f"sweeps/{name}"] = read_table(table)
        except (OSError, ValueError) as error:
            yield f"results/tables/sweeps/{name}.csv cannot be read: {error}"
    read = (*PARTS, *(f"sweeps/{name}" for name in used))
    if {*read, "claims"} <= set(found):
        rows = judge_all(study.claims, {name: found[name] for name in read}, frozenset(study.repeated()))
        if not _same(pd.DataFrame(rows, columns=list(COLUMNS["claims"])), found["claims"]):
            yield "results/tables/claims.csv is not what the other tables give"


def _gives(table, varied, summary) -> bool:
    """Tell whether the table of a sweep gives its summary."""
    from study.tables.sweeps import put_together

    with tempfile.TemporaryDirectory() as made:
        put_together([table], varied, Path(made) / "table.csv", Path(made) / "summary.csv")
        return filecmp.cmp(Path(made) / "summary.csv", summary, shallow=False)


def _same(made, written) -> bool:
    """Compare tables as they are written."""
    return made.to_csv(index=False) == written.to_csv(index=False)


def main() -> int:
    """Print what does not hold, or that everything does."""
    found = list(problems_of(Path()))
    for problem in found:
        print(problem)
    if found:
        print(f"{len(found)} of the checks failed")
        return 1
    n_files = len(json.loads(Path("results/manifest.json").read_text(encoding="utf-8"))["outputs"])
    print(f"everything holds: {n_files} results, their inputs, code and configuration, tables and claims")
    return 0


if __name__ == "__main__":
    sys.exit(main())
