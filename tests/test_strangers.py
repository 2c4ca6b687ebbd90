"""What strangers give the library: masked arrays, weights of any scale, labels of any kind, rows that count nowhere."""

import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from test_emgmm import KINDS, assert_same, problem

import emgmm
from emgmm import GaussianMixtureEM, Parts
from emgmm.initialization import parameters_from_classes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
DRAW = np.random.default_rng(0)
X = np.r_[DRAW.normal(0, 1, (100, 2)), DRAW.normal(6, 1, (100, 2))]
TRUTH = np.repeat([0, 1], 100)
FEW = np.where(np.arange(200) % 20 == 0, TRUTH, -1)
HIDDEN = np.zeros(X.shape, dtype=bool)
HIDDEN[::7, 1] = True
HOLES = np.where(HIDDEN, np.nan, X)
MASKED = np.ma.masked_array(np.where(HIDDEN, -9999.0, X), HIDDEN)
RULE = emgmm.sklearn_stopping(1e-6, 50)
START = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [6, 6]], [np.eye(2)] * 2)
GIVEN = {"weights_init": [0.5, 0.5], "means_init": [[0, 0], [6, 6]], "covariances_init": [np.eye(2)] * 2}


def moments(kind, covariance=(1.0, 1.0)):
    """Give the covariances of two components of two features."""
    full = np.diag(covariance)
    return (
        {"full": np.stack([full] * 2), "tied": full, "diag": full.diagonal() * np.ones((2, 1)), "spherical": full[0]}[
            kind
        ]
        * 1.0
        if kind != "spherical"
        else np.full(2, covariance[0])
    )


def cut(array):
    return [array[:70], array[70:130], array[130:]]


def fitted(rows=X, y=None, **settings):
    weight = settings.pop("sample_weight", None)
    return GaussianMixtureEM(**{"n_components": 2, "random_state": 0, **settings}).fit(rows, y, weight)


def assert_same_fit(one, other, rtol=1e-12):
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, atol=1e-12)
    assert one.n_iter_ == other.n_iter_


# Masked arrays: what is behind the mask is missing, wherever it is given.
ROWS = {
    "expectation": lambda rows: emgmm.expectation(rows, START)[0].means,
    "expectation_maximization": lambda rows: emgmm.expectation_maximization(rows, START, RULE).parameters.means,
    "fit_many": lambda rows: emgmm.fit_many(rows[None], [START], RULE)[0].parameters.means,
    "judge_many": lambda rows: next(emgmm.judge_many(rows[None], [START]))[0],
    "posteriors": lambda rows: emgmm.posteriors(rows, START),
    "log_likelihoods": lambda rows: emgmm.log_likelihoods(rows, START),
    "impute": lambda rows: emgmm.impute(rows, START),
    "hot_deck": lambda rows: emgmm.initialization.hot_deck(rows, np.random.default_rng(0)),
    "has_missing": emgmm.statistics.has_missing,
    "regularization_warning": lambda rows: emgmm.regularization.regularization_warning(rows, 1.0) or "",
    "labeled_statistics": lambda rows: emgmm.labeled_statistics(rows, TRUTH, 2).expectation(START)[0].means,
    "IncompleteRows": lambda rows: emgmm.IncompleteRows(rows, "full").expectation(START)[0].means,
    "parameters_from_labels": lambda rows: emgmm.parameters_from_labels(rows, TRUTH, 2).means,
    "parameters_from_classes": lambda rows: (
        parameters_from_classes(emgmm.labeled_statistics(X[:5], TRUTH[:5], 2), rows, np.random.default_rng(0)).means
    ),
    "unlabeled_statistics": lambda rows: emgmm.unlabeled_statistics(rows, 2, "kmeans", np.random.RandomState(0)).means,
    "Parts": lambda rows: emgmm.expectation_maximization(Parts(cut(rows)), START, RULE).parameters.means,
    "fit": lambda rows: fitted(rows).means_,
    "fit of labels": lambda rows: fitted(rows, FEW).means_,
    "fit_predict": lambda rows: GaussianMixtureEM(2, random_state=0).fit_predict(rows),
    "predict": lambda rows: fitted().predict(rows),
    "predict_proba": lambda rows: fitted().predict_proba(rows),
    "score_samples": lambda rows: fitted().score_samples(rows),
    "score": lambda rows: fitted().score(rows),
    "bic": lambda rows: fitted().bic(rows),
    "aic": lambda rows: fitted().aic(rows),
    "icl": lambda rows: fitted().icl(rows),
    "impute of a model": lambda rows: fitted().impute(rows),
}


@pytest.mark.parametrize("use", ROWS)
def test_masked_values_are_missing(use):
    np.testing.assert_array_equal(ROWS[use](MASKED), ROWS[use](HOLES))


def test_masked_numbers_of_any_kind_are_missing():
    integers = np.round(10 * X).astype(int)
    expected = fitted(np.where(HIDDEN, np.nan, integers)).means_
    for rows in (
        np.ma.masked_array(integers, HIDDEN),
        list(np.ma.masked_array(integers, HIDDEN)),
    ):
        np.testing.assert_array_equal(fitted(rows).means_, expected)
    single = fitted(np.ma.masked_array(X.astype(np.float32), HIDDEN)).means_
    np.testing.assert_array_equal(single, fitted(HOLES.astype(np.float32)).means_)
    np.testing.assert_array_equal(fitted(np.ma.masked_array(X)).means_, fitted().means_)  # nothing is masked


def test_masked_labels_are_none_and_masked_weights_and_parameters_are_refused():
    known = np.ma.masked_array(TRUTH, FEW < 0)
    assert_same_fit(fitted(X, known), fitted(X, FEW))
    assert_same_fit(fitted(Parts(cut(X), labels=cut(known))), fitted(Parts(cut(X), labels=cut(FEW))))
    weight = np.ma.masked_array(np.ones(200), np.arange(200) < 5)
    for use in WEIGHTS.values():
        with pytest.raises(ValueError, match=r"sample_weight must be finite|NaN|weights that are not finite"):
            use(weight)
    for use in LABELS.values():
        with pytest.raises(ValueError, match="labels must be"):
            use(known)
    with pytest.raises(ValueError, match="means must be finite"):
        emgmm.MixtureParameters.checked([0.5, 0.5], np.ma.masked_array(np.eye(2), np.eye(2) > 0), [np.eye(2)] * 2)
    with pytest.raises(ValueError, match="responsibilities must be finite"):
        emgmm.weighted_statistics(X, weight[:, None])
    for name in ("weights_init", "means_init", "covariances_init", "precisions_init"):
        value = np.array(GIVEN.get(name, GIVEN["covariances_init"]), dtype=float)
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            fitted(**{name: np.ma.masked_array(value, value > 0)})


# Weights and labels: what the estimator checks, every function checks.
WEIGHTS = {
    "expectation": lambda weight: emgmm.expectation(X, START, weight),
    "expectation with holes": lambda weight: emgmm.expectation(HOLES, START, weight),
    "numpy": lambda weight: emgmm.expectation_maximization(X, START, RULE, sample_weight=weight),
    "numba": lambda weight: emgmm.expectation_maximization(X, START, RULE, sample_weight=weight, kernel="numba"),
    "holes": lambda weight: emgmm.expectation_maximization(HOLES, START, RULE, sample_weight=weight),
    "IncompleteRows": lambda weight: emgmm.IncompleteRows(X, "full", weight),
    "labeled_statistics": lambda weight: emgmm.labeled_statistics(X, TRUTH, 2, sample_weight=weight),
    "hot_deck": lambda weight: emgmm.initialization.hot_deck(HOLES, np.random.default_rng(0), weight),
    "regularization_warning": lambda weight: emgmm.regularization.regularization_warning(X, 1e-6, weight),
    "parameters_from_classes": lambda weight: parameters_from_classes(
        emgmm.labeled_statistics(X[:5], TRUTH[:5], 2), X, np.random.default_rng(0), 1e-6, weight
    ),
    "unlabeled_statistics": lambda weight: emgmm.unlabeled_statistics(
        X, 2, "random", np.random.RandomState(0), sample_weight=weight
    ),
    "Parts": lambda weight: emgmm.expectation_maximization(Parts([X], sample_weight=[weight]), START, RULE),
    "fit": lambda weight: fitted(sample_weight=weight),
    "fit_predict": lambda weight: GaussianMixtureEM(2, random_state=0).fit_predict(X, sample_weight=weight),
    "score": lambda weight: fitted().score(X, sample_weight=weight),
    "bic": lambda weight: fitted().bic(X, weight),
    "aic": lambda weight: fitted().aic(X, weight),
    "icl": lambda weight: fitted().icl(X, weight),
}
LABELS = {
    "labeled_statistics": lambda y: emgmm.labeled_statistics(X, y, 2),
    "labeled_statistics with holes": lambda y: emgmm.labeled_statistics(HOLES, y, 2),
    "parameters_from_labels": lambda y: emgmm.parameters_from_labels(X, y, 2),
    "IncompleteRows": lambda y: emgmm.IncompleteRows(X, "full", None, y, 2),
}


@pytest.mark.parametrize("use", WEIGHTS)
@pytest.mark.parametrize("kind", ["few", "many", "one", "columns", "negative", "infinite", "nan", "text"])
def test_weights_that_cannot_be_used(use, kind):
    weight = {
        "few": np.ones(150),
        "many": np.ones(250),
        "one": np.ones(1),
        "columns": np.ones((200, 1)),
        "negative": np.r_[-1.0, np.ones(199)],
        "infinite": np.r_[np.inf, np.ones(199)],
        "nan": np.r_[np.nan, np.ones(199)],
        "text": np.array(["x"] * 200),
    }[kind]
    with pytest.raises(ValueError, match=r"weight|convert string"):
        WEIGHTS[use](weight)


# What NumPy would broadcast to two components, and, of as many components as features, to matrices.
ONE_CLASS, DIAGONAL = emgmm.labeled_statistics(X, 0 * TRUTH, 1), emgmm.labeled_statistics(X, TRUTH, 2, "diag")


@pytest.mark.parametrize("use", LABELS)
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (TRUTH[:150], "one label for each sample"),
        (np.r_[TRUTH, TRUTH], "one label for each sample"),
        (TRUTH + 0.5, "integers .* sample 0 .* has 0.5"),
        (np.where(TRUTH, np.nan, 0), "from 0 to 1, got -1 to 0"),
        (TRUTH + 1, "from 0 to 1, got 1 to 2"),
        (TRUTH - 1, "from 0 to 1, got -1 to 0"),
        (TRUTH.astype(str), "from 0 to 1, not text"),
        (TRUTH.astype(object), None),
    ],
)
def test_components_that_cannot_be_used(use, y, message):
    if message is None:
        y, message = np.where(TRUTH, None, 0), "from 0 to 1, got -1 to 0"
    with pytest.raises(ValueError, match=message):
        LABELS[use](y)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: emgmm.expectation_maximization(X, START, RULE, reg_covar=-1.0, kernel="numba"), "reg_covar"),
        (lambda: emgmm.fit_many(X[None], [START], RULE, reg_covar=np.nan), "reg_covar"),
        (lambda: emgmm.maximization(emgmm.labeled_statistics(X, TRUTH, 2), -1e-9), "reg_covar"),
        (lambda: emgmm.weighted_statistics(X, -np.ones((200, 2))), "must not be negative"),
        (lambda: emgmm.weighted_statistics(X, np.ones((199, 2))), r"shape \(200, n_components\)"),
        (lambda: emgmm.weighted_statistics(X, np.ones(200)), r"shape \(200, n_components\)"),
        (lambda: emgmm.weighted_statistics(X[0], np.ones((2, 2))), "n_samples, n_features"),
        (lambda: emgmm.labeled_statistics(X, TRUTH, 2, "ful"), "covariance_type must be one of"),
        (lambda: emgmm.random_parameters(2, 2, np.random.default_rng(0), "ful"), "covariance_type must be one of"),
        (lambda: emgmm.unlabeled_statistics(X, 2, "kmean", np.random.RandomState(0)), "method must be one of"),
        (
            lambda: emgmm.unlabeled_statistics(X[:1], 2, "random", np.random.RandomState(0)),
            "2 components need as many samples",
        ),
        (lambda: emgmm.complete_log_likelihood(emgmm.labeled_statistics(X, 0 * TRUTH, 1), START), "components"),
        (lambda: list(emgmm.judge_many(np.stack([X] * 3), [START] * 2)), r"shape \(1, N, D\) or \(2, N, D\)"),
        (lambda: list(emgmm.judge_many(X[None, :, :1], [START] * 2)), r"\(n_samples, 2\)"),
        (lambda: emgmm.posteriors([[np.inf, 0.0]], START), "infinite"),
        (lambda: emgmm.log_likelihoods([[np.inf, 0.0]], START), "infinite"),
        (lambda: emgmm.expectation([[1e200, 0.0]], START), "too large to square"),
        (lambda: emgmm.fit_many(X[None], [START] * 2, RULE, labeled=[ONE_CLASS] * 2), "can only be added if"),
        (lambda: emgmm.fit_many(X[None], [START] * 2, RULE, labeled=[DIAGONAL] * 2), "can only be added if"),
        (lambda: emgmm.labeled_statistics(X, TRUTH, 2) + ONE_CLASS, "can only be added if"),
        (lambda: emgmm.labeled_statistics(X, TRUTH, 2) + DIAGONAL, "can only be added if"),
    ],
)
def test_other_arguments_that_cannot_be_used(use, message):
    with pytest.raises(ValueError, match=message):
        use()


# Weights: of any scale; 0 is nowhere.
@pytest.mark.parametrize("kernel", ["numpy", "numba"])
@pytest.mark.parametrize("acceleration", ["none", "anderson"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_scale_of_weights_changes_nothing(kernel, acceleration, kind):
    rows, y, start = problem(0, kind=kind)
    settings = {"kernel": kernel, "acceleration": acceleration, "covariance_type": kind}
    settings |= {"weights_init": start.weights, "means_init": start.means, "covariances_init": start.covariances}
    weight, few = np.random.default_rng(0).uniform(0.5, 2, 300), np.where(np.arange(300) < 30, y, -1)
    for labels in (None, few):
        one = fitted(rows, labels, sample_weight=weight, **settings)
        for scale in (1e-318, 1e-300, 1e-160, 1e-6, 1e200, 8e307):
            other = fitted(rows, labels, sample_weight=weight * scale, **settings)
            assert_same_fit(one, other, 1e-10 if scale > 1e-318 else 1e-4)  # which has five digits itself
    plain = emgmm.expectation_maximization(rows, start, RULE, sample_weight=weight, kernel=kernel)
    tiny = emgmm.expectation_maximization(rows, start, RULE, sample_weight=1e-300 * weight, kernel=kernel)
    assert_same(tiny.parameters, plain.parameters, 1e-10)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_scaling_for_products_leaves_common_weights_as_they_are(scale):
    weight = scale * np.array([1.0, 2, 3])
    assert emgmm.checks.scaled_weight(weight) is weight
    for tiny in (1e-300, 1e300):
        scaled = emgmm.checks.scaled_weight(tiny * weight)
        np.testing.assert_array_equal(scaled / scaled[0], tiny * weight / (tiny * weight[0]))
        assert 1e-10 < scaled.max() < 1e10


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_of_tiny_mass_is_the_same_by_both_kernels(kind):
    covariances = moments(kind)
    far = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [-22, -22]], covariances, kind)
    one, other = (
        emgmm.expectation_maximization(X[:100], far, emgmm.sklearn_stopping(0, 1), kernel=kernel, reg_covar=1e-6)
        for kernel in ("numpy", "numba")
    )
    assert one.parameters.weights[1] < 1e-150
    np.testing.assert_allclose(other.parameters.covariances, one.parameters.covariances, rtol=1e-6)
    np.testing.assert_allclose(other.parameters.means, one.parameters.means, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_a_mass_below_the_smallest_normal_number_is_none(kernel):
    far = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [-27.5, -27.5]], [np.eye(2)] * 2)
    settings = {"kernel": kernel, "reg_covar": 1e-6}
    found = emgmm.expectation_maximization(X[:1] * 0, far, emgmm.sklearn_stopping(0, 1), **settings)
    assert "lost all its mass" in found.collapse


STARTS = ("kmeans", "k-means++", "random_from_data", "short_runs")


@pytest.mark.parametrize("init_params", [*STARTS, "random", "labels"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["numpy", "numba", "parts"])
def test_rows_of_weight_0_are_nowhere(init_params, kind, form):
    y = FEW if init_params == "labels" else None
    for far in (1e3, 1e16, 9.97e36, 1e200):
        order = np.random.default_rng(1).permutation(205)
        keep = order < 200
        rows, labels = np.r_[X, np.full((5, 2), far)][order], np.r_[FEW, [-1, 0, 1, 0, -1]][order]
        if init_params == "random":  # its draws go by the row's number
            keep = np.arange(205) < 200
            rows, labels = np.r_[X, np.full((5, 2), far)], np.r_[FEW, [-1] * 5]
        labels, settings = None if y is None else labels, {"covariance_type": kind, "init_params": init_params}
        if form == "parts":
            one = fitted(Parts([rows], [labels], [keep * 1.0]), **settings)
            other = fitted(Parts([rows[keep]], None if y is None else [labels[keep]]), **settings)
        else:
            settings["kernel"] = form
            one = fitted(rows, labels, sample_weight=keep * 1.0, **settings)
            other = fitted(rows[keep], None if y is None else labels[keep], **settings)
        assert_same_fit(one, other, 1e-9)


@pytest.mark.filterwarnings("ignore:reg_covar")
def test_as_many_rows_as_components_must_count():
    weight = np.r_[1.0, np.zeros(199)]
    for rows, of_rows in ((X, weight), (Parts([X], sample_weight=[weight]), None)):
        with pytest.raises(ValueError, match="n_components = 2, n_samples = 1"):
            GaussianMixtureEM(2).fit(rows, sample_weight=of_rows)


def test_weights_are_odds_of_a_start_from_rows():
    weight = np.where(TRUTH == 1, 1e-9, 1.0)
    statistics = emgmm.unlabeled_statistics(
        X, 2, "random_from_data", np.random.RandomState(0), "full", weight, reg_covar=1e-6
    )
    assert (statistics.means < 4).all()


@pytest.mark.parametrize("init_params", STARTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reg_covar", [0, 1e-6])
def test_starts_do_not_depend_on_the_scale_of_weights(init_params, kind, reg_covar):
    weight = np.random.default_rng(0).uniform(0.5, 2, 200)
    settings = {
        "init_params": init_params,
        "covariance_type": kind,
        "reg_covar": reg_covar,
        "tol": 1e-8,
        "max_iter": 50,
    }
    one = fitted(sample_weight=weight, **settings)
    for scale in (1e-3, 1e3):
        other = fitted(sample_weight=weight * scale, **settings)
        assert_same_fit(one, other, 1e-9)
        assert np.diff(other.lower_bounds_).min() > -1e-9
        statistics = [
            emgmm.unlabeled_statistics(X, 2, init_params, np.random.RandomState(0), kind, w, reg_covar)
            for w in (weight, scale * weight)
        ]
        first, second = (emgmm.maximization(each, reg_covar or 1e-9) for each in statistics)
        assert_same(first, second, 1e-9)


# Rows without any value change nothing, and are predicted.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("labeled", [None, "clamped", "init_only"])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_without_a_value_change_nothing(kind, holes, labeled, weighted):
    rows = HOLES if holes else X
    more = np.r_[rows, np.full((9000, 2), np.nan)]
    weight = np.random.default_rng(0).uniform(0.5, 2, 9200) if weighted else np.ones(9200)
    labels = np.r_[FEW, np.full(9000, -1)]
    settings = {"covariance_type": kind, "semi_supervised": labeled or "clamped", "tol": 1e-6}
    one, other = (
        fitted(X, None if labeled is None else labels[: len(X)], sample_weight=weight[: len(X)], **settings)
        for X in (rows, more)
    )
    assert_same_fit(other, one, 1e-9)
    assert other.lower_bounds_ == pytest.approx(one.lower_bounds_)
    parts = Parts(
        [rows, more[200:]], None if labeled is None else [labels[:200], labels[200:]], [weight[:200], weight[200:]]
    )
    assert_same_fit(
        fitted(parts, **settings), fitted(Parts([rows], parts.columns[2][:1], [weight[:200]]), **settings), 1e-9
    )
    for name in ("score", "bic", "aic", "icl"):
        assert getattr(other, name)(more, sample_weight=weight) == pytest.approx(
            getattr(other, name)(rows, sample_weight=weight[:200])
        )
    np.testing.assert_allclose(other.predict_proba(more[-1:])[0], other.weights_)
    assert other.score_samples(more[-1:])[0] == pytest.approx(0, abs=1e-12)
    start = other._last()
    assert_same(emgmm.expectation(more, start, weight)[0], emgmm.expectation(rows, start, weight[:200])[0], 1e-12)


@pytest.mark.parametrize("init_params", [*STARTS, "random"])
def test_starts_do_not_see_rows_without_a_value(init_params):
    more = np.r_[HOLES, np.full((9000, 2), np.nan)]
    one, other = (emgmm.unlabeled_statistics(rows, 2, init_params, np.random.RandomState(0)) for rows in (HOLES, more))
    assert_same(one, other, 1e-12)
    labeled = emgmm.labeled_statistics(X[:5], TRUTH[:5], 2)
    one, other = (parameters_from_classes(labeled, rows, np.random.default_rng(0), 1e-6) for rows in (HOLES, more))
    assert_same(one, other, 1e-12)


def test_labeled_rows_without_a_value_count_where_labels_are_clamped():
    more, labels = np.r_[X, np.full((100, 2), np.nan)], np.r_[FEW, np.ones(100, dtype=int)]
    assert fitted(more, labels).weights_[1] == pytest.approx(2 / 3, abs=0.01)
    assert fitted(more, labels, semi_supervised="init_only").weights_[1] == pytest.approx(1 / 2, abs=0.01)


# reg_covar counts once, whatever is missing.
@pytest.mark.parametrize("kind", ["diag", "spherical"])
@pytest.mark.parametrize("form", ["array", "parts", "labels"])
def test_reg_covar_counts_once_with_missing_values(kind, form):
    draw = np.random.default_rng(0)
    reg = 1e-3
    for share in (0.5, 0.1):
        rows = draw.normal(0, 0.1, (4000, 2)) + 5 * TRUTH[np.arange(4000) % 2 * 100, None]
        y = np.arange(4000) % 2
        rows[draw.random(4000) >= np.where(y, share, 0.7), 1] = np.nan  # by component
        settings = {
            "covariance_type": kind,
            "reg_covar": reg,
            "tol": 1e-13,
            "max_iter": 5000,
            "acceleration": "anderson",
        }
        settings |= {"means_init": [[0, 0], [5, 5]], "covariances_init": np.full((2, 2) if kind == "diag" else 2, 0.1)}
        given = {"array": (rows,), "parts": (Parts([rows[:900], rows[900:]]),), "labels": (rows, np.where(y, 1, -1))}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = fitted(*given[form], **settings)
        for k in range(2):
            own = rows[y == k]
            seen = (~np.isnan(own)).sum(axis=0)
            observed = np.nanvar(own, axis=0)
            right = observed if kind == "diag" else (observed * seen).sum() / seen.sum()
            np.testing.assert_allclose(model.covariances_[k] - right, reg, rtol=1e-3)


@pytest.mark.parametrize("kind", ["full", "tied"])
@pytest.mark.filterwarnings("ignore:reg_covar")
def test_reg_covar_of_full_covariances_counts_more_the_more_is_missing(kind):
    draw, counted = np.random.default_rng(0), []
    rows, reg = draw.normal(0, 1, (4000, 2)), 1e-3
    hidden = draw.random(4000)
    for share in (1.0, 0.5, 0.1):
        some = np.where((hidden[:, None] < share) | [True, False], rows, np.nan)
        settings = {"covariance_type": kind, "tol": 1e-13, "max_iter": 5000, "acceleration": "anderson"}
        ends = [
            fitted(some, n_components=1, reg_covar=each, **settings).covariances_.reshape(2, 2) for each in (0, reg)
        ]
        counted.append((ends[1] - ends[0])[1, 1] / reg)
    assert counted == sorted(counted)
    np.testing.assert_allclose(counted, [1, 2, 10], rtol=0.05)  # 1 / share, where the other feature has no information


# Covariances and precisions.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_what_was_fitted_with_another_covariance_type_is_refused(kind, other):
    model = fitted(covariance_type=kind, warm_start=True)
    if kind == other:
        model.fit(X)
        return
    model.set_params(covariance_type=other)
    for use in (model.predict, model.score_samples, model.impute, model.bic):
        with pytest.raises(ValueError, match=rf"covariance_type is '{other}', but covariances_ are '{kind}'"):
            use(X)
    with pytest.raises(ValueError, match="warm_start continues the last fit"):
        model.fit(X)
    model.covariances_ = moments(other)
    model.predict(X)
    with pytest.raises(ValueError, match="warm_start continues the last fit"):
        fitted(covariance_type=kind, warm_start=True).fit(X[:, :1])  # spherical covariances have no number of features


@pytest.mark.parametrize("kind", KINDS)
def test_the_covariances_or_precisions_set_last_count(kind):
    wide, settings = moments(kind, (9.0, 9.0)), {"covariance_type": kind, "reg_covar": 0}
    theirs = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    right = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    factors = (
        np.sqrt(1 / wide) if kind in ("diag", "spherical") else np.linalg.inv(np.linalg.cholesky(wide)).swapaxes(-1, -2)
    )
    right.precisions_cholesky_, right.covariances_ = factors, wide
    for name, value in (
        ("covariances_", wide),
        ("precisions_cholesky_", factors),
        ("precisions_", factors**2 if kind in ("diag", "spherical") else factors @ factors.swapaxes(-1, -2)),
    ):
        model = fitted(**settings)
        model.means_ = right.means_
        model.weights_ = right.weights_
        setattr(model, name, value)
        np.testing.assert_allclose(model.score_samples(X), right.score_samples(X), rtol=1e-12)
        for each in ("covariances_", "precisions_cholesky_"):
            np.testing.assert_allclose(getattr(model, each), getattr(right, each), rtol=1e-12, atol=1e-14)
        model.random_state = right.random_state = 3
        np.testing.assert_allclose(model.sample(9)[0], right.sample(9)[0], rtol=1e-9)
        again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        model.precisions_cholesky_ = theirs.precisions_cholesky_
        np.testing.assert_allclose(model.covariances_, theirs.covariances_, rtol=1e-9, atol=1e-12)


def test_a_model_is_made_by_hand_as_with_scikit_learn():
    models = GaussianMixture(2, random_state=0), GaussianMixtureEM(2, random_state=0)
    for model in models:
        model.weights_, model.means_ = np.array([0.5, 0.5]), np.array([[0.0, 0.0], [6.0, 6.0]])
        model.covariances_ = np.stack([np.eye(2)] * 2)
        model.precisions_cholesky_ = np.stack([np.eye(2)] * 2)
    assert models[1].covariances_ is not None
    np.testing.assert_allclose(models[1].predict_proba(X), models[0].predict_proba(X), atol=1e-12)
    np.testing.assert_array_equal(models[1].sample(5)[0], models[0].sample(5)[0])
    for name, value, message in (
        ("covariances_", [[[1, 2], [2, 1]]] * 2, "positive definite"),
        ("covariances_", [1.0, 1.0], "number of dimensions"),
        ("precisions_cholesky_", [-np.eye(2)] * 2, "positive diagonal"),
        ("precisions_", [[[1, 2], [2, 1]]] * 2, "positive definite"),
        ("covariances_", [np.full((2, 2), np.nan)] * 2, "finite"),
    ):
        with pytest.raises(ValueError, match=f"{name} must .*{message}|{message}"):
            setattr(models[1], name, value)
    models[1].means_ = np.zeros((3, 2))
    with pytest.raises(ValueError, match="must have the shapes"):
        models[1].predict(X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_a_model_that_was_pickled_before_loads():
    model = pickle.loads((Path(__file__).parent / "model_of_before.pickle").read_bytes())  # noqa: S301 (our own)
    rows = np.array([[1.0, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    assert model.predict(rows).tolist() == [0, 0, 0, 1, 1, 1]
    assert np.isfinite([model.bic(rows), model.icl(rows), model.score(rows)]).all()
    assert model.get_params()["stopping"] == "change"
    assert model.get_params()["responsibilities_init"] is None
    sklearn.clone(model).fit(rows, ["a", None, None, "b", None, None])
    model.set_params(warm_start=True).fit(rows)
    assert model.predict(rows).tolist() == [0, 0, 0, 1, 1, 1]


# Rows far out.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("far", [1e10, 1e12, 1e50, 1e150, 1e160, 1e200, 1.7e308])
def test_posteriors_of_rows_far_out_are_their_limit(kind, far):
    """The widest component in the row's direction; where all are as wide, the nearest by its side."""
    covariances = {
        "full": [[[1, 0.5], [0.5, 2]], [[4, 0], [0, 1]]],
        "tied": [[1, 0.5], [0.5, 2]],
        "diag": [[1, 2], [4, 1]],
        "spherical": [1, 4],
    }[kind]
    start = emgmm.MixtureParameters.checked([0.3, 0.7], [[0, 0], [1, 3]], covariances, kind)
    directions = np.array([[1, 0.0], [0, 1], [-1, -1], [1, -1], [0.3, np.nan], [np.nan, -1]])
    matrices = start.covariance_matrices
    right = []
    for row in directions:
        seen = ~np.isnan(row)
        solved = [np.linalg.solve(c[np.ix_(seen, seen)], row[seen]) for c in matrices]
        squares = [row[seen] @ each for each in solved]
        linear = [each @ mean[seen] for each, mean in zip(solved, start.means, strict=True)]
        same = np.isclose(*squares)
        right.append(int(np.argmax(linear) if same else np.argmin(squares)))
    for rows in (directions * far, directions[:4] * far):
        found = emgmm.posteriors(rows, start)
        np.testing.assert_array_equal(found, np.eye(2)[right[: len(rows)]])
        (judged, _), _ = emgmm.judge_many(rows[None], [start] * 2)
        np.testing.assert_array_equal(judged, found)
        model = fitted(covariance_type=kind)
        model.weights_, model.means_, model.covariances_ = start.weights, start.means, start.covariances
        np.testing.assert_array_equal(model.predict(rows), right[: len(rows)])
        filled = model.impute(rows)
        assert np.isfinite(filled).all() or far > 1e300


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share_missing", [0, 0.3])
def test_rows_far_out_are_the_same_alone_and_among_others(kind, share_missing):
    """Alone they take the exact way, among others diag and spherical ones that of products."""
    draw = np.random.default_rng(0)
    rows, _, start = problem(0, 300, 4, 3, kind=kind)
    far = draw.choice(300, 60, replace=False)
    rows[far] *= 10.0 ** draw.uniform(2, 305, (60, 1))
    rows[draw.random(rows.shape) < share_missing] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for use in (emgmm.posteriors, emgmm.log_likelihoods, emgmm.impute):
            alone = np.concatenate([use(row[None], start) for row in rows])
            np.testing.assert_allclose(use(rows, start), alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("holes", [False, True])
def test_functions_report_a_value_too_far_out_to_square_by_an_error_alone(kind, holes):
    rows = np.r_[HOLES if holes else X, [[1e200, 0]]]
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 0], [6, 6]], moments(kind), kind)
    uses = {
        "expectation": lambda: emgmm.expectation(rows, start),
        "numpy": lambda: emgmm.expectation_maximization(rows, start, RULE),
        "numba": lambda: emgmm.expectation_maximization(rows, start, RULE, kernel="numba"),
        "fit_many": lambda: emgmm.fit_many(rows[None], [start] * 2, RULE),
        "labeled_statistics": lambda: emgmm.labeled_statistics(rows[-9:], np.ones(9, dtype=int), 2, kind),
        "weighted_statistics": lambda: emgmm.weighted_statistics(rows[-1:], np.ones((1, 2)), kind),
        "shrunken_parameters": lambda: emgmm.shrunken_parameters(known, rows),
        "parameters_from_classes": lambda: parameters_from_classes(one_class, rows, np.random.default_rng(0)),
    }
    known, one_class = (emgmm.labeled_statistics(X[60:140], y, 2, kind) for y in (TRUTH[60:140], 0 * TRUTH[60:140]))
    for method in (*STARTS, "random"):
        uses[method] = lambda m=method: emgmm.unlabeled_statistics(rows, 2, m, np.random.RandomState(0), kind)
    if holes:
        far = emgmm.labeled_statistics(rows, np.r_[TRUTH, 0], 2, kind)
        uses["labeled rows"] = lambda: emgmm.shrunken_parameters(far, X)
    if holes:
        del uses["labeled_statistics"]  # which then keeps the rows
        del uses["numba"]  # which they do not take
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for use in uses.values():
            with pytest.raises(ValueError, match="too large to square"):
                use()


def test_components_that_are_one_share_a_row_far_out():
    start = emgmm.MixtureParameters.checked([0.3, 0.7], [[1, 1]] * 2, [np.eye(2)] * 2)
    np.testing.assert_allclose(emgmm.posteriors([[1e150, 3.0], [1e200, 1.0]], start), [[0.3, 0.7]] * 2)


# Labels of any kind.
NAMES = np.array(["ash", "oak"])
NO = [None, np.nan, pd.NA, -1, -1.0]
TEXT = {
    **{f"list with {no}": [no if v < 0 else str(NAMES[v]) for v in FEW] for no in NO},
    **{f"array with {no}": np.array([no if v < 0 else str(NAMES[v]) for v in FEW], dtype=object) for no in NO},
    "series": pd.Series([None if v < 0 else NAMES[v] for v in FEW], dtype=object),
    "string": pd.Series([None if v < 0 else NAMES[v] for v in FEW], dtype="string"),
    "category": pd.Series([None if v < 0 else NAMES[v] for v in FEW], dtype="category"),
    "masked": np.ma.masked_array(NAMES[TRUTH], FEW < 0),
    "StringDType": np.array([None if v < 0 else NAMES[v] for v in FEW], dtype=np.dtypes.StringDType(na_object=None)),
}
NUMBERS = {
    "float": np.where(FEW < 0, np.nan, FEW),
    "object": FEW.astype(object),
    "None": np.where(FEW < 0, None, FEW),
    "Int64": pd.Series(FEW, dtype="Int64").replace(-1, pd.NA),
    "small": FEW.astype(np.int8),
}


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("mode", ["clamped", "init_only"])
def test_text_names_the_components(kind, mode):
    model, reference = (fitted(X, y, semi_supervised=mode) for y in (TEXT[kind], FEW))
    assert_same_fit(model, reference)
    assert model.classes_.tolist() == ["ash", "oak"]
    np.testing.assert_array_equal(model.predict(X), NAMES[reference.predict(X)])
    np.testing.assert_array_equal(model.predict_proba(X), reference.predict_proba(X))
    assert set(model.sample(50)[1]) == {"ash", "oak"}
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    assert again.predict(X[:1]).tolist() == ["ash"]
    assert GaussianMixtureEM(2, random_state=0).fit_predict(X, TEXT[kind]).tolist() == NAMES[TRUTH].tolist()
    parts = fitted(
        Parts(cut(X), labels=cut(np.asarray(TEXT[kind] if kind != "masked" else TEXT["series"], dtype=object)))
    )
    np.testing.assert_array_equal(parts.predict(X), model.predict(X))


@pytest.mark.parametrize("kind", NUMBERS)
def test_whole_numbers_are_components(kind):
    model = fitted(X, NUMBERS[kind], n_components=3)
    assert_same_fit(model, fitted(X, FEW, n_components=3))
    assert model.classes_.tolist() == [0, 1, 2]
    assert np.issubdtype(model.predict(X).dtype, np.integer)


def test_other_numbers_are_sorted_and_a_component_without_a_class_is_minus_1_or_none():
    years = np.where(FEW < 0, -1, 2030 - FEW)
    for y, names in ((years, [2029, 2030]), (np.where(FEW < 0, np.nan, years), [2029, 2030])):
        model = fitted(X, y)
        assert model.classes_.tolist() == names
        assert (model.predict(X) == 2030 - TRUTH).all()
    third = np.r_[X, X[:100] + np.array([30, -30])]
    for y, without in (
        (np.r_[years, [-1] * 100], -1),
        (np.array([*TEXT["list with None"], *[None] * 100], object), None),
    ):
        model = fitted(third, y, n_components=3)
        assert len(model.classes_) == 2
        assert set(model.predict(third[200:]).tolist()) == {without}
        assert without not in model.predict(third[:200]).tolist()
        parts = fitted(Parts([third[:150], third[150:]], labels=[y[:150], y[150:]]), n_components=3)
        assert (parts.predict(third) == model.predict(third)).all()
    assert fitted(X).classes_.tolist() == [0, 1]
    assert fitted(X, TEXT["series"]).fit(X).classes_.tolist() == [0, 1]  # of the last fit


def test_labels_of_parts_that_do_not_go_together():
    with pytest.raises(ValueError, match="numbers in all parts, or text in all parts"):
        fitted(Parts([X, X], labels=[FEW, TEXT["array with None"]]))
    with pytest.raises(ValueError, match=r"3 classes \(0, 1, 7\), more than n_components = 2"):
        fitted(Parts([X, X], labels=[FEW, np.full(200, 7)]))
    with pytest.raises(ValueError, match=r"integers, -1 or 0 to .*, not 'ash'"):
        emgmm.expectation_maximization(Parts([X], labels=[TEXT["array with None"]]), START, RULE)
    with pytest.raises(ValueError, match=r"part number 0 .*either numbers or text"):
        fitted(Parts([X], labels=[np.array(["a", 1] * 100, dtype=object)]))


# Crashes and messages.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kernel", ["numpy", "numba"])
@pytest.mark.parametrize("value", [2024.0, 1.7e9, 1.7e12, -1e15])
@pytest.mark.filterwarnings("ignore:reg_covar")
def test_a_constant_column_has_variance_reg_covar(kind, kernel, value):
    settings = {"covariance_type": kind, "kernel": kernel}
    one, other = (fitted(np.c_[X, np.full(200, each)], **settings) for each in (7.0, value))
    assert other.lower_bound_ == pytest.approx(one.lower_bound_, abs=1e-3)
    np.testing.assert_allclose(other.means_[:, :2], one.means_[:, :2], rtol=1e-6)
    y = np.where(np.arange(200) % 10 == 0, TRUTH, -1)
    clamped = fitted(np.c_[X, np.full(200, value)], y, **settings)
    np.testing.assert_array_equal(clamped.means_[:, 2], value)


@pytest.mark.parametrize("name", ["covariances_init", "precisions_init"])
@pytest.mark.parametrize("kind", KINDS)
def test_given_covariances_that_are_not_positive_definite_are_named(name, kind):
    bad = {"full": [[[1, 2], [2, 1]]] * 2, "tied": [[1, 2], [2, 1]], "diag": -np.ones((2, 2)), "spherical": [0, 1]}[
        kind
    ]
    for more in ({}, {"means_init": [[0, 0], [6, 6]], "weights_init": [0.5, 0.5]}):
        with pytest.raises(ValueError, match=f"^{name} must be positive, and positive definite$"):
            fitted(covariance_type=kind, **{name: bad}, **more)
        with pytest.raises(ValueError, match=f"^{name} must be positive, and positive definite$"):
            fitted(X, FEW, covariance_type=kind, **{name: bad}, **more)


@pytest.mark.parametrize("far", [1e17, 1e25, 3e38])
def test_single_precision_far_out_starts_as_double_precision(far):
    rows = np.r_[X, np.full((9, 2), far)].astype(np.float32)
    assert_same_fit(fitted(rows), fitted(rows.astype(float)))


@pytest.mark.parametrize("far", [1e154, 1e200, -1.7e308])
@pytest.mark.parametrize("init_params", [*STARTS, "random", "labels"])
def test_a_value_too_far_out_to_square_is_reported_as_that(far, init_params):
    rows = X.copy()
    rows[7, 1] = far
    y = FEW if init_params == "labels" else None
    said = r"too large to square: feature 1 \(counted from 0\) has a value of size"
    with pytest.raises(ValueError, match=f"^X must be finite, and not {said}"):
        fitted(rows, y, init_params=init_params)
    with pytest.raises(ValueError, match=rf"^part number 0 \(from 0\) must be finite, and not {said}"):
        fitted(Parts([rows], None if y is None else [y]), init_params=init_params)


def test_fit_predict_of_parts_is_refused_before_the_fit():
    model = GaussianMixtureEM(2)
    with pytest.raises(TypeError, match="X must be one array"):
        model.fit_predict(Parts([X]))
    assert not hasattr(model, "means_")


@pytest.mark.parametrize("n_draws", [1.5, "2", 0, -1, np.nan])
def test_a_number_of_draws_that_is_none(n_draws):
    with pytest.raises(ValueError, match="n_draws must be an integer of at least 1"):
        fitted().impute(HOLES, n_draws=n_draws)


def test_frames_are_imputed_as_frames():
    frame = pd.DataFrame(HOLES, columns=["a", "b"], index=np.arange(200) + 7)
    model = fitted(frame)
    filled, draws = model.impute(frame), model.impute(frame, n_draws=2, random_state=0)
    for each in (filled, *draws):
        assert each.index.equals(frame.index)
        assert each.columns.equals(frame.columns)
    np.testing.assert_array_equal(filled, fitted(HOLES).impute(HOLES))
    np.testing.assert_array_equal(np.stack(draws), fitted(HOLES).impute(HOLES, n_draws=2, random_state=0))


def test_missing_values_of_pandas_are_missing():
    frame = pd.DataFrame(HOLES, columns=["a", "b"])
    objects = frame.astype(object).where(frame.notna(), pd.NA)
    mixed = objects.assign(b=frame["b"].astype("Float64"))
    expected = fitted(frame)
    for other in (objects, mixed, frame.astype("Float64")):
        model = fitted(other)
        assert_same_fit(model, expected)
        assert model.feature_names_in_.tolist() == ["a", "b"]
        np.testing.assert_array_equal(model.predict_proba(other), expected.predict_proba(frame))
        np.testing.assert_array_equal(model.impute(other), expected.impute(frame))
    for other in (
        objects.to_numpy(),
        objects.to_numpy().tolist(),
        np.where(HIDDEN, None, X),
        np.where(HIDDEN, None, X).tolist(),
    ):
        assert_same_fit(fitted(other), expected)
        np.testing.assert_array_equal(emgmm.posteriors(other, START), emgmm.posteriors(HOLES, START))
    with pytest.raises(ValueError, match="NaN"):
        fitted(sample_weight=[pd.NA] + [1.0] * 199)


def test_fewer_unlabeled_rows_than_components_are_reported():
    y = np.where(np.arange(200) == 3, -1, TRUTH)
    for rows, labels in ((X, y), (Parts([X], labels=[y]), None)):
        with pytest.raises(ValueError, match=r"n_samples = 1 .*init_only"):
            GaussianMixtureEM(2, semi_supervised="init_only").fit(rows, labels)
    empty = np.where(np.isin(np.arange(200), [3, 4, 5])[:, None], np.nan, X)  # three, of which one has a value
    empty[3] = X[3]
    with pytest.raises(ValueError, match=r"n_samples = 1 .*init_only"):
        GaussianMixtureEM(2, semi_supervised="init_only").fit(
            empty, np.where(np.isin(np.arange(200), [3, 4, 5]), -1, TRUTH)
        )


# Criteria and weights.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("criterion", ["score", "bic", "aic", "icl"])
def test_criteria_take_weights_as_repetitions(kind, criterion):
    weight = np.arange(200) % 3
    model = fitted(covariance_type=kind)
    found = getattr(model, criterion)(HOLES, sample_weight=weight)
    assert found == pytest.approx(getattr(model, criterion)(np.repeat(HOLES, weight, axis=0)))
    assert found != pytest.approx(getattr(model, criterion)(HOLES))


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e307])
def test_the_scale_of_weights_does_not_change_the_score(scale):
    model, weight = fitted(), np.arange(1.0, 201) / 200
    right = model.score(X, sample_weight=weight)
    assert model.score(X, sample_weight=scale * weight) == pytest.approx(right, rel=1e-12 if scale > 1e-318 else 1e-2)


def test_icl_is_the_bic_of_labels_that_one_would_give():
    rows = np.r_[X, DRAW.normal(3, 1, (50, 2))]
    model = fitted(rows)
    joint = emgmm.complete_log_likelihood(emgmm.labeled_statistics(rows, model.predict(rows), 2), model._last())
    assert model.icl(rows) == pytest.approx(-2 * joint + 11 * np.log(250), rel=1e-9)
    assert model.icl(rows) > model.bic(rows)


def test_metadata_routing_takes_weights_to_the_fit_and_the_score():
    weight = np.where(TRUTH == 1, 1e-6, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = (
            GaussianMixtureEM(random_state=0).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        )
        search = GridSearchCV(model, {"n_components": [1, 2]}).fit(X[::-1], sample_weight=weight[::-1])
    np.testing.assert_allclose(
        search.best_estimator_.score(X, sample_weight=weight), search.best_estimator_.score(X[:100]), rtol=1e-3
    )
    assert not hasattr(model, "set_output")  # as of GaussianMixture: it transforms nothing


# Aitken's stop, and a start given as responsibilities.
def test_aitkens_stop_goes_on_where_em_is_slow():
    draw = np.random.default_rng(0)
    rows = draw.multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], size=4000)
    rows[draw.random(4000) < 0.95, 1] = np.nan
    seen = ~np.isnan(rows[:, 1])
    slope = np.cov(rows[seen].T)[0, 1] / rows[seen, 0].var(ddof=1)  # of highest likelihood: a regression
    left = (rows[seen, 1] - slope * rows[seen, 0]).var()
    spread = rows[:, 0].var()
    right = slope * np.sqrt(spread / (slope**2 * spread + left))
    found = {}
    for stopping in ("change", "aitken"):
        model = fitted(rows, n_components=1, stopping=stopping, max_iter=2000)
        assert model.converged_
        (a, b), (_, c) = model.covariances_[0]
        found[stopping] = b / np.sqrt(a * c)
    assert found["change"] < right - 0.02
    assert found["aitken"] == pytest.approx(right, abs=0.015)
    limit = fitted(rows, n_components=1, tol=1e-12, max_iter=10_000, acceleration="anderson").lower_bound_
    assert limit - model.lower_bound_ < 1e-3
    (a, b), (_, c) = fitted(rows, n_components=1, stopping="aitken", tol=1e-6, max_iter=2000).covariances_[0]
    assert b / np.sqrt(a * c) == pytest.approx(right, abs=1e-3)
    with pytest.raises(ValueError, match="'stopping' parameter"):
        fitted(stopping="limit")


@pytest.mark.parametrize("kind", KINDS)
def test_responsibilities_are_a_start(kind):
    given = np.random.default_rng(0).dirichlet([1, 1], size=200)
    settings = {"covariance_type": kind, "responsibilities_init": given, "max_iter": 0}
    start = emgmm.maximization(emgmm.weighted_statistics(X, given, kind), 1e-6)
    weight = np.arange(200) % 3
    weighted = emgmm.maximization(emgmm.weighted_statistics(X, given * weight[:, None], kind), 1e-6)
    for y in (None, FEW, TEXT["category"]):
        for right, of_rows in ((start, None), (weighted, weight)):
            model = fitted(X, y, sample_weight=of_rows, **settings)
            np.testing.assert_allclose(model.means_, right.means, rtol=1e-10)
            np.testing.assert_allclose(model.covariances_, right.covariances, rtol=1e-10, atol=1e-12)
    means = fitted(X, means_init=[[0, 0], [6, 6]], **settings).means_
    np.testing.assert_array_equal(means, [[0, 0], [6, 6]])  # parameters given win
    sure = fitted(HOLES, responsibilities_init=np.eye(2)[1 - TRUTH], covariance_type=kind)
    np.testing.assert_array_equal(sure.predict(X), 1 - TRUTH)
    for bad in (given[:9], given[:, :1], -given, 2 * given, np.where(given > 0.9, np.nan, given)):
        with pytest.raises(ValueError, match="responsibilities_init must"):
            fitted(X, responsibilities_init=bad)
    with pytest.raises(ValueError, match="cannot be used with Parts"):
        fitted(Parts([X]), responsibilities_init=given)


def test_verbose_lines_have_their_times(capsys):
    fitted(verbose=2, verbose_interval=1)
    out = capsys.readouterr().out
    assert re.search(r"Iteration 2\t time lapse [\d.]+s\t ll change [\d.]+", out)
    assert re.search(r"Initialization converged. time lapse [\d.]+s\t lower bound -3.505", out)
