"""A diagnosis in words."""

from em_study.diagnosis.deviations import SEARCHED
from em_study.diagnosis.search import EXPLAINED, Diagnosis

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
        parts = [*_explained(found, who, left, steps)]
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
    best, named = found.best, found.named
    reported = "" if found.reported in (None, best.n_steps) else f" (it reports {found.reported})"
    yield f"{who} {words_of(named)}, and ends {steps}{reported}, ours after {found.our_steps}: what is left is {left}."
    yield f"From where ours ends it is {found.before:.1e} away."
    if named:
        only = "Found" if found.alike or named != best.deviations else "The only explanation"
        which = WHICH if len(named) > 1 else ["it"]
        rivals = (f"without {one} {found.without[name]:.1e}" for one, name in zip(which, named, strict=False))
        yield f"{only} among {len(SEARCHED)} known deviations ({found.n_runs} combinations were tried):"
        yield f"what the best of the others leaves is {', '.join(rivals)}."
    if named and found.settled:
        yield f"Its initial parameters cannot be told: {_forgotten(steps)}."
    elif named != best.deviations:
        yield "What else it does may be chance, and is not told."
    if found.alike:
        alike = "; ".join(f"it {words_of(one.deviations)}" for one in found.alike)
        yield f"These samples cannot tell it from: {alike}."
    if found.stopped_by:
        yield f"Its tolerance stops it there if compared with the change {'; or '.join(found.stopped_by)}."
    elif found.tolerances and best.n_steps != found.our_steps:
        test, (low, high) = next(iter(found.tolerances.items()))
        yield f"A tolerance from {low:.2g} to {high:.2g} stops it there, compared with the change {test}."


def _end(found: Diagnosis) -> str:
    """Say whose end it is; deviations that chance may have named are not said."""
    if not found.best.deviations:
        return "our EM"
    return f"an EM that {words_of(found.told_apart)}" if found.told_apart else "an EM of the catalogue"


def _doubt(found, steps) -> str:
    """Say why that explains nothing."""
    best = found.best
    if not best.as_reported:
        return f"But it reports {found.reported}: it goes another way."
    if not best.explains:
        return f"But its trace is another, by up to {best.gap:.1e} nats per sample: it goes another way."
    if found.settled:
        return f"With which initial parameters cannot be told: {_forgotten(steps)}."
    if not best.deviations:
        others = "; ".join(f"one that {words_of(one.deviations)} is there after {one.n_steps}" for one in found.alike)
        return f"It cannot be told from other EMs: {others}."
    return f"That may be chance: without a part of it, no more than {min(found.without.values()):.1e} is left."


def _forgotten(steps) -> str:
    return f"no trace shows them, and {steps} EM is there from many"


def words_of(deviations) -> str:
    """Say what an EM with some deviations does, as the end of a sentence that begins with it."""
    return " and ".join(change.words for name in deviations for change in SEARCHED[name]) or "is our EM"
