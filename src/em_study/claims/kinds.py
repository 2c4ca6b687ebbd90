"""The kinds of claims: which draws decide what, how that reads and how it is drawn. No claim has rules of its own.

To add a kind, write a class and list it in `KINDS`; `em-study findings` renews docs/verdicts.md.
"""

import math

from em_study.claims.verdicts import DEPENDS, NOT_REPRODUCED, REPRODUCED, UNDECIDED, Verdict

NEARLY_ALL, HARDLY_ANY = 0.95, 0.05  # shares of the draws
ENOUGH_DRAWS = 20
AT_IT, AT_IT_DRAWS = 0.01, 2  # what a printed number must at least have, to be one of the draws'


def enough(numbers) -> bool:
    """Tell whether there are draws enough to decide, or one run that would always be the same."""
    return numbers.repeated or len(numbers.of_draws) >= ENOUGH_DRAWS


class Inequality:
    """A relation that holds in most draws; other kinds say in what they differ.

    Attributes
    ----------
    name, brief : str
        In the configuration, and in the list of its keys.
    claimed, reproduced, depends, not_reproduced : str
        What a source claims, and what makes each verdict, in docs/verdicts.md.
    shows_spread : bool
        Whether the explanation says how far the draws spread.
    """

    name, brief, claimed = "inequality", "the relation holds in most", "a relation"
    reproduced, depends, not_reproduced = "it holds in at least 95 % of the draws", "between", "it holds in at most 5 %"
    shows_spread = True

    def decide(self, claim, numbers) -> Verdict:
        """Decide on a Claim by its Numbers alone."""
        share = claim.comparison.holds(numbers.of_draws).mean()
        if not enough(numbers):
            return UNDECIDED
        if share >= NEARLY_ALL:
            return REPRODUCED
        return NOT_REPRODUCED if share <= HARDLY_ANY else DEPENDS

    def problems(self, claim):
        """Yield (key, message) of each key of a Claim that does not suit the kind."""
        if not claim.there_is:
            yield "there_is", f"false is for the kind existence, not {self.name}"

    def percentile(self, finding) -> float:
        """Return the percentile of a printed number among the draws; NaN if none is printed."""
        return math.nan

    def remark(self, finding) -> str:
        """Say more of a Finding, behind how many draws fulfil the claim."""
        return ""

    def reason(self, finding) -> str:
        """Say in a sentence why it must be so."""
        return ""

    def threshold(self, claim) -> str:
        """Say on the strip what the marked part is."""
        return f"held to {claim.comparison.words()}"

    def share(self, finding) -> str:
        """Say on the card how many draws fulfil the claim."""
        if finding.n == 1:
            return f"{'' if finding.count else 'not '}fulfilled"
        return f"fulfilled by {finding.count} of {finding.n} {finding.claim.draws}"


class Number(Inequality):
    """A printed number, which lies among those of the draws."""

    name, brief, claimed = "number", "a printed number lies among theirs", "a printed number"
    reproduced, not_reproduced = "at it are at least 95 % of the draws", "else"
    depends = "at it are at least 1 % of the draws and at least two, and at least 5 % lie on each side of it or at it"

    def decide(self, claim, numbers) -> Verdict:
        """Decide as on an inequality, but that some draws must be at the number, and some on each side."""
        verdict, values = super().decide(claim, numbers), numbers.of_draws
        if verdict in (UNDECIDED, REPRODUCED):
            return verdict
        at_it, (low, high) = claim.comparison.holds(values), claim.comparison.ends
        is_among = min((values <= high).mean(), (values >= low).mean()) >= HARDLY_ANY
        return DEPENDS if is_among and at_it.mean() >= AT_IT and at_it.sum() >= AT_IT_DRAWS else NOT_REPRODUCED

    def problems(self, claim):
        """Want equality, too."""
        if claim.relation != "equals":
            yield "relation", f"is '{claim.relation}'; of kind {self.name}, it must be equals"
        yield from super().problems(claim)

    def percentile(self, finding) -> float:
        """Count the draws below, and half of those at it."""
        return 100 * (self._below(finding) / finding.n + finding.count / finding.n / 2)

    def remark(self, finding) -> str:
        """Say where the number lies among the draws."""
        below, place = self._below(finding), self.percentile(finding)
        above = finding.n - finding.count - below
        return f"; {below} lie below and {above} above, so that it is at percentile {place:.1f}"

    def _below(self, finding) -> int:
        return int((finding.draws < finding.claim.comparison.ends[0]).sum())


class Existence(Inequality):
    """A case that there is, or that there is not: one draw decides."""

    name, brief = "existence", "it holds in one"
    claimed = "that there is a case; or, with `there_is: false`, that there is none"
    reproduced, depends, not_reproduced = "there is one; or there is none", "", "there is none; or there is one"
    shows_spread = False

    def decide(self, claim, numbers) -> Verdict:
        """Decide by one case; that there is none, by enough draws."""
        found = claim.comparison.holds(numbers.of_draws).any()
        if not found and not enough(numbers):
            return UNDECIDED
        return REPRODUCED if found == claim.there_is else NOT_REPRODUCED

    def problems(self, claim):
        """Accept every key."""
        return ()

    def remark(self, finding) -> str:
        """Say what the source says."""
        return f"; the source says that there is {'one' if finding.claim.there_is else 'none'}"

    def threshold(self, claim) -> str:
        """Say what the source says."""
        return f"{'one' if claim.there_is else 'none'} is said to be {claim.comparison.words()}"

    def share(self, finding) -> str:
        """Count the cases."""
        return f"such are {finding.count} of {finding.n} {finding.claim.draws}"


class Identity(Inequality):
    """What mathematics says: it holds in every draw, or there is a bug."""

    name, brief, claimed = "identity", "in all, or there is a bug", "what mathematics says"
    reproduced, depends, not_reproduced = "it holds in every draw", "", "else: there is a bug"
    shows_spread = False

    def decide(self, claim, numbers) -> Verdict:
        """Decide by every draw."""
        return REPRODUCED if claim.comparison.holds(numbers.of_draws).all() else NOT_REPRODUCED

    def reason(self, finding) -> str:
        """Say that it is no evidence."""
        if finding.count == finding.n:
            return "It holds by mathematics: with the source's settings it can fail only by a bug."
        return "By mathematics it would hold: there is a bug, or the settings are not the source's."


KINDS = {kind.name: kind for kind in (Number(), Inequality(), Existence(), Identity())}
