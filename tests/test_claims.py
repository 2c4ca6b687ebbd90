"""Verdicts, measurements and comparison."""

import numpy as np
import pandas as pd
import pytest

import emgmm
from study.claims.judge import judge, judge_all
from study.configuration.schema import Claim, Fit
from study.data.dataset import Dataset
from study.evaluation.agreement import compare
from study.evaluation.measure import measure
from study.evaluation.measurements import QUANTITIES, em_with_fixed_variance, numbered_optima
from study.evaluation.protocols import run_protocol
from study.evaluation.relabeling import best_relabeling
from study.evaluation.scores import evaluate_fit
from study.fits.em import run_fit
from study.fits.runs import Run, stack_runs

FITS = pd.DataFrame(
    {
        "experiment": "toy",
        "fit": np.repeat(["slow", "fast"], 41),
        "replicate": np.tile(np.arange(41), 2),
        "n_iter": np.r_[np.arange(20, 61), np.full(41, 10)],
    }
)


def claim(**settings):
    common = {"experiment": "toy", "source": "s", "statement": "s", "table": "fits", "quantity": "n_iter"}
    return Claim(**{**common, "explanation": "{observed:.0f} of {n}", "where": {"fit": "slow"}, **settings})


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        ({"published": 40}, "reproduced_in_distribution"),
        ({"published": 40, "tolerance": 20}, "reproduced"),
        ({"published": 45}, "reproduced_in_distribution"),
        ({"published": 70}, "not_reproduced"),
        ({"published": 70, "tolerance": 30}, "reproduced_in_distribution"),
        ({"published": 30, "relation": "more_than"}, "reproduced_in_distribution"),
        ({"published": 20, "relation": "more_than"}, "reproduced"),
        ({"published": 59, "relation": "at_least"}, "reproduced_in_distribution"),
        ({"published": 60, "relation": "at_least"}, "not_reproduced"),
        ({"published": 20, "relation": "at_least", "statistic": "min"}, "reproduced"),
        ({"published": 60, "relation": "less_than", "statistic": "max"}, "not_reproduced"),
        ({"published": 2, "relation": "at_least", "over": {"fit": "fast"}}, "reproduced"),
        ({"published": 4, "tolerance": 3, "over": {"fit": "fast"}}, "reproduced"),
        (
            {
                "published": 70,
                "because": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "published": 10},
            },
            "explained",
        ),
        (
            {
                "published": 70,
                "because": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "published": 11},
            },
            "not_reproduced",
        ),
    ],
)
def test_verdict(settings, verdict):
    row = judge("A1", claim(**settings), {"fits": FITS})
    assert row["verdict"] == verdict
    assert row["n_replicates"] == 41


def test_equal_numbers_of_the_same_rows_are_one_number():
    table = FITS[FITS["fit"] == "fast"].assign(fit="slow")
    one = claim(published=10, explanation_of_one="{observed:.0f} alone")
    row = judge("A1", one, {"fits": table}, frozenset(["toy"]))
    assert (row["n_replicates"], row["verdict"], row["explanation"]) == (1, "reproduced", "10 alone")
    assert judge("A1", one, {"fits": table})["n_replicates"] == 41


def test_evidence_may_come_from_another_experiment():
    tables = {"fits": pd.concat([FITS, FITS.assign(experiment="other", n_iter=7)])}
    evidence = {"there": {"experiment": "other", "table": "fits", "quantity": "n_iter"}}
    row = judge("A1", claim(published=1, explanation="{there:.0f} {there_low:.0f}", evidence=evidence), tables)
    assert row["explanation"] == "7 7"
    row = judge("A1", claim(published=1, explanation="{there:.0f}", evidence=evidence), {"fits": FITS})
    assert row["explanation"] == "(not measured)"


def test_ends_are_numbered_by_optimum():
    ends = np.array([-2.0, -1.0, np.nan, -1.00001, -2.00001, -3.0])
    np.testing.assert_array_equal(numbered_optima(ends), [1, 0, np.nan, 0, 1, 2])


def test_explanation_holds_measured_numbers():
    evidence = {"quick": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter"}}
    row = judge(
        "A1",
        claim(published=1, explanation="{observed:.0f}, {low:.0f} to {high:.0f}; {quick:.1f}", evidence=evidence),
        {"fits": FITS},
    )
    assert row["explanation"] == "40, 21 to 59; 10.0"


def test_numbers_that_are_not_there_are_told():
    claims = {"A1": claim(published=1, where={"fit": "other"}), "A2": claim(published=1)}
    claims["A3"] = claim(published=1, experiment="other")
    rows = {row["claim"]: row for row in judge_all(claims, {"fits": FITS})}
    assert [row["verdict"] for row in rows.values()] == ["not_tested", "not_reproduced", "not_tested"]
    assert rows["A1"]["explanation"] == "Not tested: table fits has no number 'n_iter' of experiment toy, fit other."
    assert rows["A3"]["explanation"] == "Not tested: experiment other is not part of this study."
    assert (rows["A1"]["n_replicates"], np.isnan(rows["A1"]["observed"])) == (0, True)


def test_best_relabeling():
    labels, reference = np.array([0, 0, 1, 1, 2]), np.array([2, 2, 0, 0, 0])
    assert best_relabeling(labels, reference, 3).tolist() == [2, 2, 0, 0, 1]


def test_measurements_of_a_known_run():
    draw = np.random.default_rng(0)
    X = np.concatenate([draw.normal(0, 1, 500), draw.normal(10, 1, 500)])[None, :, None]
    truth = np.repeat([0, 1], 500)[None]
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, truth, X[:, ::50], truth[:, ::50])
    end = emgmm.MixtureParameters.checked([0.5, 0.5], [[10.0], [0.0]], [[[1.0]], [[1.0]]])
    runs = stack_runs([Run(end, end, (-3.0, -2.0, -1.5), 2, True)] * 2, 2, 1, "full")
    table = measure(dataset, {"f": runs}, {"f": False}, 20, 0, "toy")
    value = table[table["replicate"] == 0].set_index("measurement")["value"]
    assert value["smallest_change"] == 0.5
    assert value["convergence_rate"] == 0.5
    assert value["start_smallest_eigenvalue"] == 1
    assert value["n_parameters"] == 5
    assert value["one_hot_difference"] < 1e-14
    assert value["histogram_distance"] < 0.1
    assert value["uncertainty_between"] > 0.99
    assert value["first_and_last"] == 1  # whatever the components are called
    assert value["reaches_best"] == 1
    assert value["optimum"] == 0
    assert value["sorted_mean"].tolist() == [0, 10]
    assert value["kmeans_agreement"].iloc[-1] == 1


def test_means_of_shrinking_components_are_those_of_kmeans():
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    end = em_with_fixed_variance(X, np.array([[0.0], [11.0]]), 1e-3)
    np.testing.assert_allclose(end.means, [[0.5], [10.0]])


@pytest.mark.parametrize(("scale", "told"), [(1.0, False), (1e-8, True)])
def test_a_ridge_that_is_not_small_beside_the_data_is_noted(scale, told):
    X = scale * np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 50)).reshape(1, 100, 1)
    truth = np.repeat([0, 1], 50)[None]
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, truth, X[:, ::10], truth[:, ::10])
    fit = Fit(initialization="labels", semi_supervised="init_only")
    runs = run_fit(dataset, fit, 1, 0, "toy", "f")
    assert evaluate_fit(dataset, runs, fit, "toy", "f")["note"].tolist() == [""]
    ridged = fit.model_copy(update={"reg_covar": 1e-6})
    (note,) = evaluate_fit(dataset, runs, ridged, "toy", "f")["note"]
    assert note.startswith("reg_covar = 1e-06 is too large beside the variance") == told
    notes = {
        rung: compare(dataset, runs, run_protocol(rung, dataset, runs, fit), fit, "toy", rung)["note"].item()
        for rung in ("same_stopping", "same_regularization")
    }
    assert [bool(note) for note in notes.values()] == [told, False]  # scikit-learn's ridge, and none


def test_starts_from_single_rows_do_not_collapse():
    X = np.random.default_rng(0).normal(size=(1, 60, 2))
    dataset = Dataset(np.array(["x", "z"]), np.array([]), X, None, X[:, :0], np.empty((1, 0), dtype=int))
    for start in ("k-means++", "random_from_data"):
        runs = run_fit(dataset, Fit(initialization=start, n_components=2), 20, 0, "toy", "f")
        assert not any(failure.startswith("start") for failure in runs.failure)


def test_what_a_run_lacks_is_not_measured():
    """A failed fit to rows without labels or classes has no end, no gains, no truth: only what its start tells."""
    X = np.random.default_rng(0).normal(size=(1, 10, 2))
    dataset = Dataset(np.array(["x", "z"]), np.array([]), X, None, X[:, :0], np.empty((1, 0), dtype=int))
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0.0, 0], [1, 1]], [np.eye(2)] * 2)
    runs = stack_runs([Run(start, None, (-1.0,), 0, False, "step 1: collapsed")], 2, 2, "full")
    table = measure(dataset, {"f": runs}, {"f": True}, 20, 0, "toy")
    of_fit = table[table["fit"] == "f"]["measurement"].tolist()
    assert of_fit == ["start_smallest_eigenvalue", "n_parameters"]
    assert set(table["measurement"]) <= set(QUANTITIES)
