"""Missing values in the study: how they arise, ways to fit samples that have them, and what is measured."""

import numpy as np
import pandas as pd
import pytest
import yaml
from project import make_project, snakemake
from test_configuration import GOOD, TOY, overlay, problems
from test_data import read

import emgmm
from em_study.configuration.loading import load
from em_study.data.dataset import Dataset
from em_study.data.gaussian_mixture import GaussianMixtureData
from em_study.data.sklearn import SklearnData
from em_study.errors import ConfigurationError, DataError
from em_study.evaluation.imputed import tabulate_imputed
from em_study.evaluation.measure import measure
from em_study.evaluation.scores import evaluate_fit
from em_study.experiments.settings import Experiment
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from em_study.sweeps.cells import Cells
from em_study.sweeps.run import InEachCell, data_seed, run_cell
from em_study.sweeps.settings import Sweep

N_FEATURES = 4
MIXTURE = {
    "source": "gaussian_mixture",
    "n_unlabeled": 300,
    "n_labeled": 40,
    "weights": [0.5, 0.5],
    "means": [[0] * N_FEATURES, [3] * N_FEATURES],
    "covariances": [(0.5 * np.eye(N_FEATURES) + 0.5).tolist()] * 2,
}
LABELS = {"initialization": "labels", "semi_supervised": "init_only"}


def drawn(replicates=2, **holes):
    data = GaussianMixtureData(**MIXTURE, holes=holes or None)
    return data.load(replicates, 0, "holes")


@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.75])
@pytest.mark.parametrize("labeled", [False, True])
def test_mcar_removes_the_requested_share_and_each_sample_keeps_a_value(fraction, labeled):
    complete, dataset = drawn(), drawn(fraction=fraction, labeled=labeled)
    np.testing.assert_array_equal(dataset.complete, complete.unlabeled)
    for name in ("unlabeled", "labeled"):
        before, after = getattr(complete, name), getattr(dataset, name)
        missing = np.isnan(after)
        n_missing = round(fraction * before[0].size) if name == "unlabeled" or labeled else 0
        assert missing.sum(axis=(1, 2)).tolist() == [n_missing] * 2
        assert not missing.all(axis=2).any()
        np.testing.assert_array_equal(after[~missing], before[~missing])
        assert not n_missing or (missing[0] != missing[1]).any()


def test_a_larger_fraction_removes_the_values_of_a_smaller_one_too():
    for mechanism in ("mcar", "mar"):
        few, many = (np.isnan(drawn(fraction=f, mechanism=mechanism).unlabeled) for f in (0.2, 0.5))
        assert (many | ~few).all()


def test_mar_removes_values_of_the_last_feature_where_the_first_is_large():
    dataset = drawn(fraction=0.4, mechanism="mar")
    missing = np.isnan(dataset.unlabeled)
    assert not missing[..., :-1].any()
    assert missing[..., -1].sum(axis=1).tolist() == [120, 120]
    first, gone = dataset.unlabeled[0, :, 0], missing[0, :, -1]
    assert first[gone].mean() > first[~gone].mean() + 1.2 * first.std()
    assert first[gone].min() < first[~gone].max()  # likely, not certain


def test_rows_may_lose_all_values_if_so_said():
    data = MIXTURE | {"holes": {"fraction": 0.9, "keep_a_value": False}}
    dataset = GaussianMixtureData(**data).load(1, 0, "holes")
    assert np.isnan(dataset.unlabeled).all(axis=2).any()
    assert np.isnan(dataset.unlabeled).mean() == 0.9


def test_real_data_with_missing_values_are_the_same_samples():
    settings = {"source": "sklearn", "dataset": "iris", "labeled_fraction": 0.2}
    complete, dataset = (SklearnData(**settings, **more).load(2, 0, "x") for more in ({}, {"holes": {"fraction": 0.2}}))
    np.testing.assert_array_equal(dataset.complete, complete.unlabeled)
    np.testing.assert_array_equal(dataset.labeled, complete.labeled)


def test_cells_that_differ_in_missingness_have_the_same_samples():
    experiment = Experiment(data={**MIXTURE, "holes": {"fraction": 0.0}}, fits={"f": {}})
    sweep = Sweep(experiment="e", vary={"data.holes.fraction": [0.0, 0.4], "data.holes.mechanism": ["mcar", "mar"]})
    assert len({data_seed(cell, 7) for cell in Cells(sweep, experiment)}) == 1


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("data.holes", {"fraction": 0.6}, "at most 1/2 of the values can be missing"),
        ("data.holes", {"fraction": 1.0}, "holes.fraction: must be less than 1"),
        ("data.holes", {"fraction": 0.2, "mechanism": "mnar"}, "did you mean 'mar'? Allowed: mcar, mar"),
        ("data.holes", {"fraction": 0.2, "labelled": True}, "did you mean 'labeled'"),
        (
            "data.holes",
            {"fraction": 0.2},
            "toy.protocols: scikit-learn does not support missing values (introduced by data.holes)",
        ),
        ("fits.first.missing", "mean", "Allowed: observed, complete_rows, column_means"),
    ],
)
def test_wrong_missingness(tmp_path, path, value, message):
    assert message in problems(tmp_path, GOOD, overlay(f"{TOY}.{path}", value))


@pytest.mark.parametrize("name", ["holes", "missingness"])
def test_messages_name_the_key_as_it_is_written(tmp_path, name):
    wrong = {"fraction": 0.6}
    fits = {"first": {"kernel": "numba"}}
    sweep = {"experiment": "toy", "vary": {f"data.{name}.fraction": [0.7]}, "figure": {"x": "data.x", "y": "accuracy"}}
    overlaid = {"experiments": {"toy": {"data": {name: wrong}, "fits": fits}}, "sweeps": {"varied": sweep}}
    text = problems(tmp_path, GOOD, overlaid)
    assert f"experiments.toy.data.{name}.fraction: is 0.6" in text
    assert f"introduced by data.{name}" in text
    assert f"figure.x: is 'data.x'; did you mean 'data.{name}.fraction'?" in text or f"Allowed: data.{name}." in text
    assert {"holes": "missingness", "missingness": "holes"}[name] not in text


def test_both_names_lead_to_the_same_study(tmp_path):
    def loaded(name, **more):
        data, columns = MIXTURE | {name: {"fraction": 0.1}} | more, (f"data.{name}.fraction", f"data.{name}.mechanism")
        sweep = {"experiment": "e", "vary": dict(zip(columns, ([0.0, 0.2], ["mcar"]), strict=True))}
        sweep["figure"] = {"x": columns[0], "y": "accuracy", "where": {columns[1]: "mcar"}}
        claim = {"table": "sweeps/s", "where": {columns[0]: 0.2}, "over": {columns[0]: 0.0}, "quantity": "accuracy"}
        claim |= {"kind": "existence", "relation": "at_least", "published": 1, "source": "x", "statement": "x"}
        experiment = {"data": data, "fits": {"f": {"initialization": "labels", "semi_supervised": "init_only"}}}
        values = {"seed": 1, "experiments": {"e": experiment}, "sweeps": {"s": sweep}, "claims": {"A1": claim}}
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(values))
        return load([tmp_path / "config.yaml"]).study

    assert loaded("holes") == loaded("missingness")
    assert [*loaded("missingness").sweeps["s"].vary] == ["data.holes.fraction", "data.holes.mechanism"]
    with pytest.raises(
        ConfigurationError, match=r"config.yaml:\d+: .*two names of the same key: write only missingness"
    ):
        loaded("holes", missingness={"fraction": 0.2})


def test_scikit_learn_is_refused_with_missing_values(tmp_path):
    fit = {"implementation": "sklearn", "stopping": "sklearn", "initialization": "kmeans"}
    wrong = {"data": {"holes": {"fraction": 0.2}}, "fits": {"second": fit}, "protocols": None}
    reported = problems(tmp_path, GOOD, {"experiments": {"toy": wrong}})
    assert "fits.second.implementation: scikit-learn does not support missing values" in reported


def test_one_feature_has_no_other_to_depend_on(tmp_path):
    data = {"source": "gaussian_mixture", "counts": [50, 50], "means": [[0], [3]], "covariances": [[[1]], [[1]]]}
    data["holes"] = {"fraction": 0.2, "mechanism": "mar"}
    reported = problems(tmp_path, {"seed": 1, "experiments": {"toy": {"data": data, "fits": {"f": {}}}}})
    assert "mechanism: is mar, which needs at least two features" in reported


@pytest.mark.parametrize(
    ("measurements", "message"),
    [
        (["component_eror"], "did you mean 'component_error'"),
        (["sorted_mean"], "there is no 'sorted_mean' of a run"),
        (["collapsed"], "there is no 'collapsed' of a run"),
        (["bayes_accuracy"], "there is no 'bayes_accuracy' of a run"),
        (["overlap", "overlap"], "must name each once"),
    ],
)
def test_measurements_that_a_sweep_cannot_tabulate(tmp_path, measurements, message):
    sweep = {"experiment": "toy", "vary": {"data.n_labeled": [20]}, "measurements": measurements}
    assert message in problems(tmp_path, GOOD, {"sweeps": {"s": sweep}})


def test_empty_cells_are_missing_where_that_is_allowed(tmp_path):
    dataset = read(tmp_path, "x,z\n1,\nNA,2\n,\n3,4\n", "x,z,y\n1,,0\n3,4,1\n", missing="allow")
    np.testing.assert_array_equal(dataset.unlabeled, [[[1, np.nan], [np.nan, 2], [np.nan, np.nan], [3, 4]]])
    np.testing.assert_array_equal(dataset.labeled, [[[1, np.nan], [3, 4]]])


@pytest.mark.parametrize(
    ("unlabeled", "allow", "message"),
    [
        ("x,z\n1,\n", False, "got ''\nEmpty cells: set data.missing: allow to treat them as missing"),
        ("x,z\n1,oops\n", False, "must be a finite number, got 'oops'"),
        (
            "x,z\n1,oops\n,2\n",
            True,
            "must be a finite number, or empty (or NA, N/A, #N/A, <NA>, NaN, null, none), got 'oops'",
        ),
        ("x,z\n1,inf\n,2\n", True, "got 'inf'"),
        ("x,z\n1,\n2,\n", True, "column 'z': no sample has a value"),
    ],
)
def test_cells_that_are_no_missing_values(tmp_path, unlabeled, allow, message):
    with pytest.raises(DataError) as caught:
        read(tmp_path, unlabeled, missing="allow" if allow else "refuse")
    assert message in str(caught.value)
    assert ("data.missing" in str(caught.value)) == ("data.missing" in message)


def test_features_are_scaled_by_the_values_that_are_there(tmp_path):
    dataset = read(tmp_path, "x,z\n1,5\n3,\n,7\n", missing="allow", standardize=True)
    np.testing.assert_allclose(dataset.unlabeled[0], [[-1, -1], [1, np.nan], [np.nan, 1]])


@pytest.mark.parametrize("semi_supervised", ["init_only", "clamped"])
def test_three_ways_to_fit_missing_values(semi_supervised):
    dataset = drawn(fraction=0.2, labeled=True)
    settings = {"initialization": "labels", "semi_supervised": semi_supervised, "tol": 1e-6}
    for missing in ("observed", "complete_rows", "column_means"):
        runs = run_fit(dataset, Fit(**settings, missing=missing), 2, 0, "e", "f")
        rows = dataset.replicate(1)
        X, L, y = rows.unlabeled, rows.labeled, rows.labels
        if missing == "complete_rows":
            X, L, y = X[~np.isnan(X).any(axis=1)], L[~np.isnan(L).any(axis=1)], y[~np.isnan(L).any(axis=1)]
        elif missing == "column_means":
            means = np.nanmean(X, axis=0)
            X, L = (np.where(np.isnan(part), means, part) for part in (X, L))
        start = emgmm.parameters_from_labels(L, y, 2)
        labeled = emgmm.labeled_statistics(L, y, 2) if semi_supervised == "clamped" else None
        found = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-6), labeled=labeled)
        np.testing.assert_allclose(runs.means[1], found.parameters.means, rtol=1e-9)
        scores = evaluate_fit(dataset, runs, Fit(**settings, missing=missing), "e", "f")
        assert scores["n_fitted"][1] == len(X)
        assert scores["n_samples"][1] == 300
        assert scores["share_missing"][1] == 0.2
        expected = emgmm.log_likelihoods(rows.unlabeled, runs.end(1)).mean()
        assert scores["mean_log_likelihood"][1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "fit", "failure"),
    [
        (
            [[1.0, np.nan], [np.nan, 2.0]],
            {"missing": "complete_rows"},
            "start: too few complete samples: 0, but 1 are needed",
        ),
        (
            [[1.0, 2.0], [np.nan, 2.0]],
            {"missing": "complete_rows", "initialization": "kmeans"},
            "start: too few complete samples: 1, but 2 are needed",
        ),
        ([[1.0, np.nan], [3.0, np.nan]], {}, "start: feature 'x2' has no observed value"),
        ([[1.0, np.nan], [3.0, np.nan]], {"missing": "column_means"}, "start: feature 'x2' has no observed value"),
    ],
)
def test_too_little_that_is_left_is_a_failure_with_a_reason(rows, fit, failure):
    nothing = {"truth": None, "labeled": np.empty((1, 0, 2)), "labels": np.empty((1, 0), dtype=int)}
    few = Dataset(np.array(["x1", "x2"]), np.array(["0", "1"]), np.array([rows]), **nothing)
    runs = run_fit(few, Fit(**fit), 1, 0, "e", "f")
    assert runs.failure[0].startswith(failure)


def test_imputed_values_are_measured_against_what_was_there():
    dataset = drawn(3, fraction=0.3)
    fits = {name: Fit(**LABELS, tol=1e-8, missing=name) for name in ("observed", "complete_rows", "column_means")}
    runs = {name: run_fit(dataset, fit, 3, 0, "e", name) for name, fit in fits.items()}
    table = measure(dataset, runs, fits, 10, {}, 0, "e")
    values = table.pivot_table("value", "replicate", ["fit", "measurement"])
    for name, fit in fits.items():
        filled = emgmm.impute(dataset.unlabeled[1], runs[name].end(1))
        if fit.missing == "column_means":
            means = np.nanmean(dataset.unlabeled[1], axis=0)
            filled = np.where(np.isnan(dataset.unlabeled[1]), means, dataset.unlabeled[1])
        errors = ((filled - dataset.complete[1]) / dataset.complete[1].std(axis=0))[np.isnan(dataset.unlabeled[1])]
        assert values[name]["imputation_error"][1] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert values["observed"]["imputation_error"].max() < values["column_means"]["imputation_error"].min()
    assert values["observed"]["imputation_coverage"].mean() == pytest.approx(0.95, abs=0.03)
    assert "imputation_coverage" not in values["column_means"]
    for name in ("observed", "complete_rows", "column_means"):  # of the rows that it fitted
        assert values[name]["left_to_gain"].max() < 1e-4
    taken = set(table["measurement"])
    assert taken.isdisjoint({"kmeans_accuracy", "kmeans_agreement", "passes_of_em", "bound_gap"})
    assert {"bayes_accuracy", "below_bayes", "overall_mean_error", "component_error"} <= taken


def test_what_is_missing_where_another_is_large_pulls_the_others_aside():
    dataset = drawn(10, fraction=0.4, mechanism="mar")
    fits = {name: Fit(**LABELS, missing=name) for name in ("observed", "complete_rows", "column_means")}
    runs = {name: run_fit(dataset, fit, 10, 0, "e", name) for name, fit in fits.items()}
    table = measure(dataset, runs, fits, 10, {}, 0, "e", only=["overall_mean_error"])
    bias = table.groupby("fit")["value"].mean()
    assert abs(bias["observed"]) < 0.1
    assert bias[["complete_rows", "column_means"]].max() < -0.3


def test_filled_in_values_are_marked_cell_by_cell():
    dataset, fit = drawn(1, fraction=0.3), Fit(**LABELS)
    table = tabulate_imputed(dataset, run_fit(dataset, fit, 1, 0, "e", "f"), fit)
    missing = np.isnan(dataset.unlabeled[0])
    names = [f"x{d + 1}" for d in range(N_FEATURES)]
    np.testing.assert_array_equal(table[[f"{name} was missing" for name in names]], missing)
    assert np.isfinite(table[names]).all(axis=None)
    np.testing.assert_array_equal(table[names].to_numpy()[~missing], dataset.unlabeled[0][~missing])


def test_a_sweep_tabulates_measurements():
    experiment = Experiment(data={**MIXTURE, "holes": {"fraction": 0.0}}, fits={"f": LABELS}, replicates=2)
    sweep = Sweep(experiment="e", vary={"data.holes.fraction": [0.0, 0.3]}, replicates=2)
    each = InEachCell(2, None, None, ["component_error", "imputation_error"])
    none, some = (run_cell(cell, each, 0) for cell in Cells(sweep, experiment))
    assert list(some.columns[-2:]) == ["component_error", "imputation_error"]
    assert none["imputation_error"].isna().all()
    assert some[["component_error", "imputation_error"]].notna().all(axis=None)
    np.testing.assert_array_equal(none["n_fitted"], 300)


ONE_FEATURE = {
    "data": {
        **{"source": "gaussian_mixture", "counts": [60, 60], "means": [[0], [4]], "covariances": [[[1]], [[1]]]},
        "holes": {"fraction": 0.3, "keep_a_value": False},
    },
    "fits": {name: {"initialization": "kmeans", "missing": name} for name in ("observed", "complete_rows")},
    "replicates": 2,
}
CLAMPED = {"initialization": "labels", "semi_supervised": "clamped"}
MINE = {
    "data": {
        **{"source": "csv", "features": ["x1", "x2"], "missing": "allow"},
        **{key: {"path": f"{key}.csv", "target": "y"} for key in ("unlabeled", "labeled")},
    },
    "fits": {name: CLAMPED | {"missing": name} for name in ("observed", "complete_rows", "column_means")},
}
ODD = {
    "articles": None,
    "experiments": {
        **dict.fromkeys(("iris", "wine", "random_mixtures")),
        **{"one_feature": ONE_FEATURE, "mine": MINE},
    },
    "sweeps": {"components_and_features": None},
}


def test_odd_missing_values_end_to_end(tmp_path):
    folder = make_project(tmp_path, ODD)
    rows = pd.read_csv(folder / "unlabeled.csv")
    in_turn = rows.index // 2 % 2 == 0  # of both classes
    rows.loc[in_turn, "x1"] = np.nan
    rows.loc[~in_turn, "x2"] = np.nan
    rows.to_csv(folder / "unlabeled.csv", index=False)
    run = snakemake(folder)
    assert run.returncode == 0, run.stderr
    fits = pd.read_csv(folder / "results/tables/fits.csv").set_index(["experiment", "fit"])
    assert fits.loc[("one_feature", "complete_rows"), "n_fitted"].tolist() == [84, 84]
    mine = fits.loc["mine"]
    assert mine.loc["complete_rows", "failure"] == "start: too few complete samples: 0, but 1 are needed"
    assert mine.loc["observed", "share_missing"] == 0.5
    assert mine.loc["observed", "accuracy"] > 0.9
    imputed = pd.read_csv(folder / "results/imputed/mine/observed.csv")
    assert imputed["x1 was missing"].tolist() == rows["x1"].isna().tolist()
    assert imputed.notna().all(axis=None)
    assert pd.read_csv(folder / "results/imputed/mine/complete_rows.csv")["x1"].isna().sum() == 100
    assert (folder / "results/figures/mine/filled_in.png").exists()
    assert not (folder / "results/figures/one_feature/filled_in.png").exists()
    manifest = yaml.safe_load((folder / "results/manifest.json").read_text())
    assert "results/imputed/mine/observed.csv" in str(manifest)
