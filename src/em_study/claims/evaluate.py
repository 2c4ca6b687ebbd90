"""Verdicts on claims: rows of claims.csv."""

from functools import partial

import numpy as np
import pandas as pd

from em_study.claims.finding import Finding, finding_of
from em_study.claims.numbers import NoNumbersError, numbers_of
from em_study.claims.sentences import criterion, in_sentences, same_test
from em_study.claims.settings import AnyClaim, Claim
from em_study.claims.verdicts import NOT_TESTED, Verdict
from em_study.columns import COLUMNS


def evaluate_all(
    claims: dict[str, AnyClaim],
    tables: dict[str, pd.DataFrame],
    repeated: frozenset = frozenset(),
    own: frozenset = frozenset(),
    warnings: dict[str, str] | None = None,
) -> list[dict]:
    """Make the rows of claims.csv, one per claim. A claim without numbers in the study is not tested.

    Parameters
    ----------
    claims : dict
    tables : dict of DataFrame
        fits, parameters, estimates, agreement, measurements, and sweeps/<name> of the sweeps that claims read.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them.
    own : set of str
        Experiments and sweeps on the source's own data, or on resamples of these, as `own_rows` names them.
    warnings : dict of str, optional
        Text before the explanation, by claim.
    """
    rows = []
    for name, claim in claims.items():
        row = evaluate(name, claim, tables, repeated, own)
        rows.append(row)
        row["explanation"] = " ".join(filter(None, ((warnings or {}).get(name), row["explanation"])))
    return rows


def evaluate(
    name: str, claim: AnyClaim, tables, repeated: frozenset = frozenset(), own: frozenset = frozenset()
) -> dict:
    """Make the row of claims.csv of a claim; parameters as in `evaluate_all`."""
    if not isinstance(claim, Claim):
        verdict, text = claim.without_numbers
        return _row(name, claim, verdict, claim.headline or f"{text.partition('. ')[0].rstrip('.')}.", text)
    find = finder(claim, tables, repeated, own)
    try:
        finding = finding_of(claim, find)
    except NoNumbersError as error:
        return _row(name, claim, NOT_TESTED, f"Not tested: {error}.", f"Not tested: {error}.")
    return _row(name, claim, finding.verdict, *in_sentences(finding, find)) | _numbers(finding)


def finder(claim, tables, repeated: frozenset, own: frozenset):
    """Make the function that returns the Numbers of a Selection of a claim; parameters as in `evaluate_all`."""
    return partial(numbers_of, tables=tables, experiment=claim.experiment, repeated=repeated, own=own)


def _row(name: str, claim: AnyClaim, verdict: Verdict, headline: str, explanation: str) -> dict:
    row = dict.fromkeys(COLUMNS["claims"], np.nan)
    row |= {"claim": name, "source": claim.source, "statement": claim.statement}
    row |= {"n_replicates": 0, "n_failed": 0}
    row |= {"verdict": verdict.name, "explanation": explanation, "headline": headline}
    row |= {"basis": claim.basis, "quote": claim.quote, "short": claim.short or claim.statement}
    row |= {"cited": "; ".join(filter(None, (claim.cited, claim.address))) or None}
    if isinstance(claim, Claim):
        row["published"] = claim.published
        if same_test(claim):
            row |= {"original_observed": claim.original.observed, "original_verdict": claim.original.verdict}
    return row


def _numbers(finding: Finding) -> dict:
    """Give the columns of the finding."""
    claim, own = finding.claim, finding.on_own_rows
    row = {
        "observed": finding.observed,
        "n_replicates": finding.n,
        "kind": claim.kind,
        "criterion": criterion(claim),
        "threshold_of": claim.threshold_of,
        "share_holding": np.nan if finding.by_experiment else finding.share,
        "percentile": claim.rules.percentile(finding),
        "rows_of": "source" if own is finding else "resampled" if finding.numbers.resampled else "other",
        "share_needed": claim.rules.share_needed,
        "draws_needed": finding.needed,
        "n_failed": finding.numbers.n_failed,
        "mcse": finding.error,
        "stability": claim.rules.stability(claim, finding.numbers),
    }
    intervals = {"interval": finding.interval, "share": finding.share_interval, "range": finding.range}
    for name, ends in (intervals | {"threshold": finding.thresholds}).items():
        row[f"{name}_low"], row[f"{name}_high"] = ends
    row |= dict.fromkeys(claim.rules.without, np.nan)
    if own is not None:
        row |= {"original_observed": own.observed, "original_verdict": own.verdict.name}
    return row
