"""Describe a diagnosis in sentences."""

from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.search import EXPLAINED, Diagnosis

WHICH = ("the first", "the second", "the third")


def sentence(found: Diagnosis, who: str = "It", hits: dict[str, int] | None = None, n_others: int = 0) -> str:
    """Describe a diagnosis, as sentences that can be quoted.

    Parameters
    ----------
    found : Diagnosis
    who : str
        Name of the diagnosed implementation.
    hits : dict of int, optional
        Number of other replicates that it predicts, by stopping rule.
    n_others : int
        Number of other replicates.
    """
    best = found.best
    left, steps = f"{best.residual:.1e} standard deviations", f"after {best.n_steps} M-steps"
    if found.outcome == "the same":
        parts = [f"{who} is our EM: the remaining difference is {left}."]
    elif found.outcome == "explained":
        parts = [*_explained(found, who, left, steps)]
    elif best.reaches:
        parts = [f"{who} ends at the same parameters as {_end(found)} {steps}, within {left}. {_doubt(found, steps)}"]
    else:
        parts = [
            f"{who}: nothing in the catalogue explains it.",
            f"It differs from ours by {found.before:.1e} standard deviations;",
            f"the nearest of {found.n_runs} combinations of known deviations differs from it by {left},",
            "too much for an explanation.",
        ]
    if hits and n_others:
        shares = [f"{n} of {n_others}{f' by the change {test}' if len(hits) > 1 else ''}" for test, n in hits.items()]
        predicted = "; ".join(shares)
        parts.append(f"Found on this replicate, it predicts the results of others to {EXPLAINED:g}: {predicted}.")
    if found.outcome in ("the same", "explained") and best.trace:
        parts.append(f"Its trace, compared with that EM's mean log-likelihoods: {best.trace}.")
    return " ".join(parts)


def _explained(found, who, left, steps):
    best, named = found.best, found.named
    reported = "" if found.reported in (None, best.n_steps) else f" (it reports {found.reported})"
    yield f"{who} {words_of(named)}, and ends {steps}{reported}, ours after {found.our_steps}."
    yield f"The remaining difference is {left}."
    yield f"Its result differs from that of our EM by {found.before:.1e}."
    if named:
        only = "Found" if found.alike or named != best.deviations else "The only explanation"
        which = WHICH if len(named) > 1 else ["it"]
        rivals = (f"{found.without[name]:.1e} without {one}" for one, name in zip(which, named, strict=False))
        yield f"{only} among {len(SEARCHED)} known deviations ({found.n_runs} combinations were tried):"
        yield f"the best of the others leaves a difference of {', '.join(rivals)}."
    if named and found.settled:
        yield f"Its initial parameters cannot be distinguished: {_forgotten(steps)}."
    elif named != best.deviations:
        yield "Further deviations may be chance, and are not named."
    if found.alike:
        alike = "; ".join(f"it {words_of(one.deviations)}" for one in found.alike)
        yield f"On these samples it cannot be distinguished from: {alike}."
    if found.stopped_by:
        yield f"Its tolerance stops it there if it is compared with the change {'; or '.join(found.stopped_by)}."
    elif found.tolerances and best.n_steps != found.our_steps:
        test, (low, high) = next(iter(found.tolerances.items()))
        yield f"A tolerance from {low:.2g} to {high:.2g} stops it there if it is compared with the change {test}."


def _end(found: Diagnosis) -> str:
    """Name the EM whose result it is, without deviations that may be chance."""
    if not found.best.deviations:
        return "our EM"
    return f"an EM that {words_of(found.distinguished)}" if found.distinguished else "an EM of the catalogue"


def _doubt(found, steps) -> str:
    """Say why the same result is no explanation."""
    best = found.best
    if not best.as_reported:
        return f"But it reports {found.reported} steps: its path differs."
    if not best.explains:
        return f"But its trace differs by up to {best.gap:.1e} nats per sample: its path differs."
    if found.settled:
        return f"Its initial parameters cannot be distinguished: {_forgotten(steps)}."
    if not best.deviations:
        others = "; ".join(f"one that {words_of(one.deviations)} is equal after {one.n_steps}" for one in found.alike)
        return f"It cannot be distinguished from other EMs: {others}."
    return f"That may be chance: without one deviation the difference is only {min(found.without.values()):.1e}."


def _forgotten(steps) -> str:
    return f"there is no trace, and {steps} EM reaches the same parameters from many initial ones"


def words_of(deviations) -> str:
    """Describe an EM with some deviations, as the end of a sentence "it ..."."""
    return " and ".join(change.words for name in deviations for change in SEARCHED[name]) or "is our EM"
