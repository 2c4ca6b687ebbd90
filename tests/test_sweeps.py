"""Sweeps: cells depend on their content alone, and each is computed once."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from test_configuration import GOOD, TOY, overlay, problems

from em_study.audit.again import _gives
from em_study.claims.numbers import numbers_of, pandas_lines
from em_study.claims.settings import Claim
from em_study.columns import COLUMNS, COUNT, NUMERIC_QUANTITIES, SWEEP_COLUMNS, TEXT, TEXT_COLUMNS, TRUTH
from em_study.configuration.loading import load
from em_study.data.storage import join_tables, read_rows, read_table, write_table
from em_study.evaluation.measurements import QUANTITIES
from em_study.experiments.settings import Experiment
from em_study.figures.panels import DRAWN, Line, Panel, panels_of, short_names
from em_study.figures.sweep import draw
from em_study.page.charts import chart_of
from em_study.sweeps.cells import Cell, Cells, with_values
from em_study.sweeps.run import InEachCell, data_seed, put_together, run_cell, run_cells, summarize
from em_study.sweeps.settings import Sweep, SweepFigure, text_keys

EXPERIMENT = Experiment.model_validate(GOOD["experiments"]["toy"])
SWEEP = {"experiment": "toy", "vary": {"data.n_unlabeled": [30, 60]}, "replicates": 3}


def run(sweep, folder, experiment=EXPERIMENT, code="code", reported=None):
    sweep = Sweep.model_validate(sweep)
    lines = [] if reported is None else reported
    each = InEachCell(sweep.replicates, sweep.fits, sweep.protocols)
    files = run_cells(list(Cells(sweep, experiment)), each, 1, folder, code, lines.append)
    join_tables(folder / "table.csv", files)
    return read_table(folder / "table.csv")


def summary_of(sweep, folder):
    run(sweep.model_dump(), folder)
    put_together([folder / "table.csv"], list(sweep.vary), folder / "sweep.csv", folder / "summary.csv")
    return read_table(folder / "summary.csv")


def test_grid_is_every_combination_or_zipped():
    vary = {"data.n_unlabeled": [1, 2], "fits.first.tol": [0.1, 0.2]}
    every = Cells(Sweep(experiment="toy", vary=vary), EXPERIMENT)
    assert [tuple(cell.assignment.values()) for cell in every] == [(1, 0.1), (1, 0.2), (2, 0.1), (2, 0.2)]
    together = Cells(Sweep(experiment="toy", vary=vary, zip=True), EXPERIMENT)
    assert [tuple(cell.assignment.values()) for cell in together] == [(1, 0.1), (2, 0.2)]


@pytest.mark.parametrize(
    "vary",
    [
        {"data.n_unlabeled": [10, 20], "fits.first.tol": [0.1, 0.2], "fits.first.max_iter": [5]},
        {"data": [GOOD["experiments"]["toy"]["data"]], "protocols": [None], "fits": [{"f": {}}, {"g": {"tol": 0.5}}]},
        {"protocols.fit": ["first"], "data.means": [[[0.0, 0.0], [3.0, 3.0]], [[0.0, 0.0], [1.0, 1.0]]]},
    ],
)
def test_a_cell_is_the_experiment_with_its_values(vary):
    cells = Cells(Sweep(experiment="toy", vary=vary, replicates=7), EXPERIMENT)
    for cell in cells:
        complete = Experiment.model_validate(with_values(cells.raw, cell.assignment))
        assert cell.experiment == complete
        assert complete.replicates == 7


def test_rows_are_tidy(tmp_path):
    table = run(SWEEP, tmp_path)
    assert len(table) == 2 * 3 * (1 + 5)  # cells, replicates, fit and steps of the ladder
    assert table.columns[:5].tolist() == ["data.n_unlabeled", "fit", "protocol", "replicate", "seed"]
    fits = table[table["protocol"].isna()]
    assert fits["n_iter"].notna().all()
    assert (fits["n_samples"] == fits["data.n_unlabeled"]).all()
    last = table[table["protocol"] == "same_regularization"]
    assert (last["agreement"] == 1).all()
    assert table.groupby("data.n_unlabeled")["seed"].unique().map(len).tolist() == [1, 1]


@pytest.mark.parametrize(
    "other",
    [
        {**SWEEP, "vary": {"data.n_unlabeled": [45, 60, 30]}},  # a value more, another order
        {**SWEEP, "vary": {"data.n_unlabeled": [30, 60], "fits.first.reg_covar": [0.0, 1.0e-3]}},  # a key more
        {**SWEEP, "figure": {"x": "data.n_unlabeled", "y": "agreement"}},
        {**SWEEP, "cells_per_job": 1},
    ],
)
def test_other_cells_change_no_numbers(tmp_path, other):
    before, after = run(SWEEP, tmp_path / "a"), run(other, tmp_path / "b")
    if "fits.first.reg_covar" in after:
        after = after[after["fits.first.reg_covar"] == 0]
    common = list(before.columns)
    after = after[after["data.n_unlabeled"].isin([30, 60])][common].sort_values(
        ["data.n_unlabeled", "protocol", "replicate"], kind="stable", ignore_index=True
    )
    before = before.sort_values(["data.n_unlabeled", "protocol", "replicate"], kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(before, after)


def test_renamed_fit_changes_no_numbers(tmp_path):
    raw = copy.deepcopy(GOOD["experiments"]["toy"])
    raw["fits"] = {"other": raw["fits"]["first"]}
    raw["protocols"] = {"fit": "other"}
    before = run(SWEEP, tmp_path / "a")
    after = run(SWEEP, tmp_path / "b", Experiment.model_validate(raw))
    pd.testing.assert_frame_equal(before.drop(columns="fit"), after.drop(columns="fit"))


def test_only_new_cells_are_computed(tmp_path, monkeypatch):
    ran = []

    def counted(cell, sweep, seed):
        ran.append(cell.assignment["data.n_unlabeled"])
        return run_cell(cell, sweep, seed)

    monkeypatch.setattr("em_study.sweeps.run.run_cell", counted)
    run(SWEEP, tmp_path)
    assert ran == [30, 60]
    run({**SWEEP, "vary": {"data.n_unlabeled": [45, 30, 60]}}, tmp_path)
    assert ran == [30, 60, 45]
    run({**SWEEP, "figure": {"x": "data.n_unlabeled", "y": "accuracy"}}, tmp_path)
    assert ran == [30, 60, 45]
    run(SWEEP, tmp_path, code="other code")
    assert ran == [30, 60, 45, 30, 60]


def test_a_cell_that_is_not_what_was_written_is_computed_again(tmp_path):
    before = run(SWEEP, tmp_path)
    file = next(tmp_path.glob("*_*.csv"))
    file.write_text(file.read_text().replace("toy", "toy").replace(",0,", ",7,"))
    pd.testing.assert_frame_equal(run(SWEEP, tmp_path), before)
    assert len([*tmp_path.glob("*_*.csv")]) == 2


def test_runs_that_are_the_same_run_once(tmp_path):
    pd.DataFrame({"x": [0.0, 1, 9, 10], "y": [0, 0, 1, 1]}).to_csv(tmp_path / "u.csv", index=False)
    file = {"path": str(tmp_path / "u.csv"), "target": "y"}
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": file["path"]}, "labeled": file}
    fits = {"clamped": {"initialization": "labels", "semi_supervised": "clamped"}, "km": {"initialization": "kmeans"}}
    experiment = Experiment.model_validate({"data": data, "fits": fits})
    sweep = {"experiment": "toy", "vary": {"fits.clamped.tol": [1e-2, 1e-4]}, "replicates": 4}
    (tmp_path / "cells").mkdir()
    table = run(sweep, tmp_path / "cells", experiment)
    assert table.groupby("fit").size().to_dict() == {"clamped": 2, "km": 8}
    where = {"fits.clamped.tol": 1e-4}
    claim = {"source": "we", "statement": "so", "table": "sweeps/s", "quantity": "n_iter", "published": 0}
    clamped, km = ({**claim, "where": {**where, "fit": fit}} for fit in ("clamped", "km"))

    def numbers(settings):
        claim = Claim.model_validate(settings)
        found = numbers_of(claim, {"sweeps/s": table}, None)
        *lines, last = pandas_lines(claim, {"sweeps/s": table}, None, frozenset())
        given = {"read": table}
        text = "\n".join(lines).replace('pd.read_csv("results/tables/sweeps/s.csv")', "read")
        exec(text, given)  # noqa: S102 (what the page tells to run)
        assert eval(last, given) == found.of_replicates.median()  # noqa: S307
        assert len(given["x"].dropna()) == len(found.of_replicates)
        return found

    one = numbers(clamped)
    assert (len(one.of_replicates), one.one_run, one.independent) == (1, True, False)
    assert len(numbers(km).of_replicates) == 4
    assert len(numbers({**km, "minus": {"fit": "clamped"}}).of_replicates) == 4  # the one beside each of four
    assert len(numbers({**clamped, "minus": {"fit": "km"}}).of_replicates) == 4
    among = {
        "table": "sweeps/s",
        "where": clamped["where"],
        "quantity": "n_iter",
        "relation": "at_least",
        "published": 0,
    }
    assert len(numbers_of(Claim.model_validate({**km, "among": among}), {"sweeps/s": table}, None).of_replicates) == 4


def test_progress_reports_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("em_study.sweeps.run.REPORT_EVERY", 0.0)
    reported = []
    run(SWEEP, tmp_path, reported=reported)
    assert reported[0].startswith("cell 1 of 2 done, about ")


def test_seed_is_the_content_s():
    one, same, other = (
        Cell({}, Experiment.model_validate({**GOOD["experiments"]["toy"], "replicates": r})) for r in (1, 2, 1)
    )
    other.experiment.data.means[0][0] = 0.5
    assert data_seed(one, 7) == data_seed(same, 7) != data_seed(one, 8)
    assert data_seed(other, 7) != data_seed(one, 7)
    assert 0 <= data_seed(one, 7) < 2**63
    reported = one.experiment.data.model_copy(update={"origin": "from a book", "rows_of": "source"})
    assert data_seed(Cell({}, one.experiment.model_copy(update={"data": reported})), 7) == data_seed(one, 7)


def test_summary_is_of_the_table(tmp_path):
    summary = summary_of(Sweep.model_validate(SWEEP), tmp_path)
    table = read_table(tmp_path / "sweep.csv")
    row = summary.query("`data.n_unlabeled` == 30 and fit == 'first' and protocol.isna() and quantity == 'accuracy'")
    chosen = table.query("`data.n_unlabeled` == 30 and fit == 'first' and protocol.isna()")["accuracy"]
    assert row["mean"].item() == pytest.approx(chosen.mean())
    assert row["low"].item() == pytest.approx(chosen.quantile(0.025))
    assert row["n"].item() == 3


def test_a_table_in_pieces_is_summarized_as_one(tmp_path, monkeypatch):
    vary = {"fits.first.n_components": [None, 2], "data.n_unlabeled": [30, 45, 60]}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary})
    complete = summary_of(sweep, tmp_path)
    for rows in (1, 7, 18, 19, 50):
        monkeypatch.setattr("em_study.sweeps.run.ROWS_AT_A_TIME", rows)
        pd.testing.assert_frame_equal(summary_of(sweep, tmp_path), complete, check_exact=True)
    assert len(complete) == complete[[*vary, "fit", "protocol", "quantity"]].drop_duplicates().shape[0]


def test_failed_fits_count_in_converged_only():
    table = pd.DataFrame({"fit": ["f"] * 4, "protocol": np.nan, "replicate": range(4), "n_iter": [0, 10, 20, 30]})
    table["converged"] = [False, True, True, True]
    table["failure"] = ["start: singular", *[np.nan] * 3]
    table = table.assign(x=1).reindex(columns=["x", *table.columns, *set(SWEEP_COLUMNS).difference(table.columns)])
    summary = pd.concat(summarize(table, ["x"]).values()).set_index("quantity")
    assert summary.loc["n_iter", ["n", "mean"]].tolist() == [3, 20]
    assert summary.loc["converged", ["n", "mean"]].tolist() == [4, 0.75]


@pytest.mark.parametrize(
    "figure",
    [
        {"x": "data.n_unlabeled", "y": "agreement", "color": "protocol"},
        {"x": "data.n_unlabeled", "y": ["n_iter", "accuracy"], "color": "fit", "panels": "fits.first.tol"},
        {"x": "data.n_unlabeled", "y": "agreement", "color": "fits.first.tol", "where": {"protocol": "as_published"}},
        {"x": "data.n_unlabeled", "y": "accuracy", "color": "fits.first.tol", "kind": "heatmap"},
    ],
)
def test_figures_are_drawn(tmp_path, figure):
    vary = {"data.n_unlabeled": [30, 60], "fits.first.tol": [0.1, 1.0e-4]}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary, "figure": figure})
    drawn = draw(summary_of(sweep, tmp_path), sweep)
    drawn.savefig(tmp_path / "figure.png")
    assert all(axes.has_data() for axes in drawn.axes if axes.get_visible())


def test_no_value_among_numbers_is_a_value(tmp_path):
    vary = {"fits.first.n_components": [None, 2]}
    block = {"x": "fits.first.n_components", "y": "n_iter"}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary, "protocols": [], "figure": block})
    summary_of(sweep, tmp_path)
    axes = draw(read_table(tmp_path / "summary.csv"), sweep).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["none", "2"]
    assert axes.lines[0].get_xdata().tolist() == [0, 1]


@pytest.mark.parametrize("kind", ["lines", "heatmap"])
def test_a_figure_of_fits_that_all_failed_says_so(tmp_path, kind):
    vary = {"fits.first.initialization": ["random"], "data.shared": [True, False]}
    block = {"x": "fits.first.initialization", "y": "accuracy", "color": "data.shared", "kind": kind}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary, "replicates": 1, "protocols": [], "figure": block})
    table = run(sweep.model_dump(), tmp_path).assign(failure="start: singular")
    write_table(tmp_path / "summary.csv", pd.concat(summarize(table, list(vary)).values()))
    drawn = draw(read_table(tmp_path / "summary.csv"), sweep)
    assert [text.get_text() for text in drawn.axes[0].texts] == ["no fit has a value"]


@pytest.mark.parametrize("failed", [[0.1], [0.1, 1.0e-4]])
def test_cells_in_which_every_fit_failed_keep_their_panels(tmp_path, failed):
    vary = {"data.n_unlabeled": [30, 60], "fits.first.tol": [0.1, 1.0e-4]}
    sweep = Sweep.model_validate(
        {**SWEEP, "vary": vary, "protocols": [], "figure": {"x": "data.n_unlabeled", "y": "n_iter"}}
    )
    table = run(sweep.model_dump(), tmp_path)
    table["failure"] = np.where(table["fits.first.tol"].isin(failed), "start: singular", None)
    table["converged"] &= table["failure"].isna()
    write_table(tmp_path / "failed.csv", table)
    put_together([tmp_path / "failed.csv"], list(vary), tmp_path / "sweep.csv", tmp_path / "summary.csv")
    drawn = draw(read_rows(tmp_path / "summary.csv", "quantity", {"n_iter", "converged"}), sweep)
    drawn.savefig(tmp_path / "figure.png")
    panels = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == [
        "tolerance (nats per sample) = 0.1",
        "tolerance (nats per sample) = 0.0001",
    ]
    told = [[text.get_text() for text in axes.texts] for axes in panels]
    assert told == [["no fit has a value"], ["no fit has a value"] if len(failed) > 1 else []]


@pytest.mark.parametrize("figure", [{"kind": "lines"}, {"kind": "heatmap"}, {"kind": "lines", "color": None}])
def test_what_is_no_number_is_drawn_in_the_order_of_the_sweep(tmp_path, figure):
    vary = {"fits.first.covariance_type": ["tied", "full", "diag"], "data.shared": [True, False]}
    block = {"x": "fits.first.covariance_type", "y": "n_iter", "color": "data.shared", **figure}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary, "replicates": 1, "protocols": [], "figure": block})
    summary_of(sweep, tmp_path)
    drawn = draw(read_table(tmp_path / "summary.csv"), sweep)
    drawn.savefig(tmp_path / "figure.png")
    assert [text.get_text() for text in drawn.axes[0].get_xticklabels()] == ["tied", "full", "diag"]
    assert re.fullmatch(r"Steps by covariance type.* \(toy\):\none replicate of each", drawn.get_suptitle())


def test_a_long_key_s_legend_stays_within_the_figure(tmp_path):
    vary = {"fits.first.covariance_type": ["full", "tied", "diag", "spherical"], "data.n_unlabeled": [30, 60]}
    block = {"x": "data.n_unlabeled", "y": "n_iter", "color": "fits.first.covariance_type"}
    sweep = Sweep.model_validate({**SWEEP, "vary": vary, "protocols": [], "figure": block})
    drawn = draw(summary_of(sweep, tmp_path), sweep)
    drawn.savefig(tmp_path / "figure.png")
    box, page = drawn.legends[0].get_window_extent(), drawn.bbox
    assert page.x0 <= box.x0 < box.x1 <= page.x1
    assert drawn.legends[0].get_texts()[0].get_text() == "covariance type = full"


def test_keys_are_reported_apart_by_as_few_parts_as_it_takes():
    keys = ["data.n_unlabeled", "fits.one.tol", "fits.two.tol"]
    assert list(short_names(keys).values()) == ["n_unlabeled", "one.tol", "two.tol"]


S = {"sizes": SWEEP}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"experiment": "toys"}, "sweeps.sizes.experiment: there is no experiment 'toys'; did you mean 'toy'?"),
        ({"vary": {}}, "sweeps.sizes.vary: must have at least one entry"),
        ({"vary": {"data.n_unlabeled": []}}, "sweeps.sizes.vary.data.n_unlabeled: must have at least one entry"),
        (
            {"vary": {"data.n_unlabelled": [1]}},
            "in the cell data.n_unlabelled: 1: data.n_unlabelled: unknown key; did you mean 'n_unlabeled'?",
        ),
        (
            {"vary": {"data.n_unlabeled": [5, 0]}},
            "in the cell data.n_unlabeled: 0: data.n_unlabeled: must be greater than or equal to 1, got 0",
        ),
        ({"vary": {"data.n_labeled": [0, 9]}}, "in the cell data.n_labeled: 0: fits.first: uses labels, but the data"),
        ({"vary": {"fits.frist.tol": [1]}}, "vary.fits.frist.tol: there is no fit 'frist'; did you mean 'first'?"),
        ({"vary": {"seed": [1]}}, "sweeps.sizes.vary.seed: must be a key below data, fits or protocols"),
        ({"vary": {"replicates": [1]}}, "must be a key below data, fits or protocols"),
        ({"vary": {"data": [{}], "data.n_unlabeled": [1]}}, "data.n_unlabeled: is part of another varied key"),
        ({"vary": {"data.separation": [1, 1.0]}}, "must not repeat a value, got [1, 1.0]"),
        (
            {"protocols": [], "figure": {"x": "data.n_unlabeled", "y": "agreement"}},
            "figure.y: is 'agreement', but nothing",
        ),
        ({"figure": {"x": "data.n_unlabeled", "y": "initialization"}}, "figure.y: is 'initialization'"),
        (
            {"figure": {"x": "data.n_unlabeled", "y": "n_iter", "color": "protocol"}},
            "'n_iter' does not depend on the protocol",
        ),
        ({"figure": {"x": "data.n_unlabeled", "y": "n_iter", "where": {"fit": "frist"}}}, "where.fit: is 'frist'; did"),
        ({"vary": {"data.n_unlabeled": [5, 5]}}, "vary.data.n_unlabeled: must not repeat a value, got [5, 5]"),
        (
            {"vary": {"data.n_unlabeled": [5, 6], "data.n_labeled": [7]}, "zip": True},
            "sweeps.sizes.zip: needs the same number of values for each key",
        ),
        ({"max_cells": 1}, "sweeps.sizes.max_cells: is 1, but the sweep has 2 cells"),
        ({"fits": ["frist"]}, "sweeps.sizes.fits: there is no fit 'frist'; did you mean 'first'?"),
        ({"protocols": ["same"]}, "sweeps.sizes.protocols: there is no protocol 'same'"),
        ({"figure": {"x": "n_unlabeled", "y": "agreement"}}, "figure.x: is 'n_unlabeled'; did you mean"),
        ({"figure": {"x": "data.n_unlabeled", "y": 3}}, "sweeps.sizes.figure.y: must be text, got 3"),
        ({"figure": {"x": "data.n_unlabeled", "y": ["bic", 3]}}, "sweeps.sizes.figure.y.1: must be text, got 3"),
        ({"figure": {"x": "data.n_unlabeled", "y": []}}, "figure.y: must have at least one entry"),
        ({"figure": {"x": "data.n_unlabeled", "y": "agrement"}}, "figure.y: is 'agrement'; did you mean 'agreement'?"),
        ({"figure": {"x": "data.n_unlabeled", "y": "n_iter", "kind": "heatmap"}}, "figure.color: is required"),
        ({"replicates": 0}, "sweeps.sizes.replicates: must be greater than or equal to 1"),
        ({"repeats": 5}, "sweeps.sizes.repeats: unknown key; did you mean 'replicates'?"),
    ],
)
def test_wrong_sweep(tmp_path, change, message):
    assert message in problems(tmp_path, {**GOOD, "sweeps": {"sizes": {**SWEEP, **change}}})


def test_sweep_of_an_experiment_changed_by_an_overlay_is_left_out(tmp_path):
    base, reported = {**GOOD, "sweeps": S}, []
    base["experiments"] = {**GOOD["experiments"], "second": GOOD["experiments"]["toy"]}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(base))
    for change in (overlay("experiments.toy", None), overlay(f"{TOY}.data", {"source": "sklearn", "dataset": "iris"})):
        (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(change))
        study = load([tmp_path / "base.yaml", tmp_path / "overlay.yaml"], reported.append).study
        assert study.sweeps == {}
    assert len(reported) == 2
    assert reported[0].startswith("sweep sizes is left out: its experiment was removed")
    assert reported[1].startswith("sweep sizes is left out: a later file changed its experiment")


def test_a_cell_without_a_fit_that_is_tabulated_is_reported(tmp_path):
    vary = {"fits": [{"first": {}}, {"g": {"tol": 0.5}}]}
    sweep = {"experiment": "toy", "vary": vary, "fits": ["first"], "protocols": []}
    toy = {"protocols": None}
    text = problems(tmp_path, GOOD, overlay("experiments.toy", toy), overlay("sweeps.s", sweep))
    assert "in the cell fits: {'g': {'tol': 0.5}}: fits: has no fit 'first'" in text


ODD = ["2019", "01", "NA", "true", "1e3", "nan", "1", "None", "$_a_$", "a $ and b $"]


@pytest.mark.parametrize(
    "values", [ODD, ["01", "1"], ["NA", "nan"], ["true", "false"], ["2019", "2020"], ["1e3", "inf"]]
)
def test_values_that_are_text_stay_text(tmp_path, monkeypatch, values):
    monkeypatch.chdir(tmp_path)
    for n, name in enumerate(values):
        pd.DataFrame({"x": np.arange(20.0 + n) ** 1.1}).to_csv(name, index=False)
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": values[0]}}
    fit = {"initialization": "kmeans", "n_components": 2}
    experiment = Experiment.model_validate({"data": data, "fits": {"km": fit}})
    key = "data.unlabeled.path"
    block = {"experiment": "toy", "vary": {key: values}, "replicates": 1, "figure": {"x": key, "y": "n_iter"}}
    sweep = Sweep.model_validate(block)
    run(block, tmp_path, experiment)
    put_together([tmp_path / "table.csv"], [key], tmp_path / "sweep.csv", tmp_path / "summary.csv")
    table, summary = (read_table(tmp_path / f"{name}.csv", text_keys(sweep.vary)) for name in ("sweep", "summary"))
    assert table[key].tolist() == values
    assert summary.loc[summary["quantity"] == "n_iter", key].tolist() == values
    assert _gives(tmp_path / "sweep.csv", [key], tmp_path / "summary.csv")
    drawn = draw(summary, sweep)
    assert [text.get_text().replace(r"\$", "$") for text in drawn.axes[0].get_xticklabels()] == values
    drawn.savefig(tmp_path / "figure.png")
    chart = chart_of(summary, sweep)
    assert [row[2] for row in chart.rows] == [f"path = {value}" for value in values]
    (tmp_path / "results/tables/sweeps").mkdir(parents=True)
    (tmp_path / "sweep.csv").rename("results/tables/sweeps/files.csv")
    for n, value in enumerate(values):
        where = {key: value, "fit": "km"}
        claim = {"source": "we", "statement": "so", "table": "sweeps/files", "where": where, "quantity": "n_samples"}
        claim = Claim.model_validate({**claim, "published": 20 + n})
        assert numbers_of(claim, {"sweeps/files": table}, None).of_replicates.tolist() == [20 + n]
        *lines, last = pandas_lines(claim, {"sweeps/files": table}, None, frozenset())
        found: dict = {}
        exec("\n".join(lines), found)  # noqa: S102 (the commands that the page shows)
        assert eval(last, found) == 20 + n  # noqa: S307
        chosen = sweep.model_copy(update={"figure": SweepFigure(x=key, y="bic", where={key: value})})
        (panel,) = panels_of(summary, chosen)
        assert len(panel.all("places")) == 1


@pytest.mark.parametrize("name", DRAWN)
def test_everything_that_can_be_drawn_has_an_axis(name):
    low = 1e-9 if DRAWN[name].unit != COUNT else 1.0
    line = Line("f", "f", np.arange(2), *[np.array([low, 1e6])] * 5, n=np.array([2, 2]))
    panel = Panel("", "x", None, name, [line])
    assert name in QUANTITIES or DRAWN[name].label, "a column of a sweep says how its axis is called"
    assert panel.meaning.strip()
    assert DRAWN[name].in_percent <= (DRAWN[name].unit in ("share", TRUTH))
    assert panel.y_scale == ("log" if DRAWN[name].is_logarithmic else "linear")


def test_a_column_is_text_in_every_table_or_in_none():
    for columns in COLUMNS.values():
        assert {name for name, column in columns.items() if column.unit == TEXT} == TEXT_COLUMNS & {*columns}


def test_words_of_a_table_are_read_as_they_stand(tmp_path):
    words = ["01", "1e3", "NA", "null", "true", "x", ""]
    table = pd.DataFrame({"class": words, "note": ["", "N/A", *[""] * 5], "value": [0.1, *[np.nan] * 6]})
    write_table(tmp_path / "t.csv", table)
    found = read_table(tmp_path / "t.csv")
    assert found["class"].fillna("").tolist() == words
    assert found["note"].fillna("").tolist() == table["note"].tolist()
    assert found["value"].notna().tolist() == [True] + [False] * 6
    write_table(tmp_path / "again.csv", found)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert not {*TEXT_COLUMNS} & {*QUANTITIES, *NUMERIC_QUANTITIES}
