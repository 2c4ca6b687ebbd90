"""Notices at the start of a run: changed settings of an article, results to be replaced, and how to keep both."""

from collections.abc import Iterator
from pathlib import Path

from em_study.audit.checksums import one_line
from em_study.audit.record import read_manifest
from em_study.configuration.loading import Loaded
from em_study.layout import MANIFEST
from em_study.places import Places

MOST_LISTED = 12


def notices_of(loaded: Loaded, overlays: list[str]) -> Iterator[str]:
    """Yield the notices of a run with overlays, which are given by their names in records."""
    if not loaded.changes:
        return
    yield "This run changes settings of the articles:"
    yield from (one_line(f"  {change}") for change in loaded.changes[:MOST_LISTED])
    if len(loaded.changes) > MOST_LISTED:
        yield f"  and {len(loaded.changes) - MOST_LISTED} more, which {MANIFEST} will list"
    manifest, _ = read_manifest(Path())
    found = [*_replaced(manifest.get("configuration", {}), loaded.study.model_dump(mode="json"))]
    if found:
        yield f"It replaces the results of another configuration in results: {', '.join(found)}. To keep both, run"
        yield f"  {Places().command(overlays, '--directory', 'elsewhere')}"
        yield "in this folder; relative paths of files in the configuration then begin in elsewhere."


def _replaced(before: dict, now: dict) -> Iterator[str]:
    changed = {name for name, found in now["experiments"].items() if before.get("experiments", {}).get(name) != found}
    for name in now["experiments"]:
        if name in changed and name in before.get("experiments", {}):
            yield f"experiment {name}"
    for name, sweep in now["sweeps"].items():
        previous = before.get("sweeps", {}).get(name)
        if previous is not None and (previous != sweep or sweep["experiment"] in changed):
            yield f"sweep {name}"
