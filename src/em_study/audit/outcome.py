"""Summarize the outcome of a run: the last lines of `make reproduce`."""

import csv
from pathlib import Path

from em_study.audit.record import read_manifest
from em_study.claims.verdicts import QUESTIONS, VERDICTS, tally
from em_study.errors import StudyError
from em_study.layout import FILES

TABLES = f"{Path(FILES['claims'].path).parent}/"
MOST_TABLES = 5  # with failures that are listed
NEXT = f"""Read  {FILES["page"].path}   every claim, and the provenance of its numbers
      {FILES["report"].path}  all figures and tables
Next  make verify          do the results agree with their records, and the claims with the tables?
      make compare         do the results agree with the published ones?"""


def outcome(folder: Path, manifest: dict):
    """Yield the outcome of the last run in a folder: the verdicts of the claims, and the failures."""
    claims = folder / TABLES / "claims.csv"
    decided = [*zip(_column(claims, "verdict"), _column(claims, "basis"), _column(claims, "claim"), strict=True)]
    if not decided:
        yield "No claim is configured."
    claims = manifest.get("configuration", {}).get("claims", {})
    known = [
        (VERDICTS[name], basis, claims.get(claim, {}).get("by_construction", False), claim)
        for name, basis, claim in decided
        if name in VERDICTS
    ]
    for part, verdicts in tally(known).items():
        yield f"{part}: {sum(map(len, verdicts.values())):,}"
        for verdict, names in verdicts.items():
            words = verdict.said_of("question" if part == QUESTIONS else "")
            yield f"{len(names):5}  {words}: {', '.join(names)}"
    tables = [path for path in manifest["outputs"] if path.startswith(TABLES) and path.endswith(".csv")]
    failures = {path.removeprefix(TABLES): [*_column(folder / path, "failure")] for path in tables}
    failed = {name: rows for name, rows in failures.items() if any(rows)}
    if failed:
        yield "Rows without a result, because a fit failed (the reason is in the column failure):"
    for name, rows in [*failed.items()][:MOST_TABLES]:
        yield f"{sum(map(bool, rows)):5,}  of {len(rows):,} in {TABLES}{name}"
    if len(failed) > MOST_TABLES:
        yield f"       and in {len(failed) - MOST_TABLES} more tables"


def _column(file: Path, name: str):
    """Yield the cells of a column, if there is one."""
    with open(file, encoding="utf-8", newline="") as rows:
        yield from (row[name] for row in csv.DictReader(rows) if name in row)


def last_lines():
    """Yield the outcome of the run in this folder, and possible next steps."""
    manifest, problem = read_manifest(Path())
    if problem:
        raise StudyError(problem)
    yield from outcome(Path(), manifest)
    yield from NEXT.splitlines()
