"""The EM library: against scikit-learn, and what must hold for any data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

import emgmm


def problem(seed, n_samples=300, n_features=2, n_components=2, scale=1.0, offset=0.0):
    """Draw rows from a mixture, their components, and a start that is not the truth."""
    draw = np.random.default_rng(seed)
    means = 3 * draw.standard_normal((n_components, n_features))
    y = np.arange(n_samples) % n_components
    X = means[y] + draw.standard_normal((n_samples, n_features))
    start = emgmm.MixtureParameters.checked(
        draw.dirichlet(np.full(n_components, 5.0)),
        scale * (means + 0.5 * draw.standard_normal(means.shape)) + offset,
        np.stack([2 * scale**2 * np.eye(n_features)] * n_components),
    )
    return scale * X + offset, y, start


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (3, 4), (5, 1)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_same_steps_as_sklearn(seed, shape):
    X, _, start = problem(seed, 400, *shape)
    reference = GaussianMixture(
        start.n_components,
        tol=1e-6,
        max_iter=60,
        reg_covar=1e-6,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=np.linalg.inv(start.covariances),
    ).fit(X)
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-6, 60), reg_covar=1e-6)
    assert len(result.trace) == reference.n_iter_
    np.testing.assert_allclose(result.trace, reference.lower_bounds_, rtol=1e-10)
    for name in ("weights", "means", "covariances"):
        ours, theirs = getattr(result.parameters, name), getattr(reference, f"{name}_")
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(emgmm.posteriors(X, result.parameters), reference.predict_proba(X), atol=1e-9)


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


def test_one_maximization_serves_labels_and_posteriors():
    X, y, _ = problem(1, n_components=3)
    direct = emgmm.parameters_from_labels(X, y, 3)
    np.testing.assert_allclose(direct.weights, np.bincount(y) / len(y))
    for k in range(3):
        np.testing.assert_allclose(direct.means[k], X[y == k].mean(axis=0))
        np.testing.assert_allclose(direct.covariances[k], np.cov(X[y == k].T, bias=True))


def test_blocks_do_not_change_the_statistics(monkeypatch):
    X, _, start = problem(2, n_samples=1001)
    whole, log_likelihood = emgmm.expectation(X, start)
    monkeypatch.setattr("emgmm.e_step.MAX_BLOCK_ROWS", 100)
    parts, log_likelihood_parts = emgmm.expectation(X, start)
    assert log_likelihood_parts == pytest.approx(log_likelihood, rel=1e-13)
    np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=1e-11)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), split=st.integers(1, 299))
def test_statistics_add_up(seed, split):
    X, y, start = problem(seed)
    for statistics in (
        lambda rows: emgmm.expectation(X[rows], start)[0],
        lambda rows: emgmm.labeled_statistics(X[rows], y[rows], 2),
    ):
        whole = statistics(slice(None))
        pooled = statistics(slice(split)) + statistics(slice(split, None))
        np.testing.assert_allclose(pooled.mass, whole.mass, rtol=1e-10)
        np.testing.assert_allclose(pooled.means, whole.means, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(pooled.scatter, whole.scatter, rtol=1e-8, atol=1e-8)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), n_labeled=st.integers(0, 60))
def test_trace_never_decreases(seed, n_labeled):
    X, y, start = problem(seed)
    labeled = emgmm.labeled_statistics(X[:n_labeled], y[:n_labeled], 2) if n_labeled else None
    result = emgmm.expectation_maximization(X[n_labeled:], start, emgmm.sklearn_stopping(1e-9, 200), labeled=labeled)
    assert np.diff(result.trace).min() > -1e-12


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_permuted_components_give_permuted_results(seed):
    X, _, start = problem(seed, n_components=3)
    order = np.array([2, 0, 1])
    permuted = emgmm.MixtureParameters.checked(start.weights[order], start.means[order], start.covariances[order])
    rule = emgmm.sklearn_stopping(0.0, 20)
    one = emgmm.expectation_maximization(X, start, rule).parameters
    other = emgmm.expectation_maximization(X, permuted, rule).parameters
    np.testing.assert_allclose(other.means, one.means[order], rtol=1e-6, atol=1e-8)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-8, 1e-3, 1.0, 1e8]), offset=st.sampled_from([0.0, 1e3]))
def test_affine_maps_of_the_data_map_the_result(seed, scale, offset):
    rule = emgmm.sklearn_stopping(0.0, 10)
    X, _, start = problem(seed)
    Z, _, moved = problem(seed, scale=scale, offset=offset * scale)
    one = emgmm.expectation_maximization(X, start, rule).parameters
    other = emgmm.expectation_maximization(Z, moved, rule).parameters
    np.testing.assert_allclose((other.means - offset * scale) / scale, one.means, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.covariances / scale**2, one.covariances, rtol=1e-6, atol=1e-8)


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


def test_class_without_rows_is_refused():
    X, y, _ = problem(0)
    with pytest.raises(emgmm.CollapsedComponentError, match="component 2: it has lost all its mass"):
        emgmm.parameters_from_labels(X, y, 3)


def test_parameters_cannot_be_changed():
    _, _, start = problem(0)
    with pytest.raises(ValueError, match="read-only"):
        start.means[0, 0] = 1.0
