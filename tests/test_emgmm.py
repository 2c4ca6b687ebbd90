"""The EM library: against scikit-learn, and what must hold for any data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

import emgmm

KINDS = ("full", "tied", "diag", "spherical")

pytestmark = pytest.mark.usefixtures("every_kernel")


def problem(seed, n_samples=300, n_features=2, n_components=2, scale=1.0, offset=0.0, kind="full"):
    """Draw samples from a mixture, their components, and initial parameters that are not the truth."""
    draw = np.random.default_rng(seed)
    means = 3 * draw.standard_normal((n_components, n_features))
    y = np.arange(n_samples) % n_components
    X = means[y] + draw.standard_normal((n_samples, n_features))
    covariances = {
        "full": np.stack([2 * np.eye(n_features)] * n_components),
        "tied": 2 * np.eye(n_features),
        "diag": np.full((n_components, n_features), 2.0),
        "spherical": np.full(n_components, 2.0),
    }
    start = emgmm.MixtureParameters.checked(
        draw.dirichlet(np.full(n_components, 5.0)),
        scale * (means + 0.5 * draw.standard_normal(means.shape)) + offset,
        scale**2 * covariances[kind],
        kind,
    )
    return scale * X + offset, y, start


def assert_same(one, other, rtol=1e-8):
    """Compare parameters or statistics, on the scale of each array."""
    for name in ("weights", "means", "covariances", "mass", "scatter"):
        if hasattr(one, name):
            expected = getattr(other, name)
            np.testing.assert_allclose(getattr(one, name), expected, rtol=0, atol=rtol * np.abs(expected).max())


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (3, 4), (5, 1)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_same_steps_as_sklearn(seed, shape, kind):
    X, _, start = problem(seed, 400, *shape, kind=kind)
    precisions = np.linalg.inv(start.covariances) if kind in ("full", "tied") else 1 / start.covariances
    reference = GaussianMixture(
        start.n_components,
        covariance_type=kind,
        tol=1e-6,
        max_iter=60,
        reg_covar=1e-6,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=precisions,
    ).fit(X)
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-6, 60), reg_covar=1e-6)
    assert len(result.trace) == reference.n_iter_
    np.testing.assert_allclose(result.trace, reference.lower_bounds_, rtol=1e-10)
    theirs = emgmm.MixtureParameters(reference.weights_, reference.means_, reference.covariances_, kind)
    assert_same(result.parameters, theirs, 1e-10)
    np.testing.assert_allclose(emgmm.posteriors(X, result.parameters), reference.predict_proba(X), atol=1e-9)
    assert result.parameters.n_parameters == reference._n_parameters()


def test_article_stops_one_maximization_before_sklearn():
    X, _, start = problem(3)
    article = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-4))
    sklearn = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-4, 1000))
    assert article.trace == sklearn.trace
    assert article.n_maximizations == len(article.trace) - 1 == sklearn.n_maximizations - 1


def test_log_likelihoods_are_those_of_scipy():
    X, _, start = problem(0, n_features=3)
    densities = sum(
        w * multivariate_normal(m, c).pdf(X)
        for w, m, c in zip(start.weights, start.means, start.covariances, strict=True)
    )
    np.testing.assert_allclose(emgmm.log_likelihoods(X, start), np.log(densities), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_log_likelihood_of_labeled_rows_whatever_their_units(kind):
    X, y, start = problem(0, 200, 3, 2, kind=kind)
    units = np.array([1e-7, 1, 1e7] if kind != "spherical" else [1e7] * 3)
    of_covariances = {"full": np.outer(units, units), "tied": np.outer(units, units), "diag": units**2}
    covariances = start.covariances * of_covariances.get(kind, 1e14)
    scaled = emgmm.MixtureParameters(start.weights, start.means * units, covariances, kind)
    expected = emgmm.labeled_statistics(X, y, 2, kind).expectation(start)[1] - 200 * np.log(units).sum()
    found = emgmm.labeled_statistics(X * units, y, 2, kind).expectation(scaled)[1]
    assert found == pytest.approx(expected, rel=1e-11)


def test_one_maximization_serves_labels_and_posteriors():
    X, y, _ = problem(1, n_components=3)
    direct = emgmm.parameters_from_labels(X, y, 3)
    np.testing.assert_allclose(direct.weights, np.bincount(y) / len(y))
    for k in range(3):
        np.testing.assert_allclose(direct.means[k], X[y == k].mean(axis=0))
        np.testing.assert_allclose(direct.covariances[k], np.cov(X[y == k].T, bias=True))


@pytest.mark.parametrize("kind", KINDS)
def test_fast_and_exact_expectation_are_the_same(kind, monkeypatch):
    X, _, start = problem(2, n_samples=20_001, n_features=3, kind=kind)
    weight = np.random.default_rng(0).uniform(size=len(X))
    for sample_weight in (None, weight):
        fast, log_likelihood = emgmm.expectation(X, start, sample_weight)
        with monkeypatch.context() as patch:
            patch.setattr("emgmm.complete.LARGEST_CONDITION", 0.0)
            exact, exact_log_likelihood = emgmm.expectation(X, start, sample_weight)
        assert log_likelihood == pytest.approx(exact_log_likelihood, rel=1e-13)
        assert_same(fast, exact, 1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before_maximization", [True, False])
def test_many_fits_are_the_fits_one_by_one(kind, before_maximization):
    problems = [problem(seed, n_samples=100, kind=kind) for seed in range(150)]
    X, starts = np.stack([X for X, _, _ in problems]), [start for _, _, start in problems]
    X[7] = X[7, 0]  # equal samples: this component collapses
    rule = emgmm.StoppingRule(1e-5, 40, before_maximization, 3)
    for many, X_one, start in zip(emgmm.fit_many(X, starts, rule), X, starts, strict=True):
        one = emgmm.expectation_maximization(X_one, start, rule)
        assert many.trace == one.trace
        assert (many.converged, many.n_maximizations, many.collapse) == (
            one.converged,
            one.n_maximizations,
            one.collapse,
        )
        for name in ("weights", "means", "covariances"):
            np.testing.assert_array_equal(getattr(many.parameters, name), getattr(one.parameters, name))


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), split=st.integers(1, 299), kind=st.sampled_from(KINDS))
def test_statistics_add_up(seed, split, kind):
    X, y, start = problem(seed, kind=kind)
    for statistics in (
        lambda rows: emgmm.expectation(X[rows], start)[0],
        lambda rows: emgmm.labeled_statistics(X[rows], y[rows], 2, kind),
    ):
        assert_same(statistics(slice(split)) + statistics(slice(split, None)), statistics(slice(None)))


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS))
def test_weight_two_is_a_row_twice(seed, kind):
    X, y, start = problem(seed, kind=kind)
    weight = np.random.default_rng(seed).integers(0, 4, size=len(X)).astype(float)
    repeats = weight.astype(int)
    rule = emgmm.sklearn_stopping(0.0, 15)
    weighted = emgmm.expectation_maximization(X, start, rule, sample_weight=weight)
    repeated = emgmm.expectation_maximization(np.repeat(X, repeats, axis=0), start, rule)
    np.testing.assert_allclose(weighted.trace, repeated.trace, rtol=1e-9)
    assert_same(weighted.parameters, repeated.parameters)
    assert_same(
        emgmm.labeled_statistics(X, y, 2, kind, weight),
        emgmm.labeled_statistics(np.repeat(X, repeats, axis=0), np.repeat(y, repeats), 2, kind),
    )


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), n_labeled=st.integers(0, 60), kind=st.sampled_from(KINDS))
def test_trace_never_decreases(seed, n_labeled, kind):
    X, y, start = problem(seed, kind=kind)
    labeled = emgmm.labeled_statistics(X[:n_labeled], y[:n_labeled], 2, kind) if n_labeled else None
    result = emgmm.expectation_maximization(X[n_labeled:], start, emgmm.sklearn_stopping(1e-9, 200), labeled=labeled)
    assert np.diff(result.trace).min() > -1e-12


def test_clamped_trace_of_collinear_rows_never_decreases():
    draw = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = draw.standard_normal((200, 2)) + 3 * y[:, None]
    X[:, 1] = X[:, 0] + 1e-6 * X[:, 1]
    labeled = emgmm.labeled_statistics(X[:150], y[:150], 2)
    rule = emgmm.sklearn_stopping(0.0, 50)
    result = emgmm.expectation_maximization(X[150:], emgmm.maximization(labeled), rule, labeled=labeled)
    assert np.diff(result.trace).min() > -1e-6  # eps times the condition of 1e12, far below before


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS))
def test_permuted_components_give_permuted_results(seed, kind):
    X, _, start = problem(seed, n_components=3, kind=kind)
    order = np.array([2, 0, 1])

    def permuted(parameters):
        covariances = parameters.covariances if kind == "tied" else parameters.covariances[order]
        return emgmm.MixtureParameters.checked(parameters.weights[order], parameters.means[order], covariances, kind)

    rule = emgmm.sklearn_stopping(0.0, 20)
    one = emgmm.expectation_maximization(X, start, rule).parameters
    assert_same(emgmm.expectation_maximization(X, permuted(start), rule).parameters, permuted(one), 1e-7)


@settings(max_examples=100)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-8, 1e-3, 1.0, 1e8]),
    offset=st.sampled_from([0.0, 1e3, 1e6]),
    kind=st.sampled_from(KINDS),
)
def test_affine_maps_of_the_data_map_the_result(seed, scale, offset, kind):
    rule = emgmm.sklearn_stopping(0.0, 10)
    _, _, start = problem(seed, kind=kind)
    Z, _, moved = problem(seed, scale=scale, offset=offset * scale, kind=kind)
    X = (Z - offset * scale) / scale  # the digits that remain after the shift
    one = emgmm.expectation_maximization(X, start, rule).parameters
    other = emgmm.expectation_maximization(Z, moved, rule).parameters
    tolerance = 1e-9 + 1e-13 * offset  # the start's means have been rounded too
    np.testing.assert_allclose((other.means - offset * scale) / scale, one.means, rtol=0, atol=10 * tolerance)
    np.testing.assert_allclose(other.covariances / scale**2, one.covariances, rtol=0, atol=100 * tolerance)


def test_clamped_trace_is_the_joint_log_likelihood():
    X, y, start = problem(5)
    labeled = emgmm.labeled_statistics(X[:40], y[:40], 2)
    result = emgmm.expectation_maximization(X[40:], start, emgmm.article_stopping(), labeled=labeled)
    joint = [
        np.log(start.weights[k]) + multivariate_normal(start.means[k], start.covariances[k]).logpdf(x)
        for x, k in zip(X[:40], y[:40], strict=True)
    ]
    expected = (sum(joint) + emgmm.log_likelihoods(X[40:], start).sum()) / len(X)
    assert result.trace[0] == pytest.approx(expected, rel=1e-12)


def test_collapse_is_an_outcome_with_a_reason():
    X = np.repeat([[0.0, 0.0], [5.0, 5.0], [5.0, 6.0], [6.0, 5.5]], [20, 1, 1, 1], axis=0)
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [5, 5]], [np.eye(2), np.eye(2)])
    result = emgmm.expectation_maximization(X, start, emgmm.article_stopping())
    assert not result.converged
    assert result.collapse.startswith("component 0: its covariance is singular")


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        ([0.5, 0.6], [[0], [1]], [[[1]], [[1]]], "sum 1"),
        ([1.0, 0.0], [[0], [1]], [[[1]], [[1]]], "positive"),
        ([0.5, 0.5], [[0], [np.nan]], [[[1]], [[1]]], "means must be finite"),
        ([0.5, 0.5], [0, 1], [[[1]], [[1]]], "means must have shape"),
        ([1.0], [[0], [1]], [[[1]], [[1]]], "weights must have shape"),
        ([0.5, 0.5], [[0], [1]], [[[1]], [[0]]], "component 1: its covariance is singular"),
        ([1.0], [[0, 0]], [[[1, 0.5], [0, 1]]], "not symmetric"),
        ([1.0], [[0, 0]], [[[1, 1], [1, 1]]], "component 0: its covariance is singular"),
    ],
)
def test_improper_parameters_are_refused(weights, means, covariances, message):
    with pytest.raises(ValueError, match=message):
        emgmm.MixtureParameters.checked(weights, means, covariances)


def test_single_precision_may_be_off_by_its_own_rounding():
    for seed in range(50):
        draw = np.random.default_rng(seed)
        weights = draw.dirichlet(np.ones(2 + seed)).astype(np.float32)
        roots = draw.standard_normal((len(weights), 3, 3)).astype(np.float32)
        covariances = np.linalg.inv(roots @ roots.transpose(0, 2, 1) + np.float32(0.1) * np.eye(3, dtype=np.float32))
        for array_like in (weights, list(weights)):
            parameters = emgmm.MixtureParameters.checked(array_like, roots[:, 0], covariances)
            assert parameters.weights.sum() == pytest.approx(1, abs=1e-15)
            assert parameters.means.dtype == parameters.covariances.dtype == float
            np.testing.assert_array_equal(parameters.covariances, parameters.covariances.transpose(0, 2, 1))


@pytest.mark.parametrize(("dtype", "off"), [(np.float16, 2e-3), (np.float32, 1e-5), (float, 1e-7)])
def test_more_than_rounding_is_refused(dtype, off):
    with pytest.raises(ValueError, match="sum 1"):
        emgmm.MixtureParameters.checked(np.array([0.5, 0.5 + off], dtype), [[0], [1]], [[[1]], [[1]]])
    skewed = np.array([[[2, 0.5], [0.5 + 10 * off, 2]]], dtype)
    with pytest.raises(ValueError, match="not symmetric"):
        emgmm.MixtureParameters.checked([1.0], [[0, 0]], skewed)


@pytest.mark.parametrize(("dtype", "offset"), [(float, 0), (float, 1e8), (np.float32, 1e3)])
def test_ridge_is_too_large_beyond_a_thousandth_of_the_smallest_variance(dtype, offset):
    draw = np.random.default_rng(0)
    X = (draw.standard_normal((40_000, 3)) * [2, 0.5, 8] + offset).astype(dtype)  # some blocks
    weight = draw.integers(0, 3, size=len(X)).astype(float)
    X[0], weight[0] = 0, 0
    deviations = X[weight > 0].astype(float) - X[1].astype(float)
    variances = np.cov(deviations.T, bias=True, aweights=weight[weight > 0]).diagonal()
    limit = 1e-3 * variances.min()
    assert emgmm.regularization.regularization_warning(X, 0.9999999 * limit, weight) is None
    message = emgmm.regularization.regularization_warning(X, 1.0000001 * limit, weight)
    assert f"variance {variances.min():.3g} of feature {variances.argmin()}" in message
    repeated = np.repeat(X, weight.astype(int), axis=0)
    assert emgmm.regularization.regularization_warning(repeated, 0.9999999 * limit) is None
    assert emgmm.regularization.regularization_warning(repeated, 1.0000001 * limit) == message


def test_ridge_of_no_spread_no_rows_and_no_ridge():
    constant = np.c_[np.random.default_rng(0).standard_normal(40_000), np.full(40_000, 1e8 + 0.1)]
    assert "variance 0 of feature 1" in emgmm.regularization.regularization_warning(constant, 1e-300)
    assert emgmm.regularization.regularization_warning(np.empty((0, 2)), 1.0) is None
    assert emgmm.regularization.regularization_warning(np.array([[1e308], [-1e308]]), 1.0) is None
    assert emgmm.regularization.regularization_warning(None, 0.0) is None  # X is not even looked at


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["k-means++", "random_from_data"])
@pytest.mark.parametrize("weighted", [False, True])
def test_single_rows_start_with_the_covariance_of_all_without_a_ridge(kind, method, weighted):
    X, _, _ = problem(0, n_features=3)
    weight = np.random.default_rng(0).uniform(size=len(X)) if weighted else None

    def start(*reg_covar):
        return emgmm.unlabeled_statistics(X, 2, method, np.random.RandomState(0), kind, weight, *reg_covar)

    assert_same(start(1e-6), start(), 0)
    np.testing.assert_array_equal(start(0).means, start().means)
    if kind == "tied":
        assert_same(start(0), start(), 0)
        return
    assert not start().scatter.any()
    parameters = emgmm.maximization(start(0))
    covariance = np.cov(X.T, bias=True, aweights=weight)
    expected = {"full": covariance, "diag": covariance.diagonal(), "spherical": covariance.diagonal().mean()}[kind]
    np.testing.assert_allclose(parameters.covariances, np.stack([expected] * 2), rtol=1e-12)
    np.testing.assert_allclose(parameters.weights, 0.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_equal_rows_are_no_gaussian_however_wide_the_start(kind, offset):
    X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 20, axis=0) + offset
    _, _, start = problem(0, kind=kind)
    start = emgmm.MixtureParameters(start.weights, np.array([[0.1, 0.0], [5.0, 5.2]]) + offset, start.covariances, kind)
    result = emgmm.expectation_maximization(X, start, emgmm.article_stopping(0.0))
    assert not result.converged
    assert "singular" in result.collapse


def test_offset_that_is_far_from_the_start_is_no_collapse():
    X = np.random.default_rng(0).standard_normal((1000, 2)) + 1e8
    start = emgmm.MixtureParameters.checked([1.0], [[0.0, 0.0]], [np.eye(2)])
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-9, 10))
    assert result.converged
    np.testing.assert_allclose(result.parameters.covariances[0], np.cov(X.T - 1e8, bias=True), rtol=1e-6)


def test_class_without_rows_is_refused():
    X, y, _ = problem(0)
    with pytest.raises(emgmm.CollapsedComponentError, match="component 2: it has lost all its mass"):
        emgmm.parameters_from_labels(X, y, 3)


def test_parameters_cannot_be_changed():
    _, _, start = problem(0)
    with pytest.raises(ValueError, match="read-only"):
        start.means[0, 0] = 1.0


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1.0, 2.0], "shape"),
        (np.zeros((4, 3)), r"\(n_samples, 2\), not float64 \(4, 3\)"),
        ([["a", "b"]], "numbers"),
        ([[np.nan, 1.0], [np.nan, 2.0]], "no observed value"),
        ([[np.inf, 1.0], [1.0, 2.0]], "finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_samples_that_cannot_be_fitted(X, message):
    _, _, start = problem(0)
    with pytest.raises(ValueError, match=message):
        emgmm.expectation_maximization(X, start, emgmm.article_stopping())


def test_lists_are_rows_too():
    _, _, start = problem(0)
    assert emgmm.posteriors([[0, 1], [2, 3]], start).shape == (2, 2)


def test_statistics_that_do_not_suit_the_start_are_refused():
    X, y, start = problem(0)
    labeled = emgmm.labeled_statistics(X, y, 2, "diag")
    with pytest.raises(ValueError, match="covariance_type"):
        emgmm.expectation_maximization(X, start, emgmm.article_stopping(), labeled=labeled)
    with pytest.raises(ValueError, match="labels must be from 0 to 1, got -1 to 1"):
        emgmm.labeled_statistics(X, np.where(y, 1, -1), 2)


@pytest.mark.parametrize("X", [np.zeros((3, 5, 2)), np.zeros((2, 0, 2)), np.zeros((5, 2))])
def test_samples_that_do_not_match_many_initial_parameters_are_refused(X):
    _, _, start = problem(0)
    with pytest.raises(ValueError, match=r"X must have shape|X must contain"):
        emgmm.fit_many(X, [start, start], emgmm.article_stopping())


def test_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        emgmm.article_stopping(-1)
