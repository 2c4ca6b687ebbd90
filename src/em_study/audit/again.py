"""Compute parts of a run again: the configuration from its files, summaries and claims from the tables."""

import filecmp
import os
import tempfile
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from em_study.audit.record import changes_in
from em_study.claims.checks import sweeps_of
from em_study.claims.evaluate import evaluate_all
from em_study.columns import COLUMNS, PARTS, SWEEP_COLUMNS
from em_study.configuration.changes import warnings_of
from em_study.configuration.loading import load
from em_study.configuration.study import Study
from em_study.data.checksums import digest_of
from em_study.data.storage import read_table
from em_study.errors import StudyError
from em_study.layout import MANIFEST, table_file
from em_study.places import Places
from em_study.settings import as_params
from em_study.sweeps.repeated import own_rows, repeated_runs
from em_study.sweeps.run import put_together
from em_study.sweeps.settings import text_keys
from em_study.tables.collect import COLLECTED, collect


def other_configuration(folder: Path, manifest: dict):
    """Yield a problem if the configuration files do not give the configuration of the manifest."""
    try:
        files = [os.path.relpath(Places(folder).file(name)) for name in manifest["configuration_files"]]
        effective = load(files, caller=manifest["caller"]).study
    except StudyError as error:
        yield f"the configuration is not valid: {error}"
        return
    if digest_of(as_params(effective)) != manifest["configuration_sha256"]:
        yield "the configuration files do not give the recorded configuration"


def other_tables(folder: Path, manifest: dict):
    """Yield the tables of a run that contradict their data dictionary or other tables."""
    try:
        study = Study.model_validate(manifest["configuration"])
    except ValidationError:
        yield f"{MANIFEST}: its configuration is not valid"
        return
    read, used = {}, sweeps_of(study)
    names = [*COLLECTED, "claims", *(f"sweeps/{name}{end}" for name in study.sweeps for end in ("", "_summary"))]
    unknown = [path for path in map(table_file, names) if path not in manifest["outputs"]]
    if unknown:
        yield f"{MANIFEST} does not record {', '.join(unknown)}, so nothing was computed again"
        return
    for name in (*COLLECTED, "claims"):
        path = table_file(name)
        try:
            read[name] = collect(name, [read_table(folder / path)])
        except (StudyError, OSError, ValueError) as error:
            yield f"{path} does not fit its data dictionary: {error}"
    for name, sweep in study.sweeps.items():
        path, summary, varied = table_file(f"sweeps/{name}"), table_file(f"sweeps/{name}_summary"), list(sweep.vary)
        try:
            columns = pd.read_csv(folder / path, nrows=0).columns.tolist()
            if columns != [*varied, *SWEEP_COLUMNS, *sweep.measurements]:
                yield f"{path} does not fit its data dictionary: columns {columns}"
            elif not _gives(folder / path, varied, folder / summary):
                yield f"{summary} does not agree with its table"
            if name in used:
                read[f"sweeps/{name}"] = read_table(folder / path, text_keys(sweep.vary))
        except (OSError, ValueError) as error:
            yield f"{path} cannot be read: {error}"
    named = [*PARTS, *(f"sweeps/{name}" for name in used)]
    if {*named, "claims"} <= read.keys():
        warnings = warnings_of(study, changes_in(manifest))
        rows = evaluate_all(
            study.claims, {name: read[name] for name in named}, repeated_runs(study), own_rows(study), warnings
        )
        claims = pd.DataFrame(rows, columns=list(COLUMNS["claims"]))
        if claims.to_csv(index=False) != read["claims"].to_csv(index=False):  # as text, as they are written
            yield f"{table_file('claims')} does not agree with the other tables"


def _gives(table: Path, varied: list[str], summary: Path) -> bool:
    """Whether the summary of a sweep agrees with its table."""
    with tempfile.TemporaryDirectory() as made:
        put_together([table], varied, Path(made) / "table.csv", Path(made) / "summary.csv")
        return filecmp.cmp(Path(made) / "summary.csv", summary, shallow=False)
