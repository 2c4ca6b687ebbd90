"""A diagnosis in words."""

from em_study.diagnosis.deviations import CATALOGUE
from em_study.diagnosis.search import EXPLAINED, Diagnosis, Explanation

WHICH = ("the first", "the second", "the third")


def sentence(found: Diagnosis, who: str = "It", hits: dict[str, int] | None = None, n_others: int = 0) -> str:
    """Say what a diagnosis found, as sentences that a person can quote.

    Parameters
    ----------
    found : Diagnosis
    who : str
        Was diagnosed.
    hits : dict of int, optional
        How many other replicates it predicts, by the test of the tolerance.
    n_others : int
        Other replicates.
    """
    best = found.best
    left, steps = f"{best.residual:.1e} standard deviations", f"after {best.n_steps} M-steps"
    if found.outcome == "the same":
        parts = [f"{who} is our EM: what is left is {left}."]
    elif found.outcome == "explained":
        parts = _explained(found, who, left, steps)
    elif best.reaches:
        parts = [f"{who} ends where {_end(found)} is {steps}, to {left}. {_doubt(found, steps)}"]
    else:
        parts = [
            f"{who}: nothing in the catalogue explains it. It is {found.before:.1e} standard deviations from ours; the "
            f"nearest of {found.n_runs} combinations of known deviations is {left} away, and does not explain it."
        ]
    if hits and n_others:
        told = [f"{n} of {n_others}{f' by the change {test}' if len(hits) > 1 else ''}" for test, n in hits.items()]
        parts.append(f"Found on this replicate, it predicts where others end, to {EXPLAINED:g}: {'; '.join(told)}.")
    if found.outcome in ("the same", "explained") and best.trace:
        parts.append(f"Its trace, compared with that EM's mean log-likelihoods: {best.trace}.")
    return " ".join(parts)


def _explained(found, who, left, steps):
    best = found.best
    reported = "" if found.reported in (None, best.n_steps) else f" (it reports {found.reported})"
    parts = [f"{who} {_what(best)}, and ends {steps}{reported}, ours after {found.our_steps}: what is left is {left}."]
    parts.append(f"From where ours ends it is {found.before:.1e} away.")
    if best.deviations:
        rivals = [f"{rival.left:.1e}" for rival in found.without.values()]
        several = [f"without {which}, {left}" for which, left in zip(WHICH, rivals, strict=False)]
        nearest = "; ".join(several) if len(rivals) > 1 else f"without it, {rivals[0]}"
        only = "Found" if found.alike else "The only explanation"
        parts.append(
            f"{only} among {len(CATALOGUE)} known deviations ({found.n_runs} combinations were tried): the nearest "
            f"leaves, {nearest}."
        )
        if found.settled:
            parts.append(f"Its initial parameters cannot be told: {_forgotten(steps)}.")
    if found.alike:
        parts.append(f"These rows cannot tell it from: {'; '.join(f'it {_what(one)}' for one in found.alike)}.")
    if found.stopped_by:
        parts.append(f"Its tolerance stops it there if held against the change {'; or '.join(found.stopped_by)}.")
    elif found.tolerances and best.n_steps != found.our_steps:
        test, (low, high) = next(iter(found.tolerances.items()))
        parts.append(f"A tolerance from {low:.2g} to {high:.2g} stops it there, held against the change {test}.")
    return parts


def _end(found: Diagnosis) -> str:
    """Say where it ends; causes that chance may have named are not said."""
    if not found.best.deviations:
        return "our EM"
    return f"an EM that {_what(found.best)}" if found.tells_apart else "an EM of the catalogue"


def _doubt(found, steps) -> str:
    """Say why that explains nothing."""
    best = found.best
    if not best.as_reported:
        return f"But it reports {found.reported}: it goes another way."
    if not best.explains:
        return f"But its trace is another, by up to {best.gap:.1e} nats per sample: it goes another way."
    if found.settled:
        return f"Whether it goes the same way cannot be told: {_forgotten(steps)}."
    if found.alike and not best.deviations:
        others = "; ".join(f"one that {_what(one)} is there after {one.n_steps}" for one in found.alike)
        return f"It cannot be told from other EMs: {others}."
    nearest = min(one.left for one in found.without.values())
    return f"That may be chance: without a part of it the nearest leaves no more than {nearest:.1e}."


def _forgotten(steps) -> str:
    return f"it gives no trace, and {steps} EM is where it gets from many initial parameters"


def _what(one: Explanation) -> str:
    if not one.deviations:
        return "is our EM"
    return " and ".join(CATALOGUE[name].words for name in one.deviations)
