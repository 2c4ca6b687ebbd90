"""The numbers of a selection: lines of pandas that are run for the verdict and printed for the reader."""

import json
import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from em_study.claims.settings import Selection
from em_study.columns import TEXT_COLUMNS, as_released
from em_study.data.storage import ONLY_EMPTY, is_kept
from em_study.errors import StudyError
from em_study.layout import table_file

ABOUT_ONCE, HIDDEN = "for readers where all runs are identical", "for no reader"  # kinds of lines
# Columns that identify the rows of one replicate.
PARTS = ("fit", "implementation", "protocol", "component", "parameter", "measurement", "setting")


class NoNumbersError(StudyError):
    """The tables have no numbers for a claim."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of a selection.

    Attributes
    ----------
    rows : DataFrame
        `x`, the numbers, NaN if one is missing; `once`, whether it is of a run that would always be identical; and
        `ran`, whether the run did not fail. The index identifies replicates.
    name : str
        Name of the experiment, or "sweeps/" and that of a sweep; empty if there are several.
    own : set of str
        Names of experiments on the source's own data; with the prefix "resampled/" if replicates are resamples of them.
    """

    rows: pd.DataFrame
    name: str
    own: frozenset = frozenset()

    @cached_property
    def of_replicates(self) -> pd.Series:
        """The numbers that are not missing."""
        return self.rows["x"].dropna()

    @cached_property
    def n_failed(self) -> int:
        """The number of rows without a number because a run failed."""
        return int((self.rows["x"].isna() & ~self.rows["ran"]).sum())

    @property
    def n_missing(self) -> int:
        """The number of rows without one for another reason."""
        return len(self.rows) - len(self.of_replicates) - self.n_failed

    @property
    def on_own_rows(self) -> bool:
        """Whether all data are the source's own."""
        return all(name in self.own for name in self.by_experiment)

    @property
    def resampled(self) -> bool:
        """Whether the replicates are resamples of the same data: their spread is the uncertainty of one number."""
        return all(f"resampled/{name}" in self.own for name in self.by_experiment)

    @property
    def one_run(self) -> bool:
        """Whether one number decides: of a run that would always be identical, or on the source's own data."""
        return len(self.rows) == 1 and (bool(self.rows["once"].all()) or self.on_own_rows)

    @cached_property
    def n_independent(self) -> float:
        """The number of independent replicates, each of which may have several numbers; infinite for one run."""
        return math.inf if self.one_run else float(self.of_replicates.index.nunique())

    @cached_property
    def by_experiment(self) -> dict[str, "Numbers"]:
        """The numbers of each experiment; in a sweep there is one."""
        if self.name:
            return {self.name: self}
        groups = self.rows.groupby(level="experiment", sort=False)
        found = {name: Numbers(rows, name, self.own) for name, rows in groups}
        return {name: part for name, part in found.items() if len(part.of_replicates)}

    @property
    def deciding(self) -> dict[str, "Numbers"]:
        """The numbers of each experiment that decides.

        Of several, those with a single simulated data set, or one run on the source's own data, are left out.
        """

        def shows(part):
            return part.n_independent > 1 and not (part.one_run and part.on_own_rows)

        found = {name: part for name, part in self.by_experiment.items() if shows(part)}
        return found if len(found) > 1 else self.by_experiment

    @property
    def independent(self) -> bool:
        """Whether each replicate has one number, and all are of one experiment."""
        once = self.rows["once"][self.rows["x"].notna()]
        return not once.any() and not self.of_replicates.index.has_duplicates and len(self.by_experiment) == 1


def numbers_of(
    selection: Selection,
    tables: dict[str, pd.DataFrame],
    experiment: str | None,
    repeated: frozenset = frozenset(),
    own: frozenset = frozenset(),
) -> Numbers:
    """Look up the numbers of a selection.

    Parameters
    ----------
    selection : Selection
    tables : dict of DataFrame
        By the names that selections use.
    experiment : str or None
        The claim's experiment, for a selection that names none.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them. Such a run counts once.
    own : set of str
        Experiments, and "sweeps/" with names of sweeps, as `own_rows` names them.

    Raises
    ------
    NoNumbersError
        If the tables have no such numbers.
    """
    if selection.table not in tables:
        raise NoNumbersError(f"sweep {selection.sweep} is not part of this study")
    lines = Lines(selection, tables, experiment, repeated)
    found = lines.run()
    x = found["x"].astype(float)
    if x.isna().all():
        raise NoNumbersError(_nothing_there(selection, tables, experiment))
    if selection.statistic == "geometric_mean" and (x <= 0).any():
        raise NoNumbersError(
            f"{selection.quantity} has no geometric mean, because it is not positive in every replicate"
        )
    index = x.index.droplevel(lines.parts) if len(lines.parts) < x.index.nlevels else x.index
    columns = {"x": x.to_numpy(), **{name: found[name].to_numpy(dtype=bool) for name in ("once", "ran")}}
    rows, name = pd.DataFrame(columns, index=index), selection.table
    if "experiment" in index.names:
        named = index.unique("experiment")
        name = named[0] if len(named) == 1 else ""
        if str(selection.where.get("fit", "")).startswith(as_released("")):  # the source itself has fitted its own rows
            own |= {*named}
    return Numbers(rows, name, own)


def pandas_lines(selection: Selection, tables, experiment: str | None, repeated: frozenset) -> list[str]:
    """Write the lines that compute the observed number, in the folder of the run; parameters as in `numbers_of`."""
    lines = Lines(selection, tables, experiment, repeated)
    opening, last = ["import pandas as pd"], f"x.dropna().{selection.statistic}()"
    if selection.statistic == "geometric_mean":
        opening, last = ["from statistics import geometric_mean", *opening], "geometric_mean(x.dropna())"
    return [*opening, *lines.reading(), *lines.printed(), last]


class Lines:
    """Lines of pandas that compute the numbers of a selection, a Series `x`; parameters as in `numbers_of`.

    A line has only a mark in the place of a value from the configuration. The value is written out where the line is
    printed, and is a variable where the line is run: no text of a configuration is run.

    Attributes
    ----------
    templates : list of (str, str)
        The lines, with marks for values, and whether they are `ABOUT_ONCE` or `HIDDEN` from readers.
    frames : dict of str
        The variable of each table, by its name.
    parts : list of str
        Levels of the index of `x` that identify the numbers of a replicate.
    """

    def __init__(self, selection: Selection, tables, experiment: str | None, repeated: frozenset = frozenset()):
        self.tables, self.frames, self.templates = tables, {}, []
        self._words, self._values = {}, []
        self._once_matters = self._mark(selection, selection.about(experiment), repeated)
        self.parts = self._numbers(selection, experiment, "x")
        if "replicate" in tables[selection.table]:
            left = '{0} = {0}[~(once & {0}.index.droplevel("replicate").duplicated())]'
            self._add(left.format("ran"), HIDDEN)
            self._add(left.format("x") + "  # identical runs count once", ABOUT_ONCE)
            self._add(left.format("once"), HIDDEN)

    def reading(self) -> list[str]:
        """Return the lines that read the tables."""
        return [reading_line(table, self._words[table], name) for table, name in self.frames.items()]

    def printed(self) -> list[str]:
        """Return the lines for a reader."""
        shown = [line for line, kind in self.templates if not kind or (kind == ABOUT_ONCE and self._once_matters)]
        return [line.format(*(literal for _, literal in self._values)) for line in shown]

    def run(self) -> dict:
        """Run the lines, and return all variables; `once` and `ran` are as in `Numbers`."""
        names = [f"value_{place}" for place in range(len(self._values))]
        variables = {"pd": pd, **{name: value for name, (value, _) in zip(names, self._values, strict=True)}}
        variables |= {variable: self.tables[table].copy(deep=False) for table, variable in self.frames.items()}
        exec("\n".join(line for line, _ in self.templates).format(*names), variables)  # noqa: S102
        return variables

    def _add(self, line: str, kind: str = ""):
        self.templates.append((line, kind))

    def _value(self, value, write=repr) -> str:
        """Store a value, and return its mark."""
        self._values.append((value, write(value)))
        return f"{{{len(self._values) - 1}}}"

    def _column(self, frame: str, name: str) -> str:
        return f"{frame}[{self._value(name, lambda name: json.dumps(name, ensure_ascii=False))}]"

    def _frame(self, table: str) -> str:
        """Name the variable of a table."""
        if table not in self.frames:
            self.frames[table] = "tuv"[len(self.frames)]
            found = self.tables[table]
            self._words[table] = [name for name in found if found[name].dtype == "str" and name not in TEXT_COLUMNS]
        return self.frames[table]

    def _mark(self, selection: Selection, experiment: str | None, repeated: frozenset) -> bool:
        """Mark the rows of identical runs; in a sweep, repeat them for each replicate of the others.

        Returns
        -------
        bool
            Whether the number may depend on the marks.
        """
        self._frame(selection.table)
        table = self.tables[selection.table]
        ran = 't["failure"].isna()' if "failure" in table else "True"
        self._add(f't["ran"] = {ran}', HIDDEN)
        if selection.sweep is not None and table["replicate"].any():
            keys = self._value([*table.columns[: list(table).index("fit")], "fit", "protocol"])
            others = 'pd.Series(range(1, t["replicate"].max() + 1), name="replicate")'
            again = f't[t["once"]].drop(columns="replicate").merge({others}, how="cross")'
            self._add(f't["once"] = t.groupby({keys}, dropna=False)["replicate"].transform("size") == 1', ABOUT_ONCE)
            self._add(f"t = pd.concat([t, {again}])", ABOUT_ONCE)
            return bool(selection.other or selection.among or selection.each_draw)
        owner = experiment if selection.sweep is None else selection.table
        runs = sorted(run for run in repeated if owner in (None, run[0]) and bool(run[1]) == ("fit" in table))
        mark = "False"
        if runs and selection.table == "agreement":
            mark = f't["experiment"].isin({self._value([name for name, _ in runs])})'
        elif runs and selection.sweep is None:
            mark = f'[run in {self._value(runs)} for run in zip(t["experiment"], t["fit"])]'
        elif runs:
            mark = f't["fit"].isin({self._value([fit for _, fit in runs])})'
        self._add(f't["once"] = {mark}', ABOUT_ONCE)
        return bool(runs) and "replicate" in table

    def _numbers(self, selection: Selection, experiment: str | None, name: str) -> list[str]:
        """Add the lines that compute the numbers of a selection under a name; return the levels of `parts`."""
        experiment, columns = selection.about(experiment), list(self.tables[selection.table])
        keys = [key for key in replicate_columns(columns) if key not in selection.other]
        parts = [key for key in PARTS if key in columns and key not in selection.other]

        def mark(line):
            if name == "x":
                self._add(line, ABOUT_ONCE)
                self._add(line.replace("once", "ran"), HIDDEN)

        where = selection.conditions(experiment)
        self._rows(selection, where, [*keys, *parts], name)
        mark('once = r["once"]')
        if selection.other:
            self._rows(selection, where | selection.other, [*keys, *parts], "y")
            by = "/ y[y != 0]" if selection.over is not None else "- y"
            self._add(f"{name} = {name} {by}.reindex({name}.index)")
            mark(f'once = once & r["once"].reindex({name}.index, fill_value=True)')
        if selection.among is not None:
            self._choose(selection, keys, parts, experiment, name, mark)
        if selection.each_draw is None:
            return parts
        by = f"groupby({self._value(keys)}, {'dropna=False, ' if selection.sweep else ''}sort=False)"
        self._add(f"g = {name}.{by}")  # a replicate that lacks one of its numbers has none
        self._add(f"{name} = g.{selection.each_draw}().where(g.count() == g.size())")
        mark(f"once = once.{by}.all()")
        return []

    def _choose(self, selection: Selection, keys: list[str], parts: list[str], experiment, name: str, mark):
        """Add the lines that select the replicates for which another test holds; none if its replicates differ."""
        test, among = selection.among, {"x": "a", "a": "b"}.get(name, f"{name}b")
        left = self._value(self._numbers(test, experiment, among))
        chosen = ".iloc[:0]"
        if keys == [key for key in replicate_columns(self.tables[test.table]) if key not in test.other]:
            self._add(f"{among} = {among}[{test.comparison.pandas(among, self._value)}].index.droplevel({left})")
            chosen = f"[{name}.index.droplevel({self._value(parts)}).isin({among})]"
        mark(f"once = once{chosen}")
        self._add(f"{name} = {name}{chosen}")

    def _rows(self, selection: Selection, where: dict, keys: list[str], name: str):
        """Add the lines that select a column in the rows that fulfil all conditions; an empty text is an empty cell."""
        frame, tests = self._frame(selection.table), []
        words = self._words[selection.table]
        for key, wanted in where.items():
            wanted, column = str(wanted) if key in (*TEXT_COLUMNS, *words) else wanted, self._column(frame, key)
            tests.append(f"({column}.isna())" if wanted == "" else f"({column} == {self._value(wanted)})")
            if key in TEXT_COLUMNS and wanted != "" and not is_kept(wanted) and key not in words:
                words.append(key)  # read as text, because pandas would convert this word
        rows = f"{frame}[{' & '.join(tests)}]" if tests else frame
        self._add(f"r = {rows}.set_index({self._value(keys)})")
        numbers = self._column("r", selection.quantity)
        if selection.quantity == "converged":
            numbers += '.map({{True: 1, False: 0, "True": 1, "False": 0}}).astype(float)'
        elif "failure" in self.tables[selection.table]:
            numbers += '.where(r["failure"].isna())'
        self._add(f"{name} = {numbers}")


def replicate_columns(columns) -> list[str]:
    """Name the columns of a table that identify replicates; in a sweep's, the varied keys stand before the fit."""
    columns = list(columns)
    varied = columns[: columns.index("fit")] if "fit" in columns else []
    return [*dict.fromkeys([*varied, *(column for column in ("experiment", "replicate") if column in columns)])]


def reading_line(table: str, text=(), name: str = "t") -> str:
    """Write the line that reads a table, with some columns as text where pandas would convert them."""
    settings = f", dtype={dict.fromkeys(text, 'str')}" + "".join(f", {k}={v!r}" for k, v in ONLY_EMPTY.items())
    return f'{name} = pd.read_csv("{table_file(table)}"{settings if text else ""})'


def in_words(conditions: dict) -> str:
    """List conditions on columns."""
    return ", ".join(f"{column} {value}" for column, value in conditions.items())


def _nothing_there(selection: Selection, tables: dict[str, pd.DataFrame], experiment: str | None) -> str:
    """Give the reason why there are no numbers."""
    plain = selection.model_copy(update=dict.fromkeys(("over", "minus", "among", "each_draw")))
    found, where = Lines(plain, tables, experiment).run(), selection.conditions(experiment)
    rows = found["r"]
    failed = rows["failure"].notna() if "failure" in rows else pd.Series(data=False, index=rows.index)
    if rows[selection.quantity][~failed].notna().any():
        other = f"{selection.quantity} of {in_words(selection.other)}"
        if selection.over is not None:
            return f"there is nothing to divide by: {other} is 0 or missing in every replicate"
        if selection.minus is not None:
            return f"there is nothing to subtract: {other} is missing in every replicate"
        return "no replicate fulfils the condition 'among'"
    if "experiment" in where and "fits" in tables and where["experiment"] not in set(tables["fits"]["experiment"]):
        return f"experiment {where['experiment']} is not part of this study"
    if len(rows) and failed.all():
        return f"all {len(found['x'])} runs failed ({in_words(where)})"
    return f"table {selection.table} has no number '{selection.quantity}' for {in_words(where) or 'any row'}"
