"""The penalty on the covariances: its M-step, the trace, what it does to components that would collapse."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from test_emgmm import KINDS, assert_same, problem

import emgmm
from emgmm import CovariancePenalty, GaussianMixtureEM, expectation_maximization
from emgmm.parameters import Coordinates

pytestmark = [
    pytest.mark.usefixtures("every_kernel"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
RULE = emgmm.sklearn_stopping(1e-10, 5000)
UNITS = {"full": [1e-3, 1.0, 1e4], "tied": [1e-3, 1.0, 1e4], "diag": [1e-3, 1.0, 1e4], "spherical": [1e4] * 3}
POINTS = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 5, axis=0)  # fewer than components


def textbook(penalty, mixture):
    """Compute the penalty from covariance matrices."""
    S, total = np.diag(penalty.scale), 0.0
    for covariance in mixture.covariance_matrices:
        ratio = S @ np.linalg.inv(covariance)
        total += np.trace(ratio) - np.linalg.slogdet(ratio)[1] - len(S)
    return penalty.strength * total


def penalty_of(X, strength=None):
    return CovariancePenalty(1 / np.sqrt(len(X)) if strength is None else strength, np.nanvar(X, axis=0))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_zero_at_the_scale_and_else_positive(kind):
    X, _, start = problem(0, n_features=3, kind=kind)
    penalty = penalty_of(X)
    assert penalty.of(start) == pytest.approx(textbook(penalty, start), rel=1e-12)
    assert penalty.of(start) > 0
    scale = np.array([4.0] * 3)
    of_scale = {"full": [np.diag(scale)] * 2, "tied": np.diag(scale), "diag": [scale] * 2, "spherical": scale[:2]}
    at_scale = emgmm.MixtureParameters.checked(start.weights, start.means, of_scale[kind], kind)
    assert CovariancePenalty(1.0, scale).of(at_scale) == 0


@pytest.mark.parametrize("strength", [0.01, 0.5, 20.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_m_step_is_the_maximizer(kind, strength):
    X, _, start = problem(1, 60, 2, 3, kind=kind)
    statistics, _ = emgmm.expectation(X, start)
    penalty = penalty_of(X, strength)
    found = emgmm.maximization(statistics, penalty=penalty)
    coordinates = Coordinates(start)

    def lost(vector):
        mixture = coordinates.mixture(vector)
        return textbook(penalty, mixture) - emgmm.complete_log_likelihood(statistics, mixture)

    best = minimize(lost, np.zeros(len(coordinates.of(start))), method="BFGS", options={"gtol": 1e-6})
    assert_same(found, coordinates.mixture(best.x), 1e-5)
    assert lost(coordinates.of(found)) <= best.fun + 1e-9


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from(KINDS),
    st.sampled_from(["none", "anderson"]),
    st.integers(2, 5),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.floats(1e-4, 10),
)
def test_the_trace_never_decreases(seed, kind, acceleration, n_components, holed, labeled, weighted, strength):
    draw = np.random.default_rng(seed)
    X, y, start = problem(seed, 40, 3, n_components, kind=kind)
    X[::4] = X[0]  # equal samples, on which a component may shrink
    X = np.where((draw.uniform(size=X.shape) < 0.2) & holed & (np.arange(40) > 0)[:, None], np.nan, X)
    known = 10 * labeled
    statistics = emgmm.labeled_statistics(X[:known], y[:known], n_components, kind) if labeled else None
    weight = draw.uniform(0.1, 3, 40 - known) if weighted else None
    options = {"labeled": statistics, "sample_weight": weight, "acceleration": acceleration}
    result = expectation_maximization(
        X[known:], start, emgmm.sklearn_stopping(1e-9, 200), penalty=penalty_of(X, strength), **options
    )
    assert not result.collapse or "lost all its mass" in result.collapse
    assert np.isfinite(result.parameters.covariances).all()
    trace = np.array(result.trace)
    assert (np.diff(trace) >= -1e-11 * (1 + np.abs(trace[1:]))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_trace_is_the_penalized_log_likelihood(kind):
    X, y, start = problem(2, 200, 2, 2, kind=kind)
    X[::5, 0] = np.nan
    statistics = emgmm.labeled_statistics(X[:30], y[:30], 2, kind)
    penalty = penalty_of(X, 3.0)
    result = expectation_maximization(X[30:], start, RULE, labeled=statistics, penalty=penalty)
    end = result.parameters
    joint = emgmm.log_likelihoods(X[30:], end).sum() + statistics.expectation(end)[1]
    assert result.trace[-1] == pytest.approx((joint - textbook(penalty, end)) / 200, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_units_and_offsets_of_features_do_not_matter(kind):
    X, _, start = problem(3, 120, 3, 2, kind=kind)
    units, offset = np.array(UNITS[kind]), np.array([5.0, -3.0, 100.0])
    of_covariances = {"full": np.outer(units, units), "tied": np.outer(units, units), "diag": units**2}
    factor = of_covariances.get(kind, units[0] ** 2)
    other = emgmm.MixtureParameters(start.weights, (start.means + offset) * units, start.covariances * factor, kind)
    moved = (X + offset) * units
    one = expectation_maximization(X, start, emgmm.sklearn_stopping(0, 30), penalty=penalty_of(X))
    two = expectation_maximization(moved, other, emgmm.sklearn_stopping(0, 30), penalty=penalty_of(moved))
    np.testing.assert_allclose(np.array(two.trace) + np.log(units).sum(), one.trace, rtol=1e-9)
    np.testing.assert_allclose(two.parameters.means / units - offset, one.parameters.means, atol=1e-7)
    np.testing.assert_allclose(two.parameters.covariances / factor, one.parameters.covariances, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_samples_does_not_matter(kind):
    X, _, start = problem(4, 150, 2, 3, kind=kind)
    shuffled = np.random.default_rng(0).permutation(X)
    one, two = (
        expectation_maximization(each, start, emgmm.sklearn_stopping(0, 30), penalty=penalty_of(each))
        for each in (X, shuffled)
    )
    assert_same(one.parameters, two.parameters, 1e-9)


def test_none_and_a_strength_of_0_change_nothing():
    X, _, start = problem(5)
    plain = expectation_maximization(X, start, RULE)
    none = expectation_maximization(X, start, RULE, penalty=None)
    assert (plain.trace, plain.n_passes) == (none.trace, none.n_passes)
    assert_same(plain.parameters, expectation_maximization(X, start, RULE, penalty=penalty_of(X, 0.0)).parameters)
    models = [GaussianMixtureEM(2, random_state=0, **more).fit(X) for more in ({}, {"covariance_penalty": 0.0})]
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        assert np.asarray(getattr(models[0], name)).tobytes() == np.asarray(getattr(models[1], name)).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_that_would_shrink_to_a_point_does_not(kind):
    X, _, _ = problem(6, 100, 2, 1)
    X[:6] = X[0]
    means, wide = np.array([X[0], X.mean(axis=0)]), np.var(X, axis=0)
    covariances = {"full": [1e-4 * np.eye(2), np.diag(wide)], "diag": [[1e-4] * 2, wide], "spherical": [1e-4, 1.0]}
    if kind == "tied":
        X, means, covariances[kind] = X[:6], means[:1], np.eye(2)
    start = emgmm.MixtureParameters.checked([1 / len(means)] * len(means), means, covariances[kind], kind)
    assert "shrunk to a point" in expectation_maximization(X, start, RULE).collapse
    penalty = CovariancePenalty(0.1, wide)
    result = expectation_maximization(X, start, RULE, penalty=penalty)
    assert result.converged
    assert not result.collapse
    least = 2 * 0.1 / (len(X) + 2 * 0.1) * wide.min()
    assert min(np.linalg.eigvalsh(each)[0] for each in result.parameters.covariance_matrices) > 0.99 * least


@pytest.mark.parametrize("init", ["random", "random_from_data", "k-means++"])
@pytest.mark.parametrize("kind", KINDS)
def test_more_components_than_distinct_samples(kind, init):
    settings = {"covariance_type": kind, "reg_covar": 0, "init_params": init, "random_state": 0, "max_iter": 1000}
    model = GaussianMixtureEM(4, covariance_penalty=1 / np.sqrt(15), **settings).fit(POINTS)
    assert model.converged_
    assert np.isfinite(model.covariances_).all()
    assert (np.diff(model.lower_bounds_) > -1e-12).all()


@pytest.mark.parametrize(
    "given", [{"init_params": "kmeans"}, {"responsibilities_init": np.repeat(np.eye(3), 5, axis=0)}]
)
def test_initial_components_on_equal_samples(given):
    settings = {"reg_covar": 0, "random_state": 0, **given}
    with pytest.raises(ValueError, match="shrunk to a point"):
        GaussianMixtureEM(3, **settings).fit(POINTS)
    model = GaussianMixtureEM(3, covariance_penalty=1 / np.sqrt(15), **settings).fit(POINTS)
    np.testing.assert_allclose(np.sort(model.means_, axis=0), np.sort(POINTS[::5], axis=0), atol=0.02)


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_missing_values_and_both_regularizations(kind):
    X, _, start = problem(14, 100, 2, 1, kind=kind)
    X[::3] = np.nan, 0.0
    n, penalty = np.isfinite(X).sum(axis=0), CovariancePenalty(4.0, [3.0, 3.0])
    end = expectation_maximization(X, start, RULE, penalty=penalty, reg_covar=0.5).parameters
    own = n * np.nanvar(X, axis=0) + 2 * 4.0 * penalty.scale, n + 2 * 4.0
    variance = own[0] / own[1] if kind == "diag" else own[0].sum() / own[1].sum()
    np.testing.assert_allclose(end.covariances[0], variance + 0.5, rtol=1e-6)


def test_a_collapse_names_the_component_and_what_helps():
    with pytest.raises(ValueError, match=r"component \d: .*singular.*Increase .*covariance_penalty") as found:
        GaussianMixtureEM(3, reg_covar=0, init_params="kmeans", random_state=0).fit(POINTS)
    assert re.search("initialization|step", str(found.value))
    far = emgmm.MixtureParameters.checked([0.5, 0.5], [[0.0, 0.0], [1e6, 0.0]], [np.eye(2)] * 2)
    result = expectation_maximization(POINTS, far, RULE, penalty=penalty_of(POINTS))
    assert result.collapse == "component 1: it has lost all its mass"


def test_the_estimator_takes_the_variances_of_the_fitted_samples():
    X, _, _ = problem(7, 300, 2, 2)
    model = GaussianMixtureEM(2, covariance_penalty=2.0, reg_covar=0, tol=1e-9, max_iter=2000, random_state=0).fit(X)
    own = penalty_of(X, 2.0)
    assert model.lower_bound_ == pytest.approx(model.score(X) - own.of(model._last()) / 300, abs=1e-8)
    again = expectation_maximization(X, model._last(), emgmm.sklearn_stopping(0, 1), penalty=own)
    assert_same(again.parameters, model._last(), 1e-4)
    n_parameters = model._last().n_parameters
    assert model.bic(X) == pytest.approx(-2 * 300 * model.score(X) + n_parameters * np.log(300))


def test_a_warm_start_goes_on_with_the_penalty():
    X, _, _ = problem(8, 300, 2, 3)
    settings = {"covariance_penalty": 1.0, "reg_covar": 0, "tol": 0, "random_state": 0, "init_params": "random"}
    model = GaussianMixtureEM(3, max_iter=5, warm_start=True, **settings).fit(X)
    first = model.lower_bounds_
    whole = GaussianMixtureEM(3, max_iter=10, **settings).fit(X)
    np.testing.assert_allclose(first + model.fit(X).lower_bounds_, whole.lower_bounds_, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", ["clamped", "init_only"])
def test_parts_give_the_same_fit(kind, use):
    X, y, _ = problem(9, 200, 2, 2, kind=kind)
    X[::7, 1] = np.nan
    y, weight = np.where(np.arange(200) % 3 == 0, y, -1), np.linspace(0.5, 2, 200)
    settings = {"covariance_type": kind, "covariance_penalty": 3.0, "reg_covar": 0, "semi_supervised": use}
    one = GaussianMixtureEM(2, tol=0, max_iter=20, **settings).fit(X, y, weight)
    parts = emgmm.Parts([X[:70], X[70:]], [y[:70], y[70:]], [weight[:70], weight[70:]])
    two = GaussianMixtureEM(2, tol=0, max_iter=20, **settings).fit(parts)
    assert_same(one._last(), two._last(), 1e-8)
    np.testing.assert_allclose(one.lower_bounds_[1:], two.lower_bounds_[1:], rtol=1e-8)


@pytest.mark.parametrize("factor", [2.0, 2.0**-50, 2.0**50])
def test_the_strength_is_in_samples(factor):
    X, _, start = problem(10, 80, 2, 2)
    whole = expectation_maximization(np.repeat(X, 2, axis=0), start, RULE, penalty=penalty_of(X, 2.0))
    weight = np.full(80, 2 * factor)
    weighted = expectation_maximization(X, start, RULE, penalty=penalty_of(X, 2.0 * factor), sample_weight=weight)
    assert_same(weighted.parameters, whole.parameters, 1e-7)
    settings = {"means_init": start.means, "weights_init": start.weights, "covariances_init": start.covariances}
    model = GaussianMixtureEM(2, covariance_penalty=2.0 * factor, reg_covar=0, tol=1e-10, max_iter=5000, **settings)
    assert_same(model.fit(X, sample_weight=weight)._last(), whole.parameters, 1e-7)


def test_labels_give_initial_parameters_with_the_penalty():
    X, y, _ = problem(11, 100, 2, 2)
    y = np.where(np.arange(100) < 2, y, -1)  # one label for each component, which has no covariance
    settings = {"init_params": "labels", "reg_covar": 0}
    with pytest.raises(ValueError, match=r"initialization: component 0.*shrunk to a point"):
        GaussianMixtureEM(2, **settings).fit(X, y)
    for values in (X, np.where(np.arange(100)[:, None] == [0, 5], np.nan, X)):
        model = GaussianMixtureEM(2, covariance_penalty=0.1, **settings).fit(values, y)
        assert model.converged_
        assert (np.diff(model.lower_bounds_) > 0).all()


def test_observed_information_of_a_penalized_fit():
    X, _, _ = problem(12, 400, 2, 2)
    settings = {"reg_covar": 0, "tol": 1e-10, "max_iter": 5000, "random_state": 0}
    usual = GaussianMixtureEM(2, covariance_penalty=1 / 20, **settings).fit(X)
    assert emgmm.observed_information(X, usual).is_maximum
    strong = emgmm.observed_information(X, GaussianMixtureEM(2, covariance_penalty=5.0, **settings).fit(X))
    assert strong.kind == "slope"
    assert "smaller tol, reg_covar or covariance_penalty" in strong.refusal


@pytest.mark.parametrize("strength", [-0.1, np.nan, np.inf, "a"])
def test_strengths_that_are_refused(strength):
    with pytest.raises(ValueError, match="covariance_penalty"):
        GaussianMixtureEM(covariance_penalty=strength).fit(POINTS)
    if not isinstance(strength, str):
        with pytest.raises(ValueError, match="strength of the penalty must be finite and not negative"):
            CovariancePenalty(strength, [1.0])


def test_scales_that_are_refused():
    _, _, start = problem(13)
    for scale in ([1.0, 0.0], [1.0, -1.0]):
        with pytest.raises(ValueError, match=r"feature 1 \(counted from 0\) has the variance (0|nan|-1)"):
            CovariancePenalty(1.0, scale)
    with pytest.raises(ValueError, match="finite"):
        CovariancePenalty(1.0, [1.0, np.nan])
    with pytest.raises(ValueError, match="must have 2 variances"):
        expectation_maximization(POINTS, start, RULE, penalty=CovariancePenalty(1.0, [1.0]))
    with pytest.raises(ValueError, match=r"feature 1 \(counted from 0\) has the variance 0,"):
        GaussianMixtureEM(covariance_penalty=1.0).fit(POINTS * [1.0, 0.0])
