"""Where a claim's number comes from: the lines of pandas that give it, and the command that makes it again."""

import os

import yaml

from em_study.claims.numbers import INEQUALITIES, PARTS, draw_columns, threshold
from em_study.claims.settings import Claim, Selection, Test
from em_study.configuration.study import Study
from em_study.data.storage import ONLY_EMPTY, TEXT_COLUMNS, is_kept
from em_study.layout import FILES, table_file
from em_study.places import Places
from em_study.sweeps.settings import text_keys


def text_of(selection: Selection, study: Study) -> list[str]:
    """Name the varied keys that hold text in the table of a selection; none, if it is no sweep's."""
    return text_keys(study.sweeps[selection.sweep].vary) if selection.sweep else []


def reading_lines(table: str, text=()) -> list[str]:
    """Write the lines that read a table as `t`; some of its columns as text, where pandas would not by itself."""
    settings = f", dtype={dict.fromkeys(text, 'str')}" + "".join(f", {k}={v!r}" for k, v in ONLY_EMPTY.items())
    return ["import pandas as pd", f't = pd.read_csv("results/tables/{table}.csv"{settings if text else ""})']


def lost_words(where: dict) -> list[str]:
    """Name the columns of text whose value pandas would take for another."""
    return [
        column for column, word in where.items() if column in TEXT_COLUMNS and word != "" and not is_kept(str(word))
    ]


def pandas_lines(claim: Claim, columns, repeated: frozenset, text=()) -> list[str]:
    """Write the lines that give the observed number of a claim, in the folder of the run.

    Parameters
    ----------
    claim : Claim
    columns : list of str
        Of its table.
    repeated : set of (str, str)
        Fits whose replicates are one run, as `repeated_runs` names them.
    text : collection of str
        Varied keys of a sweep that hold text.
    """
    columns, selections = [*columns], [claim]
    while selections[-1].among is not None:
        selections.append(selections[-1].among)
    lost = [name for each in selections for name in lost_words(each.where | each.other)]
    lines = reading_lines(claim.table, dict.fromkeys([*text, *lost]))
    marks = _marks(claim, columns, repeated)
    lines += marks + _numbers(claim, claim.experiment, columns, text, "x", bool(marks))
    if marks:
        lines.append('x = x[~(once & x.index.droplevel("replicate").duplicated())]  # what is one run counts once')
    return [*lines, f"x.dropna().{claim.statistic}()"]


def _marks(claim: Claim, columns: list[str], repeated: frozenset) -> list[str]:
    """Write the lines that mark the rows of runs that are always the same, if there may be any."""
    if claim.sweep:
        if not claim.other:  # such a run stands there once
            return []
        keys = [*columns[: columns.index("fit")], "fit", "protocol"]
        return [
            f't["once"] = t.groupby({keys}, dropna=False)["replicate"].transform("size") == 1',
            't = pd.concat([t, *(t[t["once"]].assign(replicate=r) for r in range(1, t["replicate"].max() + 1))])',
        ]
    named = claim.about(claim.experiment)
    runs = sorted((name, fit) for name, fit in repeated if named in (None, name))
    if claim.table == "agreement":
        names = [name for name, fit in runs if not fit]
        return [f't["once"] = t["experiment"].isin({names})'] if names else []
    runs = [(name, fit) for name, fit in runs if fit]
    if not runs or "replicate" not in columns:
        return []
    return [f't["once"] = [run in {runs} for run in zip(t["experiment"], t["fit"])]']


def _numbers(
    selection: Selection, experiment: str | None, columns: list[str], text, name: str, marked: bool = False
) -> list[str]:
    """Write the lines that give numbers; if the table is marked, also `once`, whether each is always the same."""
    experiment = selection.about(experiment)
    where = dict(selection.where)
    if selection.sweep is None and experiment is not None:
        where["experiment"] = experiment
    draws = draw_columns(columns)
    keys = [key for key in (*draws, *PARTS) if key in columns and key not in selection.other]
    parts = [key for key in keys if key not in draws]
    lines = _column(where, selection.quantity, keys, columns, text, name)
    lines += ['once = r["once"]'] if marked else []
    if selection.other:
        lines += _column({**where, **selection.other}, selection.quantity, keys, columns, text, "y")
        divided = f"{name} = {name} / y[y != 0].reindex({name}.index)"
        lines.append(divided if selection.over is not None else f"{name} = {name} - y.reindex({name}.index)")
        lines += [f'once = once & r["once"].reindex({name}.index, fill_value=True)'] if marked else []
    if selection.among is not None:
        lines += _numbers(selection.among, experiment, columns, text, "a")
        left = [key for key in parts if key not in selection.among.other]
        lines.append(f"a = a[{_fulfilled(selection.among)}].index.droplevel({left})")
        lines += [f"once = once[{name}.index.droplevel({parts}).isin(a)]"] if marked else []
        lines.append(f"{name} = {name}[{name}.index.droplevel({parts}).isin(a)]")
    if selection.each_draw is not None:  # a draw that lacks one of its numbers has none
        lines.append(f"g = {name}.groupby({draws}, sort=False)")
        lines.append(f"{name} = g.{selection.each_draw}().where(g.count() == g.size())")
        lines += [f"once = once.groupby({draws}, sort=False).all()"] if marked else []
    return lines


def _column(where: dict, quantity: str, keys: list[str], columns: list[str], text, name: str) -> list[str]:
    where = {key: str(value) if key in (*TEXT_COLUMNS, *text) else value for key, value in where.items()}
    tests = [f't["{key}"].isna()' if value == "" else f't["{key}"] == {value!r}' for key, value in where.items()]
    rows = f"t[{' & '.join(f'({test})' for test in tests)}]" if tests else "t"
    lines = [f"r = {rows}.set_index({keys})"]
    if quantity == "converged":
        return [*lines, f'{name} = r["converged"].map({{True: 1, False: 0, "True": 1, "False": 0}}).astype(float)']
    failed = '.where(r["failure"].isna())' if "failure" in columns else ""
    return [*lines, f'{name} = r["{quantity}"]{failed}']


def _fulfilled(test: Test) -> str:
    if test.relation == "equals":
        return f"abs(a - {test.published!r}) <= {test.tolerance * (1 + 1e-9)!r}"
    return f"a {INEQUALITIES[test.relation][0]} {threshold(test)!r}"


def experiment_of(claim: Selection, study: Study) -> str | None:
    """Name the experiment whose settings a number depends on; None if on those of all."""
    return study.sweeps[claim.sweep].experiment if claim.sweep else claim.about(claim.experiment)


def written(settings) -> str:
    """Write settings as YAML."""
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)


def command_of(claim: Claim, configuration_files) -> str:
    """Write the command that makes a claim's table again, from the data, in the folder of the run.

    Parameters
    ----------
    claim : Claim
    configuration_files : list of str
        config.yaml and its overlays, by their names in records.
    """
    _, *overlays = configuration_files
    words = []
    if claim.sweep is None:
        experiment = claim.about(claim.experiment)
        words = ["--forcerun", FILES["data"].of(experiment=experiment) if experiment else "data"]
    command = Places().command(overlays, *words, "--", table_file(claim.table))
    if claim.sweep is None:
        return command
    return f"rm -r {os.path.dirname(FILES['part'].of(sweep=claim.sweep))} && {command}"
