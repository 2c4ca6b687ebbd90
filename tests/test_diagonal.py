"""E-steps with diag and spherical covariances: no digits lost where products of matrices lose them, and no detour."""

import tracemalloc

import numpy as np
import pytest
from test_emgmm import assert_same

import emgmm
from emgmm.diagonal import DiagonalSamples

KINDS = ("diag", "spherical")


def separated(draw):
    centers = 300 * draw.standard_normal((6, 5))
    return centers, np.repeat(centers, 200, axis=0) + draw.standard_normal((1200, 5)), 1.0


def columns_of_0_and_1(draw):
    shares = draw.random((6, 60)) ** 8
    X = (draw.random((300, 60)) < np.repeat(shares, 50, axis=0)).astype(float)
    return X.reshape(6, 50, 60).mean(axis=1), X, 1e-6


def many_features(draw):
    centers = 5 * draw.standard_normal((3, 1500))
    return centers, np.repeat(centers, 20, axis=0) + draw.standard_normal((60, 1500)), 1.0


def with_an_outlier(draw):
    X = draw.standard_normal((200, 4))
    X[-1] = 1e9
    return np.array([X[0], X[1], X[-1]]), X, 0.5


def with_an_offset(draw):
    centers = 200 * draw.standard_normal((4, 12)) + 1e8
    return centers, np.repeat(centers, 30, axis=0) + draw.standard_normal((120, 12)), 1.0


def plain(draw):
    centers = draw.standard_normal((3, 40))
    return centers, np.repeat(centers, 50, axis=0) + draw.standard_normal((150, 40)), 1.0


CASES = [separated, columns_of_0_and_1, many_features, with_an_outlier, with_an_offset, plain]


def problem(case, kind, share_missing):
    draw = np.random.default_rng(0)
    means, X, scale = case(draw)
    variances = scale * draw.uniform(0.5, 2, size=means.shape if kind == "diag" else len(means))
    if share_missing:
        X[draw.random(X.shape) < share_missing] = np.nan
    return X, emgmm.MixtureParameters(draw.dirichlet(np.full(len(means), 5.0)), means, variances, kind)


def long_expectation(X, parameters):
    """Take the E-step in long double: posteriors, log-likelihoods, and statistics, a missing value completed."""
    X = X.astype(np.longdouble)
    weights, means = (a.astype(np.longdouble) for a in (parameters.weights, parameters.means))
    variances = parameters.variances.astype(np.longdouble)
    seen = ~np.isnan(X)
    deviations = np.where(seen[:, None], X[:, None] - means, 0)
    terms = np.where(seen[:, None], deviations**2 / variances + np.log(2 * np.pi * variances), 0)
    log_joint = np.log(weights) - terms.sum(axis=2) / 2
    log_likelihoods = np.logaddexp.reduce(log_joint, axis=1)
    posteriors = np.exp(log_joint - log_likelihoods[:, None])
    mass = posteriors.sum(axis=0)
    shift = np.einsum("nk,nkd->kd", posteriors, deviations) / mass[:, None]
    squares = np.where(seen[:, None], 0, variances) + (deviations - shift) ** 2
    return posteriors, log_likelihoods, mass, means + shift, np.einsum("nk,nkd->kd", posteriors, squares)


@pytest.mark.parametrize("share_missing", [0.0, 0.2])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_digits_are_those_of_long_double(case, kind, share_missing):
    X, parameters = problem(case, kind, share_missing)
    posteriors, log_likelihoods, mass, means, scatter = long_expectation(X, parameters)
    tolerance = 3e-12 * max(1, X.shape[1] / 100)
    found = emgmm.posteriors(X, parameters)
    np.testing.assert_allclose(found, posteriors.astype(float), rtol=0, atol=tolerance)
    np.testing.assert_allclose(emgmm.log_likelihoods(X, parameters), log_likelihoods.astype(float), rtol=3e-12)
    statistics, log_likelihood = DiagonalSamples(X).expectation(parameters)
    assert log_likelihood == pytest.approx(float(log_likelihoods.sum()), rel=3e-12)
    np.testing.assert_allclose(statistics.mass, mass.astype(float), rtol=1e-11)
    spread = np.sqrt((scatter / mass[:, None]).astype(float))
    rounding = 1e-15 * np.abs(means).astype(float)
    assert (np.abs(statistics.means - means) <= 1e-10 * spread + rounding).all()
    found, expected = statistics.scatter, scatter.astype(float)
    if kind == "spherical":  # which knows no features
        found, expected = found.sum(axis=1), expected.sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-25)
    assert_same(emgmm.expectation(X, parameters)[0], statistics, 1e-10)


def test_far_components_cost_nothing(monkeypatch):
    X, parameters = problem(separated, "diag", 0.0)
    looked_at, own = [], DiagonalSamples._deviations

    def counted(self, rows, chosen, *rest):
        looked_at.append(chosen.sum())
        return own(self, rows, chosen, *rest)

    monkeypatch.setattr(DiagonalSamples, "_deviations", counted)
    emgmm.posteriors(X, parameters)
    DiagonalSamples(X).expectation(parameters)
    assert sum(looked_at) <= 3 * len(X)  # of 6 components


def test_the_fast_way_is_not_tried_again_where_it_loses_digits(monkeypatch):
    X, parameters = problem(separated, "diag", 0.0)
    tried = []

    def fast(rows, parameters, own=emgmm.complete._fast_expectation):
        tried.append(rows)
        return own(rows, parameters)

    monkeypatch.setattr("emgmm.complete._fast_expectation", fast)
    emgmm.expectation_maximization(X, parameters, emgmm.sklearn_stopping(0.0, 10))
    assert len(tried) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_far_start_goes_back_to_the_fast_way(kind, monkeypatch):
    draw = np.random.default_rng(1)
    X = draw.standard_normal((5000, 3))
    tight = np.full((2, 3) if kind == "diag" else 2, 1e-5)
    start = emgmm.MixtureParameters(np.full(2, 0.5), np.array([X[0], X[1]]), tight, kind)
    careful = []

    def counted(self, parameters, own=DiagonalSamples.expectation):
        careful.append(parameters)
        return own(self, parameters)

    monkeypatch.setattr(DiagonalSamples, "expectation", counted)
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0.0, 30))
    assert 1 <= len(careful) < len(result.trace) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_memory_of_predictions_is_that_of_rows_times_components_and_features(kind):
    draw = np.random.default_rng(0)
    means = draw.standard_normal((256, 784))
    variances = np.ones((256, 784) if kind == "diag" else 256)
    parameters = emgmm.MixtureParameters(np.full(256, 1 / 256), means, variances, kind)
    X = draw.standard_normal((1000, 784))
    emgmm.posteriors(X[:10], parameters)
    tracemalloc.start()
    emgmm.posteriors(X, parameters)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 8 * (X.size + 1000 * 256)  # and not 256 * X.size
