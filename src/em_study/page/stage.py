"""Where the number of a claim can be watched."""

from em_study.claims.settings import Claim
from em_study.experiments.settings import Experiment
from em_study.watch.ways import Way, beside, named


def way_of_claim(claim: Claim, experiment: Experiment, scenes: dict[str, dict], values, observed: float) -> Way | None:
    """Find where a claim's number can be watched: in the draw, of those that are there, whose own comes nearest to it.

    Parameters
    ----------
    claim : Claim
    experiment : Experiment
        That it is about.
    scenes : dict of dict
        Of this experiment, by the key of each, as `em_study.watch.frames.frames_of` packs them.
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
