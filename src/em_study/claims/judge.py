"""Verdicts: each claim is data, the rules decide, and a row of claims.csv says how."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from em_study.claims.intervals import NONE, confidence_interval, share_interval
from em_study.claims.numbers import NoNumbersError, Numbers, holds, numbers_of
from em_study.claims.rules import NEARLY_ALL, enough, verdict_of
from em_study.claims.sentences import criterion, explanation, same_test
from em_study.claims.settings import AnyClaim, Claim, Selection, Untested

RANGE = (2.5, 97.5)  # percentiles of the draws


@dataclass(frozen=True)
class Finding:
    """What the draws say of a claim.

    Attributes
    ----------
    numbers : Numbers
    observed : float
        Their statistic.
    interval, share_interval, range : tuple of float
        95 % confidence intervals of `observed` and of `share`; 2.5 and 97.5 percentile of the draws. NaN if there is
        none.
    share : float
        Of the draws that fulfil the criterion.
    percentile : float
        Of a printed number among the draws; NaN for other claims.
    verdict : str
    cause : Numbers or None
        If the claim is explained: what was measured of the cause.
    """

    numbers: Numbers
    observed: float
    interval: tuple[float, float]
    share: float
    share_interval: tuple[float, float]
    range: tuple[float, float]
    percentile: float
    verdict: str
    cause: Numbers | None


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
        if isinstance(claim, Untested):
            rows.append(_untested(name, claim, f"Not tested: {claim.not_tested}"))
            continue
        try:
            rows.append(judge(name, claim, tables, repeated))
        except NoNumbersError as error:
            rows.append(_untested(name, claim, f"Not tested: {error}."))
    for row in rows:
        row["explanation"] = " ".join(filter(None, ((warnings or {}).get(row["claim"]), row["explanation"])))
    return rows


def judge(name: str, claim: Claim, tables: dict[str, pd.DataFrame], repeated: frozenset = frozenset()) -> dict:
    """Make the row of claims.csv of a claim; parameters as in `judge_all`."""

    def find(selection: Selection) -> Numbers:
        return numbers_of(selection, tables, claim.experiment, repeated)

    finding = finding_of(claim, find)
    return {
        **_heading(name, claim),
        "published": claim.published,
        "observed": finding.observed,
        "interval_low": finding.interval[0],
        "interval_high": finding.interval[1],
        "n_replicates": len(finding.numbers.of_draws),
        "verdict": finding.verdict,
        "explanation": explanation(claim, finding, find),
        "kind": claim.kind,
        "criterion": criterion(claim),
        "threshold_of": claim.threshold_of,
        "share_holding": finding.share,
        "share_low": finding.share_interval[0],
        "share_high": finding.share_interval[1],
        "range_low": finding.range[0],
        "range_high": finding.range[1],
        "percentile": finding.percentile,
        **_original(claim),
    }


def _heading(name: str, claim: AnyClaim) -> dict:
    return {"claim": name, "source": claim.source, "statement": claim.statement}


def _original(claim: AnyClaim) -> dict:
    if isinstance(claim, Untested) or not same_test(claim):
        return {"original_observed": np.nan, "original_verdict": np.nan}
    return {"original_observed": claim.original.observed, "original_verdict": claim.original.verdict}


def _untested(name: str, claim: AnyClaim, reason: str) -> dict:
    published = claim.published if isinstance(claim, Claim) else np.nan
    verdict = {"published": published, "n_replicates": 0, "verdict": "not_tested", "explanation": reason}
    return {**_heading(name, claim), **verdict, **_original(claim)}


def finding_of(claim: Claim, find) -> Finding:
    """Look at the draws, and decide.

    Parameters
    ----------
    claim : Claim
    find : callable
        From a Selection to its Numbers.
    """
    numbers = find(claim)
    values, fulfilled = numbers.of_draws, holds(claim, numbers.of_draws)
    several = numbers.independent and len(values) > 1
    verdict, cause = verdict_of(claim, numbers), None
    if verdict == "not_reproduced" and claim.because is not None:
        try:
            found = find(claim.because)
        except NoNumbersError:
            found = None
        if found and enough(found) and holds(claim.because, found.of_draws).mean() >= NEARLY_ALL:
            verdict, cause = "explained", found
    below, at = (values < claim.published - claim.tolerance).mean(), fulfilled.mean()
    return Finding(
        numbers=numbers,
        observed=float(getattr(values, claim.statistic)()),
        interval=confidence_interval(values, claim.statistic) if several else NONE,
        share=float(fulfilled.mean()),
        share_interval=share_interval(int(fulfilled.sum()), len(values)) if several else NONE,
        range=tuple(map(float, np.percentile(values, RANGE))) if len(values) > 1 else NONE,
        percentile=float(100 * (below + at / 2)) if claim.kind == "number" else np.nan,
        verdict=verdict,
        cause=cause,
    )
