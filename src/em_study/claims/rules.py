"""Which draws decide what. The rules in words are docs/verdicts.md; they are the same for every claim."""

from em_study.claims.numbers import Numbers, holds
from em_study.claims.settings import Claim

NEARLY_ALL, HARDLY_ANY = 0.95, 0.05  # shares of the draws
ENOUGH_DRAWS = 20
AT_IT, AT_IT_DRAWS = 0.01, 2  # what a printed number must at least have, to be one of the draws'


def enough(numbers: Numbers) -> bool:
    """Tell whether there are draws enough to decide, or one run that would always be the same."""
    return numbers.repeated or len(numbers.of_draws) >= ENOUGH_DRAWS


def verdict_of(claim: Claim, numbers: Numbers) -> str:
    """Decide by the draws alone: reproduced, reproduced_in_distribution, not_reproduced or undecided."""
    fulfilled = holds(claim, numbers.of_draws)
    share = fulfilled.mean()
    if claim.kind == "identity":
        return "reproduced" if fulfilled.all() else "not_reproduced"
    if claim.kind == "existence" and fulfilled.any():
        return "reproduced" if claim.there_is else "not_reproduced"
    if not enough(numbers):
        return "undecided"
    if claim.kind == "existence":
        return "not_reproduced" if claim.there_is else "reproduced"
    if share >= NEARLY_ALL:
        return "reproduced"
    if claim.kind == "inequality":
        return "not_reproduced" if share <= HARDLY_ANY else "reproduced_in_distribution"
    sides = (
        (numbers.of_draws <= claim.published + claim.tolerance).mean(),
        (numbers.of_draws >= claim.published - claim.tolerance).mean(),
    )
    among = share >= AT_IT and fulfilled.sum() >= AT_IT_DRAWS and min(sides) >= HARDLY_ANY
    return "reproduced_in_distribution" if among else "not_reproduced"
