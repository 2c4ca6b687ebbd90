"""A diagnosis in words."""

from em_study.diagnosis.deviations import CATALOGUE
from em_study.diagnosis.search import Diagnosis, Explanation


def sentence(found: Diagnosis, who: str = "It") -> str:
    """Say what a diagnosis found, as sentences that a person can quote; `who` was diagnosed."""
    best, parts = found.best, []
    left = f"what is left is {best.residual:.1e} standard deviations"
    if found.outcome == "the same":
        parts.append(f"{who} is our EM: {left}.")
    elif found.outcome == "explained":
        steps = f"and ends after {best.n_steps} M-steps, ours after {found.our_steps}"
        parts.append(f"{who} {_what(best)}, {steps}: {left}. From where ours ends it is {found.before:.1e} away.")
    elif found.outcome == "partly explained":
        parts.append(f"{who} is partly explained: it is nearest to an EM that {_what(best)}, but {left}.")
        parts.append(f"From where ours ends it is {found.before:.1e} away.")
    else:
        parts.append(f"{who}: nothing in the catalogue explains it. It is {found.before:.1e} away; at best {left}.")
    if found.outcome == "explained" and found.stopped_by:
        parts.append(f"Its tolerance stops it there if held against the change {'; or '.join(found.stopped_by)}.")
    elif found.outcome == "explained" and found.tolerances and best.n_steps != found.our_steps:
        test, (low, high) = next(iter(found.tolerances.items()))
        parts.append(f"A tolerance from {low:.2g} to {high:.2g} stops it there, held against the change {test}.")
    if found.alike:
        parts.append(f"These rows cannot tell it from: {'; '.join(f'it {_what(one)}' for one in found.alike)}.")
    if found.next_best is not None and found.outcome != "not explained":
        parts.append(f"The next best, that it {_what(found.next_best)}, leaves {found.next_best.residual:.1e}.")
    if best.trace:
        parts.append(f"Its trace, beside that EM's mean log-likelihoods: {best.trace}.")
    return " ".join(parts)


def _what(one: Explanation) -> str:
    if not one.deviations:
        return "is our EM"
    return " and ".join(CATALOGUE[name].words for name in one.deviations)
