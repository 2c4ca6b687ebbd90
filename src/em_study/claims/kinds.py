"""The kinds of claims: how replicates decide, and how the result is written and drawn. No claim has its own rules.

To add a kind, write a class and list it in `KINDS`; `em-study findings` renews docs/verdicts.md.
"""

import math
from statistics import NormalDist

import numpy as np

from em_study.claims import certainty, phrases, verdicts
from em_study.claims.certainty import BY_DATA, DEPENDS, NO, UNDECIDED, YES
from em_study.claims.intervals import NONE, NORMAL, confidence_interval, share_interval, statistic_of
from em_study.claims.verdicts import Verdict

HARDLY_ANY, NEARLY_ALL = 0.05, 0.95  # shares of the replicates
TAIL = 0.025  # share of the replicates that must lie on each side of a printed number, or at it
ENOUGH_REPLICATES = 73  # the smallest number of replicates that decides without a failure; percentiles need as many


class Inequality:
    """A relation that holds in nearly all replicates; the other kinds override where they differ.

    Attributes
    ----------
    name, brief : str
        Its name in the configuration, and its description in the list of keys.
    claimed, yes, depends, no : str
        What a source claims, and the condition of each outcome, in docs/verdicts.md.
    cuts : (float, float)
        Thresholds: "no" up to the first share, "yes" from the second.
    share_needed : float
        The share that decides; NaN if the decision does not depend on a share.
    pools : bool
        Whether the replicates of several experiments decide together.
    is_drawn : bool
        Whether its numbers are drawn on the page.
    without : tuple of str
        Columns of claims.csv that are empty for it.
    """

    name, brief, claimed = "inequality", "the relation holds in nearly all", "a relation"
    yes = "the interval of the share that fulfils it lies at 95 % or above"
    depends, no = "the interval lies between 5 % and 95 %", "it lies at 5 % or below"
    cuts = HARDLY_ANY, NEARLY_ALL
    share_needed, pools, is_drawn = NEARLY_ALL, False, True
    without: tuple[str, ...] = ()

    def decide(self, claim, numbers) -> str:
        """Decide on a Claim by its Numbers."""
        return str(self.rule(claim, *self.tally(claim, numbers)))

    def rule(self, claim, shares, ns):
        """Decide by shares and numbers of replicates, of shape (..., n_experiments)."""
        return certainty.by_shares(shares, ns, *self.cuts)

    def tally(self, claim, numbers):
        """Give the shares that decide, and the numbers of replicates: each of shape (n_experiments,)."""
        parts = [numbers] if self.pools else numbers.deciding.values()
        found = [share_of(self.counted(claim.comparison, part.of_replicates), claim, part) for part in parts]
        return tuple(map(np.array, zip(*found, strict=True)))

    def counted(self, comparison, values) -> int:
        """Count the replicates whose share decides."""
        return comparison.count(values)

    def verdict(self, outcome: str, on_own_rows: bool) -> Verdict:
        """Give the verdict of an outcome, on the source's own data or on new data."""
        return {
            YES: verdicts.REPRODUCED if on_own_rows else verdicts.REPLICATED,
            NO: verdicts.NOT_REPRODUCED if on_own_rows else verdicts.NOT_REPLICATED,
            DEPENDS: verdicts.DEPENDS,
            BY_DATA: verdicts.BY_DATA,
            UNDECIDED: verdicts.UNDECIDED,
        }[outcome]

    def problems(self, claim):
        """Yield (key, message) for each key of a Claim that does not suit the kind."""
        if not claim.there_is:
            yield "there_is", f"must be true for the kind {self.name}; false is allowed for existence"

    def stability(self, claim, numbers) -> float:
        """Compute the probability that a new run of the same size has the same outcome."""
        return certainty.stability(*self.tally(claim, numbers), lambda shares, ns: self.rule(claim, shares, ns))

    def needed(self, claim, numbers) -> float:
        """Count the replicates of each experiment that would decide, if the shares stay."""
        tally = self.tally(claim, numbers)
        return certainty.draws_needed(*tally, self.cuts, lambda shares, ns: self.rule(claim, shares, ns))

    def thresholds(self, claim, numbers) -> tuple[float, float]:
        """Find the thresholds between which the outcome is the same; NaN if it is the same beyond."""
        if claim.relation == "equals":
            return NONE

        def outcome_at(threshold):
            return self.decide(claim.model_copy(update={"published": threshold, "tolerance": 0.0}), numbers)

        return certainty.turning_points(outcome_at, self.steps(claim, numbers), claim.comparison.threshold)

    def steps(self, claim, numbers):
        """List the thresholds at which the outcome may change."""
        return numbers.of_replicates

    def percentile(self, finding) -> float:
        """Return the percentile of a printed number among the replicates; NaN if none is printed."""
        return math.nan

    def decided_by(self, finding) -> str:
        """State how a claim of the kind is read, and what decides it."""
        if finding.numbers.one_run:
            return "One run decides."
        return (
            f"The claim is read as holding in nearly all {finding.claim.draws}. The share of them that fulfil the "
            f"criterion decides{_each(finding)}: the claim holds if its 95 % interval lies at 95 % or above, and does "
            "not if it lies at 5 % or below."
        )

    def headline(self, finding) -> str:
        """Write the outcome as a sentence, for a claim without a headline."""
        if finding.numbers.one_run:
            return f"It {'holds' if finding.count else 'does not hold'}."
        if finding.by_experiment:
            outcomes = [part.outcome for part in finding.by_experiment.values()]
            said = {YES: "holds", NO: "fails", DEPENDS: "is mixed", UNDECIDED: "is undecided"}
            counts = [f"{word} in {outcomes.count(one)}" for one, word in said.items() if one in outcomes]
            return f"Of {len(outcomes)} experiments it {' and '.join(counts)}."
        return f"It holds in {finding.count:,} of {finding.n:,} {finding.claim.draws}."

    def details(self, finding, said: str) -> list[str]:
        """Describe the replicates in sentences, without what the headline `said` has already."""
        if finding.by_experiment:
            return phrases.apart(finding)
        if finding.numbers.one_run:
            return [*phrases.criterion(finding), f"One run decides. {phrases.spread(finding)}"]
        return [*phrases.criterion(finding), f"{phrases.met(finding, said)}.", phrases.spread(finding, said)]


class Number(Inequality):
    """A printed number: on the source's own data it is reproduced; on new data it is not in the tails."""

    name, brief = (
        "number",
        "a printed number comes out on the source's own data, and is not in the tails of the replicates on new data",
    )
    claimed = "a printed number"
    yes = (
        "own data: the median of the runs equals it to the last digit. New data: the intervals of two shares lie at "
        "2.5 % or above, that of the replicates equal to it or below, and that of those equal to it or above"
    )
    depends = "own data: only some runs equal it"
    no = "own data: no run equals it. New data: one of the two intervals lies below 2.5 %"
    cuts, share_needed = (TAIL, TAIL), TAIL

    def decide(self, claim, numbers) -> str:
        """Decide on the source's own data by whether the number comes out."""
        if not numbers.on_own_rows:
            return super().decide(claim, numbers)
        values, holds = numbers.of_replicates, claim.comparison.holds
        return YES if holds(values.median()) else DEPENDS if holds(values).any() else NO

    def counted(self, comparison, values) -> int:
        """Count the replicates on the side that has fewer, and those equal to the number."""
        return len(values) - max(_aside(comparison, values))

    def stability(self, claim, numbers) -> float:
        """Compute the probability; NaN on the source's own data, where only starts are random."""
        return math.nan if numbers.on_own_rows else super().stability(claim, numbers)

    def problems(self, claim):
        """Require equality, too."""
        if claim.relation != "equals":
            yield "relation", f"is '{claim.relation}', but must be equals for the kind {self.name}"
        yield from super().problems(claim)

    def percentile(self, finding) -> float:
        """Count the replicates below, and half of those equal to it."""
        below, _ = _aside(finding.claim.comparison, finding.of_replicates)
        return 100 * (below + finding.claim.comparison.count(finding.of_replicates) / 2) / len(finding.of_replicates)

    def decided_by(self, finding) -> str:
        """State it for own or for new data."""
        if finding.numbers.on_own_rows:
            return "The claim holds if the printed number comes out on the source's own data."
        return (
            f"The claim holds if the printed number is ordinary among the {finding.claim.draws}{_each(finding)}: by "
            "the 95 % intervals of two shares, at least 2.5 % are equal to it or below, and at least 2.5 % equal or "
            "above."
        )

    def headline(self, finding) -> str:
        """State whether it comes out, or its percentile."""
        if finding.numbers.on_own_rows:
            how = {YES: "comes out", DEPENDS: "comes out in some runs only", NO: "does not come out"}[finding.outcome]
            return f"On the source's own data the printed number {how}."
        if finding.by_experiment:
            return super().headline(finding)
        place = f"at percentile {self.percentile(finding):.0f}"
        return f"The printed number is {place} of {finding.n:,} {finding.claim.draws}."

    def details(self, finding, said: str) -> list[str]:
        """Describe the place of the number among the replicates."""
        below, above = _aside(finding.claim.comparison, finding.of_replicates)
        if finding.by_experiment or finding.numbers.one_run:
            return super().details(finding, said)
        place = f"; {below:,} {'lies' if below == 1 else 'lie'} below and {above:,} above it" if below or above else ""
        how_many = f"{phrases.met(finding, said, 'comes out')}{place}."
        return [*phrases.criterion(finding, "number asked for"), how_many, phrases.spread(finding, said)]


def _aside(comparison, values) -> tuple[int, int]:
    """Count the numbers below and above a printed one."""
    off = ~comparison.holds(values)
    return int((off & (values < comparison.published)).sum()), int((off & (values > comparison.published)).sum())


class Estimate(Inequality):
    """A statistic of the replicates compared with a margin: an equivalence test, which no single replicate decides."""

    name, brief = "estimate", "the interval of their statistic lies on the claim's side of the threshold"
    claimed, yes = "how much, on average", "the complete 95 % interval of the statistic fulfils it"
    depends, no = "", "no number in the interval fulfils it"
    share_needed = math.nan

    def decide(self, claim, numbers) -> str:
        """Decide by the interval of the statistic in each experiment."""
        low, high = np.array([self._interval(claim, part) for part in numbers.deciding.values()]).T
        holds, published = claim.comparison.holds, claim.published
        inside, outside = holds(low) & holds(high), ~holds(low) & ~holds(high) & np.isfinite(low)
        outside &= (high < published) | (low > published) | (claim.relation != "equals")
        return str(certainty.together(inside, outside, inside & outside, low, high))

    def _interval(self, claim, part):
        if part.one_run:
            return (float(part.of_replicates.iloc[0]),) * 2
        if not part.independent:
            return NONE
        return confidence_interval(part.of_replicates, claim.statistic, is_share=phrases.says_yes_or_no(claim))

    def stability(self, claim, numbers) -> float:
        """Compute the probability by a normal distribution; NaN for several experiments."""
        observed, (low, high) = statistic_of(numbers.of_replicates, claim.statistic), self._interval(claim, numbers)
        if numbers.one_run or not high > low:
            return math.nan
        fresh = NormalDist(observed, math.sqrt(2) * (high - low) / (2 * NORMAL))
        least, most = claim.comparison.ends
        inside = max(0.0, fresh.cdf(most - (high - observed)) - fresh.cdf(least + (observed - low)))
        outside = fresh.cdf(least - (high - observed)) + 1 - fresh.cdf(most + (observed - low))
        return {YES: inside, NO: outside}.get(self.decide(claim, numbers), 1 - inside - outside)

    def needed(self, claim, numbers) -> float:
        """Count the replicates after which the interval no longer contains a bound of the criterion."""
        found = []
        for part in numbers.deciding.values():
            observed, (low, high) = statistic_of(part.of_replicates, claim.statistic), self._interval(claim, part)
            for end in claim.comparison.ends:
                if low <= end <= high:
                    half = high - observed if end > observed else observed - low
                    found.append(
                        len(part.of_replicates) * (half / (end - observed)) ** 2 if end != observed else math.nan
                    )
        return float(np.ceil(np.max(found))) if found else math.nan

    def steps(self, claim, numbers):
        """List the ends of the intervals."""
        return [end for part in numbers.deciding.values() for end in self._interval(claim, part) if end == end]

    def problems(self, claim):
        """Require a statistic that has an interval."""
        if claim.statistic in ("min", "max"):
            yield "statistic", f"is '{claim.statistic}', which has no interval. Allowed: median, mean, geometric_mean"
        yield from super().problems(claim)

    def decided_by(self, finding) -> str:
        """State that it is about the average."""
        if finding.numbers.one_run:
            return super().decided_by(finding)
        average = phrases.statistic_name(finding)
        return (
            f"The claim is read as a statement on the average. The 95 % interval of the {average} "
            f"decides{_each(finding)}: the claim holds if the complete interval fulfils the criterion, and does not if "
            "no part of it does."
        )

    def headline(self, finding) -> str:
        """State the estimate."""
        if finding.by_experiment:
            return super().headline(finding)
        return phrases.statistic(finding)

    def details(self, finding, said: str) -> list[str]:
        """State the estimates, then the spread of the replicates."""
        if finding.by_experiment:
            return phrases.apart(finding, phrases.estimate)
        return [*phrases.criterion(finding), phrases.spread(finding, said)]


class Existence(Inequality):
    """The claim that a case exists, or that none does: one case decides."""

    name, brief = "existence", "it holds in at least one"
    claimed = "that a case exists; or, with `there_is: false`, that no case exists"
    yes, depends = (
        "a case is found; with `there_is: false`, none is, and the interval of the share lies at 5 % or below",
        "",
    )
    no = "no case is found, and the interval of the share lies at 5 % or below; with `there_is: false`, a case is found"
    cuts, share_needed, pools = (HARDLY_ANY,), math.nan, True

    def rule(self, claim, shares, ns):
        """Decide by one case; that there is none, by enough replicates."""
        none = share_interval(shares, ns)[1] <= HARDLY_ANY
        one_is, none_is = (YES, NO) if claim.there_is else (NO, YES)
        return np.where(shares > 0, one_is, np.where(none, none_is, UNDECIDED))[..., 0]

    def problems(self, claim):
        """Accept every key."""
        return ()

    def decided_by(self, finding) -> str:
        """State what one case decides."""
        if finding.claim.there_is:
            return "The claim is read as: such a case exists. One case proves it."
        return "The claim is read as: there is no exception. One counterexample refutes it."

    def headline(self, finding) -> str:
        """Count the cases."""
        be = "is such a case" if finding.count == 1 else "are such cases"
        return f"{f'{finding.count:,}' if finding.count else 'None'} of {finding.n:,} {finding.claim.draws} {be}."

    def details(self, finding, said: str) -> list[str]:
        """Count them, or state the largest share that is possible."""
        if finding.numbers.one_run:
            return super().details(finding, said)
        cases = phrases.met(finding, said) if finding.count else phrases.none(finding, said)
        statistic = [phrases.statistic(finding)] if finding.claim.statistic in ("min", "max") else []
        return [*phrases.criterion(finding), f"{cases}.", *statistic]


class Identity(Inequality):
    """A mathematical identity: it holds in every replicate, or there is a bug."""

    name, brief, claimed = "identity", "it holds in all, or there is a bug", "a mathematical identity"
    yes, depends, no = (
        "it holds in every replicate",
        "",
        "it fails in one: a bug, or settings that are not the source's",
    )
    share_needed, pools, is_drawn = math.nan, True, False
    without = (
        *(f"{name}_{end}" for name in ("interval", "share", "range", "threshold") for end in ("low", "high")),
        *("share_holding", "mcse", "stability"),
    )

    def rule(self, claim, shares, ns):
        """Decide by every replicate."""
        return np.where(np.asarray(shares) == 1, YES, NO)[..., 0]

    def verdict(self, outcome: str, on_own_rows: bool) -> Verdict:
        """Give the verdict of an outcome, the same for all data."""
        return verdicts.CHECKED if outcome == YES else verdicts.BUG

    def decided_by(self, finding) -> str:
        """State that all must fulfil it."""
        return f"Each of the {finding.claim.draws} must fulfil the criterion."

    def headline(self, finding) -> str:
        """State that it is an identity, which gives no evidence."""
        if finding.outcome == YES:
            return (
                "This is a mathematical identity, and it holds: with the source's settings only a bug would violate it."
            )
        return "This is a mathematical identity, but it fails: there is a bug, or the settings are not the source's."

    def details(self, finding, said: str) -> list[str]:
        """Count, without a share."""
        many = "in one" if finding.n == 1 else f"in {finding.count:,} of {finding.n:,} {finding.claim.draws}"
        return [*phrases.criterion(finding), f"It is met {many}.", phrases.spread(finding)]


def _each(finding) -> str:
    return " in each experiment separately" if finding.by_experiment else ""


def share_of(count: int, claim, numbers) -> tuple[float, float]:
    """Give the share of a count among the replicates, and the number of independent replicates.

    A run that failed is a replicate where the claim counts it against the method.
    """
    n_failed = numbers.n_failed if claim.failed_runs == "fails" else 0
    return count / (len(numbers.of_replicates) + n_failed), numbers.n_independent + n_failed


def power(share: float, n: int) -> dict[str, float]:
    """Compute the probability of each outcome of an inequality, by the true share and the number of replicates."""
    return certainty.power(share, n, lambda shares, ns: KINDS["inequality"].rule(None, shares, ns))


KINDS = {kind.name: kind for kind in (Number(), Inequality(), Estimate(), Existence(), Identity())}
