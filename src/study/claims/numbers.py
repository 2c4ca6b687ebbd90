"""The numbers that a selection names, looked up in the tables."""

import operator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.configuration.errors import StudyError
from study.configuration.schema import Selection, Test
from study.data.storage import holding

# How each relation but equality compares: its sign, its function, and which way the tolerance shifts the threshold.
INEQUALITIES = {
    "at_least": (">=", operator.ge, -1),
    "at_most": ("<=", operator.le, 1),
    "more_than": (">", operator.gt, 1),
    "less_than": ("<", operator.lt, -1),
}
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
        Whether all were the same run on the same rows; then there is one.
    of_experiments : bool
        Whether the index begins with the experiment.
    """

    of_draws: pd.Series
    n_all: int
    repeated: bool
    of_experiments: bool = True

    @property
    def by_experiment(self) -> dict[str, pd.Series]:
        """The numbers of each experiment; in a sweep there is none."""
        names = [draw[0] if self.of_experiments else "" for draw in self.of_draws.index]
        return dict(list(self.of_draws.groupby(names, sort=False)))

    @property
    def independent(self) -> bool:
        """Whether each draw has one number, and all are draws of one kind."""
        return not self.of_draws.index.has_duplicates and len(self.by_experiment) == 1


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
        Experiments and fits whose replicates are all the same run.

    Raises
    ------
    NoNumbersError
        If the tables have no such numbers.
    """
    experiment = selection.about(experiment)
    where = {**selection.where}
    if selection.sweep is None and experiment is not None:
        where["experiment"] = experiment
    table = tables.get(selection.table)
    if table is None:
        raise NoNumbersError(f"sweep {selection.sweep} is not part of this study")
    found = _column(table, where, selection.quantity, selection.other)
    if selection.other:
        beside = _column(table, {**where, **selection.other}, selection.quantity, selection.other)
        beside = beside.reindex(found.index)
        found = found / beside.where(beside != 0) if selection.over is not None else found - beside
    found = _by_draw(found, draw_columns(table.columns))
    if selection.among is not None:
        chosen = numbers_of(selection.among, tables, experiment)
        found = found[found.index.isin(chosen.of_draws.index[holds(selection.among, chosen.of_draws)])]
    if selection.each_draw is not None:  # a draw that lacks one of its numbers has none
        by_draw = found.groupby(level=0, sort=False)
        found = by_draw.agg(selection.each_draw).where(by_draw.count() == by_draw.size())
    n_all, found = len(found), found.dropna()
    if found.empty:
        raise NoNumbersError(_nothing_there(selection, where, tables))
    if _is_repeated(selection, where, experiment, repeated) and (found == found.iloc[0]).all():
        return Numbers(found.iloc[:1], 1, repeated=True)
    return Numbers(found, n_all, repeated=False, of_experiments="experiment" in table)


def _is_repeated(selection: Selection, where: dict, experiment: str | None, repeated: frozenset) -> bool:
    """Tell whether every fit that is selected is the same run in all replicates."""
    if selection.table == "agreement":
        return (experiment, "") in repeated
    fits = {where.get("fit"), selection.other.get("fit", where.get("fit"))}
    return selection.sweep is None and all((experiment, fit) in repeated for fit in fits)


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


def _column(table: pd.DataFrame, where: dict, quantity: str, left_out) -> pd.Series:
    """Select a column, NaN where a run failed; the index is all that tells rows apart but for the columns left out."""
    chosen = _rows(table, where)
    values = chosen[quantity].map(lambda value: TRUTH.get(value, value)).astype(float)
    if quantity != "converged":
        values = values.where(~_failed(chosen))
    keys = [column for column in (*draw_columns(table.columns), *PARTS) if column in chosen and column not in left_out]
    return pd.Series(values.to_numpy(), index=pd.MultiIndex.from_frame(chosen[keys].astype(str)))


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


def _by_draw(values: pd.Series, draw_columns: list[str]) -> pd.Series:
    """Keep of the index what tells draws apart, as one level."""
    levels = [name for name in values.index.names if name in draw_columns]
    draws = pd.Index(
        list(zip(*(values.index.get_level_values(name) for name in levels), strict=True)), tupleize_cols=False
    )
    return pd.Series(values.to_numpy(), index=draws)


def _nothing_there(selection: Selection, where: dict, tables: dict[str, pd.DataFrame]) -> str:
    """Say why there are no numbers."""
    if len(_column(tables[selection.table], where, selection.quantity, {}).dropna()):
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
    failed = _failed(_rows(tables[selection.table], where))
    if len(failed) and failed.all():
        return f"every one of {len(failed)} runs failed ({conditions})"
    return f"table {selection.table} has no number '{selection.quantity}' of {conditions or 'any row'}"
