"""Accelerated EM: monotone, always a proper mixture, to the same limit in fewer passes; and when it has arrived."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project import ROOT
from test_emgmm import KINDS, problem

import emgmm
from emgmm.parameters import Coordinates

sys.path.append(str(ROOT / "benchmarks"))

import acceleration as league

TIGHT = emgmm.article_stopping(1e-13, 20_000)


def overlapping(seed, separation=1.5, n_samples=1000, n_features=2, kind="full"):
    """Draw two overlapping components, and initial means at two samples: there EM is slow."""
    draw = np.random.default_rng(seed)
    X = draw.standard_normal((n_samples, n_features))
    X[: n_samples // 2, 0] += separation
    pooled = np.cov(X.T, bias=True).reshape(n_features, n_features)
    covariances = {
        "full": [pooled] * 2,
        "tied": pooled,
        "diag": [np.diagonal(pooled)] * 2,
        "spherical": [pooled.trace() / n_features] * 2,
    }[kind]
    return X, emgmm.MixtureParameters.checked([0.5, 0.5], X[[0, -1]], covariances, kind)


def accelerated(X, start, rule=TIGHT, **options):
    return emgmm.expectation_maximization(X, start, rule, acceleration="anderson", **options)


def rows(kind, seed, what):
    """Draw samples, and options of a fit: labels, weights, missing values."""
    X, y, start = problem(seed, 200, 2, 3, kind=kind)
    draw = np.random.default_rng(seed)
    if what == "incomplete":
        X = np.where(draw.uniform(size=X.shape) < 0.2, np.nan, X)
    if what == "weights":
        return X, start, {"sample_weight": draw.uniform(0.1, 3, size=len(X))}
    if what == "labels":
        return X[40:], start, {"labeled": emgmm.labeled_statistics(X[:40], y[:40], 3, kind)}
    return X, start, {}


@settings(max_examples=80)
@given(
    st.integers(0, 10**6),
    st.sampled_from(KINDS),
    st.sampled_from(["nothing", "labels", "weights", "incomplete"]),
    st.integers(0, 60),
)
def test_likelihood_never_falls_and_the_mixture_is_proper(seed, kind, what, max_iter):
    X, start, options = rows(kind, seed, what)
    result = accelerated(X, start, emgmm.sklearn_stopping(0, max_iter), **options)
    assert (np.diff(result.trace) >= -1e-12).all()
    assert len(result.trace) <= result.n_passes <= max_iter
    assert result.n_passes == max_iter or result.collapse
    end = result.parameters
    again = emgmm.MixtureParameters.checked(end.weights, end.means, end.covariances, kind)
    after = emgmm.expectation_maximization(X, again, emgmm.sklearn_stopping(0, 1), **options)
    assert not result.trace or after.trace[0] >= result.trace[-1] - 1e-12  # what is returned has been earned


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["nothing", "labels", "weights", "incomplete"])
def test_same_limit_where_there_is_one_optimum(kind, what):
    X, start, options = rows(kind, 1, what)
    plain, fast = (function(X, start, TIGHT, **options) for function in (emgmm.expectation_maximization, accelerated))
    assert plain.converged
    assert fast.converged
    np.testing.assert_allclose(fast.trace[-1], plain.trace[-1], atol=1e-9)
    np.testing.assert_allclose(fast.parameters.means, plain.parameters.means, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_where_em_crawls_it_takes_a_fraction_of_the_passes(kind, seed):
    X, start = overlapping(seed, kind=kind)
    plain = emgmm.expectation_maximization(X, start, TIGHT)
    fast = accelerated(X, start)
    assert fast.converged
    assert fast.n_passes < 0.25 * plain.n_passes
    assert fast.trace[-1] > plain.trace[-1] - 1e-9 or kind == "full"  # with several optima it may end in another


def test_plain_em_counts_passes_as_steps():
    X, start = overlapping(0)
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-4, 500))
    assert result.n_passes == len(result.trace)
    assert emgmm.fit_many(X[None], [start] * 3, emgmm.sklearn_stopping(1e-4, 500))[0].n_passes == len(result.trace)


@pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("separation", [4, 6, 12])
def test_easy_data_cost_no_more(separation, tol):
    rule, passes = emgmm.article_stopping(tol, 1000), []
    for seed in range(10):
        X, _ = overlapping(seed, separation)
        start = emgmm.parameters_from_labels(X[[*range(20), *range(-20, 0)]], np.repeat([0, 1], 20), 2)
        plain = emgmm.expectation_maximization(X, start, rule)
        passes.append((accelerated(X, start, rule).n_passes, plain.n_passes))
    fast, plain = np.transpose(passes)
    assert (fast <= np.maximum(1.2 * plain, plain + 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_units_do_not_matter(kind):
    """Powers of 2 change no digit: the same steps are taken and taken back."""
    X, start = overlapping(3, kind=kind)
    scaled = emgmm.MixtureParameters(start.weights, 2.0**20 * start.means, 2.0**40 * start.covariances, kind)
    one, other = accelerated(X, start), accelerated(2.0**20 * X, scaled)
    assert (one.n_passes, len(one.trace)) == (other.n_passes, len(other.trace))
    np.testing.assert_allclose(np.array(other.trace) + 2 * 20 * np.log(2), one.trace, atol=1e-11)


def test_a_component_that_collapses_is_told_of():
    X, _, start = problem(0, 200)
    X[:60] = X[0]
    result = accelerated(X, start)
    assert "component" in result.collapse
    assert not result.converged


def test_collinear_features_are_told_of_at_once():
    X, _, start = problem(0, 200)
    X[:, 1] = 2 * X[:, 0]
    assert "singular" in accelerated(X, start).collapse


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 4))
def test_coordinates_are_mixtures(seed, kind, n_features, n_components):
    _, _, reference = problem(seed, 50, n_features, n_components, kind=kind)
    coordinates, draw = Coordinates(reference), np.random.default_rng(seed)
    assert not coordinates.of(reference).round(12).any()
    vector = draw.standard_normal(coordinates.of(reference).shape)
    mixture = coordinates.mixture(vector)
    again = coordinates.mixture(coordinates.of(mixture))
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(again, name), getattr(mixture, name), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_coordinates_have_the_complete_datas_fisher_information(kind):
    """The Kullback-Leibler divergence of a neighbour is half the squared length of its coordinates."""
    _, _, reference = problem(4, 50, 3, 3, kind=kind)
    coordinates, draw = Coordinates(reference), np.random.default_rng(0)
    for _ in range(5):
        direction = draw.standard_normal(coordinates.of(reference).shape)
        direction[:3] -= coordinates.scales * (direction[:3] @ coordinates.scales)  # weights that sum to 1
        near = coordinates.mixture(1e-4 * direction)
        divergence = 0.0
        for weight, mean, covariance, own_weight, own_mean, own in zip(
            near.weights,
            near.means,
            near.covariance_matrices,
            *(reference.weights, reference.means, reference.covariance_matrices),
            strict=True,
        ):
            inverse = np.linalg.inv(covariance)
            of_gaussians = 0.5 * (
                np.trace(inverse @ own)
                - len(mean)
                + (mean - own_mean) @ inverse @ (mean - own_mean)
                - np.linalg.slogdet(inverse @ own)[1]
            )
            divergence += own_weight * (np.log(own_weight / weight) + of_gaussians)
        np.testing.assert_allclose(divergence, 0.5e-8 * direction @ direction, rtol=2e-3)


@pytest.mark.parametrize("acceleration", ["none", "anderson"])
def test_an_estimator_accelerates(acceleration):
    X, start = overlapping(1)
    model = emgmm.GaussianMixtureEM(
        2,
        tol=1e-9,
        max_iter=20_000,
        acceleration=acceleration,
        means_init=start.means,
        covariances_init=start.covariances,
    ).fit(X)
    assert model.converged_
    assert (model.n_passes_ > model.n_iter_) == (acceleration == "anderson")


def test_an_acceleration_that_there_is_not():
    X, start = overlapping(1)
    with pytest.raises(ValueError, match="acceleration must be one of"):
        emgmm.expectation_maximization(X, start, TIGHT, acceleration="squarem")


class TestDistanceFromLimit:
    @given(st.floats(0.01, 0.99), st.floats(1e-6, 10), st.booleans())
    def test_of_a_geometric_series_is_known(self, ratio, gap, falls):
        trace = -3 - (1 - 2 * falls) * gap * ratio ** np.arange(6)
        np.testing.assert_allclose(emgmm.em.distance_from_limit(trace), gap * ratio**3, rtol=1e-3, atol=1e-9)

    def test_of_too_few_steps_is_infinite(self):
        assert emgmm.em.distance_from_limit([-3, -2, -1.5, -1.25]) == np.inf

    @pytest.mark.parametrize("gains", [[1, 1, 1, 1], [4, 2, 1, 1.5], [4, 3, 2, -1], [1, 2, 4, 8]])
    def test_of_gains_that_do_not_shrink_is_infinite(self, gains):
        assert emgmm.em.distance_from_limit(np.cumsum([0, *gains])) == np.inf

    def test_where_nothing_moves_is_nothing(self):
        assert emgmm.em.distance_from_limit([-5.0] * 6) == 0

    def test_leaves_a_flat_place_where_a_change_does_not(self):
        """Article B's start: both components nearly on one spot."""
        draw = np.random.default_rng(0)
        X = np.concatenate([draw.normal(20, 5, 400), draw.normal(40, 5, 800)])[:, None]
        start = emgmm.maximization(emgmm.unlabeled_statistics(X, 2, "random", np.random.RandomState(0)))
        by_change = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-3))
        by_limit = emgmm.expectation_maximization(X, start, emgmm.aitken_stopping(1e-3))
        best = emgmm.expectation_maximization(X, start, emgmm.aitken_stopping(1e-10))
        assert by_limit.converged
        assert by_change.trace[-1] < best.trace[-1] - 0.05
        assert best.trace[-1] - 1e-3 < by_limit.trace[-1] <= best.trace[-1]


class TestLeague:
    """The benchmark of accelerations."""

    @pytest.mark.parametrize("method", list(league.METHODS))
    def test_each_method_reaches_the_limit_of_em(self, method):
        X, start = overlapping(0, separation=2.5)
        limit = emgmm.expectation_maximization(X, start, TIGHT).trace[-1]
        em_map, end = league.run(method, X, start)
        assert em_map.highest == pytest.approx(limit, abs=1e-11)
        np.testing.assert_allclose(emgmm.log_likelihoods(X, end).mean(), limit, rtol=0, atol=1e-11)

    @pytest.mark.parametrize("method", ["SQUAREM", "DAAREM", "ours"])
    def test_an_acceleration_takes_fewer_passes(self, method):
        X, start = overlapping(0, separation=2.5)
        passes = {each: league.passes_to_its_limit(each, X, start)[0][league.LAST] for each in ("EM", method)}
        assert passes[method] < 0.2 * passes["EM"]

    def test_overlap_is_the_sum_of_both_errors(self):
        draw = np.random.default_rng(0)
        means, covariances = league.mixture_by_overlap(2, 2, draw)(0.1)
        mixture = emgmm.MixtureParameters.checked([0.5, 0.5], means, covariances)
        roots = np.linalg.cholesky(covariances)
        errors = [
            (emgmm.posteriors(means[k] + draw.standard_normal((100_000, 2)) @ roots[k].T, mixture)[:, k] < 0.5).mean()
            for k in range(2)
        ]
        assert sum(errors) == pytest.approx(0.1, abs=0.005)
