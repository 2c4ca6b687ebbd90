"""What can be watched on the page: read from what was stored, and found for a claim."""

import json
from dataclasses import dataclass
from pathlib import Path

from em_study.claims.settings import Claim
from em_study.experiments.settings import Experiment
from em_study.watch.ways import Way, beside, named


@dataclass(frozen=True)
class Stage:
    """What can be watched, as `em_study.watch.frames.frames_of` packs it.

    Attributes
    ----------
    scenes : dict of dict
        By experiment, then by the key of each.
    ways : list of Way
    left_out : dict of str
        Why an experiment, or a run of a scene, cannot be watched.
    """

    scenes: dict[str, dict[str, dict]]
    ways: list[Way]
    left_out: dict[str, str]


def read_stage(files: dict[str, str]) -> Stage:
    """Read what can be watched of each experiment, from its file."""
    found = {name: json.loads(Path(file).read_text(encoding="utf-8")) for name, file in files.items()}
    ways = [Way(**way) for each in found.values() for way in each["ways"]]
    left_out = {name: reason for each in found.values() for name, reason in each["left_out"].items()}
    return Stage({name: each["scenes"] for name, each in found.items()}, ways, left_out)


def way_of_claim(claim: Claim, experiment: Experiment, scenes: dict[str, dict], values, observed: float) -> Way | None:
    """Find where a claim's number can be watched: in the draw, of those that are there, whose own comes nearest to it.

    Parameters
    ----------
    claim : Claim
    experiment : Experiment
        That it is about.
    scenes : dict of dict
        Of this experiment, by the key of each.
    values : dict of float
        The claim's number in each draw.
    observed : float
    """
    if claim.table == "agreement":
        names = [beside(experiment, str(claim.where.get("protocol"))), experiment.protocols.fit]
    else:
        fit = claim.where.get("fit")
        names = [fit, claim.other.get("fit", fit)]
    found = []
    for key, scene in scenes.items():
        draw, there = scene["draw"], scene["runs"]
        for r in sorted(values) if draw is None else {draw} & {*values}:
            left, right = (named(name, r, draw is None) for name in names)
            if left == right:  # the claim is about one fit: any other beside it
                right = next((run for run in there if run != left), left)
            if {left, right} <= there.keys():
                step = max(there[run]["steps"][-1] for run in (left, right))
                where = "" if draw is None else f" in draw {r}"
                text = f"{left} beside {right}{where}, where this number is {values[r]:.4g}"
                found.append((abs(values[r] - observed), r, Way(text, key, left, right, step)))
    return min(found, key=lambda each: each[:2])[2] if found else None
