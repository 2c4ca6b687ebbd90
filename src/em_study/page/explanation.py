"""The provenance of a number in words: `em-study explain`."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from em_study.audit.record import changes_in
from em_study.claims.numbers import pandas_lines, reading_line
from em_study.claims.settings import Claim, Selection
from em_study.columns import KEYS, TEXT_COLUMNS
from em_study.configuration.study import Study
from em_study.data.checksums import sha256_of
from em_study.data.storage import is_kept, read_table
from em_study.errors import StudyError
from em_study.layout import MANIFEST, table_file
from em_study.page.files import files_of
from em_study.page.provenance import command_of, experiment_of, written
from em_study.plan.results import Plan
from em_study.plan.sources import SCRIPTS, Code
from em_study.sweeps.repeated import repeated_runs
from em_study.sweeps.settings import text_keys
from em_study.wording import nearest, shown

MOST_LISTED = 30  # allowed values


def explained(words: list[str], manifest: dict, root: Path) -> Iterator[str]:
    """Yield lines on the provenance of a number of the run in this folder; a StudyError if there is no such number.

    The words are a claim; or a table, the values of its key, and a column. The code is in `root`.
    """
    try:
        study = Study.model_validate(manifest["configuration"])
    except ValidationError:
        raise StudyError(f"{MANIFEST}: its configuration is not valid") from None
    if len(words) == 1:
        selection, lines = yield from _claim(words[0], study)
    else:
        selection, lines = yield from _cell(words)
    if changes := changes_in(manifest):
        yield from ["", "This run does not use the settings of the articles:", *_indented(map(str, changes))]
    yield from ["", "In the folder of this run:", *_indented(lines)]
    files = files_of(selection, Plan(study))
    yield from ["", "Made from these files, the last first:"]
    yield from (f"    {_checksum(path, manifest)}  {path} (rule {rule})" for path, rule in files)
    if selection.sweep:
        sweep = written(study.sweeps[selection.sweep].model_dump(mode="json")).splitlines()
        yield from ["", f"Sweep {selection.sweep}, which varies these settings:", *_indented(sweep)]
    if experiment := experiment_of(selection, study):
        settings = written(study.experiments[experiment].model_dump(mode="json")).splitlines()
        yield from ["", f"Settings of {experiment} in this run (seed {study.seed}):", *_indented(settings)]
    code, scripts = Code(root), dict.fromkeys(SCRIPTS[rule] for _, rule in files)
    yield from ["", f"Code, at commit {manifest['commit'] or 'none'}{', with changes' if manifest['dirty'] else ''}:"]
    for script in scripts:
        yield f"    workflow/scripts/{script}: {', '.join(sorted(code.of(script) - {script}))}"
    yield from [
        "",
        "To compute it again from the data:",
        f"    {command_of(selection, manifest['configuration_files'])}",
    ]


def _claim(name: str, study: Study):
    if name not in study.claims:
        raise StudyError(f"there is no claim {shown(name)}{nearest(name, study.claims)}")
    claim, row = study.claims[name], read_table(table_file("claims")).set_index("claim").loc[name]
    yield f"{name} ({claim.source}): {claim.statement}"
    yield f"{row['verdict']}: {row['explanation']}"
    if not isinstance(claim, Claim) or pd.isna(row["observed"]):
        raise StudyError(f"{name} has no number of this study to explain")
    yield f"observed: {_written(row['observed'])}"
    text = text_keys(study.sweeps[claim.sweep].vary) if claim.sweep else ()
    tables = {table: read_table(table_file(table), text) for table in claim.tables}
    return claim, pandas_lines(claim, tables, claim.experiment, repeated_runs(study))


def _cell(words: list[str]):
    table, *key, column = words
    tables = {name: found for name, found in KEYS.items() if name != "claims"}
    if table not in tables:
        raise StudyError(f"{shown(table)} is no table with numbers to explain{nearest(table, tables)}")
    names = tables[table]
    if len(key) != len(names):
        right = f"{table} {' '.join(map(str.upper, names))} COLUMN"
        raise StudyError(f"{table} needs {len(names)} values of its key, got {len(key)}: write {right}")
    rows = read_table(table_file(table))
    if column not in rows:
        raise StudyError(f"{table} has no column {shown(column)}{nearest(column, list(rows))}")
    for name, value in zip(names, key, strict=True):
        there = rows[name].astype(object).where(rows[name].notna(), "").map(str)
        if value not in set(there):
            options = nearest(value, sorted({*there})[:MOST_LISTED])
            raise StudyError(f"{table} has no such row where {name} is {shown(value)}{options}")
        rows = rows[there == value]
    yield f"{table}: {', '.join(f'{name} {value}' for name, value in zip(names, key, strict=True))}"
    yield f"{column}: {_written(rows[column].iloc[0])}"
    values = {name: rows[name].iloc[0] for name in names}
    tests = [f't["{name}"].isna()' if pd.isna(v) else f't["{name}"] == {_written(v)}' for name, v in values.items()]
    text = [name for name, value in values.items() if name in TEXT_COLUMNS and pd.notna(value) and not is_kept(value)]
    number = f't.loc[{" & ".join(f"({test})" for test in tests)}, "{column}"].iloc[0]'
    where = {name: value for name, value in zip(names, key, strict=True) if name in ("fit", "protocol")}
    selection = Selection(experiment=key[0], table=table, where=where, quantity=column)
    return selection, ["import pandas as pd", reading_line(table, text), number]


def _checksum(path: str, manifest: dict) -> str:
    """Return the recorded checksum of a file, and note if the file is missing or differs."""
    recorded = manifest["outputs"].get(path, "not recorded")
    if not Path(path).is_file():
        return f"{recorded}, file missing:"
    return recorded if sha256_of(path) == recorded else f"{recorded}, but the file DIFFERS:"


def _written(value) -> str:
    return repr(value.item() if hasattr(value, "item") else value)


def _indented(lines) -> list[str]:
    return [f"    {line}" for line in lines]
