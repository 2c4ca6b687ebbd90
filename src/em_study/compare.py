"""Compare the results of two runs, and publish those of one. Nothing in them is run."""

import csv
from pathlib import Path

from em_study.audit.comparison import compare
from em_study.audit.results import Results, publish
from em_study.data.storage import atomic_file
from em_study.errors import StudyError

MOST_TOLD = 20  # sentences of a kind


def compare_runs(published: Path, results: Path, table: Path | None = None):
    """Yield what differs, settings and code first, and one line to quote; return 1 if the second run is not the first.

    Parameters
    ----------
    published, results : Path
        Folders of results, or of a study that has them, or files that `publish` wrote.
    table : Path, optional
        Where to write how far each column differs.
    """
    found = compare(Results(published), Results(results))
    for heading, sentences in (
        ("Other settings", found.settings),
        ("Made by other", found.made_by),
        ("Not made with the settings of the articles", found.changes),
        ("Not as published", found.problems),
        ("Stopped by rounding, and counted as the same", found.flips),
    ):
        if sentences:
            yield f"{heading}:"
            yield from (f"  {sentence}" for sentence in sentences[:MOST_TOLD])
            if len(sentences) > MOST_TOLD:
                yield f"  and {len(sentences) - MOST_TOLD} more"
    if table and found.columns:
        try:
            table.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(table) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(found.columns[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(found.columns)
        except OSError as error:
            raise StudyError(f"{table} cannot be written: {error}") from None
    yield f"{'The published results' if found.same else 'NOT the published results'}: {found.line}."
    yield from (f"{sentence}." for sentence in found.largest)
    return 0 if found.same else 1


def publish_run(file: Path):
    """Publish the results of the run in this folder."""
    publish(Results(Path()), file)
    yield f"{file}: the results of this folder"
