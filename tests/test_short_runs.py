"""Initial parameters from short runs of EM (`init_params="short_runs"`)."""

import tracemalloc

import numpy as np
import pytest

import emgmm
from emgmm import GaussianMixtureEM
from emgmm.initialization import SHORT_SAMPLES

KINDS = ("full", "tied", "diag", "spherical")
SETTINGS = {"init_params": "short_runs", "tol": 1e-10, "max_iter": 2000}


def rows(seed, n_samples=400, n_features=3, n_components=4):
    draw = np.random.default_rng(seed)
    means = 5 * draw.standard_normal((n_components, n_features))
    return means[draw.integers(n_components, size=n_samples)] + draw.standard_normal((n_samples, n_features))


def start(X, n_components=4, seed=0, kind="full", weight=None, reg_covar=1e-6):
    state = np.random.RandomState(seed)
    return emgmm.unlabeled_statistics(X, n_components, "short_runs", state, kind, weight, reg_covar)


def in_order(means):
    """Sort by a feature, because runs may end alike, with the components in another order."""
    return means[means[:, 1].argsort()]


def by_weight(model):
    order = model.weights_.argsort()
    return model.weights_[order], model.means_[order]


@pytest.mark.parametrize("kind", KINDS)
def test_the_random_state_alone_decides(kind):
    X = rows(0, 3 * SHORT_SAMPLES)
    one, again, other = (start(X, kind=kind, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.scatter, again.scatter)
    assert (one.means != other.means).any()
    assert one.mass.sum() == pytest.approx(len(X))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", [400, 2 * SHORT_SAMPLES])
def test_a_weight_of_two_is_two_samples(kind, n_samples):
    X = rows(1, n_samples)
    weight = np.random.default_rng(0).integers(0, 4, n_samples)
    model = GaussianMixtureEM(4, covariance_type=kind, random_state=0, **SETTINGS)
    one, other = (by_weight(fit) for fit in (model.fit(X, sample_weight=weight), model.fit(np.repeat(X, weight, 0))))
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_units_and_origin_of_a_feature_do_not_matter(kind):
    X, scale = rows(2), np.array([2.0**-20, 1.0, 2.0**30])
    one = start(X, kind=kind, reg_covar=0)
    scaled = start(X * scale, kind=kind, reg_covar=0)
    np.testing.assert_allclose(in_order(scaled.means), in_order(one.means) * scale, rtol=1e-9)
    moved = start(X + 1e6, kind=kind, reg_covar=0)
    np.testing.assert_allclose(in_order(moved.means) - 1e6, in_order(one.means), rtol=0, atol=1e-6)


def test_a_spherical_start_does_not_depend_on_the_unit_of_all_features():
    X = rows(2)
    one, scaled = (start(values, kind="spherical", reg_covar=0) for values in (X, 1024 * X))
    np.testing.assert_allclose(scaled.means, 1024 * one.means, rtol=1e-9)


def test_equal_samples():
    X = np.repeat([[0.0, 0.0], [5.0, 5.0], [9.0, 0.0]], 20, axis=0)
    model = GaussianMixtureEM(3, random_state=0, **SETTINGS).fit(X)
    np.testing.assert_allclose(sorted(model.means_.tolist()), [[0, 0], [5, 5], [9, 0]], atol=1e-6)
    for reg_covar, n_components in ((0.0, 3), (1e-6, 4)):
        with pytest.raises(ValueError, match="collapsed from every initialization"):
            GaussianMixtureEM(n_components, reg_covar=reg_covar, random_state=0, **SETTINGS).fit(X)


def test_few_samples():
    X = rows(3, 4, 2)
    assert start(X).mass.sum() == pytest.approx(4)  # one each, which reg_covar makes a component
    with pytest.raises(ValueError, match="5 components need as many samples"):
        start(X, 5)
    with pytest.raises(emgmm.CollapsedComponentError, match="singular"):
        emgmm.maximization(start(X[:, :1].repeat(2, axis=1), 2, reg_covar=0))


def test_a_constant_feature_and_one_component():
    X = np.c_[rows(4), np.ones(400)]
    assert np.isfinite(start(X).means).all()
    np.testing.assert_allclose(start(X, 1).means[0], X.mean(axis=0))


def test_memory_is_some_numbers_for_each_sample():
    X = rows(5, 200_000)
    start(X[:3000])
    tracemalloc.start()
    try:
        start(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 8 * len(X) + 4e6


def test_several_initializations_are_several_sets_of_short_runs():
    X = rows(6, 300, 2, 8) * 0.4
    one, many = (GaussianMixtureEM(8, n_init=n, random_state=0, **SETTINGS).fit(X) for n in (1, 5))
    assert many.lower_bound_ >= one.lower_bound_


def test_it_ends_at_the_best_end_more_often_than_k_means():
    """Ten components of unequal spread: of 10 starts, k-means reaches the best end known in few."""
    draw = np.random.default_rng(0)
    means, spread = 7 * draw.standard_normal((10, 2)), draw.uniform(0.3, 1.0, 10)
    y = draw.integers(10, size=500)
    X = means[y] + spread[y, None] * draw.standard_normal((500, 2))
    ends = {}
    for method in ("kmeans", "short_runs"):
        settings = {"init_params": method, "covariance_type": "spherical", "tol": 1e-7, "max_iter": 500}
        models = [GaussianMixtureEM(10, random_state=seed, **settings).fit(X) for seed in range(10)]
        ends[method] = np.array([model.lower_bound_ for model in models])
    best = max(each.max() for each in ends.values())
    reached = {method: int((each > best - 1e-4).sum()) for method, each in ends.items()}
    assert reached["short_runs"] >= 8
    assert reached["kmeans"] <= 5
