"""The start from labels: it holds for few of them, and is the same however the rows come."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from test_emgmm import KINDS, problem

import emgmm
from emgmm import GaussianMixtureEM, Parts, estimator

MODES = ("clamped", "init_only")


def few_labels(y, n_labels, seed):
    """Keep the labels of the first rows of each class, in an order by chance."""
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
    weight = np.random.default_rng(0).integers(1, 4, len(X))
    model = GaussianMixtureEM(3, covariance_type=kind, max_iter=0)
    weighted = model.fit(X, labels, weight).covariances_
    np.testing.assert_allclose(
        weighted, model.fit(np.repeat(X, weight, axis=0), np.repeat(labels, weight)).covariances_
    )
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
    labels[labels == 2] = -1  # its component starts from the unlabeled rows
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
