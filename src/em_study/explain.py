"""Print the provenance of a number."""

from pathlib import Path

from em_study.audit.record import read_manifest
from em_study.errors import StudyError
from em_study.page.explanation import explained
from em_study.places import ROOT


def explain(words: list[str]):
    """Yield the provenance of a claim's number, or of a cell of a table, in the run in this folder."""
    manifest, problem = read_manifest(Path())
    if problem:
        raise StudyError(problem)
    yield from explained(words, manifest, ROOT)
