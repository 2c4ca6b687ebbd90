"""Verdicts: each claim is data, its kind decides, and a row of claims.csv says how."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from em_study.claims.intervals import NONE, confidence_interval, share_interval
from em_study.claims.kinds import NEARLY_ALL, enough
from em_study.claims.numbers import NoNumbersError, Numbers, numbers_of
from em_study.claims.sentences import criterion, explanation, same_test
from em_study.claims.settings import AnyClaim, Claim, Selection, Untested
from em_study.claims.verdicts import EXPLAINED, NOT_REPRODUCED, NOT_TESTED, Verdict
from em_study.columns import COLUMNS

RANGE = (2.5, 97.5)  # percentiles of the draws


@dataclass(frozen=True)
class Finding:
    """What the draws say of a claim; NaN where there is no interval."""

    claim: Claim
    numbers: Numbers
    draws: pd.Series  # their numbers
    count: int  # of draws that fulfil the criterion
    observed: float  # the draws' statistic
    interval: tuple[float, float]  # 95 % confidence interval of `observed`
    share_interval: tuple[float, float]  # of the share that fulfils the criterion
    range: tuple[float, float]  # 2.5 and 97.5 percentile of the draws
    verdict: Verdict
    cause: Numbers | None  # if the claim is explained: what was measured of the cause

    @property
    def n(self) -> int:
        """How many draws there are."""
        return len(self.draws)


def judge_all(
    claims: dict[str, AnyClaim],
    tables: dict[str, pd.DataFrame],
    repeated: frozenset = frozenset(),
    warnings: dict[str, str] | None = None,
) -> list[dict]:
    """Make the rows of claims.csv: one a claim. Where the study has no numbers for it, the row says so.

    Parameters
    ----------
    claims : dict
    tables : dict of DataFrame
        fits, parameters, agreement, measurements, and sweeps/<name> of the sweeps that claims read.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them.
    warnings : dict of str, optional
        What stands before the explanation of a claim.
    """
    rows = []
    for name, claim in claims.items():
        try:
            row = judge(name, claim, tables, repeated)
        except NoNumbersError as error:
            row = _row(name, claim, NOT_TESTED, f"Not tested: {error}.")
        rows.append(row)
        row["explanation"] = " ".join(filter(None, ((warnings or {}).get(name), row["explanation"])))
    return rows


def judge(name: str, claim: AnyClaim, tables: dict[str, pd.DataFrame], repeated: frozenset = frozenset()) -> dict:
    """Make the row of claims.csv of a claim; parameters as in `judge_all`."""
    if isinstance(claim, Untested):
        return _row(name, claim, NOT_TESTED, f"Not tested: {claim.not_tested}")

    def find(selection: Selection) -> Numbers:
        return numbers_of(selection, tables, claim.experiment, repeated)

    finding = finding_of(claim, find)
    return _row(
        name,
        claim,
        finding.verdict,
        explanation(finding, find),
        observed=finding.observed,
        interval_low=finding.interval[0],
        interval_high=finding.interval[1],
        n_replicates=finding.n,
        kind=claim.kind,
        criterion=criterion(claim),
        threshold_of=claim.threshold_of,
        share_holding=finding.count / finding.n,
        share_low=finding.share_interval[0],
        share_high=finding.share_interval[1],
        range_low=finding.range[0],
        range_high=finding.range[1],
        percentile=claim.rules.percentile(finding),
    )


def _row(name: str, claim: AnyClaim, verdict: Verdict, text: str, **measured) -> dict:
    tested = isinstance(claim, Claim)
    row = dict.fromkeys(COLUMNS["claims"], np.nan)
    row |= {"claim": name, "source": claim.source, "statement": claim.statement, "n_replicates": 0}
    row |= {"published": claim.published if tested else np.nan, "verdict": verdict.name, "explanation": text}
    if tested and same_test(claim):
        row |= {"original_observed": claim.original.observed, "original_verdict": claim.original.verdict}
    return row | measured


def finding_of(claim: Claim, find) -> Finding:
    """Look at the draws, and decide.

    Parameters
    ----------
    claim : Claim
    find : callable
        From a Selection to its Numbers.
    """
    numbers = find(claim)
    verdict, cause = claim.rules.decide(claim, numbers), None
    if verdict is NOT_REPRODUCED and claim.because is not None:
        try:
            found = find(claim.because)
        except NoNumbersError:
            found = None
        if found and enough(found) and claim.because.comparison.holds(found.of_draws).mean() >= NEARLY_ALL:
            verdict, cause = EXPLAINED, found
    draws = numbers.of_draws
    count, several = claim.comparison.count(draws), numbers.independent and len(draws) > 1
    return Finding(
        claim,
        numbers,
        draws,
        count,
        observed=float(getattr(draws, claim.statistic)()),
        interval=confidence_interval(draws, claim.statistic) if several else NONE,
        share_interval=share_interval(count, len(draws)) if several else NONE,
        range=tuple(map(float, np.percentile(draws, RANGE))) if len(draws) > 1 else NONE,
        verdict=verdict,
        cause=cause,
    )
