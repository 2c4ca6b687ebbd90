"""GaussianMixtureEM: scikit-learn's GaussianMixture, with labels and weights."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import emgmm
from emgmm import GaussianMixtureEM

KINDS = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random", "random_from_data")
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")

pytestmark = [
    pytest.mark.usefixtures("every_kernel"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
]


def rows(seed=0, n_samples=300, n_features=2, n_components=2):
    """Draw samples and their components."""
    draw = np.random.default_rng(seed)
    y = np.arange(n_samples) % n_components
    means = 4 * draw.standard_normal((n_components, n_features))
    return means[y] + draw.standard_normal((n_samples, n_features)), y


@parametrize_with_checks([GaussianMixtureEM(), GaussianMixtureEM(covariance_type="diag", semi_supervised="init_only")])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("seed", range(8))
def test_same_numbers_as_sklearn(kind, start, seed):
    n_components, n_features = [(2, 2), (3, 4), (4, 1), (1, 3)][seed % 4]
    X, _ = rows(seed, 300, n_features, n_components)
    settings = {"covariance_type": kind, "init_params": start, "random_state": seed, "max_iter": 60}
    theirs = GaussianMixture(n_components, **settings).fit(X)
    ours = GaussianMixtureEM(n_components, **settings).fit(X)
    assert (ours.n_iter_, ours.converged_) == (theirs.n_iter_, theirs.converged_)
    for name in ATTRIBUTES:
        expected = getattr(theirs, name)
        np.testing.assert_allclose(getattr(ours, name), expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    # One row a component: scikit-learn's own first log-likelihood has lost digits there.
    one_row = start in ("k-means++", "random_from_data")
    np.testing.assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=1e-6 if one_row else 1e-10)
    assert ours.lower_bound_ == ours.lower_bounds_[-1]
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-8)
    for criterion in ("bic", "aic", "score"):
        assert getattr(ours, criterion)(X) == pytest.approx(getattr(theirs, criterion)(X), rel=1e-9)
    np.testing.assert_array_equal(ours.sample(20)[1], theirs.sample(20)[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", ["precisions_init", "covariances_init"])
def test_parameters_given_explicitly(kind, given):
    X, _ = rows(3)
    end = GaussianMixtureEM(2, covariance_type=kind, random_state=0, tol=1e-10, max_iter=500).fit(X)
    settings = {"weights_init": end.weights_, "means_init": end.means_}
    again = GaussianMixtureEM(2, covariance_type=kind, **settings, **{given: getattr(end, f"{given[:-5]}_")}).fit(X)
    assert again.n_iter_ == 2  # it starts where it should end
    np.testing.assert_allclose(again.means_, end.means_, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_single_precision_parameters_start_where_scikit_learn_does(kind, seed):
    X, _ = rows(seed, 300, 4, 3)
    draw = np.random.default_rng(seed)
    roots = draw.standard_normal((3, 4, 4))
    precisions = np.linalg.inv((roots @ roots.swapaxes(1, 2) + np.eye(4)).astype(np.float32))  # not quite symmetric
    precisions = {
        "full": precisions,
        "tied": precisions[0],
        "diag": precisions.diagonal(axis1=1, axis2=2),
        "spherical": precisions[:, 0, 0],
    }[kind]
    weights = draw.dirichlet([5, 5, 5]).astype(np.float32)
    start = {"weights_init": weights / weights.sum(), "means_init": X[:3].astype(np.float32)}
    settings = {"covariance_type": kind, "max_iter": 5, "tol": 0, **start}
    theirs = GaussianMixture(3, precisions_init=precisions, **settings).fit(X)
    covariances = 1 / precisions if kind in ("diag", "spherical") else np.linalg.inv(precisions)
    for given in ({"precisions_init": precisions}, {"covariances_init": covariances}):
        assert next(iter(given.values())).dtype == np.float32
        ours = GaussianMixtureEM(3, **settings, **given).fit(X)
        np.testing.assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=1e-4)
        np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-2)
    alone = GaussianMixtureEM(3, covariance_type=kind, weights_init=start["weights_init"], max_iter=0).fit(X)
    assert alone.weights_.sum() == pytest.approx(1, abs=1e-15)


def test_best_of_several_starts_and_warm_start():
    X, _ = rows(1, n_components=4)
    settings = {"init_params": "random", "random_state": 0, "max_iter": 5}
    one, many = (GaussianMixtureEM(4, n_init=n, **settings).fit(X) for n in (1, 10))
    assert many.lower_bound_ > one.lower_bound_
    warm = GaussianMixtureEM(4, warm_start=True, **settings)
    bounds = [warm.fit(X).lower_bound_ for _ in range(4)]
    at_once = GaussianMixtureEM(4, **{**settings, "max_iter": 20}).fit(X)
    assert bounds == sorted(bounds)
    np.testing.assert_allclose(warm.means_, at_once.means_, rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_all_rows_labeled_is_the_direct_estimate_in_one_step(kind):
    X, y = rows(2)
    for mode in ("clamped", "init_only"):
        model = GaussianMixtureEM(2, covariance_type=kind, reg_covar=0, semi_supervised=mode).fit(X, y)
        assert (model.n_iter_, model.converged_) == (1, True)
        direct = emgmm.parameters_from_labels(X, y, 2, kind)
        np.testing.assert_allclose(model.covariances_, direct.covariances, rtol=1e-12)
        np.testing.assert_allclose(model.means_, direct.means, rtol=1e-12)


def test_no_row_labeled_is_unsupervised():
    X, _ = rows(2)
    one = GaussianMixtureEM(2, random_state=0).fit(X)
    other = GaussianMixtureEM(2, random_state=0).fit(X, np.full(len(X), -1))
    assert one.lower_bounds_ == other.lower_bounds_


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["clamped", "init_only"])
def test_labels_name_the_components(kind, mode):
    X, y = rows(5, n_components=3)
    few = np.where(np.arange(len(y)) < 30, 2 - y, -1)  # named the other way round
    model = GaussianMixtureEM(3, covariance_type=kind, semi_supervised=mode).fit(X, few)
    assert (model.predict(X) == 2 - y).mean() > 0.9
    if mode == "clamped":
        assert (np.diff(model.lower_bounds_) > -1e-9).all()


def test_components_without_labels_start_from_the_unlabeled_rows():
    draw = np.random.default_rng(0)
    centers = np.array([[0, 0], [20, 0], [0, 20], [20, 20]])
    y = np.arange(400) % 4
    X = centers[y] + draw.standard_normal((400, 2))
    few = np.where((np.arange(400) < 40) & (y < 2), y, -1)
    for mode in ("clamped", "init_only"):
        model = GaussianMixtureEM(4, semi_supervised=mode, random_state=0).fit(X, few)
        np.testing.assert_allclose(model.means_[:2], centers[:2], atol=0.5)
        assert {tuple(np.round(mean, -1)) for mean in model.means_[2:]} == {(0, 20), (20, 20)}


def test_class_without_unlabeled_rows_keeps_its_labeled_ones():
    X, y = rows(4)
    far = np.random.default_rng(1).normal([90, -90], 1, size=(10, 2))
    model = GaussianMixtureEM(3, random_state=0).fit(np.r_[X, far], np.r_[np.where(y % 7, -1, y), np.full(10, 2)])
    np.testing.assert_allclose(model.means_[2], far.mean(axis=0))
    assert model.weights_[2] == pytest.approx(10 / 310)


@pytest.mark.parametrize("labeled", [False, True])
def test_weights_are_repetitions(labeled):
    X, y = rows(6)
    weight = np.random.default_rng(0).integers(1, 4, size=len(X))
    y = np.where(np.arange(len(y)) < 60, y, -1) if labeled else None
    start = {"weights_init": [0.5, 0.5], "means_init": X[:2], "covariances_init": [np.eye(2)] * 2}
    one = GaussianMixtureEM(2, **start).fit(X, y, sample_weight=weight)
    many = GaussianMixtureEM(2, **start).fit(np.repeat(X, weight, axis=0), None if y is None else np.repeat(y, weight))
    np.testing.assert_allclose(one.covariances_, many.covariances_, rtol=1e-9)
    np.testing.assert_allclose(one.lower_bounds_, many.lower_bounds_, rtol=1e-10)


def test_kinds_of_arrays(tmp_path):
    X, _ = rows(7)
    reference = GaussianMixtureEM(2, random_state=0).fit(X)
    np.save(tmp_path / "X.npy", X)
    memory_map = np.load(tmp_path / "X.npy", mmap_mode="r")
    for other in (np.asfortranarray(X), memory_map, X.tolist()):
        np.testing.assert_allclose(GaussianMixtureEM(2, random_state=0).fit(other).means_, reference.means_, rtol=1e-12)
    frame = GaussianMixtureEM(2, random_state=0).fit(pd.DataFrame(X, columns=["a", "b"]))
    assert frame.feature_names_in_.tolist() == ["a", "b"]
    single = GaussianMixtureEM(2, random_state=0).fit(X.astype(np.float32))
    assert single.means_.dtype == np.float64  # computed in double precision
    np.testing.assert_allclose(single.means_, reference.means_, atol=1e-5)


def test_memory_does_not_grow_with_the_rows(tmp_path):
    tracemalloc = pytest.importorskip("tracemalloc")
    peaks = []
    for n_samples in (50_000, 1_000_000):
        memory_map = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", shape=(n_samples, 2))
        memory_map[:] = rows(0, n_samples)[0]
        memory_map = np.load(tmp_path / "X.npy", mmap_mode="r")
        start = {"weights_init": [0.5, 0.5], "means_init": memory_map[:2], "covariances_init": [np.eye(2)] * 2}
        tracemalloc.start()
        GaussianMixtureEM(2, max_iter=2, **start).fit(memory_map)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


def test_works_where_estimators_work():
    X, y = rows(1, n_components=3)
    X = X / 10 + np.array([[0, 0], [9, 0], [0, 9]])[y]
    pipeline = make_pipeline(StandardScaler(), GaussianMixtureEM(3, random_state=0)).fit(X)
    assert pipeline.predict(X).shape == (300,)
    search = GridSearchCV(
        clone(pipeline),
        {"gaussianmixtureem__n_components": [1, 2, 3, 4]},
        scoring=lambda model, X: -model[-1].bic(model[:-1].transform(X)),
    ).fit(X)
    assert search.best_params_ == {"gaussianmixtureem__n_components": 3}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scale", "offset"), [(1e-8, 0.0), (1e8, 1e14), (1.0, 1e6), (1e-8, 1e-2)])
def test_units_cost_no_digits(kind, scale, offset):
    X, _ = rows(9)
    Z = X * scale + offset
    back = (Z - offset) / scale
    settings = {"covariance_type": kind, "reg_covar": 0, "random_state": 0, "tol": 0, "max_iter": 15}
    one, other = GaussianMixtureEM(2, **settings).fit(back), GaussianMixtureEM(2, **settings).fit(Z)
    rounding = 1e-9 + 1e-14 * abs(offset) / scale
    np.testing.assert_allclose((other.means_ - offset) / scale, one.means_, atol=10 * rounding)
    np.testing.assert_allclose(other.covariances_ / scale**2, one.covariances_, atol=100 * rounding)


@pytest.mark.parametrize("kind", KINDS)
def test_hard_data_with_a_right_answer(kind):
    X, y = rows(10)
    X = X / 10 + 5 * y[:, None]
    settings = {"covariance_type": kind, "random_state": 0}
    truth = np.sort([X[y == k].mean(axis=0) for k in range(2)], axis=0)

    def means(data, **other):
        return np.sort(GaussianMixtureEM(2, **settings, **other).fit(data).means_, axis=0)

    with pytest.warns(UserWarning, match="the variance 0 of feature 2 .* Remove this feature"):
        np.testing.assert_allclose(means(np.c_[X, np.full(300, 7.0)])[:, :2], truth, atol=0.3)
    np.testing.assert_allclose(means(np.c_[X, X[:, 0]])[:, :2], truth, atol=0.3)  # a collinear one
    np.testing.assert_allclose(means(X + 1e8, reg_covar=0) - 1e8, truth, atol=0.3)
    np.testing.assert_allclose(means(np.repeat(X, 3, axis=0)), truth, atol=0.3)  # duplicates
    np.testing.assert_allclose(means((100 * X).astype(int)) / 100, truth, atol=0.3)
    outlier = GaussianMixtureEM(3, **settings).fit(np.r_[X, [[1e6, 1e6]]])
    assert 1e6 in outlier.means_.round(3)
    single = GaussianMixtureEM(1, reg_covar=0, covariance_type=kind).fit(X)
    np.testing.assert_allclose(single.means_[0], X.mean(axis=0), rtol=1e-12)
    if kind in ("full", "diag"):
        mixed = GaussianMixtureEM(2, reg_covar=0, **settings).fit(X * [1e-8, 1e8])
        start = {"means_init": mixed.means_ * [1e8, 1e-8], "weights_init": mixed.weights_, "tol": 1e-9}
        unit = [1e16, 1e-16] if kind == "diag" else np.outer([1e8, 1e-8], [1e8, 1e-8])
        same = GaussianMixtureEM(2, reg_covar=0, covariances_init=mixed.covariances_ * unit, **settings, **start).fit(X)
        assert same.lower_bound_ == pytest.approx(mixed.lower_bound_, abs=0.01)


def test_reg_covar_too_large_for_the_data_is_told():
    X, y = rows(12)
    small = X * [1, 1e-8]
    few = np.where(np.arange(300) < 40, y, -1)
    message = "reg_covar = 1e-06 is too large .* of feature 1 .* Scale the data, or use a reg_covar below"
    model = GaussianMixtureEM(2, random_state=0)
    for labels in (None, few, y):
        with pytest.warns(UserWarning, match=message):
            model.fit(small, labels)
    with pytest.warns(UserWarning, match=message):
        model.fit(np.r_[small, [[0, 1e3]]], sample_weight=np.r_[np.ones(300), 0])
    model.fit(np.r_[small, [[0, 1e3]]])
    model.fit(np.r_[small[:299], [[0, 1e3]]], few)  # counts as a sample, labeled or not
    clone(model).set_params(reg_covar=0).fit(small)


@pytest.mark.parametrize("kind", ["full", "diag", "spherical"])
@pytest.mark.parametrize("start", ["k-means++", "random_from_data"])
def test_single_rows_are_a_start_without_reg_covar(kind, start):
    collapsed = []
    settings = {"covariance_type": kind, "init_params": start, "reg_covar": 0}
    for seed in range(50):
        n_components = 2 + seed % 4
        X, _ = rows(seed, 300, 1 + seed % 5, n_components)
        try:
            model = GaussianMixtureEM(n_components, random_state=seed, **settings).fit(X)
        except ValueError as error:
            collapsed.append(str(error))
        else:
            assert (np.diff(model.lower_bounds_) > -1e-9).all()
    assert len(collapsed) <= 2  # a local collapse of EM is possible
    assert not [message for message in collapsed if "initialization:" in message]
    with pytest.raises(
        ValueError, match=r"initialization: component 0: its covariance is singular.*Increase reg_covar"
    ):
        GaussianMixtureEM(2, random_state=0, **settings).fit(EQUAL)


EQUAL = np.ones((50, 2))
TWO_POINTS = np.repeat([[0.0, 0.0], [1.0, 1.0]], 25, axis=0)
DATA, TRUTH = rows(11)
HALF = np.where(np.arange(300) < 40, TRUTH, -1)


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        ({}, (np.r_[DATA, [[np.inf, 0]]],), "infinity"),
        ({"n_components": 5}, (DATA[:3],), "Expected n_samples >= n_components"),
        ({"n_components": 1}, (DATA[:1],), "1 sample"),
        ({}, (EQUAL,), "lost all its mass"),
        ({"covariance_type": "tied"}, (EQUAL,), "lost all its mass"),
        ({"reg_covar": 0}, (TWO_POINTS,), "singular.*Increase reg_covar"),
        ({"reg_covar": 0}, (np.c_[DATA, np.full(300, 1e8)],), "singular"),
        ({"reg_covar": 0}, (np.c_[DATA, DATA[:, 0]],), "singular"),
        ({"reg_covar": 0, "covariance_type": "tied"}, (np.c_[DATA, DATA[:, 0]],), "the shared covariance is singular"),
        ({"weights_init": [0.5, 0.5], "means_init": [[0, 0], [1e9, 0]]}, (DATA,), "lost all its mass"),
        ({}, (DATA, np.where(np.arange(300) == 7, 2, HALF)), r"3 classes \(0, 1, 2\), more than n_components = 2"),
        ({}, (DATA, ["a", "b", "c"] * 100), r"3 classes \(a, b, c\), more than n_components = 2"),
        ({}, (DATA, HALF + 0.5), "sample 0 .* has 0.5"),
        ({}, (DATA, np.where(HALF == 1, np.inf, HALF)), "sample 1 .* has inf"),
        ({}, (DATA, HALF.astype(str)), "sample 40 .* has '-1', which is text"),
        ({}, (DATA, np.array(["a", "b", np.nan] * 100)), "sample 2 .* has 'nan', which is text"),
        ({}, (DATA, ["a", "b", 1] * 100), "either numbers or text; sample 2 .* has 1"),
        ({}, (DATA, np.array(["2020-01-01"] * 300, dtype="datetime64[D]")), "integers or text"),
        ({}, (DATA, TRUTH.reshape(-1, 1)), "one label for each sample"),
        ({}, (DATA, HALF[:9]), r"shape \(300,\), not \(9,\)"),
        ({"n_components": 3}, (DATA, TRUTH), "component 2 has no labeled sample"),
        ({}, (DATA, None, np.zeros(300)), "zero"),
        ({}, (DATA, None, -np.ones(300)), "Negative"),
        ({"init_params": "labels"}, (DATA,), "needs labels"),
        ({"covariance_type": "ful"}, (DATA,), "covariance_type"),
        ({"semi_supervised": "clamp"}, (DATA,), "semi_supervised"),
        ({"means_init": [[0, 0]]}, (DATA,), r"means_init must have shape \(2, 2\)"),
        ({"precisions_init": [[[1, 0.5], [0, 1]]] * 2}, (DATA,), "precisions_init must be symmetric"),
        ({"precisions_init": [np.zeros((2, 2))] * 2}, (DATA,), "precisions_init must be positive"),
        ({"precisions_init": [1.0, 1.0]}, (DATA,), r"precisions_init must have shape \(2, 2, 2\)"),
        ({"covariance_type": "diag", "precisions_init": -np.ones((2, 2))}, (DATA,), "must be positive"),
        ({"weights_init": [5, 5]}, (DATA,), "sum 1"),
        ({"precisions_init": [np.eye(2)] * 2, "covariances_init": [np.eye(2)] * 2}, (DATA,), "not both"),
    ],
)
@pytest.mark.filterwarnings("ignore:reg_covar = 1e-06 is too large compared with the variance 0")
def test_input_that_cannot_be_fitted(settings, arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixtureEM(**{"n_components": 2, "random_state": 0, **settings}).fit(*arguments)


@pytest.mark.filterwarnings("ignore:overflow")
def test_row_too_far_out_to_square_has_likelihood_0():
    assert GaussianMixtureEM(2, random_state=0).fit(DATA).score_samples([[1e200, 0.0]]) == -np.inf


def test_weightless_rows_are_no_start():
    X = np.r_[DATA[:40], DATA[:40] + 50, np.full((3, 2), 1e5)]
    y = np.r_[np.zeros(10), np.full(73, -1)]
    weight = np.r_[np.ones(80), np.zeros(3)]
    model = GaussianMixtureEM(2, random_state=0).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(model.means_[1], DATA[:40].mean(axis=0) + 50, rtol=1e-6)


def test_start_from_labels_by_name():
    model = GaussianMixtureEM(2, init_params="labels").fit(DATA, HALF)
    assert (model.predict(DATA) == TRUTH).mean() > 0.9


def test_warm_start_with_other_settings_is_told():
    model = GaussianMixtureEM(2, warm_start=True, random_state=0).fit(DATA)
    with pytest.raises(ValueError, match="warm_start continues the last fit"):
        model.set_params(covariance_type="diag").fit(DATA)


def test_not_converged_is_told():
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 passes over the samples"):
        GaussianMixtureEM(2, max_iter=1).fit(DATA)


def test_progress_is_printed(capsys):
    """The lines of scikit-learn, and its times where there is more to say."""
    settings = {"n_init": 2, "verbose_interval": 2, "random_state": 1, "tol": 1e-9, "max_iter": 9}
    for verbose in (1, 2):
        printed = []
        for estimator in (GaussianMixture, GaussianMixtureEM):
            estimator(2, verbose=verbose, **settings).fit(DATA)
            printed.append(re.sub(r"[0-9.]+s", "a time", capsys.readouterr().out))
        assert printed[0] == printed[1]
        assert ("a time" in printed[0]) == (verbose == 2)
