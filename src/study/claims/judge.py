"""Verdicts: each claim is data (which numbers of which table must compare how), and one function decides."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.configuration.errors import StudyError
from study.configuration.schema import Claim, Selection, Test

INTERVAL = (2.5, 97.5)  # percentiles over the replicates

RELATIONS = {
    "equals": lambda value, test: abs(value - test.published) <= test.tolerance * (1 + 1e-9),
    "at_least": lambda value, test: value >= test.published - test.tolerance,
    "at_most": lambda value, test: value <= test.published + test.tolerance,
    "more_than": lambda value, test: value > test.published,
    "less_than": lambda value, test: value < test.published,
}


class NoNumbersError(StudyError):
    """The tables have no numbers that a claim speaks of."""


@dataclass(frozen=True)
class Observation:
    """What the tables say.

    Attributes
    ----------
    value : float
        The statistic over the selected numbers.
    low, high : float
        Of a median: the numbers' 2.5 and 97.5 percentiles. Of a mean: its 95 % confidence interval. Else the value.
    n : int
        How many there are.
    """

    value: float
    low: float
    high: float
    n: int


class _NotMeasured(float):
    """Evidence from an experiment that is not in the configuration."""

    def __format__(self, specification):
        return "(not measured)"


def observe(
    selection: Selection, tables: dict[str, pd.DataFrame], experiment: str | None, one_draw: frozenset = frozenset()
) -> Observation:
    """Look up the numbers that a selection names.

    Parameters
    ----------
    selection : Selection
    tables : dict of DataFrame
    experiment : str or None
        The claim's, for a selection that names none.
    one_draw : set of str
        Experiments whose rows are the same in every replicate: equal numbers from these are one number.

    Raises
    ------
    NoNumbersError
        If the tables have no such numbers.
    """
    experiment = selection.experiment or experiment
    where = selection.where if experiment is None else {"experiment": experiment, **selection.where}
    numbers = _numbers(tables[selection.table], where, selection.quantity)
    if selection.over is not None:
        where = {**where, **selection.over}
        divisors = _numbers(tables[selection.table], where, selection.quantity)
        numbers = (numbers / divisors).replace([np.inf, -np.inf], np.nan).dropna()
    if numbers.empty:
        raise NoNumbersError(_nothing_there(selection, where, tables))
    if experiment in one_draw and "replicate" in tables[selection.table] and len(set(numbers)) == 1:
        numbers = numbers.iloc[:1]
    value = float(getattr(numbers, selection.statistic)())
    if selection.statistic == "median":
        low, high = np.percentile(numbers, INTERVAL)
    else:  # what is said of all numbers at once has no spread; a mean has its standard error
        error = 1.96 * numbers.std(ddof=0) / np.sqrt(len(numbers)) if selection.statistic == "mean" else 0.0
        low, high = value - error, value + error
    return Observation(value, float(low), float(high), len(numbers))


def _nothing_there(selection: Selection, where: dict, tables: dict[str, pd.DataFrame]) -> str:
    """Say why there are no numbers."""
    experiment = where.get("experiment")
    if experiment is not None and "fits" in tables and not (tables["fits"]["experiment"] == experiment).any():
        return f"experiment {experiment} is not part of this study"
    conditions = ", ".join(f"{column} {value}" for column, value in where.items())
    return f"table {selection.table} has no number '{selection.quantity}' of {conditions or 'any row'}"


def _numbers(table: pd.DataFrame, where: dict, quantity: str) -> pd.Series:
    """Select numbers, by replicate where the table has them."""
    rows = np.ones(len(table), dtype=bool)
    for column, wanted in where.items():
        rows &= (table[column] == wanted).to_numpy()
    chosen = table[rows]
    index = chosen["replicate"] if "replicate" in chosen else pd.RangeIndex(len(chosen))
    return pd.Series(pd.to_numeric(chosen[quantity]).to_numpy(dtype=float), index=index).dropna()


def holds(test: Test, seen: Observation) -> tuple[bool, bool]:
    """Tell whether a test holds for the observed number and both ends of its interval, and whether within it."""
    relation = RELATIONS[test.relation]
    ends = [relation(value, test) for value in (seen.low, seen.high)]
    always = relation(seen.value, test) and all(ends)
    if test.relation == "equals":
        return always, seen.low - test.tolerance <= test.published <= seen.high + test.tolerance
    return always, relation(seen.value, test) or any(ends)


def judge(name: str, claim: Claim, tables: dict[str, pd.DataFrame], one_draw: frozenset = frozenset()) -> dict:
    """Make the row of claims.csv of a claim."""
    seen = observe(claim, tables, claim.experiment, one_draw)
    always, sometimes = holds(claim, seen)
    if always:
        verdict = "reproduced"
    elif sometimes:
        verdict = "reproduced_in_distribution"
    elif claim.because is not None and RELATIONS[claim.because.relation](
        observe(claim.because, tables, claim.experiment, one_draw).value, claim.because
    ):
        verdict = "explained"
    else:
        verdict = "not_reproduced"
    return row_of(name, claim, seen, verdict, _explanation(claim, seen, tables, one_draw))


def row_of(name: str, claim: Claim, seen: Observation, verdict: str, explanation: str) -> dict:
    """Make a row of claims.csv."""
    return {
        "claim": name,
        "source": claim.source,
        "statement": claim.statement,
        "published": claim.published,
        "observed": seen.value,
        "interval_low": seen.low,
        "interval_high": seen.high,
        "n_replicates": seen.n,
        "verdict": verdict,
        "explanation": explanation,
    }


def _explanation(claim: Claim, seen: Observation, tables: dict[str, pd.DataFrame], one_draw: frozenset) -> str:
    """Fill the measured numbers into the claim's sentence."""
    measured = {"observed": seen.value, "low": seen.low, "high": seen.high, "n": seen.n}
    for key, selection in claim.evidence.items():
        try:
            found = observe(selection, tables, claim.experiment, one_draw)
        except NoNumbersError:
            found = Observation(_NotMeasured(), _NotMeasured(), _NotMeasured(), 0)
        measured |= {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}
    alone = seen.n == 1 and claim.explanation_of_one is not None
    return (claim.explanation_of_one if alone else claim.explanation).format_map(measured)


def judge_all(
    claims: dict[str, Claim], tables: dict[str, pd.DataFrame], one_draw: frozenset = frozenset()
) -> list[dict]:
    """Make the rows of claims.csv: one a claim. Where the study has no numbers for it, the row says so."""
    rows = []
    for name, claim in claims.items():
        try:
            rows.append(judge(name, claim, tables, one_draw))
        except NoNumbersError as error:
            nothing = Observation(np.nan, np.nan, np.nan, 0)
            rows.append(row_of(name, claim, nothing, "not_tested", f"Not tested: {error}."))
    return rows
