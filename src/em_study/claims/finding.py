"""The result for a claim, in numbers."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from em_study.claims.certainty import NO, UNDECIDED, YES
from em_study.claims.intervals import NONE, confidence_interval, share_interval, standard_error, statistic_of
from em_study.claims.kinds import ENOUGH_REPLICATES, KINDS, share_of
from em_study.claims.numbers import NoNumbersError, Numbers
from em_study.claims.phrases import says_yes_or_no
from em_study.claims.settings import Claim
from em_study.claims.verdicts import EXPLAINED, Verdict

RANGE = (2.5, 97.5)  # percentiles of the replicates


@dataclass(frozen=True)
class Finding:
    """The result for a claim; NaN where there is no interval.

    Attributes
    ----------
    claim : Claim
    numbers : Numbers
    cause : Numbers or None
        The numbers of the claim's `because`, if the claim does not hold and this does.
    """

    claim: Claim
    numbers: Numbers
    cause: Numbers | None = None

    @cached_property
    def outcome(self) -> str:
        """The decision by the claim's kind."""
        return self.claim.rules.decide(self.claim, self.numbers)

    @property
    def verdict(self) -> Verdict:
        """The outcome's name."""
        if self.cause is not None:
            return EXPLAINED
        return self.claim.rules.verdict(self.outcome, self.numbers.on_own_rows)

    @cached_property
    def by_experiment(self) -> dict[str, "Finding"]:
        """The result of each experiment, where several decide separately; else empty."""
        parts = {} if self.claim.rules.pools else self.numbers.deciding
        return {name: Finding(self.claim, part) for name, part in parts.items()} if len(parts) > 1 else {}

    @property
    def left_out(self) -> dict[str, "Finding"]:
        """The results of the experiments that are left out of the decision, where others decide."""
        parts = self.numbers.by_experiment.items() if self.by_experiment else ()
        return {name: Finding(self.claim, part) for name, part in parts if name not in self.by_experiment}

    @property
    def on_own_rows(self) -> "Finding | None":
        """The result on the source's own data, alone or among others."""
        if self.numbers.on_own_rows:
            return self
        own = [part for part in self.left_out.values() if part.numbers.on_own_rows]
        return own[0] if len(own) == 1 else None

    @property
    def of_replicates(self) -> pd.Series:
        """The numbers of the replicates."""
        return self.numbers.of_replicates

    @property
    def n(self) -> int:
        """The number of replicates evaluated, with those that failed where they count against the claim."""
        return len(self.of_replicates) + (self.numbers.n_failed if self.claim.failed_runs == "fails" else 0)

    @property
    def count(self) -> int:
        """The number of them that fulfil the criterion."""
        return self.claim.comparison.count(self.of_replicates)

    @property
    def share(self) -> float:
        """The share of them that fulfils it."""
        return self.count / self.n

    @cached_property
    def share_interval(self) -> tuple[float, float]:
        """Interval of that share; none where one run decides, or experiments decide separately."""
        if self.numbers.one_run or self.by_experiment:
            return NONE
        return tuple(map(float, share_interval(*share_of(self.count, self.claim, self.numbers))))

    @cached_property
    def observed(self) -> float:
        """The statistic of the replicates."""
        return statistic_of(self.of_replicates, self.claim.statistic)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Interval of the statistic of independent numbers; for resamples, their percentiles."""
        if self.numbers.resampled:
            return self.range
        if not self.numbers.independent:
            return NONE
        return confidence_interval(self.of_replicates, self.claim.statistic, is_share=says_yes_or_no(self.claim))

    @cached_property
    def error(self) -> float:
        """Monte Carlo standard error of the statistic, likewise; for resamples, their standard deviation."""
        if self.numbers.resampled:
            return float(self.of_replicates.std())
        return standard_error(self.of_replicates, self.claim.statistic) if self.numbers.independent else np.nan

    @cached_property
    def needed(self) -> float:
        """The number of replicates that would decide, if the claim is undecided."""
        return self.claim.rules.needed(self.claim, self.numbers) if self.outcome == UNDECIDED else np.nan

    @cached_property
    def thresholds(self) -> tuple[float, float]:
        """The thresholds between which the verdict is the same."""
        return self.claim.rules.thresholds(self.claim, self.numbers)

    @property
    def range(self) -> tuple[float, float]:
        """Percentiles of the replicates; none if they are few."""
        if len(self.of_replicates) < ENOUGH_REPLICATES:
            return NONE
        return tuple(map(float, np.percentile(self.of_replicates, RANGE)))


def finding_of(claim: Claim, find) -> Finding:
    """Evaluate the numbers of a claim and of its cause; `find` returns the Numbers of a Selection."""
    finding = Finding(claim, find(claim))
    if claim.because is None or finding.outcome != NO:
        return finding
    try:
        cause = find(claim.because)
    except NoNumbersError:
        return finding
    together = replace(cause, name="all") if claim.rules.pools else cause
    holds = KINDS["inequality"].decide(claim.because, together) == YES
    return replace(finding, cause=cause) if holds else finding
