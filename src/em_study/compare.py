"""Compare the results of two runs, and publish those of one. No code of the runs is executed."""

import csv
from pathlib import Path

from em_study.audit.comparison import compare
from em_study.audit.results import Results, publish
from em_study.data.storage import atomic_file
from em_study.errors import StudyError

MOST_LISTED = 20  # sentences of a kind


def compare_runs(published: Path, results: Path, table: Path | None = None):
    """Yield the differences, settings and code first, and one line to quote; return 1 if the results differ.

    Parameters
    ----------
    published, results : Path
        Folders of results, folders of runs, or files that `publish` wrote.
    table : Path, optional
        File for the largest difference of each column.
    """
    found = compare(Results(published), Results(results))
    for heading, sentences in (
        ("Different settings", found.settings),
        ("Made with different", found.made_by),
        ("Not made with the settings of the articles", found.changes),
        ("Not as published", found.problems),
        ("Stopped a step earlier or later because of rounding, and counted as the same", found.flips),
    ):
        if sentences:
            yield f"{heading}:"
            yield from (f"  {sentence}" for sentence in sentences[:MOST_LISTED])
            if len(sentences) > MOST_LISTED:
                yield f"  and {len(sentences) - MOST_LISTED} more"
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
