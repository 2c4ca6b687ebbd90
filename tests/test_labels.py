"""Initial parameters from labels: valid for few labels, and independent of the form of the data."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from test_emgmm import KINDS, problem

import emgmm
from emgmm import GaussianMixtureEM, Parts, estimator

MODES = ("clamped", "init_only")


def few_labels(y, n_labels, seed):
    """Keep the labels of the first samples of each class, in random order."""
    labels, draw = np.full(len(y), -1), np.random.default_rng(seed)
    for k in np.unique(y):
        labels[draw.permutation(np.flatnonzero(y == k))[:n_labels]] = k
    return labels


def start_of(X, y, **settings):
    model = GaussianMixtureEM(y.max() + 1, max_iter=0, **settings).fit(X, y)
    return emgmm.MixtureParameters(model.weights_, model.means_, model.covariances_, model.covariance_type)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_more_labels_do_not_hurt_beyond_chance(load, kind, mode):
    X, y = load(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    found = []
    for n_labels in (2, 3, 5, 8, 14, 20):
        each = []
        for seed in range(10):
            labels = few_labels(y, n_labels, seed)
            model = GaussianMixtureEM(3, covariance_type=kind, semi_supervised=mode, max_iter=300).fit(X, labels)
            each.append((model.predict(X) == y)[labels < 0].mean())
        found.append(each)
    found = np.array(found)
    for i, fewer in enumerate(found[:-1]):
        for more in found[i + 1 :]:  # of the same draws
            chance = 2 * (more - fewer).std(ddof=1) / np.sqrt(len(fewer))
            assert more.mean() >= fewer.mean() - chance - 0.01, found.mean(axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_start_is_the_formula(kind):
    X, y, _ = problem(0, 60, 3, 2, kind=kind)
    labels = np.where(np.arange(60) < 8, y, -1)
    start = start_of(X, labels, covariance_type=kind, reg_covar=0.0)
    known = labels >= 0
    scatter = np.stack([np.cov(X[known & (y == k)].T, bias=True) * (known & (y == k)).sum() for k in (0, 1)])
    counts = np.bincount(y[known])
    shared = (scatter.sum(axis=0) + 4 * np.diag(X.var(axis=0)) / 2) / (counts.sum() + 4)
    expected = (scatter + 4 * shared) / (counts + 4)[:, None, None]
    if kind == "tied":
        expected = np.average(expected, axis=0, weights=counts)
    elif kind != "full":
        expected = expected.diagonal(axis1=1, axis2=2)
        expected = expected if kind == "diag" else expected.mean(axis=1)
    np.testing.assert_allclose(start.covariances, expected, rtol=1e-12)
    np.testing.assert_allclose(start.weights, counts / counts.sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("incomplete", [False, True])
@pytest.mark.parametrize("lacking", [False, True])  # a component without a labeled row
def test_start_does_not_depend_on_the_scale_of_weights(kind, incomplete, lacking):
    X, y, _ = problem(2, 90, 3, 3, kind=kind)
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X) if incomplete else X
    labels = few_labels(y, 4, 0)
    labels[(labels == 2) & lacking] = -1
    model = GaussianMixtureEM(3, covariance_type=kind, max_iter=0, random_state=0)

    def start(weight=None):
        return [getattr(model.fit(X, labels, weight), name) for name in ("weights_", "means_", "covariances_")]

    def same(one, other, rtol=1e-9):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)

    weight = np.random.default_rng(0).uniform(0.5, 3, len(X))
    for scale in (1 / weight.sum(), 1e-3, 1e3, 1e-300, 1e300):
        same(start(scale * weight), start(weight))
    parts = Parts(np.array_split(X, 3), np.array_split(labels, 3), np.array_split(weight / weight.sum(), 3))
    same([getattr(model.fit(parts), name) for name in ("weights_", "means_", "covariances_")], start(weight), 1e-7)
    same(start(np.full(len(X), 1 / len(X))), start())
    if not lacking:  # else other samples are drawn
        last = (labels >= 0) & (few_labels(y, 3, 0) == -1)  # of each class is nearly nowhere
        same(start(np.where(last, 1e-9, 1.0)), start(np.where(last, 0.0, 1.0)), 1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_different_weights_count_as_their_effective_number(kind):
    X, y, _ = problem(0, 60, 3, 2, kind=kind)
    known, weight = np.arange(60) < 9, np.random.default_rng(0).uniform(0.5, 3, 60)
    labeled = emgmm.labeled_statistics(X[known], y[known], 2, kind, weight[known])
    start = emgmm.shrunken_parameters(labeled, X[~known], 0.0, weight[~known])
    sums = [np.array([(weight[known & (y == k)] ** power).sum() for k in (0, 1)]) for power in (1, 2)]
    number, common = sums[0] ** 2 / sums[1], sums[0].sum() ** 2 / sums[1].sum()
    own = emgmm.labeled_statistics(X[known], y[known], 2, "full", weight[known]).scatter
    variances = np.cov(X.T, bias=True, aweights=weight).diagonal()
    shared = (common * own.sum(axis=0) / sums[0].sum() + 4 * np.diag(variances) / 2) / (common + 4)
    expected = (own * (number / sums[0])[:, None, None] + 4 * shared) / (number + 4)[:, None, None]
    if kind == "tied":
        expected = np.average(expected, axis=0, weights=sums[0])
    elif kind != "full":
        expected = expected.diagonal(axis1=1, axis2=2)
        expected = expected if kind == "diag" else expected.mean(axis=1)
    np.testing.assert_allclose(start.covariances, expected, rtol=1e-12)
    np.testing.assert_allclose(start.weights, sums[0] / sums[0].sum())


@pytest.mark.parametrize("kind", KINDS)
def test_start_of_article_a_is_there_by_name(kind):
    X, y, _ = problem(1, 100, 2, 2, kind=kind)
    labels = few_labels(y, 20, 0)
    known = labels >= 0
    article = emgmm.parameters_from_labels(X[known], labels[known], 2, kind, 1e-6)
    start = start_of(X, labels, init_params="labels", covariance_type=kind)
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(start, name), getattr(article, name))


@pytest.mark.parametrize("kind", KINDS)
def test_start_does_not_depend_on_how_rows_come(kind):
    X, y, _ = problem(2, 90, 3, 3, kind=kind)
    labels = few_labels(y, 4, 0)
    start = start_of(X, labels, covariance_type=kind)
    parts = Parts([X[:40], X[40:]], [labels[:40], labels[40:]])
    of_parts = GaussianMixtureEM(3, covariance_type=kind, max_iter=0).fit(parts)
    np.testing.assert_allclose(of_parts.covariances_, start.covariances, rtol=1e-11, atol=1e-14)
    scaled = start_of(8 * X + 64, labels, covariance_type=kind, reg_covar=0.0).covariances
    np.testing.assert_allclose(scaled, 64 * start_of(X, labels, covariance_type=kind, reg_covar=0.0).covariances)


@pytest.mark.parametrize("kind", KINDS)
def test_start_with_missing_values(kind):
    X, y, _ = problem(3, 200, 4, 2, kind=kind)
    labels = few_labels(y, 30, 0)
    whole = start_of(X, labels, covariance_type=kind)
    holed = X.copy()
    holed[np.flatnonzero(labels >= 0)[5], 1] = np.nan  # a single one changes little
    one = start_of(holed, labels, covariance_type=kind)
    for name in ("means", "covariances"):
        np.testing.assert_allclose(getattr(one, name), getattr(whole, name), atol=0.1)
    holed[labels >= 0, 2] = np.nan  # no labeled row has a value of this feature
    assert np.isfinite(start_of(holed, labels, covariance_type=kind).covariances).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_label_a_class_and_components_without_any(kind):
    X, y, _ = problem(4, 60, 5, 3, kind=kind)
    labels = few_labels(y, 1, 0)
    assert (GaussianMixtureEM(3, covariance_type=kind).fit(X, labels).predict(X) == y).mean() > 0.9
    labels[labels == 2] = -1  # its component is initialized from the unlabeled samples
    model = GaussianMixtureEM(3, covariance_type=kind, random_state=0).fit(X, labels)
    assert (model.predict(X) == y).mean() > 0.9


def test_labels_are_one_start_however_many_are_asked_for(monkeypatch):
    X, y, _ = problem(5)
    runs = []

    def counted(*arguments, own=estimator.expectation_maximization, **settings):
        runs.append(arguments)
        return own(*arguments, **settings)

    monkeypatch.setattr(estimator, "expectation_maximization", counted)
    GaussianMixtureEM(2, n_init=7).fit(X, few_labels(y, 3, 0))
    assert len(runs) == 1
    GaussianMixtureEM(3, n_init=7, random_state=0).fit(X, few_labels(y, 3, 0))  # the third is drawn
    assert len(runs) == 8
