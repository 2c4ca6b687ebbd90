"""A covariance type is one entry: three of mclust's, registered from outside, fulfil what the library's own do."""

import pickle

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from test_emgmm import assert_same, problem

import emgmm
from emgmm import GaussianMixtureEM, Parts

RULE = emgmm.sklearn_stopping(1e-8, 100)


class EqualVolumes(emgmm.CovarianceType):
    """EVI: diagonal covariances of one determinant (Celeux and Govaert, 1995, "Gaussian parsimonious clustering")."""

    def pool(self, scatter, mass):
        volumes = np.exp(np.log(scatter).mean(axis=-1, keepdims=True))
        return scatter / volumes * (volumes.sum(axis=(-1, -2)) / mass.sum(axis=-1))[..., None, None]

    def n_parameters(self, n_components, n_features):
        return n_components * (n_features - 1) + 1


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """EEI: diagonal covariances, the same for all components."""
    monkeypatch.setitem(emgmm.COVARIANCE_TYPES, "EEI", emgmm.CovarianceType(diagonal=True, common=True))
    monkeypatch.setitem(emgmm.COVARIANCE_TYPES, "EVI", EqualVolumes(diagonal=True))
    one = emgmm.CovarianceType(diagonal=True, common=True, isotropic=True)
    monkeypatch.setitem(emgmm.COVARIANCE_TYPES, "EII", one)  # of all components and features


def rows(seed=0, n_samples=300, n_features=3, n_components=2):
    """Draw samples, components, and initial parameters with common variances."""
    X, y, start = problem(seed, n_samples, n_features, n_components)
    X = X * np.linspace(0.5, 1.5, n_features)
    return X, y, emgmm.MixtureParameters.checked(start.weights, start.means, np.full(n_features, 2.0), "EEI")


def long_step(X, start, weight=1.0, labels=None):
    """Take a step of EM by the definition: a missing value is completed by the component's mean and variance."""
    seen, joint = ~np.isnan(X), np.empty((len(X), start.n_components))
    for k, mean in enumerate(start.means):
        for n, row in enumerate(X):
            density = multivariate_normal(mean[seen[n]], np.diag(start.covariances[seen[n]])) if seen[n].any() else None
            joint[n, k] = np.log(start.weights[k]) + (density.logpdf(row[seen[n]]) if density else 0.0)
    if labels is not None:
        joint[(labels[:, None] != np.arange(start.n_components)) & (labels[:, None] >= 0)] = -np.inf
    likelihood = np.logaddexp.reduce(joint, axis=1)
    shares = np.exp(joint - likelihood[:, None]) * np.broadcast_to(weight, len(X))[:, None]
    mass = shares.sum(axis=0)
    filled = np.where(seen[:, None], X[:, None], start.means)
    means = np.einsum("nk,nkd->kd", shares, filled) / mass[:, None]
    squares = (filled - means) ** 2 + np.where(seen[:, None], 0.0, start.covariances)
    pooled = np.einsum("nk,nkd->d", shares, squares) / mass.sum()
    mean = np.average(likelihood, weights=np.broadcast_to(weight, len(X)))
    return mean, emgmm.MixtureParameters(mass / mass.sum(), means, pooled, "EEI")


def few_labels(y, n_labels=20):
    return np.where(np.arange(len(y)) < n_labels, y, -1)


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
@pytest.mark.parametrize("acceleration", ["none", "anderson"])
@pytest.mark.parametrize("weighted", [False, True])
def test_fits(kernel, acceleration, weighted):
    X, _, start = rows()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X)) if weighted else None
    settings = {"kernel": kernel, "acceleration": acceleration, "sample_weight": weight}
    one = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0, 1), **settings)
    mean, expected = long_step(X, start, 1.0 if weight is None else weight)
    assert one.trace[0] == pytest.approx(mean, rel=1e-12)
    assert_same(one.parameters, expected, 1e-11)
    result = emgmm.expectation_maximization(X, start, RULE, **settings)
    assert result.converged
    assert result.parameters.covariances.shape == (3,)
    assert np.diff(result.trace).min() > -1e-12


@pytest.mark.parametrize("labeled", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_missing_values(labeled, weighted):
    X, y, start = rows(1, 120)
    X[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
    X[0] = np.nan
    weight = np.random.default_rng(1).uniform(0.5, 2, len(X)) if weighted else np.ones(len(X))
    free = np.arange(len(X)) >= (20 if labeled else 0)
    counts = ~np.isnan(X).all(axis=1) | ~free
    known = emgmm.labeled_statistics(X[~free], y[~free], 2, "EEI", weight[~free]) if labeled else None
    settings = {"labeled": known, "sample_weight": weight[free]}
    one = emgmm.expectation_maximization(X[free], start, emgmm.sklearn_stopping(0, 1), **settings)
    mean, expected = long_step(X[counts], start, weight[counts], np.where(free, -1, y)[counts])
    assert one.trace[0] == pytest.approx(mean, rel=1e-12)
    assert_same(one.parameters, expected, 1e-11)
    result = emgmm.expectation_maximization(X[free], start, RULE, **settings)
    assert np.diff(result.trace).min() > -1e-12


def test_reg_covar_counts_once_beside_missing_values():
    draw, y = np.random.default_rng(0), np.arange(4000) % 2
    X = draw.normal(0, 0.1, (4000, 2)) + 5 * y[:, None]
    X[draw.random(4000) >= np.where(y, 0.1, 0.7), 1] = np.nan
    found = []
    for reg_covar in (0.0, 1e-3):
        start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [5, 5]], [0.1, 0.1], "EEI")
        rule = emgmm.sklearn_stopping(1e-13, 5000)
        found.append(emgmm.expectation_maximization(X, start, rule, reg_covar=reg_covar).parameters.covariances)
    np.testing.assert_allclose(found[1] - found[0], 1e-3, rtol=1e-3)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("mode", ["clamped", "init_only"])
@pytest.mark.parametrize("init_params", ["kmeans", "labels"])
def test_labels(missing, mode, init_params):
    X, y, _ = rows(2)
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.1 * missing, np.nan, X)
    settings = {"covariance_type": "EEI", "semi_supervised": mode, "init_params": init_params}
    model = GaussianMixtureEM(2, **settings).fit(X, few_labels(y))
    assert (model.predict(X) == y).mean() > 0.9
    parts = Parts(np.array_split(X, 3), np.array_split(few_labels(y), 3))
    np.testing.assert_allclose(GaussianMixtureEM(2, **settings).fit(parts).covariances_, model.covariances_, rtol=1e-9)
    if init_params == "labels" and not missing:
        start = GaussianMixtureEM(2, max_iter=0, reg_covar=0, **settings).fit(X, few_labels(y)).covariances_
        within = [X[:20][y[:20] == k] - X[:20][y[:20] == k].mean(axis=0) for k in (0, 1)]
        np.testing.assert_allclose(start, (np.concatenate(within) ** 2).mean(axis=0))
    one_class = np.where(few_labels(y) == 0, 0, -1)
    assert (GaussianMixtureEM(2, random_state=0, **settings).fit(X, one_class).predict(X) == y).mean() > 0.9


@pytest.mark.parametrize(
    "init_params", ["kmeans", "k-means++", "random", "random_from_data", "short_runs", "random_parameters"]
)
@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_the_estimator(init_params, kernel):
    X, _, _ = rows(3)
    settings = {"covariance_type": "EEI", "init_params": init_params, "kernel": kernel, "random_state": 0, "n_init": 5}
    model = GaussianMixtureEM(2, max_iter=500, **settings).fit(X)
    assert np.diff(model.lower_bounds_).min() > -1e-6
    start = GaussianMixtureEM(2, max_iter=0, **settings).fit(X)._last()
    rule = emgmm.sklearn_stopping(1e-3, 500)
    ends = emgmm.fit_many(np.stack([X, X]), [start] * 2, rule, kernel=kernel, reg_covar=1e-6)
    alone = emgmm.expectation_maximization(X, start, rule, kernel=kernel, reg_covar=1e-6)
    for end in ends:
        assert end.trace == alone.trace
        np.testing.assert_array_equal(end.parameters.covariances, alone.parameters.covariances)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    given = GaussianMixtureEM(2, covariances_init=model.covariances_, means_init=model.means_, **settings).fit(X)
    precise = GaussianMixtureEM(2, precisions_init=model.precisions_, means_init=model.means_, **settings).fit(X)
    np.testing.assert_allclose(given.covariances_, precise.covariances_, rtol=1e-9)


def test_what_a_fitted_mixture_says():
    X, _, _ = rows(4, n_components=3)
    model = GaussianMixtureEM(3, covariance_type="EEI", random_state=0, tol=1e-8, max_iter=500).fit(X)
    matrices = model._last().covariance_matrices
    full = emgmm.MixtureParameters(model.weights_, model.means_, matrices)
    holed = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    for use in (emgmm.posteriors, emgmm.log_likelihoods, emgmm.impute):
        np.testing.assert_allclose(use(holed, model._last()), use(holed, full), rtol=1e-9, atol=1e-12)
    n_parameters = 2 + 3 * 3 + 3
    assert model._last().n_parameters == model._last().n_parameters == n_parameters
    likelihood = emgmm.log_likelihoods(X, full).sum()
    assert model.bic(X) == pytest.approx(-2 * likelihood + n_parameters * np.log(len(X)))
    assert model.aic(X) == pytest.approx(-2 * likelihood + 2 * n_parameters)
    assert model.icl(X) >= model.bic(X)
    drawn, components = model.sample(20_000)
    within = [drawn[components == k] - model.means_[k] for k in range(3)]
    np.testing.assert_allclose((np.concatenate(within) ** 2).mean(axis=0), model.covariances_, rtol=0.05)


@pytest.mark.parametrize("acceleration", ["none", "anderson"])
@pytest.mark.parametrize("missing", [False, True])
def test_one_variance_for_all(acceleration, missing):
    X, y, _ = rows(7)
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.1 * missing, np.nan, X)
    settings = {"covariance_type": "EII", "random_state": 0, "acceleration": acceleration, "reg_covar": 0}
    for labels in (None, few_labels(y)):
        model = GaussianMixtureEM(2, **settings, tol=1e-9, max_iter=500).fit(X, labels)
        assert np.diff(model.lower_bounds_).min() > -1e-12
        assert model.covariances_.shape == (1,)
        assert model._last().n_parameters == 1 + 6 + 1
        matrices = np.stack([np.eye(3) * model.covariances_[0]] * 2)
        full = emgmm.MixtureParameters(model.weights_, model.means_, matrices)
        np.testing.assert_allclose(model.score_samples(X), emgmm.log_likelihoods(X, full), rtol=1e-9)
    labels = model.predict(X)
    if not missing:
        known = emgmm.labeled_statistics(X, labels, 2, "EII")
        within = np.concatenate([X[labels == k] - X[labels == k].mean(axis=0) for k in (0, 1)])
        np.testing.assert_allclose(emgmm.maximization(known).covariances, [(within**2).mean()])


def test_a_collapse_and_what_cannot_be_used():
    X, _, start = rows(5)
    result = emgmm.expectation_maximization(np.where([False, True, False], 7.0, X), start, RULE)
    assert "singular" in result.collapse
    with pytest.raises(emgmm.CollapsedComponentError, match="the shared covariance is singular"):
        emgmm.MixtureParameters.checked([1.0], [[0, 0]], [1.0, 0.0], "EEI")
    with pytest.raises(ValueError, match=r"covariances_init must have shape \(3,\), not \(2, 3\)"):
        GaussianMixtureEM(2, covariance_type="EEI", covariances_init=np.ones((2, 3))).fit(X)
    with pytest.raises(ValueError, match="covariance_type"):
        GaussianMixtureEM(2, covariance_type="EEE").fit(X)


def test_a_type_with_a_constraint_of_its_own():
    X, y, _ = rows(6)
    X[y == 1] *= [1, 2, 0.5]
    model = GaussianMixtureEM(2, covariance_type="EVI", reg_covar=0, random_state=0, tol=1e-8, max_iter=500).fit(X)
    np.testing.assert_allclose(*model.covariances_.prod(axis=1), rtol=1e-9)
    assert np.diff(model.lower_bounds_).min() > -1e-12
    likelihoods = [
        GaussianMixtureEM(2, covariance_type=kind, reg_covar=0, random_state=0, tol=1e-8, max_iter=500).fit(X).score(X)
        for kind in ("EEI", "EVI", "diag")
    ]
    assert likelihoods == sorted(likelihoods)
    assert model._last().n_parameters == 1 + 6 + 5
    holed = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    for labels in (None, few_labels(y)):
        model.fit(holed, labels)
        np.testing.assert_allclose(*model.covariances_.prod(axis=1), rtol=1e-9)
