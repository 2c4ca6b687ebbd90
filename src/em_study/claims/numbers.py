"""The numbers that a selection names, looked up in the tables."""

import operator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from em_study.claims.settings import Selection, Test
from em_study.data.storage import holding
from em_study.errors import StudyError

# How each relation but equality compares: its sign, its function, and which way the tolerance shifts the threshold.
INEQUALITIES = {
    "at_least": (">=", operator.ge, -1),
    "at_most": ("<=", operator.le, 1),
    "more_than": (">", operator.gt, 1),
    "less_than": ("<", operator.lt, -1),
}
VALUE, SAME, RUN = "a number", "of a run that is always the same", "which run"  # columns
TRUTH = {"True": 1.0, "False": 0.0}
# What tells the rows of one draw apart.
PARTS = ("fit", "protocol", "component", "parameter", "measurement", "setting")


class NoNumbersError(StudyError):
    """The tables have no numbers that a claim speaks of."""


@dataclass(frozen=True)
class Numbers:
    """What the tables hold of a selection.

    Attributes
    ----------
    of_draws : Series
        Numbers; the index tells draws apart.
    n_all : int
        How many there would be if no run had failed and nothing else were missing.
    repeated : bool
        Whether it is one number, of a run that would always be the same.
    fixed : bool
        Whether some are of such runs, so that these are no draws.
    of_experiments : bool
        Whether the index begins with the experiment.
    """

    of_draws: pd.Series
    n_all: int
    repeated: bool = False
    fixed: bool = False
    of_experiments: bool = True

    @property
    def by_experiment(self) -> dict[str, pd.Series]:
        """The numbers of each experiment; in a sweep there is none."""
        names = [draw[0] if self.of_experiments else "" for draw in self.of_draws.index]
        return dict(list(self.of_draws.groupby(names, sort=False)))

    @property
    def independent(self) -> bool:
        """Whether each draw has one number, and all are draws of one kind."""
        return not self.fixed and not self.of_draws.index.has_duplicates and len(self.by_experiment) == 1


def numbers_of(
    selection: Selection, tables: dict[str, pd.DataFrame], experiment: str | None, repeated: frozenset = frozenset()
) -> Numbers:
    """Look up the numbers that a selection names.

    Parameters
    ----------
    selection : Selection
    tables : dict of DataFrame
        By the names that selections use.
    experiment : str or None
        The claim's, for a selection that names none.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them. Such a run counts once.

    Raises
    ------
    NoNumbersError
        If the tables have no such numbers.
    """
    experiment = selection.about(experiment)
    where = _conditions(selection, experiment)
    found = _selected(selection, tables, experiment, repeated)
    if "replicate" in tables[selection.table]:  # of a run that is always the same, the first of those selected counts
        found = found[~(found[SAME] & found.duplicated(RUN))]
    n_all, found = len(found), found[found[VALUE].notna()]
    if found.empty:
        raise NoNumbersError(_nothing_there(selection, where, tables))
    is_one = n_all == 1 and bool(found[SAME].all())
    of_experiments = "experiment" in tables[selection.table]
    return Numbers(found[VALUE], n_all, is_one, bool(found[SAME].any()), of_experiments)


def _conditions(selection: Selection, experiment: str | None) -> dict:
    of_experiment = selection.sweep is None and experiment is not None
    return selection.where | ({"experiment": experiment} if of_experiment else {})


def _selected(
    selection: Selection, tables: dict[str, pd.DataFrame], experiment: str | None, repeated: frozenset
) -> pd.DataFrame:
    """Look up all numbers that a selection names, by draw; with whether each is of a run that is always the same."""
    table, where = tables.get(selection.table), _conditions(selection, experiment)
    if table is None:
        raise NoNumbersError(f"sweep {selection.sweep} is not part of this study")
    if selection.sweep is not None:
        table = with_every_replicate(table)
    found = _numbers(table, where, selection, repeated)
    if selection.other:
        other = _numbers(table, where | selection.other, selection, repeated).reindex(found.index)
        one, two = found[VALUE], other[VALUE]
        found[VALUE] = one / two.where(two != 0) if selection.over is not None else one - two
        found[SAME] &= other[SAME].fillna(value=True).astype(bool)
    names, of_draws = found.index.names, draw_columns(table.columns)
    found[RUN] = _tuples(found.index, [name for name in names if name != "replicate"])
    draws = _tuples(found.index, [name for name in names if name in of_draws])
    found.index = pd.Index(draws, tupleize_cols=False)
    if selection.among is not None:
        chosen = _selected(selection.among, tables, selection.among.about(experiment), repeated)
        found = found[found.index.isin(chosen.index[holds(selection.among, chosen[VALUE])])]
    if selection.each_draw is not None:  # a draw that lacks one of its numbers has none
        by_draw = found.groupby(level=0, sort=False)
        values = by_draw[VALUE].agg(selection.each_draw).where(by_draw[VALUE].count() == by_draw.size())
        found = pd.DataFrame({VALUE: values, SAME: by_draw[SAME].all()})
        found[RUN] = [draw[:-1] for draw in found.index]
    return found


def with_every_replicate(table: pd.DataFrame) -> pd.DataFrame:
    """Repeat what a cell of a sweep has once, as its replicates are one run, for each replicate that others have."""
    keys = [*table.columns[: list(table.columns).index("fit")], "fit", "protocol"]
    is_once = table.groupby(keys, dropna=False, sort=False)["replicate"].transform("size") == 1
    others = [r for r in table["replicate"].unique() if r != 0]
    once = table[is_once].assign(**{SAME: True})
    repeated = (once.assign(replicate=r) for r in others)
    return pd.concat([table.assign(**{SAME: is_once & bool(others)}), *repeated], ignore_index=True)


def _is_same(rows: pd.DataFrame, selection: Selection, repeated: frozenset) -> np.ndarray:
    """Tell which rows of a table are of runs that would always be the same."""
    if selection.sweep is not None:
        named = {fit for owner, fit in repeated if owner == selection.table}
        return (rows[SAME] | rows["fit"].isin(named)).to_numpy()
    fits = [""] * len(rows) if selection.table == "agreement" else rows["fit"]
    return np.array([row in repeated for row in zip(rows["experiment"], fits, strict=True)], dtype=bool)


def holds(test: Test, values):
    """Tell which numbers fulfil a test."""
    if test.relation == "equals":
        return abs(values - test.published) <= test.tolerance * (1 + 1e-9)
    _, compare, _ = INEQUALITIES[test.relation]
    return compare(values, threshold(test))


def threshold(test: Test) -> float:
    """Return the number that an inequality compares with."""
    *_, shift = INEQUALITIES[test.relation]
    return test.published + shift * test.tolerance


def count_of(test: Test, values) -> int:
    """Count the numbers that fulfil a test."""
    return int(holds(test, values).sum())


def in_words(conditions: dict) -> str:
    """List conditions on columns."""
    return ", ".join(f"{column} {value}" for column, value in conditions.items())


def _numbers(table: pd.DataFrame, where: dict, selection: Selection, repeated: frozenset) -> pd.DataFrame:
    """Select numbers, NaN where a run failed; the index is all that tells rows apart but for the columns compared."""
    chosen, quantity = _rows(table, where), selection.quantity
    values = chosen[quantity].map(lambda value: TRUTH.get(value, value)).astype(float)
    if quantity != "converged":
        values = values.where(~_failed(chosen))
    keys = [key for key in (*draw_columns(table.columns), *PARTS) if key in chosen and key not in selection.other]
    index = pd.MultiIndex.from_frame(chosen[keys].astype(str))
    return pd.DataFrame({VALUE: values.to_numpy(), SAME: _is_same(chosen, selection, repeated)}, index=index)


def _rows(table: pd.DataFrame, where: dict) -> pd.DataFrame:
    """Select the rows that fulfil all conditions; an empty text stands for an empty cell."""
    rows = np.ones(len(table), dtype=bool)
    for column, wanted in where.items():
        rows &= holding(table[column], wanted).to_numpy()
    return table[rows]


def _failed(rows: pd.DataFrame) -> pd.Series:
    """Tell which rows are of runs that failed."""
    if "failure" not in rows:
        return pd.Series(data=False, index=rows.index)
    return rows["failure"].notna() & (rows["failure"] != "")


def draw_columns(columns) -> list[str]:
    """Name the columns of a table that tell draws apart: of a sweep's, the varied keys stand before the fit."""
    columns = list(columns)
    varied = columns[: columns.index("fit")] if "fit" in columns else []
    return [*dict.fromkeys([*varied, *(column for column in ("experiment", "replicate") if column in columns)])]


def _tuples(index: pd.MultiIndex, names: list[str]) -> list[tuple]:
    return list(zip(*(index.get_level_values(name) for name in names), strict=True)) if names else [()] * len(index)


def _nothing_there(selection: Selection, where: dict, tables: dict[str, pd.DataFrame]) -> str:
    """Say why there are no numbers."""
    rows = _rows(tables[selection.table], where)
    if rows[selection.quantity][~_failed(rows)].notna().any():
        beside = in_words(selection.other)
        if selection.over is not None:
            return f"there is nothing to divide by: {selection.quantity} of {beside} is 0, or missing, in every draw"
        if selection.minus is not None:
            return f"there is nothing to subtract: {selection.quantity} of {beside} is missing in every draw"
        return "no draw fulfils the condition 'among'"
    experiment = where.get("experiment")
    if experiment is not None and "fits" in tables and not (tables["fits"]["experiment"] == experiment).any():
        return f"experiment {experiment} is not part of this study"
    conditions = in_words(where)
    failed = _failed(rows)
    if len(failed) and failed.all():
        return f"every one of {len(failed)} runs failed ({conditions})"
    return f"table {selection.table} has no number '{selection.quantity}' of {conditions or 'any row'}"
