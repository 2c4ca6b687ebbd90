"""Measurements and comparison."""

import dataclasses
import importlib.metadata

import numpy as np
import pytest
from scipy import stats

import emgmm
from em_study.data.dataset import Dataset
from em_study.evaluation.agreement import compare
from em_study.evaluation.compared import Compared
from em_study.evaluation.information import continued
from em_study.evaluation.measure import measure
from em_study.evaluation.measurements import MEASUREMENTS, QUANTITIES
from em_study.evaluation.measurements.bootstrap import kurtosis
from em_study.evaluation.measurements.missing import plugin_em
from em_study.evaluation.measurements.optima import numbered_optima
from em_study.evaluation.measurements.passes import em_with_fixed_variance
from em_study.evaluation.measurements.prior import conjugate_prior
from em_study.evaluation.numerical import maximize_likelihood
from em_study.evaluation.printed import compared_with_printed
from em_study.evaluation.protocols import Other, run_protocol
from em_study.evaluation.relabeling import best_relabeling
from em_study.evaluation.scores import evaluate_fit, tabulate_parameters
from em_study.evaluation.settings import Published
from em_study.fits.available import kernel_versions
from em_study.fits.em import run_fit
from em_study.fits.runs import Run, stack_runs
from em_study.fits.settings import Fit
from em_study.settings import Written, as_params, from_params
from em_study.watch.replay import replay, stored_run


def test_ends_are_numbered_by_optimum():
    ends = np.array([-2.0, -1.0, np.nan, -1.00001, -2.00001, -3.0])
    np.testing.assert_array_equal(numbered_optima(ends), [1, 0, np.nan, 0, 1, 2])


def test_best_relabeling():
    labels, reference = np.array([0, 0, 1, 1, 2]), np.array([2, 2, 0, 0, 0])
    assert best_relabeling(labels, reference, 3).tolist() == [2, 2, 0, 0, 1]


@pytest.mark.parametrize(
    ("written", "value", "agrees"),
    [
        ("0.60", 0.6441, False),
        ("0.6", 0.6441, True),
        ("0.60", 0.6049, True),
        ("4.30", 4.2897, False),
        ("80", 80.4, True),
    ],
)
def test_trailing_zeros_of_a_printed_number_count(written, value, agrees):
    end = emgmm.MixtureParameters.checked([1.0], [[value]], [[[1.0]]])
    printed = from_params(list[Published], as_params([Published(mean=[Written(written)])]))
    assert compared_with_printed(printed, end) == {(0, "mean[0]"): (float(written), agrees)}


def test_measurements_of_a_known_run():
    draw = np.random.default_rng(0)
    X = np.concatenate([draw.normal(0, 1, 500), draw.normal(10, 1, 500)])[None, :, None]
    truth = np.repeat([0, 1], 500)[None]
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, truth, X[:, ::50], truth[:, ::50])
    end = emgmm.MixtureParameters.checked([0.5, 0.5], [[10.0], [0.0]], [[[1.0]], [[1.0]]])
    runs = stack_runs([Run(end, end, (-3.0, -2.0, -1.5), 2, True)] * 2, 2, 1, "full")
    printed = [Published(weight=0.5, mean=[10.0]), Published(weight=0.4, mean=[0.1])]
    table = measure(dataset, {"f": runs}, {"f": Fit()}, 20, {"f": printed}, 0, "toy")
    value = table[table["replicate"] == 0].set_index("measurement")["value"]
    assert value["printed_numbers"] == 2  # of four
    assert value["collapsed"] == 0
    assert value["closed_form_gap"] < 1e-9
    assert abs(value["bound_gap"]) < 1e-12
    assert value["bound_gap_elsewhere"] > 1
    assert value["largest_posterior"] == pytest.approx(1)
    assert value["clear_rows"] == 1
    assert "bayes_accuracy" not in value  # nobody says what the rows were drawn from
    assert (value["majority_share"], value["kmeans_accuracy"], value["above_majority"]) == (0.5, 1, 0.5)
    assert value["beyond_identical_components"] > 0.5
    assert abs(value["identical_components_gain"]) < 1e-12  # it stays where it is
    assert value["identical_components_are_maximum"] == 0
    assert value["passes_of_em"] >= 1
    assert value["smallest_change"] == 0.5
    assert value["trace_first"] == -3
    assert value["is_maximum"] == 0  # it is the truth
    assert value["predicted_rate"] < 1e-3  # nothing is missing
    assert value["start_smallest_eigenvalue"] == 1
    assert value["n_parameters"] == 5
    assert value["one_hot_difference"] < 1e-14
    assert value["histogram_distance"] < 0.1
    assert value["first_and_last"] == 1  # whatever the components are called
    assert value["reaches_best"] == 1
    assert value["optimum"] == 0
    assert value["sorted_mean"].tolist() == [0, 10]
    assert value["kmeans_agreement"].iloc[-1] == 1


def test_means_of_shrinking_components_are_those_of_kmeans():
    X = np.array([[0.0], [1.0], [9.0], [11.0]])
    start, far = np.array([[0.0], [11.0]]), 1e6
    one, other = em_with_fixed_variance(np.stack([X, X + far]), np.stack([start, start + far]), np.full(2, 1e-3))
    np.testing.assert_allclose(one.means, [[0.5], [10.0]])
    np.testing.assert_allclose(other.means, [[0.5 + far], [10.0 + far]])


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
    assert note.startswith("reg_covar = 1e-06 is too large compared with the variance") == told
    steps = ("same_stopping", "same_regularization")
    theirs = {step: run_protocol(step, dataset, runs, fit) for step in steps}
    notes = compare(dataset, [Compared(runs, fit, [(Other(), theirs)])], "toy").set_index("protocol")["note"]
    assert [bool(notes[step]) for step in steps] == [told, False]  # scikit-learn's ridge, and none


def test_starts_from_single_rows_do_not_collapse():
    X = np.random.default_rng(0).normal(size=(1, 60, 2))
    dataset = Dataset(np.array(["x", "z"]), np.array([]), X, None, X[:, :0], np.empty((1, 0), dtype=int))
    for start in ("k-means++", "random_from_data", "short_runs"):
        runs = run_fit(dataset, Fit(initialization=start, n_components=2), 20, 0, "toy", "f")
        assert not any(failure.startswith("start") for failure in runs.failure)


OF_A_START = ["start_smallest_eigenvalue", "n_parameters", "closed_form_gap", "bound_gap", "bound_gap_elsewhere"]


def test_what_a_run_lacks_is_not_measured():
    """A failed fit to rows without labels or classes has no end, no gains, no truth: only what its start tells."""
    X = np.random.default_rng(0).normal(size=(1, 10, 2))
    dataset = Dataset(np.array(["x", "z"]), np.array([]), X, None, X[:, :0], np.empty((1, 0), dtype=int))
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0.0, 0], [1, 1]], [np.eye(2)] * 2)
    runs = stack_runs([Run(start, None, (-1.0,), 0, False, "step 1: collapsed")], 2, 2, "full")
    table = measure(dataset, {"f": runs}, {"f": Fit(reg_covar=1e-6)}, 20, {}, 0, "toy")
    of_fit = table[table["fit"] == "f"]["measurement"].tolist()
    assert of_fit == ["map_smallest_change", "map_slope_at_end", "collapsed", *OF_A_START]
    assert set(table["measurement"]) <= set(QUANTITIES)


def test_what_is_known_of_the_mixture_is_measured():
    draw = np.random.default_rng(0)
    truth = np.repeat([0, 1], [300, 700])[None]
    X = (np.array([0.0, 4.0])[truth[0]] + draw.standard_normal(1000))[None, :, None]
    mixture = (np.array([[0.3, 0.7]]), np.array([[[0.0], [4.0]]]), np.ones((1, 2, 1, 1)))
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, truth, X[:, :0], truth[:, :0], *mixture)
    off = emgmm.MixtureParameters.checked([0.5, 0.5], [[4.2], [0.1]], [[[1.0]], [[1.44]]])
    runs = stack_runs([Run(off, off, (-3.0,), 1, True)], 2, 1, "full")
    table = measure(dataset, {"f": runs}, {"f": Fit()}, 20, {}, 0, "toy")
    value = table.set_index("measurement")["value"]
    assert value["component_error"] == pytest.approx(0.2)
    assert value["bayes_accuracy"] == pytest.approx(0.978, abs=0.01)
    assert 0 <= value["below_bayes"] < 0.05
    assert 0 < value["known_labels_error"] < 0.2
    assert abs(value["first_and_last_lost"]) < 0.1
    assert abs(value["em_above_kmeans"]) < 0.05
    odds = np.log(0.7 / 0.3) + 4 * (X[0, :, 0] - 2)  # of the second process
    unclear, between = np.abs(odds) < np.log(9), (X[0, :, 0] > 0) & (X[0, :, 0] < 4)
    assert value["unclear_between_by_truth"] == pytest.approx(np.sum(unclear & between) / np.sum(between))
    assert value["unclear_inside_by_truth"] == 1


def test_scikit_learn_called_as_published_begins_elsewhere():
    X = np.array([[-1.0], [0.0], [2.0], [5.0]])[None]
    labels = np.array([[0, 0, 1, 1]])
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, None, X, labels)
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0.0], [1.0]], [[[4.0]], [[4.0]]])
    runs = stack_runs([Run(start, start, (-3.0,), 0, True)], 2, 1, "full")
    table = measure(dataset, {"f": runs}, {"f": Fit(initialization="labels")}, 20, {}, 0, "toy")
    value = table.set_index("measurement")["value"]

    def posterior(variance):
        return 1 / (1 + np.exp(-(X[0, :, 0] - 0.5) / variance))

    gap = np.abs(posterior(1 / 4) - posterior(4)).max()  # scikit-learn takes a covariance of 4 for a precision
    assert value["initial_posterior_difference"] == pytest.approx(gap)
    assert value["initial_posterior_difference_exact"] < 1e-14


def test_steps_and_limit_of_a_run():
    dataset, fits, runs = overlapping(article={"stopping": "article", "tol": 1e-5}, sklearn={"stopping": "sklearn"})
    table = measure(dataset, runs, fits, 20, {}, 0, "toy")
    X, truth, taken = dataset.unlabeled[0], dataset.truth[0], runs["article"]
    value = table[(table["fit"] == "article") & (table["replicate"] == 0)].set_index("measurement")["value"]
    assert table[table["fit"] == "sklearn"].set_index("measurement")["value"].get("below_limit") is None
    ways = [emgmm.sklearn_stopping(0.0, n) for n in range(taken.n_iter[0])]
    ends = [emgmm.expectation_maximization(X, taken.start(0), way).parameters for way in ways]
    labels = [emgmm.posteriors(X, end).argmax(axis=1) for end in ends]
    right = [max(np.mean(found == truth), np.mean(found != truth)) for found in labels]
    np.testing.assert_allclose(ends[-1].means, taken.end(0).means)
    assert value["accuracy_change"] == pytest.approx(right[-1] - right[0])
    assert value["accuracy_falls"] == np.sum(np.diff(right) < 0) > 0
    assert value["largest_accuracy_fall"] == pytest.approx(-np.diff(right).min())
    limit = emgmm.expectation_maximization(X, taken.end(0), emgmm.article_stopping(1e-14, 100_000)).trace[-1]
    assert value["below_limit"] == pytest.approx(limit - taken.trace[0, taken.n_iter[0] - 1], abs=1e-9)
    assert value["below_limit"] > 1e-4


def test_em_with_a_prior_climbs_its_posterior_density():
    dataset, fits, runs = overlapping(f={"max_iter": 30})
    X, start = dataset.unlabeled[0], runs["f"].start(0)
    prior, seen, (n, d) = conjugate_prior(X, 2), [], X.shape
    worth, center, scatter = 2 * d + 2, X.mean(axis=0), (2 * d + 2) * np.cov(X.T, bias=True)

    def log_density(parameters):
        density = stats.dirichlet(np.full(2, worth + 1.0)).logpdf(parameters.weights)
        for mean, covariance in zip(parameters.means, parameters.covariances, strict=True):
            density += stats.multivariate_normal(center, covariance / worth).logpdf(mean)
            density += stats.invwishart(worth - d - 2, scatter).logpdf(covariance)
        return density + emgmm.log_likelihoods(X, parameters).sum()

    def monitor(step, mean, parameters):
        seen.append(log_density(parameters) / (n + 2 * worth) - mean)

    emgmm.expectation_maximization(X, start, emgmm.article_stopping(0.0, 5), labeled=prior, monitor=monitor)
    np.testing.assert_allclose(seen, seen[0], rtol=1e-12)  # the trace is the density, but for its norm
    value = measure(dataset, runs, fits, 20, {}, 0, "toy").set_index("measurement")["value"]
    assert (value["map_smallest_change"] > -1e-14).all()
    assert (value["map_slope_at_end"] < 1e-5).all()


def test_values_filled_in_by_conditional_means_have_too_small_variances():
    draw = np.random.default_rng(0)
    X = draw.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 500)
    X[X[:, 0] > 0.3, 1] = np.nan
    seen = ~np.isnan(X[:, 1])
    start = emgmm.MixtureParameters.checked([1.0], [[0.0, 0.0]], [np.eye(2)])
    line = np.polyfit(*X[seen].T, 1)
    left = np.mean((X[seen, 1] - np.polyval(line, X[seen, 0])) ** 2)
    em = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-14, 10_000)).parameters
    for found, expected in ((em, left), (plugin_em(X, start), left * seen.mean())):  # the line has no residuals
        assert 1 / np.linalg.inv(found.covariances[0])[1, 1] == pytest.approx(expected, rel=1e-3)
        assert found.covariances[0, 0, 1] / found.covariances[0, 0, 0] == pytest.approx(line[0], rel=1e-3)


def test_what_missing_values_do_to_variances_is_measured():
    draw = np.random.default_rng(1)
    whole, truth = draw.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], (1, 500)), np.zeros((1, 500), dtype=int)
    X = whole.copy()
    X[0, ::2, 1] = np.nan
    mixture = np.ones((1, 1)), np.zeros((1, 1, 2)), np.array([[[[1, 0.6], [0.6, 1]]]])
    dataset = Dataset(np.array(["x", "z"]), np.array(["a"]), X, truth, X[:, :0], truth[:, :0], *mixture, whole)
    fit = Fit(initialization="kmeans", tol=1e-9)
    run = run_fit(dataset, fit, 1, 0, "toy", "f")
    value = measure(dataset, {"f": run}, {"f": fit}, 20, {}, 0, "toy").set_index("measurement")["value"]
    assert value["fitted_variance_ratio"] == pytest.approx(1, abs=0.15)
    assert value["plugin_variance_ratio"] == pytest.approx(value["fitted_variance_ratio"] / 2, rel=1e-3)


@pytest.mark.parametrize(("freedom", "low", "high"), [(None, 5, 95), (4, 100, 100)])
def test_the_parametric_bootstrap_knows_heavy_tails(freedom, low, high):
    draw = np.random.default_rng(5)
    rest = draw.standard_t(freedom, (400, 1)) if freedom else draw.standard_normal((400, 1))
    X = np.concatenate([draw.normal(-6, 1, (300, 1)), 6 + rest])[None]
    dataset = Dataset(np.array(["x"]), np.array([]), X, None, X[:, :0], np.empty((1, 0), dtype=int))
    fit = Fit(initialization="kmeans", n_components=2)
    run = run_fit(dataset, fit, 1, 0, "toy", "f")
    table = measure(dataset, {"f": run}, {"f": fit}, 20, {}, 0, "toy")
    of = table[table["measurement"] == "bootstrap_kurtosis_percentile"]["value"]
    heavy = run.means[0, :, 0].argmax()
    assert 5 <= of.iloc[1 - heavy] <= 95
    assert low <= of.iloc[heavy] <= high
    (likelihood,) = table[table["measurement"] == "bootstrap_likelihood_percentile"]["value"]
    assert 5 <= likelihood <= 95


def test_kurtosis_is_that_of_a_gaussian():
    X = np.random.default_rng(0).normal([[-9.0, 0, 0]] * 20_000 + [[9.0, 0, 0]] * 20_000)
    mixture = emgmm.MixtureParameters.checked([0.5, 0.5], [[-9.0, 0, 0], [9.0, 0, 0]], [np.eye(3)] * 2)
    np.testing.assert_allclose(kurtosis(X, mixture), 15, rtol=0.05)


@pytest.mark.parametrize("kind", emgmm.COVARIANCE_TYPES)
def test_a_numerical_optimizer_ends_where_em_does(kind):
    draw = np.random.default_rng(0)
    X = np.concatenate([draw.normal(-2, 1, (200, 2)), draw.normal(2, 0.7, (300, 2))])
    start = emgmm.parameters_from_labels(X, (X[:, 0] > 1).astype(int), 2, kind)
    result = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-12, 5000))
    assert max(maximize_likelihood(X, start)) == pytest.approx(result.trace[-1], abs=1e-9)


def normals(*components, labeled=0):
    """Rows of one feature from components, each its mean, standard deviation and count; some of each are labeled."""
    draw = np.random.default_rng(0)
    x = [draw.normal(mean, deviation, (n + labeled, 1)) for mean, deviation, n in components]
    truth, labels = (np.repeat(np.arange(len(x)), n)[None] for n in ([n for *_, n in components], labeled))
    rows = (np.concatenate(part)[None] for part in ([each[labeled:] for each in x], [each[:labeled] for each in x]))
    unlabeled, known = rows
    return Dataset(np.array(["x"]), np.array([*"abc"[: len(x)]]), unlabeled, truth, known, labels)


def measured(dataset, fit):
    """Take the measurements of a fit to a dataset, by their names, and its rows of parameters.csv, by theirs."""
    found = run_fit(dataset, fit, 1, 0, "toy", "f")
    table = measure(dataset, {"f": found}, {"f": fit}, 20, {}, 0, "toy")
    parameters = tabulate_parameters(dataset, found, fit, [], "toy", "f").set_index(["component", "parameter"])
    return table[table["fit"] == "f"].set_index("measurement")["value"], parameters


GUIDE = (2, 4, 1000), (9, 2, 500)  # article C's


@pytest.mark.parametrize(
    ("fit", "labeled", "lost"),
    [
        (Fit(initialization="kmeans", tol=1e-6), 0, 0),
        (Fit(initialization="labels", semi_supervised="clamped"), 50, 0),
        (Fit(initialization="kmeans", tol=1e-6, covariance_type="tied"), 0, 0),
        (Fit(initialization="labels", semi_supervised="init_only", missing="complete_rows", tol=1e-6), 50, 0.1),
    ],
)
def test_the_missing_information_predicts_how_slowly_em_converges(fit, labeled, lost):
    dataset = normals(*GUIDE, labeled=labeled)
    dataset.unlabeled[np.random.default_rng(1).random(dataset.unlabeled.shape) < lost] = np.nan
    value, _ = measured(dataset, fit)
    assert value["convergence_rate"] == pytest.approx(value["predicted_rate"], rel=0.02)
    # What Newton's step expects is what EM gains.
    rows, runs = dataset.replicate(0), run_fit(dataset, fit, 1, 0, "toy", "f")
    limit = continued(runs.end(0), rows, fit, emgmm.article_stopping(1e-13, 20_000)).trace
    assert value["left_to_gain"] == pytest.approx(limit[-1] - limit[0], rel=0.05)
    assert value["is_maximum"] == (value["left_to_gain"] * (1500 * (1 - lost) + 2 * labeled) <= 0.005)
    to_the_end, _ = measured(dataset, fit.model_copy(update={"tol": 1e-11, "max_iter": 20_000}))
    assert to_the_end["is_maximum"] == 1
    assert to_the_end["predicted_rate"] == pytest.approx(value["predicted_rate"], rel=1e-4)


def test_a_fit_that_stops_near_a_saddle_is_at_no_maximum():
    dataset = normals((20, 5, 400), (40, 5, 800))  # as article B's call
    fit = Fit(initialization="random_responsibilities", stopping="sklearn", tol=1e-3)
    value, parameters = measured(dataset, fit)
    assert value["is_maximum"] == 0
    assert not {"left_to_gain", "predicted_rate", "convergence_rate"} & {*value.index}
    assert parameters["standard_error"].isna().all()
    assert parameters["value"].notna().all()


@pytest.mark.parametrize(("n_values", "mean"), [(2, 0.0), (300, 1e100)])
def test_where_there_is_no_information_a_run_is_tabulated_all_the_same(n_values, mean):
    dataset = normals((0, 1, 300))
    dataset.unlabeled[:, n_values:] = np.nan  # rows that do not count
    end = emgmm.MixtureParameters.checked([1.0], [[mean]], [[[1.0]]])
    runs = stack_runs([Run(end, end, (-2.0, -1.5), 2, True)], 1, 1, "full")
    table = tabulate_parameters(dataset, runs, Fit(n_components=1), [], "toy", "f")
    assert table["value"].notna().all()
    assert table["standard_error"].isna().all()


def test_standard_errors_of_one_component_are_those_of_a_sample():
    n = 400
    value, parameters = measured(normals((3, 2, n)), Fit(initialization="kmeans", n_components=1))
    deviation = parameters.loc[(0, "standard_deviation[0]"), "value"]
    expected = [0, deviation / n**0.5, deviation / (2 * n) ** 0.5, deviation**2 * (2 / n) ** 0.5]
    np.testing.assert_allclose(parameters["standard_error"], expected, rtol=1e-9, atol=1e-12)
    assert (value["is_maximum"], value["predicted_rate"]) == pytest.approx((1, 0), abs=1e-12)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_standard_errors_of_components_apart_are_those_of_known_labels(kind):
    """Of the weights, of the means, and of the variances of all components that share one."""
    draw, n = np.random.default_rng(0), np.array([300, 700])
    X = np.repeat([[0.0, 0.0], [40.0, 40.0]], n, axis=0) + draw.standard_normal((1000, 2))
    truth = np.repeat([0, 1], n)[None]
    dataset = Dataset(np.array([*"xy"]), np.array([*"ab"]), X[None], truth, X[None, ::9], truth[:, ::9])
    fit = Fit(initialization="labels", semi_supervised="init_only", covariance_type=kind)
    _, parameters = measured(dataset, fit)
    errors, values = (parameters[name].unstack() for name in ("standard_error", "value"))
    count = {"full": n, "diag": n, "tied": 1000, "spherical": 2 * n}[kind]
    np.testing.assert_allclose(errors["weight"], np.sqrt(0.3 * 0.7 / 1000), rtol=1e-6)
    np.testing.assert_allclose(errors["mean[1]"], values["standard_deviation[1]"] / np.sqrt(n), rtol=1e-6)
    variances = values["covariance[0,0]"]
    np.testing.assert_allclose(errors["covariance[0,0]"], variances * np.sqrt(2 / np.array(count)), rtol=1e-6)
    of_both = np.sqrt((variances * values["covariance[1,1]"] + values["covariance[0,1]"] ** 2) / np.array(count))
    np.testing.assert_allclose(errors["covariance[0,1]"], 0 if kind in ("diag", "spherical") else of_both, rtol=1e-6)


def test_differences_from_another_are_told_in_standard_errors_at_the_maximum():
    dataset, fit = normals(*GUIDE, labeled=50), Fit(initialization="labels", semi_supervised="init_only")
    ours = run_fit(dataset, fit, 1, 0, "toy", "f")
    _, at_the_end = measured(dataset, fit.model_copy(update={"tol": 1e-12, "max_iter": 20_000}))
    error, end = at_the_end.loc[(1, "mean[0]"), "standard_error"], ours.end(0)
    moved = emgmm.MixtureParameters(end.weights, end.means + np.array([[0.0], [2 * error]]), end.covariances)
    theirs = stack_runs([Run(ours.start(0), moved)], 2, 1, "full")
    compared = Compared(ours, fit, [(Other(), {"same_regularization": theirs})])
    (found,) = compare(dataset, [compared], "toy")["max_standardized_parameter_difference"]
    assert found == pytest.approx(2, rel=1e-4)
    measured_alone, _ = measured(dataset, fit)
    assert measured_alone["left_to_gain"] * 1500 > 0.5  # at article A's tolerance our end itself tells none


def test_too_few_rows_or_too_much_work_tell_no_information(monkeypatch):
    dataset, fit = normals((0, 1, 4), (9, 1, 4)), Fit(initialization="kmeans", reg_covar=1e-3)
    few = dataclasses.replace(dataset, unlabeled=dataset.unlabeled[:, 2:7], truth=dataset.truth[:, 2:7])
    for rows, told in ((dataset, True), (few, False)):  # five rows, five parameters
        value, parameters = measured(rows, fit)
        assert ("is_maximum" in value) == told
        assert told or parameters["standard_error"].isna().all()
    monkeypatch.setattr("em_study.evaluation.information.MOST_WORK", 8 * 5**2 - 1)
    assert "is_maximum" not in measured(dataset, fit)[0]


def test_a_start_alone_takes_no_steps():
    X = np.random.default_rng(0).normal([[0.0], [9.0]], 1.0, (2, 50)).reshape(1, 100, 1)
    truth = np.repeat([0, 1], 50)[None]
    dataset = Dataset(np.array(["x"]), np.array(["a", "b"]), X, truth, X[:, ::10], truth[:, ::10])
    fit = Fit(initialization="labels", semi_supervised="init_only", max_iter=0)
    runs = run_fit(dataset, fit, 2, 0, "toy", "f")
    rows = evaluate_fit(dataset, runs, fit, "toy", "f")
    assert rows["n_iter"].tolist() == [0, 0]
    assert not rows["converged"].any()
    assert rows["accuracy"].tolist() == [1, 1]
    np.testing.assert_allclose(runs.means[0], [[X[0, :50:10].mean()], [X[0, 50::10].mean()]])
    assert set(measure(dataset, {"f": runs}, {"f": fit}, 20, {}, 0, "toy")["measurement"]) <= set(QUANTITIES)


def test_the_other_order_of_the_ladder_keeps_the_covariances():
    X = np.random.default_rng(0).normal([[0.0, 0], [2, 2]], [0.5, 1.5], (200, 2, 2)).reshape(1, 400, 2)
    truth = np.tile([0, 1], 200)[None]
    dataset = Dataset(np.array(["x", "z"]), np.array(["a", "b"]), X, truth, X[:, ::7], truth[:, ::7])
    fit = Fit(initialization="labels", semi_supervised="init_only")
    ours = run_fit(dataset, fit, 1, 0, "toy", "f")
    found = {
        name: run_protocol(name, dataset, ours, fit)
        for name in ("as_published", "tolerance_first", "regularization_first", "same_tolerance")
    }
    assert found["tolerance_first"].n_iter > found["as_published"].n_iter
    assert found["tolerance_first"].trace[0, 0] == found["as_published"].trace[0, 0]  # the same start
    assert found["tolerance_first"].trace[0, 0] != found["same_tolerance"].trace[0, 0]
    published, alone = found["as_published"], found["regularization_first"]
    assert alone.n_iter == published.n_iter
    added = np.diagonal(published.covariances - alone.covariances, axis1=2, axis2=3)
    assert ((added > 1e-7) & (added < 1e-5)).all()  # about 1e-6, passed through the steps


def overlapping(**settings):
    """Fit two components that overlap, by EM in several ways, from the same start."""
    X = np.random.default_rng(0).normal([[0.0, 0], [1.5, 0]], 1.0, (200, 2, 2)).reshape(1, 400, 2)
    truth = np.tile([0, 1], 200)[None]
    dataset = Dataset(np.array(["x", "z"]), np.array(["a", "b"]), X, truth, X[:, :0], truth[:, :0])
    rule = {"initialization": "kmeans", "stopping": "aitken", "tol": 1e-7, "max_iter": 50_000}
    fits = {name: Fit(**(rule | own)) for name, own in settings.items()}
    return dataset, fits, {name: run_fit(dataset, fit, 2, 0, "toy", name) for name, fit in fits.items()}


def test_an_accelerated_fit_tells_its_passes_and_can_be_replayed():
    dataset, fits, runs = overlapping(plain={}, fast={"acceleration": "anderson"})
    rows = {name: evaluate_fit(dataset, runs[name], fits[name], "toy", name) for name in fits}
    assert (rows["plain"]["n_passes"] == rows["plain"]["n_iter"]).all()
    assert (rows["fast"]["n_passes"] >= rows["fast"]["n_iter"]).all()
    assert (3 * rows["fast"]["n_passes"] < rows["plain"]["n_passes"]).all()
    np.testing.assert_allclose(rows["fast"]["mean_log_likelihood"], rows["plain"]["mean_log_likelihood"], atol=1e-6)
    found = replay(dataset.replicate(1), stored_run(fits["fast"], runs["fast"], 1))
    assert found.steps[-1] == runs["fast"].n_iter[1]
    np.testing.assert_allclose(found.last.means, runs["fast"].end(1).means)
    values = measure(dataset, {}, {}, 20, {}, 0, "toy").set_index("measurement")["value"]
    assert values["accelerated_above_em"] > -1e-9


def test_a_fit_by_the_compiled_kernel_is_the_same():
    dataset, fits, runs = overlapping(numpy={}, numba={"kernel": "numba"})
    one, other = (evaluate_fit(dataset, runs[name], fits[name], "toy", "f") for name in fits)
    assert (one["n_iter"] == other["n_iter"]).all()
    np.testing.assert_allclose(one["mean_log_likelihood"], other["mean_log_likelihood"], rtol=1e-12)
    assert kernel_versions(fits.values()) == {"numba": importlib.metadata.version("numba")}
    assert kernel_versions([fits["numpy"]]) == {}


def labeled_rows(X, names):
    """Rows (N, D) of which all are labeled too."""
    classes, labels = np.unique(names, return_inverse=True)
    X = np.asarray(X, dtype=float)[None]
    features = np.array([f"x{d}" for d in range(X.shape[2])])
    return Dataset(features, classes.astype(str), X, labels[None], X, labels[None])


FEW = {
    "fewer rows than components": ([[0.0, 1], [1, 0], [2, 2]], [*"aba"]),
    "one row": ([[1.0, 2.0]], ["a"]),
    "two rows": ([[1.0, 2.0], [3.0, 1.0]], ["a", "b"]),
    "equal rows": ([[1.5, 2.5]] * 12, [*"ab"] * 6),
    "each row a class": (np.random.default_rng(0).normal(size=(6, 2)), [f"id{i}" for i in range(6)]),
    "a constant feature": ([[float(i), 7.0] for i in range(12)], [*"ab"] * 6),
    "one class": ([[float(i), float(i % 3)] for i in range(12)], ["a"] * 12),
}
WAYS = {
    "kmeans": Fit(initialization="kmeans", n_components=4),
    "random": Fit(initialization="random_from_data", n_components=4, reg_covar=0.01),
    "labels": Fit(initialization="labels", semi_supervised="clamped", reg_covar=0.01),
}


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("rows", FEW)
def test_what_these_rows_cannot_tell_has_no_number_and_a_reason(rows, capsys):
    dataset = labeled_rows(*FEW[rows])
    runs = {name: run_fit(dataset, fit, 2, 0, "toy", name) for name, fit in WAYS.items()}
    for name, fit in WAYS.items():
        assert len(evaluate_fit(dataset, runs[name], fit, "toy", name)) == 2
    table = measure(dataset, runs, WAYS, 10, {}, 0, "toy")
    of_draw = set(table.loc[table["fit"] == "", "measurement"])
    told = capsys.readouterr().err
    assert "unexpected" not in told
    n_clusters = max(4, len(dataset.classes))
    few = len(FEW[rows][0]) < n_clusters
    assert (f"k-means with {n_clusters} clusters needs as many samples; there are {len(FEW[rows][0])}" in told) == few
    assert ("kmeans_accuracy" in of_draw) == (not few)
    assert ("all samples are equal" in told) == (rows == "equal rows")
    assert ("kmeans_agreement" in of_draw) == (not few and rows != "equal rows")
    assert "majority_share" in of_draw
    # A fit that did not fail keeps its other numbers.
    ended = table[table["measurement"] == "collapsed"].set_index(["fit", "replicate"])["value"]
    for fit in ended[ended == 0].index:
        assert {"above_majority", "overlap"} <= set(table.set_index(["fit", "replicate"]).loc[fit, "measurement"])


def test_a_measurement_that_fails_leaves_the_others_alone(capsys, monkeypatch):
    dataset = labeled_rows(np.random.default_rng(0).normal(size=(12, 2)), [*"ab"] * 6)
    fits = {name: WAYS[name] for name in ("random", "labels")}
    runs = {name: run_fit(dataset, fit, 2, 0, "toy", name) for name, fit in fits.items()}
    whole = measure(dataset, runs, fits, 10, {}, 0, "toy")

    def broken(run):
        if run.name == "labels" and run.number == 1:
            raise ZeroDivisionError("a bug")
        return 0.5

    (place,) = [i for i, found in enumerate(MEASUREMENTS) if "overlap" in found.quantities]
    changed = dataclasses.replace(MEASUREMENTS[place], function=broken)
    found = (*MEASUREMENTS[:place], changed, *MEASUREMENTS[place + 1 :])
    monkeypatch.setattr("em_study.evaluation.measure.MEASUREMENTS", found)
    table = measure(dataset, runs, fits, 10, {}, 0, "toy")
    told = capsys.readouterr().err
    assert told.startswith("fit labels, replicate 1: overlap: not measured: an unexpected ZeroDivisionError at ")
    assert told.endswith(": a bug\n")
    keys = ["fit", "replicate", "measurement"]
    lost = set(map(tuple, whole[keys].to_numpy())) - set(map(tuple, table[keys].to_numpy()))
    assert lost == {("labels", 1, "overlap")}
    monkeypatch.setattr("em_study.evaluation.measure.MEASUREMENTS", MEASUREMENTS)

    def starved(run):
        raise MemoryError  # of the machine: another run would have the number

    lacking = dataclasses.replace(MEASUREMENTS[place], function=starved)
    monkeypatch.setattr("em_study.evaluation.measure.MEASUREMENTS", (lacking,))
    with pytest.raises(MemoryError):
        measure(dataset, runs, fits, 10, {}, 0, "toy")
