"""The kinds of claims: which draws decide what, how that reads and how it is drawn. No claim has rules of its own.

To add a kind, write a class and list it in `KINDS`; `em-study findings` renews docs/verdicts.md.
"""

import math
from statistics import NormalDist

import numpy as np

from em_study.claims import certainty, phrases, verdicts
from em_study.claims.certainty import BY_DATA, DEPENDS, NO, UNDECIDED, YES
from em_study.claims.intervals import NONE, NORMAL, confidence_interval, share_interval, statistic_of
from em_study.claims.verdicts import Verdict

HARDLY_ANY, NEARLY_ALL = 0.05, 0.95  # shares of the draws
TAIL = 0.025  # share of the draws that must lie on each side of a printed number, or at it
ENOUGH_DRAWS = 73  # without a single failure, the first number that decides; percentiles need as many


class Inequality:
    """A relation that holds in nearly all draws; other kinds say in what they differ.

    Attributes
    ----------
    name, brief : str
        In the configuration, and in the list of its keys.
    claimed, yes, depends, no : str
        What a source claims, and what makes each outcome, in docs/verdicts.md.
    cuts : (float, float)
        "no" up to the first share, "yes" from the second.
    share_needed : float
        The share that decides; NaN if it is no share that does.
    pools : bool
        Whether the draws of several experiments decide together.
    is_drawn : bool
        Whether its numbers are drawn on the page.
    without : tuple of str
        Columns of claims.csv that say nothing of it.
    """

    name, brief, claimed = "inequality", "the relation holds in nearly all", "a relation"
    yes = "the interval of the share that fulfils it lies at 95 % or above"
    depends, no = "the interval lies between 5 % and 95 %", "it lies at 5 % or below"
    cuts = HARDLY_ANY, NEARLY_ALL
    share_needed, pools, is_drawn = NEARLY_ALL, False, True
    without: tuple[str, ...] = ()

    def decide(self, claim, numbers) -> str:
        """Decide on a Claim by its Numbers alone."""
        return str(self.rule(claim, *self.tally(claim, numbers)))

    def rule(self, claim, shares, ns):
        """Decide by shares and numbers of draws, of shape (..., n_experiments)."""
        return certainty.by_shares(shares, ns, *self.cuts)

    def tally(self, claim, numbers):
        """Give the shares that decide, and of how many draws: each of shape (n_experiments,)."""
        parts = [numbers] if self.pools else numbers.deciding.values()
        found = [share_of(self.counted(claim.comparison, part.of_draws), claim, part) for part in parts]
        return tuple(map(np.array, zip(*found, strict=True)))

    def counted(self, comparison, values) -> int:
        """Count the draws whose share decides."""
        return comparison.count(values)

    def verdict(self, outcome: str, on_own_rows: bool) -> Verdict:
        """Name an outcome, by whose rows it is on."""
        return {
            YES: verdicts.REPRODUCED if on_own_rows else verdicts.REPLICATED,
            NO: verdicts.NOT_REPRODUCED if on_own_rows else verdicts.NOT_REPLICATED,
            DEPENDS: verdicts.DEPENDS,
            BY_DATA: verdicts.BY_DATA,
            UNDECIDED: verdicts.UNDECIDED,
        }[outcome]

    def problems(self, claim):
        """Yield (key, message) of each key of a Claim that does not suit the kind."""
        if not claim.there_is:
            yield "there_is", f"false is for the kind existence, not {self.name}"

    def stability(self, claim, numbers) -> float:
        """Tell the chance that a fresh run of the same size gives the same outcome."""
        return certainty.stability(*self.tally(claim, numbers), lambda shares, ns: self.rule(claim, shares, ns))

    def needed(self, claim, numbers) -> float:
        """Count the draws of each experiment that would decide, if what they show stays."""
        tally = self.tally(claim, numbers)
        return certainty.draws_needed(*tally, self.cuts, lambda shares, ns: self.rule(claim, shares, ns))

    def thresholds(self, claim, numbers) -> tuple[float, float]:
        """Find between which thresholds the outcome is the same; NaN if it is the same beyond."""
        if claim.relation == "equals":
            return NONE

        def outcome_at(threshold):
            return self.decide(claim.model_copy(update={"published": threshold, "tolerance": 0.0}), numbers)

        return certainty.turning_points(outcome_at, self.steps(claim, numbers), claim.comparison.threshold)

    def steps(self, claim, numbers):
        """List the thresholds at which the outcome may change."""
        return numbers.of_draws

    def percentile(self, finding) -> float:
        """Return the percentile of a printed number among the draws; NaN if none is printed."""
        return math.nan

    def judged_by(self, finding) -> str:
        """Say in a sentence how a claim of the kind is read, and by what it is judged."""
        if finding.numbers.one_run:
            return "Judged by one run."
        return (
            f"Read as what holds in nearly every one of the {finding.claim.draws}: judged by the share of them that "
            f"fulfill the criterion{_each(finding)}. With its 95 % interval at 95 % or more the claim holds, at 5 % or "
            "less it does not."
        )

    def headline(self, finding) -> str:
        """Say the outcome in a sentence, if the claim does not."""
        if finding.numbers.one_run:
            return f"It {'holds' if finding.count else 'does not hold'}."
        if finding.by_experiment:
            outcomes = [part.outcome for part in finding.by_experiment.values()]
            said = {YES: "holds", NO: "fails", DEPENDS: "is mixed", UNDECIDED: "is undecided"}
            counts = [f"{word} in {outcomes.count(one)}" for one, word in said.items() if one in outcomes]
            return f"Of {len(outcomes)} experiments it {' and '.join(counts)}."
        return f"It holds in {finding.count:,} of {finding.n:,} {finding.claim.draws}."

    def told(self, finding, said: str) -> list[str]:
        """Say in sentences what the draws show, without what the headline, `said`, has."""
        if finding.by_experiment:
            return phrases.apart(finding)
        if finding.numbers.one_run:
            return [*phrases.criterion(finding), f"One run decides. {phrases.spread(finding)}"]
        return [*phrases.criterion(finding), f"{phrases.met(finding, said)}.", phrases.spread(finding, said)]


class Number(Inequality):
    """A printed number: on the source's own rows it comes out; on new ones it is no surprise."""

    name, brief = "number", "a printed number comes out on the source's own data, and is no surprise among new ones"
    claimed = "a printed number"
    yes = (
        "own data: the median of the runs is at it to the last digit. New data: the intervals of the shares at it or "
        "below, and at it or above, both lie at 2.5 % or above"
    )
    depends = "own data: only some runs are at it"
    no = "own data: none is. New data: one of the intervals lies below 2.5 %"
    cuts, share_needed = (TAIL, TAIL), TAIL

    def decide(self, claim, numbers) -> str:
        """Decide on own rows by whether the number comes out."""
        if not numbers.on_own_rows:
            return super().decide(claim, numbers)
        values, holds = numbers.of_draws, claim.comparison.holds
        return YES if holds(values.median()) else DEPENDS if holds(values).any() else NO

    def counted(self, comparison, values) -> int:
        """Count the draws on the side that has fewer, and those at the number."""
        return len(values) - max(_aside(comparison, values))

    def stability(self, claim, numbers) -> float:
        """Tell the chance; on own rows there is nothing that is drawn but starts."""
        return math.nan if numbers.on_own_rows else super().stability(claim, numbers)

    def problems(self, claim):
        """Want equality, too."""
        if claim.relation != "equals":
            yield "relation", f"is '{claim.relation}'; of kind {self.name}, it must be equals"
        yield from super().problems(claim)

    def percentile(self, finding) -> float:
        """Count the draws below, and half of those at it."""
        below, _ = _aside(finding.claim.comparison, finding.draws)
        return 100 * (below + finding.claim.comparison.count(finding.draws) / 2) / len(finding.draws)

    def judged_by(self, finding) -> str:
        """Say it by whose rows there are."""
        if finding.numbers.on_own_rows:
            return "Judged by whether the printed number comes out on the source's own data."
        return (
            f"Judged by whether the printed number is ordinary among the {finding.claim.draws}{_each(finding)}: by "
            "the 95 % intervals of the shares, at least 2.5 % of them lie at it or below, and at it or above."
        )

    def headline(self, finding) -> str:
        """Say whether it comes out, or where it lies."""
        if finding.numbers.on_own_rows:
            how = {YES: "comes out", DEPENDS: "comes out in some runs only", NO: "does not come out"}[finding.outcome]
            return f"On the source's own data the printed number {how}."
        if finding.by_experiment:
            return super().headline(finding)
        place = f"at percentile {self.percentile(finding):.0f}"
        return f"The printed number is {place} of {finding.n:,} {finding.claim.draws}."

    def told(self, finding, said: str) -> list[str]:
        """Say where the number lies among the draws."""
        below, above = _aside(finding.claim.comparison, finding.draws)
        if finding.by_experiment or finding.numbers.one_run:
            return super().told(finding, said)
        place = f"; {below:,} {'lies' if below == 1 else 'lie'} below and {above:,} above it" if below or above else ""
        how_many = f"{phrases.met(finding, said, 'comes out')}{place}."
        return [*phrases.criterion(finding, "number asked for"), how_many, phrases.spread(finding, said)]


def _aside(comparison, values) -> tuple[int, int]:
    """Count the numbers below and above a printed one."""
    off = ~comparison.holds(values)
    return int((off & (values < comparison.published)).sum()), int((off & (values > comparison.published)).sum())


class Estimate(Inequality):
    """A statistic of the draws beside a margin: an equivalence question, which no single draw decides."""

    name, brief = "estimate", "the interval of their statistic lies on the claim's side"
    claimed, yes = "how much, on average", "the 95 % interval of the statistic fulfils it"
    depends, no = "", "no number of the interval does"
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
            return (float(part.of_draws.iloc[0]),) * 2
        if not part.independent:
            return NONE
        return confidence_interval(part.of_draws, claim.statistic, is_share=phrases.says_yes_or_no(claim))

    def stability(self, claim, numbers) -> float:
        """Tell the chance by a normal distribution; NaN for several experiments."""
        observed, (low, high) = statistic_of(numbers.of_draws, claim.statistic), self._interval(claim, numbers)
        if numbers.one_run or not high > low:
            return math.nan
        fresh = NormalDist(observed, math.sqrt(2) * (high - low) / (2 * NORMAL))
        least, most = claim.comparison.ends
        inside = max(0.0, fresh.cdf(most - (high - observed)) - fresh.cdf(least + (observed - low)))
        outside = fresh.cdf(least - (high - observed)) + 1 - fresh.cdf(most + (observed - low))
        return {YES: inside, NO: outside}.get(self.decide(claim, numbers), 1 - inside - outside)

    def needed(self, claim, numbers) -> float:
        """Count the draws after which the interval no longer holds an end of what is claimed."""
        found = []
        for part in numbers.deciding.values():
            observed, (low, high) = statistic_of(part.of_draws, claim.statistic), self._interval(claim, part)
            for end in claim.comparison.ends:
                if low <= end <= high:
                    half = high - observed if end > observed else observed - low
                    found.append(len(part.of_draws) * (half / (end - observed)) ** 2 if end != observed else math.nan)
        return float(np.ceil(np.max(found))) if found else math.nan

    def steps(self, claim, numbers):
        """List the ends of the intervals."""
        return [end for part in numbers.deciding.values() for end in self._interval(claim, part) if end == end]

    def problems(self, claim):
        """Want a statistic that has an interval."""
        if claim.statistic in ("min", "max"):
            yield "statistic", f"is '{claim.statistic}', which has no interval. Allowed: median, mean, geometric_mean"
        yield from super().problems(claim)

    def judged_by(self, finding) -> str:
        """Say that it is about the average."""
        if finding.numbers.one_run:
            return super().judged_by(finding)
        interval = f"the 95 % interval of the {phrases.statistic_name(finding)}{_each(finding)}"
        return (
            f"Read as how much on average: judged by {interval}. The claim holds if all of it fulfills the "
            "criterion, and does not if none of it does."
        )

    def headline(self, finding) -> str:
        """Say the estimate."""
        if finding.by_experiment:
            return super().headline(finding)
        return phrases.statistic(finding)

    def told(self, finding, said: str) -> list[str]:
        """Say the estimates, then how far the draws spread."""
        if finding.by_experiment:
            return phrases.apart(finding, phrases.estimate)
        return [*phrases.criterion(finding), phrases.spread(finding, said)]


class Existence(Inequality):
    """A case that there is, or that there is not: one draw decides."""

    name, brief = "existence", "it holds in one"
    claimed = "that there is a case; or, with `there_is: false`, that there is none"
    yes, depends = "there is one; or there is none, and the share has its interval at 5 % or below", ""
    no = "there is none, likewise; or there is one"
    cuts, share_needed, pools = (HARDLY_ANY,), math.nan, True

    def rule(self, claim, shares, ns):
        """Decide by one case; that there is none, by enough draws."""
        none = share_interval(shares, ns)[1] <= HARDLY_ANY
        one_is, none_is = (YES, NO) if claim.there_is else (NO, YES)
        return np.where(shares > 0, one_is, np.where(none, none_is, UNDECIDED))[..., 0]

    def problems(self, claim):
        """Accept every key."""
        return ()

    def judged_by(self, finding) -> str:
        """Say what one case does."""
        if finding.claim.there_is:
            return "Read as that there is such a case: one shows it."
        return "Read as that there is no exception: one counterexample refutes it."

    def headline(self, finding) -> str:
        """Count the cases."""
        be = "is such a case" if finding.count == 1 else "are such cases"
        return f"{f'{finding.count:,}' if finding.count else 'None'} of {finding.n:,} {finding.claim.draws} {be}."

    def told(self, finding, said: str) -> list[str]:
        """Count them, and say how many there may be at most."""
        if finding.numbers.one_run:
            return super().told(finding, said)
        told = phrases.met(finding, said) if finding.count else phrases.none(finding, said)
        statistic = [phrases.statistic(finding)] if finding.claim.statistic in ("min", "max") else []
        return [*phrases.criterion(finding), f"{told}.", *statistic]


class Identity(Inequality):
    """What mathematics says: it holds in every draw, or there is a bug."""

    name, brief, claimed = "identity", "in all, or there is a bug", "what mathematics says"
    yes, depends, no = "it holds in every replicate", "", "else: there is a bug, or the settings are not the source's"
    share_needed, pools, is_drawn = math.nan, True, False
    without = (
        *(f"{name}_{end}" for name in ("interval", "share", "range", "threshold") for end in ("low", "high")),
        *("share_holding", "mcse", "stability"),
    )

    def rule(self, claim, shares, ns):
        """Decide by every draw."""
        return np.where(np.asarray(shares) == 1, YES, NO)[..., 0]

    def verdict(self, outcome: str, on_own_rows: bool) -> Verdict:
        """Name an outcome; whose rows they are does not matter."""
        return verdicts.CHECKED if outcome == YES else verdicts.BUG

    def judged_by(self, finding) -> str:
        """Say that all must."""
        return f"Judged by every one of the {finding.claim.draws}: each must fulfill it."

    def headline(self, finding) -> str:
        """Say that it is no evidence."""
        if finding.outcome == YES:
            return "It holds by mathematics: with the source's settings it can fail only by a bug."
        return "By mathematics it would hold: there is a bug, or the settings are not the source's."

    def told(self, finding, said: str) -> list[str]:
        """Count, without a share."""
        many = "in one" if finding.n == 1 else f"in {finding.count:,} of {finding.n:,} {finding.claim.draws}"
        return [*phrases.criterion(finding), f"It is met {many}.", phrases.spread(finding)]


def _each(finding) -> str:
    return ", in each experiment apart" if finding.by_experiment else ""


def share_of(count: int, claim, numbers) -> tuple[float, float]:
    """Give the share of a count among the draws, and how many draws that is worth.

    A run that failed is a draw where the claim counts it against the method.
    """
    n_failed = numbers.n_failed if claim.failed_runs == "fails" else 0
    return count / (len(numbers.of_draws) + n_failed), numbers.n_independent + n_failed


def power(share: float, n: int) -> dict[str, float]:
    """Tell the chance of each outcome of an inequality, by the true share of all replicates and their number."""
    return certainty.power(share, n, lambda shares, ns: KINDS["inequality"].rule(None, shares, ns))


KINDS = {kind.name: kind for kind in (Number(), Inequality(), Estimate(), Existence(), Identity())}
