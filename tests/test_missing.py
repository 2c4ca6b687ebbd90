"""Missing values in the library: compared with plain loops and closed forms, and properties of any incomplete data."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal
from test_emgmm import KINDS, assert_same, problem

import emgmm
from emgmm import GaussianMixtureEM, incomplete

RULE = emgmm.sklearn_stopping(1e-12, 20_000)


def holed(seed, fraction=0.3, **options):
    """Draw incomplete samples, one without any value, components, initial parameters, and the complete samples."""
    X, y, start = problem(seed, **options)
    draw = np.random.default_rng(seed + 1)
    holes = draw.uniform(size=X.shape) < fraction
    holes[0] = True
    return np.where(holes, np.nan, X), y, start, X


def given_row(x, parameters):
    """Log joint densities of a sample, and each component's conditional mean and covariance, from the textbook."""
    o, m = np.flatnonzero(~np.isnan(x)), np.flatnonzero(np.isnan(x))
    log_joint, means, covariances = [], [], []
    for weight, mean, covariance in zip(
        parameters.weights, parameters.means, parameters.covariance_matrices, strict=True
    ):
        density = multivariate_normal(mean[o], covariance[np.ix_(o, o)]).logpdf(x[o]) if len(o) else 0.0
        log_joint.append(np.log(weight) + density)
        slope = covariance[np.ix_(m, o)] @ np.linalg.inv(covariance[np.ix_(o, o)])
        filled, left = x.copy(), np.zeros_like(covariance)
        filled[m] = mean[m] + slope @ (x[o] - mean[o])
        left[np.ix_(m, m)] = covariance[np.ix_(m, m)] - slope @ covariance[np.ix_(o, m)]
        means.append(filled)
        covariances.append(left)
    return np.array(log_joint), np.array(means), np.array(covariances)


def plain_expectation(X, parameters, labels=None, sample_weight=None):
    """Take the E-step by a loop over samples and components."""
    shape = parameters.means.shape
    mass, first, second, total = np.zeros(shape[0]), np.zeros(shape), np.zeros((*shape, shape[1])), 0.0
    for n, x in enumerate(X):
        log_joint, means, covariances = given_row(x, parameters)
        if labels is not None:
            log_joint[np.arange(shape[0]) != labels[n]] = -np.inf
        weight = 1.0 if sample_weight is None else sample_weight[n]
        total += weight * np.logaddexp.reduce(log_joint)
        for k, share in enumerate(weight * np.exp(log_joint - np.logaddexp.reduce(log_joint))):
            mass[k] += share
            first[k] += share * means[k]
            second[k] += share * (np.outer(means[k], means[k]) + covariances[k])
    means = first / mass[:, None]
    scatter = second - mass[:, None, None] * means[:, :, None] * means[:, None, :]
    if parameters.type.diagonal:
        scatter = scatter.diagonal(axis1=1, axis2=2)
    return emgmm.SufficientStatistics(mass, means, scatter, parameters.covariance_type), total


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blocks", ["one", "many"])
def test_expectation_is_that_of_a_plain_loop(kind, blocks, monkeypatch):
    X, y, start, _ = holed(3, n_samples=90, n_features=4, n_components=3, kind=kind)
    weight = np.random.default_rng(0).uniform(size=len(X))
    if blocks == "many":
        monkeypatch.setattr(incomplete, "BLOCK_VALUES", 4 * 40)
        monkeypatch.setattr(incomplete, "PATTERN_VALUES", 3 * 4 * 4 * 5)
        monkeypatch.setattr(incomplete, "samples_per_block", lambda n_samples, _: min(n_samples, 7))
    for labels in (None, y):
        for sample_weight in (None, weight):
            rows = emgmm.IncompleteRows(X, kind, sample_weight, labels, 3)
            statistics, log_likelihood = rows.expectation(start)
            expected, expected_log_likelihood = plain_expectation(X, start, labels, sample_weight)
            assert log_likelihood == pytest.approx(expected_log_likelihood, rel=1e-12)
            assert_same(statistics, expected, 1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_posteriors_likelihoods_and_imputed_values_are_those_of_a_plain_loop(kind):
    X, _, start, _ = holed(4, n_samples=60, n_features=3, kind=kind)
    found = [given_row(x, start) for x in X]
    log_joint = np.array([joint for joint, _, _ in found])
    log_likelihoods = np.logaddexp.reduce(log_joint, axis=1)
    shares = np.exp(log_joint - log_likelihoods[:, None])
    np.testing.assert_allclose(emgmm.log_likelihoods(X, start), log_likelihoods, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(emgmm.posteriors(X, start), shares, atol=1e-12)
    np.testing.assert_allclose(emgmm.posteriors(X, start)[0], start.weights)  # nothing is observed
    expected = np.array([share @ means for share, (_, means, _) in zip(shares, found, strict=True)])
    np.testing.assert_allclose(emgmm.impute(X, start), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_the_conditional_moments_and_leave_the_rest(kind):
    X, _, start, _ = holed(5, n_samples=4, n_features=3, kind=kind)
    X = np.repeat(X, 20_000, axis=0)
    draws = emgmm.impute(X, start, np.random.default_rng(0)).reshape(4, 20_000, 3)
    for x, drawn in zip(X[::20_000], draws, strict=True):
        observed = ~np.isnan(x)
        assert (drawn[:, observed] == x[observed]).all()
        log_joint, means, covariances = given_row(x, start)
        share = np.exp(log_joint - np.logaddexp.reduce(log_joint))
        mean = share @ means
        second = np.einsum("k,kij->ij", share, covariances + means[:, :, None] * means[:, None, :])
        np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.08)
        np.testing.assert_allclose(np.cov(drawn.T), second - np.outer(mean, mean), atol=0.25)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS), n_labeled=st.integers(0, 20))
def test_trace_never_decreases(seed, kind, n_labeled):
    X, y, start, _ = holed(seed, n_samples=80, n_features=3, kind=kind)
    labeled = emgmm.labeled_statistics(X[:n_labeled], y[:n_labeled], 2, kind) if n_labeled else None
    result = emgmm.expectation_maximization(X[n_labeled:], start, emgmm.sklearn_stopping(0, 60), labeled=labeled)
    assert np.diff(result.trace).min(initial=0) > -1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_likelihood_is_stationary_at_the_limit(kind):
    X, _, start, _ = holed(6, n_samples=400, n_features=3, kind=kind)
    end = emgmm.expectation_maximization(X, start, RULE).parameters
    shape = end.covariances.shape

    def shifted(theta):
        means, scales = theta[:6].reshape(2, 3), theta[6:].reshape(shape)
        if kind in ("full", "tied"):  # X C X with X symmetric is symmetric, and near C for X near 1
            change = np.eye(3) + 0.5 * (scales + scales.swapaxes(-1, -2))
            covariances = change @ end.covariances @ change
        else:
            covariances = end.covariances * np.exp(scales)
        return emgmm.MixtureParameters(end.weights, end.means + means, covariances, kind)

    def value(theta):
        return emgmm.log_likelihoods(X, shifted(theta)).mean()

    slope = approx_fprime(np.zeros(6 + end.covariances.size), value, 1e-6)
    assert np.abs(slope).max() < 5e-6
    assert emgmm.posteriors(X, end).mean(axis=0) == pytest.approx(end.weights, abs=1e-6)


def test_one_gaussian_with_one_feature_missing_is_a_regression():
    draw = np.random.default_rng(7)
    X = draw.multivariate_normal([1.0, -2.0], [[2.0, 1.2], [1.2, 1.5]], size=300)
    X[X[:, 0] + draw.standard_normal(300) > 1.5, 1] = np.nan  # where the other is large
    seen = ~np.isnan(X[:, 1])
    mean, variance = X[:, 0].mean(), X[:, 0].var()
    slope = np.cov(X[seen].T, bias=True)[0, 1] / X[seen, 0].var()
    intercept = X[seen, 1].mean() - slope * X[seen, 0].mean()
    left = (X[seen, 1] - intercept - slope * X[seen, 0]).var()
    for found in (
        emgmm.parameters_from_labels(X, np.zeros(300, dtype=int), 1),
        emgmm.expectation_maximization(
            X, emgmm.MixtureParameters(np.ones(1), np.zeros((1, 2)), np.eye(2)[None]), RULE
        ).parameters,
    ):
        assert found.means[0] == pytest.approx([mean, intercept + slope * mean], abs=1e-5)
        expected = [[variance, slope * variance], [slope * variance, left + slope**2 * variance]]
        np.testing.assert_allclose(found.covariances[0], expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_limit_is_that_of_em_without_latent_values(kind):
    X, _, start, _ = holed(8, n_samples=300, n_features=3, kind=kind)
    end = emgmm.expectation_maximization(X, start, RULE).parameters
    weights, means, variances = (np.array(a) for a in (start.weights, start.means, start.variances))
    seen, values = (~np.isnan(X)).astype(float), np.nan_to_num(X)
    for _ in range(2000):  # sums over the observed values alone
        squares = (values[:, None] - means) ** 2 / variances + np.log(2 * np.pi * variances)
        log_joint = np.log(weights) - 0.5 * np.einsum("nkd,nd->nk", squares, seen)
        shares = np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=1, keepdims=True))
        mass = shares.T @ seen
        weights, means = shares.mean(axis=0), shares.T @ values / mass
        scatter = np.einsum("nk,nkd,nd->kd", shares, (values[:, None] - means) ** 2, seen)
        variances = scatter / mass
        if kind == "spherical":
            variances = np.broadcast_to(scatter.sum(axis=1, keepdims=True) / mass.sum(axis=1, keepdims=True), (2, 3))
    np.testing.assert_allclose(end.means, means, atol=2e-5)
    np.testing.assert_allclose(end.variances, variances, atol=2e-5)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(KINDS))
def test_weight_two_is_a_row_twice(seed, kind):
    X, _, start, _ = holed(seed, n_samples=60, n_features=3, kind=kind)
    weight = np.where(np.arange(len(X)) < 20, 2.0, 1.0)
    rule = emgmm.sklearn_stopping(0, 20)
    one = emgmm.expectation_maximization(X, start, rule, sample_weight=weight)
    other = emgmm.expectation_maximization(np.concatenate([X, X[:20]]), start, rule)
    np.testing.assert_allclose(one.trace, other.trace, rtol=1e-9)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    offset=st.sampled_from([0.0, 1e6]),
    kind=st.sampled_from(KINDS),
)
def test_affine_maps_and_permutations_map_the_result(seed, scale, offset, kind):
    X, _, start, _ = holed(seed, n_samples=120, n_features=3, kind=kind)
    mapped = emgmm.MixtureParameters.checked(
        start.weights[::-1],
        (scale * start.means + offset * scale)[::-1],
        scale**2 * (start.covariances if kind == "tied" else start.covariances[::-1]),
        kind,
    )
    rule = emgmm.sklearn_stopping(0, 15)
    one = emgmm.expectation_maximization(X, start, rule).parameters
    order = np.random.default_rng(seed).permutation(len(X))
    other = emgmm.expectation_maximization((scale * X + offset * scale)[order], mapped, rule).parameters
    tolerance = 1e-8 if offset == 0 else 1e-5
    np.testing.assert_allclose(other.weights[::-1], one.weights, atol=tolerance)
    np.testing.assert_allclose((other.means[::-1] - offset * scale) / scale, one.means, atol=10 * tolerance)
    covariances = other.covariances if kind == "tied" else other.covariances[::-1]
    np.testing.assert_allclose(covariances / scale**2, one.covariances, atol=10 * tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_far_start_loses_no_digits(kind):
    X, _, start = problem(9, n_samples=200, n_features=3, n_components=1, kind=kind)
    far = emgmm.MixtureParameters(start.weights, start.means + 1e7, start.covariances, kind)
    found, _ = emgmm.IncompleteRows(X, kind).expectation(far)
    assert_same(found, emgmm.expectation(X, far)[0], 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_rows_give_the_same_either_way(kind):
    X, y, start = problem(10, n_features=3, kind=kind)
    found, log_likelihood = emgmm.IncompleteRows(X, kind).expectation(start)
    expected, expected_log_likelihood = emgmm.expectation(X, start)
    assert log_likelihood == pytest.approx(expected_log_likelihood, rel=1e-12)
    assert_same(found, expected, 1e-11)
    labeled, joint = emgmm.IncompleteRows(X, kind, None, y, 2).expectation(start)
    statistics = emgmm.labeled_statistics(X, y, 2, kind)
    assert joint == pytest.approx(emgmm.complete_log_likelihood(statistics, start), rel=1e-12)
    assert_same(labeled, statistics, 1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_many_fits_are_the_fits_one_by_one(kind):
    problems = [holed(seed, n_samples=60, kind=kind) for seed in range(5)]
    X, starts = np.stack([p[0] for p in problems]), [p[2] for p in problems]
    labeled = [emgmm.labeled_statistics(p[0][:20], p[1][:20], 2, kind) for p in problems]
    for known in (None, labeled):
        many = emgmm.fit_many(X, starts, RULE, labeled=known)
        for i, found in enumerate(many):
            own = None if known is None else known[i]
            assert found.trace == emgmm.expectation_maximization(X[i], starts[i], RULE, labeled=own).trace


def test_judging_many_is_judging_one_by_one():
    problems = [holed(seed, n_samples=60) for seed in range(3)]
    judged = emgmm.judge_many(np.stack([p[0] for p in problems]), [p[2] for p in problems])
    for (X, _, start, _), (posteriors, log_likelihoods) in zip(problems, judged, strict=True):
        np.testing.assert_array_equal(posteriors, emgmm.posteriors(X, start))
        np.testing.assert_array_equal(log_likelihoods, emgmm.log_likelihoods(X, start))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", ["clamped", "init_only"])
@pytest.mark.parametrize("n_labeled", [30, 300])
def test_estimator_takes_labels_and_holes(kind, use, n_labeled):
    X, y, _, whole = holed(11, fraction=0.25, n_features=3, kind=kind)
    labels = np.where(np.arange(300) < n_labeled, y, -1)
    settings = {"covariance_type": kind, "semi_supervised": use, "reg_covar": 0, "tol": 1e-8, "max_iter": 5000}
    model = GaussianMixtureEM(2, **settings).fit(X, labels)
    reference = GaussianMixtureEM(2, **settings).fit(whole, labels)
    assert model.converged_
    np.testing.assert_allclose(model.means_, reference.means_, atol=0.5)
    assert np.mean(model.predict(X) == y) > 0.85
    with_value = ~np.isnan(X).all(axis=1)  # others count nowhere
    assert model.score(X) == model.score_samples(X)[with_value].mean()
    if n_labeled == 300:
        start = emgmm.parameters_from_labels(X, y, 2, kind)
        np.testing.assert_allclose(model.means_, start.means, atol=1e-3)


@pytest.mark.parametrize(
    "start", ["kmeans", "k-means++", "random", "random_from_data", "short_runs", "random_parameters"]
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_start_takes_holes(start, kind):
    X, _, _, _ = holed(12, n_samples=200, kind=kind)
    model = GaussianMixtureEM(2, init_params=start, covariance_type=kind, random_state=0, max_iter=30)
    one, again = model.fit(X).means_, model.fit(X).means_
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, again)


def test_class_without_labels_starts_from_rows_with_holes():
    X, y, _, _ = holed(13, fraction=0.2, n_components=3, n_samples=300)
    model = GaussianMixtureEM(3, random_state=0, max_iter=500).fit(X, np.where((np.arange(300) < 60) & (y < 2), y, -1))
    assert np.isfinite(model.means_).all()


def test_hot_deck_draws_from_the_same_feature_and_keeps_the_rest():
    X, _, _, _ = holed(14)
    filled = emgmm.initialization.hot_deck(X, np.random.default_rng(0))
    assert (filled[~np.isnan(X)] == X[~np.isnan(X)]).all()
    for d in range(2):
        assert set(filled[:, d]) == set(X[~np.isnan(X[:, d]), d])
    assert emgmm.initialization.hot_deck(filled, None) is filled


def test_estimator_imputes():
    X, _, _, whole = holed(15, n_features=3)
    model = GaussianMixtureEM(2, random_state=0, max_iter=1000).fit(X)
    holes = np.isnan(X)
    expected, draws = model.impute(X), model.impute(X, n_draws=4, random_state=0)
    assert draws.shape == (4, *X.shape)
    assert (expected[~holes] == whole[~holes]).all()
    assert (draws[:, ~holes] == whole[~holes]).all()
    assert np.ptp(draws[:, holes], axis=0).min() > 0
    np.testing.assert_array_equal(draws, model.impute(X, n_draws=4, random_state=0))
    column_means = np.broadcast_to(np.nanmean(X, axis=0), X.shape)
    error, error_of_means = ((found - whole)[holes].std() for found in (expected, column_means))
    assert error < error_of_means
    np.testing.assert_array_equal(model.impute(whole), whole)


@pytest.mark.parametrize("labeled", [False, True])
def test_feature_without_a_value_is_named(labeled):
    X, y, start, whole = holed(16)
    X[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"feature 1 \(counted from 0\) has no observed value"):
        GaussianMixtureEM(2).fit(X, y if labeled else None)
    with pytest.raises(ValueError, match="has no observed value in the samples to fit"):
        emgmm.expectation_maximization(X, start, RULE, labeled=emgmm.labeled_statistics(X, y, 2) if labeled else None)
    found = emgmm.expectation_maximization(X, start, RULE, labeled=emgmm.labeled_statistics(whole, y, 2))
    assert found.converged  # the labeled samples have it


def test_feature_without_a_value_is_named_by_its_column():
    import pandas as pd

    table = pd.DataFrame({"height": [1.0, 2.0, 4.0], "weight": [np.nan] * 3})
    with pytest.raises(ValueError, match="feature 'weight' has no observed value"):
        GaussianMixtureEM(1).fit(table)


def test_infinite_values_are_refused_beside_holes():
    X, _, start, _ = holed(17)
    X[5, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        GaussianMixtureEM(2).fit(X)
    with pytest.raises(ValueError, match="X must be finite"), np.errstate(invalid="ignore"):
        emgmm.expectation_maximization(X, start, RULE)


def test_class_without_values_of_a_feature_begins_as_all_labeled_rows():
    X, y, _, _ = holed(18)
    X[y == 1, 0] = np.nan
    found = emgmm.parameters_from_labels(X, y, 2)
    assert found.means[1, 0] == pytest.approx(np.nanmean(X[:, 0]), abs=1e-3)
    X[:, 0] = np.nan
    with pytest.raises(emgmm.CollapsedComponentError, match=r"feature 0 .* has no observed value in the"):
        emgmm.parameters_from_labels(X, y, 2)


def test_one_label_a_class_may_have_a_hole():
    _, y, _, X = holed(21)
    labels = np.where(np.arange(len(X)) < 2, y, -1)
    X[0, 1] = np.nan
    model = GaussianMixtureEM(2, max_iter=500).fit(X, labels)
    assert np.mean(model.predict(X) == y) > 0.9


def test_rows_of_weight_zero_count_nowhere():
    X, _, _, _ = holed(22)
    weight = np.ones(len(X))
    X[1], weight[1] = 1e9, 0.0
    model = GaussianMixtureEM(2, init_params="kmeans", random_state=0, max_iter=500).fit(X, sample_weight=weight)
    assert np.abs(model.means_).max() < 100
    X[:, 1] = np.nan
    X[1, 1] = 5.0
    with pytest.raises(ValueError, match=r"feature 1 .* no observed value"):
        model.fit(X, sample_weight=weight)


def test_imputing_beside_infinity_is_refused():
    X, _, start, _ = holed(23)
    X[5] = np.inf, np.nan
    with pytest.raises(ValueError, match="infinite"), np.errstate(invalid="ignore"):
        emgmm.impute(X, start)
    with pytest.raises(ValueError, match="n_draws must be an integer of at least 1"):
        GaussianMixtureEM(1).fit(holed(23)[0]).impute(X[:3], n_draws=0)


def test_rows_with_holes_have_no_statistics_of_their_own():
    X, _, _, _ = holed(19)
    with pytest.raises(ValueError, match="X contains NaN"):
        emgmm.weighted_statistics(X, np.ones((len(X), 1)))


def test_reg_covar_is_compared_with_the_observed_values():
    X = np.array([[0.0, np.nan], [1.0, 3e-4], [2.0, 1e-4], [3.0, np.nan]])
    assert emgmm.regularization.regularization_warning(X, 1e-6) == emgmm.regularization.regularization_warning(
        X[1:3], 1e-6
    )
    assert emgmm.regularization.regularization_warning(X, 1e-12) is None


def test_memory_does_not_grow_with_the_rows():
    peaks = []
    for n_samples in (100_000, 400_000):
        X, _, start, _ = holed(20, fraction=0.2, n_samples=n_samples, n_features=4)
        tracemalloc.start()
        emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0, 2))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 1e6
