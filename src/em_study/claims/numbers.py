"""The numbers that a selection names: lines of pandas, which are run for the verdict and printed for the reader."""

import json
from dataclasses import dataclass

import pandas as pd

from em_study.claims.settings import Selection
from em_study.data.storage import ONLY_EMPTY, TEXT_COLUMNS, is_kept
from em_study.errors import StudyError

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
    """

    of_draws: pd.Series
    n_all: int
    repeated: bool
    fixed: bool

    @property
    def by_experiment(self) -> dict[str, pd.Series]:
        """The numbers of each experiment; in a sweep there is none."""
        if "experiment" not in self.of_draws.index.names:
            return {"": self.of_draws}
        return dict(list(self.of_draws.groupby(level="experiment", sort=False)))

    @property
    def independent(self) -> bool:
        """Whether each draw has one number, and all are draws of one kind."""
        return not self.fixed and not self.of_draws.index.has_duplicates and len(self.by_experiment) == 1


class Lines:
    """Lines of pandas that give the numbers of a selection, as a Series `x`, from tables that have been read.

    A value of the configuration is only marked by its place in a line. It is written out where the line is printed, and
    is a variable where the line is run: no text of a configuration is run.

    Parameters
    ----------
    selection : Selection
    experiment : str or None
        For a selection that names none.
    columns_of : callable
        From a table's name to its columns.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them. Such a run counts once.
    text : collection of str
        Columns that hold text, beside `TEXT_COLUMNS`.
    one_each : bool
        Whether a sweep's table has one replicate of every fit.

    Attributes
    ----------
    templates : list of str
        The lines, with the places of values.
    frames : dict of str
        The variable of each table, by its name.
    parts : list of str
        Levels of the index of `x` that tell the numbers of a draw apart.
    """

    def __init__(self, selection: Selection, experiment, columns_of, repeated=frozenset(), text=(), *, one_each=False):
        self.columns_of, self.text, self.frames, self.once_matters = columns_of, {*TEXT_COLUMNS, *text}, {}, False
        self.templates, self._about_once, self._literals, self._values = [], set(), [], []
        columns = list(columns_of(selection.table))
        self._frame(selection.table)
        self._mark(selection, selection.about(experiment), columns, repeated, one_each)
        self.parts = self._numbers(selection, experiment, "x", with_once=True)
        if "replicate" in columns:
            line = 'x = x[~(once & x.index.droplevel("replicate").duplicated())]  # what is one run counts once'
            self._add(line, once=True)

    def printed(self) -> list[str]:
        """Write the lines for a reader."""
        shown = [line for n, line in enumerate(self.templates) if self.once_matters or n not in self._about_once]
        return [line.format(*self._literals) for line in shown]

    def run(self, tables: dict[str, pd.DataFrame]) -> dict:
        """Run the lines, and return all variables; `once` tells which numbers are of runs that are always the same."""
        names = [f"value_{place}" for place in range(len(self._values))]
        variables = {"pd": pd, **dict(zip(names, self._values, strict=True))}
        variables |= {variable: tables[table].copy(deep=False) for table, variable in self.frames.items()}
        exec("\n".join(self.templates).format(*names), variables)  # noqa: S102
        return variables

    def _add(self, line: str, *, once: bool = False):
        if once:
            self._about_once.add(len(self.templates))
        self.templates.append(line)

    def _value(self, value, literal: str | None = None) -> str:
        """Take in a value, and return the mark of its place."""
        self._values.append(value)
        self._literals.append(repr(value) if literal is None else literal)
        return f"{{{len(self._values) - 1}}}"

    def _frame(self, table: str) -> str:
        return self.frames.setdefault(table, "tuv"[len(self.frames)])

    def _mark(self, selection: Selection, experiment: str | None, columns: list[str], repeated, one_each: bool):
        """Mark the rows of runs that are always the same; in a sweep, repeat them for each replicate of others."""
        if selection.sweep is not None and not one_each:
            keys = self._value([*columns[: columns.index("fit")], "fit", "protocol"])
            again = '*(t[t["once"]].assign(replicate=r) for r in range(1, t["replicate"].max() + 1))'
            self._add(f't["once"] = t.groupby({keys}, dropna=False)["replicate"].transform("size") == 1', once=True)
            self._add(f"t = pd.concat([t, {again}])", once=True)
            self.once_matters = bool(selection.other or selection.among or selection.each_draw)
            return
        owner = experiment if selection.sweep is None else selection.table
        runs = sorted(run for run in repeated if owner in (None, run[0]) and bool(run[1]) == ("fit" in columns))
        self.once_matters = bool(runs) and "replicate" in columns
        mark = "False"
        if runs and selection.table == "agreement":
            mark = f't["experiment"].isin({self._value([name for name, _ in runs])})'
        elif runs and selection.sweep is None:
            mark = f'[run in {self._value(runs)} for run in zip(t["experiment"], t["fit"])]'
        elif runs:
            mark = f't["fit"].isin({self._value([fit for _, fit in runs])})'
        self._add(f't["once"] = {mark}', once=True)

    def _numbers(self, selection: Selection, experiment: str | None, name: str, *, with_once: bool) -> list[str]:
        """Add the lines that give the numbers of a selection under a name; return what tells those of a draw apart."""
        experiment, columns = selection.about(experiment), list(self.columns_of(selection.table))
        draws = [key for key in draw_columns(columns) if key not in selection.other]
        parts = [key for key in PARTS if key in columns and key not in selection.other]
        self._column(selection, conditions(selection, experiment), [*draws, *parts], columns, name)
        if with_once:
            self._add('once = r["once"]', once=True)
        if selection.other:
            self._column(selection, conditions(selection, experiment) | selection.other, [*draws, *parts], columns, "y")
            by = "/ y[y != 0]" if selection.over is not None else "- y"
            self._add(f"{name} = {name} {by}.reindex({name}.index)")
            if with_once:
                self._add(f'once = once & r["once"].reindex({name}.index, fill_value=True)', once=True)
        if selection.among is not None:
            left = self._numbers(selection.among, experiment, "a", with_once=False)
            self._add(
                f"a = a[{selection.among.comparison.pandas('a', self._value)}].index.droplevel({self._value(left)})"
            )
            chosen = f"[{name}.index.droplevel({self._value(parts)}).isin(a)]"
            if with_once:
                self._add(f"once = once{chosen}", once=True)
            self._add(f"{name} = {name}{chosen}")
        if selection.each_draw is not None:  # a draw that lacks one of its numbers has none
            by = f"groupby({self._value(draws)}, {'dropna=False, ' if selection.sweep else ''}sort=False)"
            self._add(f"g = {name}.{by}")
            self._add(f"{name} = g.{selection.each_draw}().where(g.count() == g.size())")
            if with_once:
                self._add(f"once = once.{by}.all()", once=True)
            return []
        return parts

    def _column(self, selection: Selection, where: dict, keys: list[str], columns: list[str], name: str):
        """Add the lines that give a column in the rows that fulfil all conditions; an empty text is an empty cell."""
        frame, tests = self._frame(selection.table), []
        for key, wanted in where.items():
            wanted, column = str(wanted) if key in self.text else wanted, f"{frame}[{self._named(key)}]"
            tests.append(f"({column}.isna())" if wanted == "" else f"({column} == {self._value(wanted)})")
        rows = f"{frame}[{' & '.join(tests)}]" if tests else frame
        self._add(f"r = {rows}.set_index({self._value(keys)})")
        numbers = f"r[{self._named(selection.quantity)}]"
        if selection.quantity == "converged":
            numbers += '.map({{True: 1, False: 0, "True": 1, "False": 0}}).astype(float)'
        elif "failure" in columns:
            numbers += '.where(r["failure"].isna())'
        self._add(f"{name} = {numbers}")

    def _named(self, column: str) -> str:
        return self._value(column, json.dumps(column, ensure_ascii=False))


def conditions(selection: Selection, experiment: str | None) -> dict:
    """Collect what the rows of a selection must have, by column."""
    of_experiment = selection.sweep is None and experiment is not None
    return selection.where | ({"experiment": experiment} if of_experiment else {})


def draw_columns(columns) -> list[str]:
    """Name the columns of a table that tell draws apart: of a sweep's, the varied keys stand before the fit."""
    columns = list(columns)
    varied = columns[: columns.index("fit")] if "fit" in columns else []
    return [*dict.fromkeys([*varied, *(column for column in ("experiment", "replicate") if column in columns)])]


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
    if selection.table not in tables:
        raise NoNumbersError(f"sweep {selection.sweep} is not part of this study")
    table = tables[selection.table]
    text = [column for column in table if table[column].dtype == "str"]
    one_each = selection.sweep is not None and not table["replicate"].any()

    def lines(selection: Selection) -> Lines:
        return Lines(selection, experiment, lambda name: tables[name].columns, repeated, text, one_each=one_each)

    asked = lines(selection)
    found = asked.run(tables)
    numbers, once = found["x"], found["once"]
    of_draws = numbers.dropna().astype(float)
    if of_draws.empty:
        all_rows = lines(selection.model_copy(update=dict.fromkeys(("over", "minus", "among", "each_draw")))).run(
            tables
        )
        raise NoNumbersError(_nothing_there(selection, experiment, all_rows, tables))
    if len(asked.parts) < of_draws.index.nlevels:
        of_draws.index = of_draws.index.droplevel(asked.parts)
    return Numbers(of_draws, len(numbers), len(numbers) == 1 and bool(once.all()), bool(once.any()))


def pandas_lines(selection: Selection, experiment: str | None, columns_of, repeated: frozenset, text=()) -> list[str]:
    """Write the lines that give the observed number of a selection, in the folder of the run.

    Parameters
    ----------
    selection, experiment, columns_of, repeated, text
        As of `Lines`.
    """
    lines, named = Lines(selection, experiment, columns_of, repeated, text), [selection]
    while named[-1].among is not None:
        named.append(named[-1].among)
    lost = [column for each in named for column in lost_words(each.where | each.other)]
    reading = [reading_line(table, dict.fromkeys([*text, *lost]), name) for table, name in lines.frames.items()]
    return ["import pandas as pd", *reading, *lines.printed(), f"x.dropna().{selection.statistic}()"]


def reading_line(table: str, text=(), name: str = "t") -> str:
    """Write the line that reads a table; some of its columns as text, where pandas would not by itself."""
    settings = f", dtype={dict.fromkeys(text, 'str')}" + "".join(f", {k}={v!r}" for k, v in ONLY_EMPTY.items())
    return f'{name} = pd.read_csv("results/tables/{table}.csv"{settings if text else ""})'


def lost_words(where: dict) -> list[str]:
    """Name the columns of text whose value pandas would take for another."""
    return [
        column for column, word in where.items() if column in TEXT_COLUMNS and word != "" and not is_kept(str(word))
    ]


def in_words(conditions: dict) -> str:
    """List conditions on columns."""
    return ", ".join(f"{column} {value}" for column, value in conditions.items())


def _nothing_there(selection: Selection, experiment: str | None, found: dict, tables: dict[str, pd.DataFrame]) -> str:
    """Say why there are no numbers, by the rows and the numbers that were found without comparing or choosing."""
    if found["x"].notna().any():
        other = f"{selection.quantity} of {in_words(selection.other)}"
        if selection.over is not None:
            return f"there is nothing to divide by: {other} is 0, or missing, in every draw"
        if selection.minus is not None:
            return f"there is nothing to subtract: {other} is missing in every draw"
        return "no draw fulfils the condition 'among'"
    where, rows = conditions(selection, selection.about(experiment)), found["r"]
    if "experiment" in where and "fits" in tables and where["experiment"] not in set(tables["fits"]["experiment"]):
        return f"experiment {where['experiment']} is not part of this study"
    if "failure" in rows and len(rows) and rows["failure"].notna().all():
        return f"every one of {len(rows)} runs failed ({in_words(where)})"
    return f"table {selection.table} has no number '{selection.quantity}' of {in_words(where) or 'any row'}"
