"""The observed information: against differences of the score, closed forms and what EM does; where it is refused."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from test_covariance_types import EqualVolumes
from test_emgmm import KINDS, problem

import emgmm
from em_study.evaluation.numerical import gradient, vector_of
from emgmm import GaussianMixtureEM, Parts, observed_information
from emgmm.parameters import Coordinates

STENCIL = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60  # a derivative's, of order 6
STEP = 0.004
NAMES = ("weights", "means", "covariances")


def fit(X, start, **options):
    """Go to the limit."""
    rule = emgmm.article_stopping(1e-14, 50_000)
    return emgmm.expectation_maximization(X, start, rule, acceleration="anderson", **options).parameters


def overlapping(seed=0, n_samples=600, kind="full", distance=2.5):
    """Draw samples of two overlapping components, their components, and the fit."""
    X, y, start = problem(seed, n_samples, 2, 2, kind=kind)
    X = X - start.means[y]
    X[:, 0] += distance * y
    start = emgmm.parameters_from_labels(X, y, 2, kind)
    return X, y, fit(X, start)


def clusters(seed=0, n_samples=400, kind="full", n_features=2):
    """Draw samples of two components far apart, their components, and the fit."""
    X, y, _ = problem(seed, n_samples, n_features, 2, kind=kind)
    X = X + 6 * y[:, None]
    return X, y, fit(X, emgmm.parameters_from_labels(X, y, 2, kind))


def single(X, kind="full"):
    """Fit a single Gaussian to complete samples."""
    return emgmm.maximization(emgmm.weighted_statistics(X, np.ones((len(X), 1)), kind))


def derivative(function, size):
    """Differentiate a function of a vector at 0; each row is a coordinate."""
    shifts = (np.arange(7) - 3) * STEP
    return (
        np.stack([sum(c * function(s * e) for c, s in zip(STENCIL, shifts, strict=True)) for e in np.eye(size)]) / STEP
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["complete", "missing"]),
    st.sampled_from(["none", "some", "all"]),
    st.booleans(),
    st.integers(1, 3),
)
def test_it_is_the_derivative_of_the_score(seed, kind, n_features, n_components, values, labels, weighted, n_parts):
    X, y, start = problem(seed, 60, n_features, n_components, kind=kind)
    draw = np.random.default_rng(seed)
    X *= draw.uniform(0.5, 2, n_features)
    reference = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0, 2)).parameters  # nowhere special
    if values == "missing":
        incomplete = draw.random(X.shape) < 0.3
        incomplete[:n_components] = False
        X = np.where(incomplete, np.nan, X)
    y = np.where(draw.random(len(y)) < {"none": 0, "some": 0.4, "all": 1}[labels], y, -1)
    weight = draw.uniform(0.1, 3, len(X)) if weighted else np.ones(len(X))
    parts = Parts(*(np.array_split(each, n_parts) for each in (X, y, weight)))
    found = observed_information(parts, reference)
    coordinates, rows = Coordinates(reference), parts.to_fit(reference, "numpy", map)

    def score(vector):
        mixture = coordinates.mixture(vector)
        return vector_of(gradient(rows.expectation(mixture)[0], mixture), mixture, coordinates)

    idle = np.zeros(len(found.gradient))
    idle[:n_components] = coordinates.scales
    expected = found.n_samples * np.outer(idle, idle) - derivative(score, len(idle))
    np.testing.assert_allclose(found.matrix, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(found.gradient, score(0 * idle), rtol=0, atol=1e-9 * found.n_samples)
    np.testing.assert_allclose(found.matrix, found.matrix.T, rtol=0, atol=1e-9 * found.n_samples)
    of_array = observed_information(X, reference, y=y, sample_weight=weight)
    np.testing.assert_allclose(of_array.matrix, found.matrix, rtol=0, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(of_array.scores, found.scores, rtol=0, atol=1e-9 * np.abs(found.scores).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (2, 3)])
def test_coordinates_differentiate(kind, shape):
    X, _, reference = problem(1, 100, *shape, kind=kind)
    reference = emgmm.expectation_maximization(X, reference, emgmm.sklearn_stopping(0, 1)).parameters
    coordinates = Coordinates(reference)
    size = len(coordinates.of(reference))
    for name, found in zip(NAMES, coordinates.differential(np.eye(size)), strict=True):
        expected = derivative(lambda vector, name=name: getattr(coordinates.mixture(vector), name), size)
        np.testing.assert_allclose(
            np.moveaxis(found, -1, 0), expected, rtol=0, atol=1e-9 * max(1, np.abs(expected).max())
        )
    away = 0.3 * np.random.default_rng(0).standard_normal(size)
    mixture = coordinates.mixture(away)
    found = vector_of(gradient(emgmm.expectation(X, mixture)[0], mixture), mixture, coordinates)
    expected = derivative(lambda vector: emgmm.expectation(X, coordinates.mixture(away + vector))[1], size)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_single_gaussian(kind, n_features):
    X = np.random.default_rng(0).standard_normal((80, n_features)) @ np.tril(np.ones((n_features,) * 2))
    found, own = observed_information(X, single(X, kind)), single(X, kind)
    variances = own.variances[0]
    np.testing.assert_allclose(found.standard_errors.means[0], np.sqrt(variances / 80))
    expected = {"diag": [variances * np.sqrt(2 / 80)], "spherical": variances[:1] * np.sqrt(2 / (80 * n_features))}
    covariance = own.covariance_matrices[0]
    full = np.sqrt((np.outer(variances, variances) + covariance**2) / 80)
    np.testing.assert_allclose(
        found.standard_errors.covariances, expected.get(kind, full if kind == "tied" else [full])
    )
    assert found.standard_errors.weights == 0
    assert found.rate == pytest.approx(0, abs=1e-12)
    assert found.is_maximum
    assert found.left_to_gain == pytest.approx(0, abs=1e-20)
    if kind != "spherical":  # which is only like these data
        np.testing.assert_allclose(found.sandwich_errors.means, found.standard_errors.means)
    if n_features == 1:
        fourth = ((X - X.mean()) ** 4).mean()
        np.testing.assert_allclose(np.ravel(found.sandwich_errors.covariances), np.sqrt((fourth - X.var() ** 2) / 80))


def test_of_a_single_gaussian_that_lacks_values():
    """The likelihood is that of the first feature, times that of the second's regression on it where it is there."""
    X = np.random.default_rng(0).standard_normal((90, 2)) @ [[1, 1], [0, 0.7]]
    X[60:, 1] = np.nan
    own = fit(X, single(X[:60]))
    found = observed_information(X, own)
    (v1, c), (_, v2) = own.covariances[0]
    slope, residual = c / v1, v2 - c * c / v1
    half = X[:60, 0]
    of_line = residual * (1 / 60 + (own.means[0, 0] - half.mean()) ** 2 / (60 * half.var()))
    expected = np.sqrt([v1 / 90, slope**2 * v1 / 90 + of_line])
    np.testing.assert_allclose(found.standard_errors.means[0], expected, rtol=1e-6)
    of_slope, of_residual = residual / (60 * half.var()), residual**2 * 2 / 60
    of_v2 = slope**4 * v1**2 * 2 / 90 + of_residual + (2 * slope * v1) ** 2 * of_slope
    expected = np.sqrt([v1**2 * 2 / 90, slope**2 * v1**2 * 2 / 90 + v1**2 * of_slope, of_v2])
    np.testing.assert_allclose(found.standard_errors.covariances[0][[0, 0, 1], [0, 1, 1]], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_of_features_that_do_not_covary_and_lack_values(kind):
    X = np.random.default_rng(0).standard_normal((90, 2))
    X[:30, 0] = np.nan
    own = fit(X, single(X[30:], kind))
    found, variances = observed_information(X, own).standard_errors, own.variances[0]
    np.testing.assert_allclose(found.means[0], np.sqrt(variances / [60, 90]), rtol=1e-6)
    expected = variances * np.sqrt(2 / np.array([60, 90])) if kind == "diag" else variances[0] * np.sqrt(2 / 150)
    np.testing.assert_allclose(found.covariances[0], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_of_labeled_rows_it_is_the_complete_datas(kind):
    X, y, _ = problem(0, 200, 2, 2, kind=kind)
    own = emgmm.parameters_from_labels(X, y, 2, kind)
    found = observed_information(X, own, y=y)
    np.testing.assert_allclose(found.matrix, 200 * np.eye(len(found.gradient)), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.standard_errors.weights, np.sqrt(own.weights * (1 - own.weights) / 200))
    assert found.rate == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [0, 0.2])
def test_the_jacobian_and_rate_are_those_of_em(kind, missing):
    X, _, own = overlapping(kind=kind)
    X = np.where(np.random.default_rng(0).random(X.shape) < missing, np.nan, X)
    own = fit(X, own)
    found = observed_information(X, own)
    coordinates, step = Coordinates(own), 1e-4

    def image(vector):
        return coordinates.of(emgmm.maximization(emgmm.expectation(X, coordinates.mixture(vector))[0]))

    sizes, directions = np.linalg.eigh(found.matrix / found.n_samples)
    for along in (directions[:, 0], np.random.default_rng(0).standard_normal(len(sizes))):
        along[:2] -= coordinates.scales * (coordinates.scales @ along[:2])
        moved = (image(step * along) - image(-step * along)) / (2 * step)
        np.testing.assert_allclose(moved, along - found.matrix @ along / found.n_samples, rtol=0, atol=1e-6)
    assert found.rate == pytest.approx(1 - sizes[0], rel=1e-12)


def test_what_is_left_to_gain():
    X, _, own = overlapping()
    assert len(repr(observed_information(X, own))) < 200  # without the matrices
    coordinates = Coordinates(own)
    best = emgmm.expectation(X, own)[1]
    draw, size = np.random.default_rng(0), len(coordinates.of(own))
    for _ in range(5):
        near = coordinates.mixture(0.003 * draw.standard_normal(size))
        found = observed_information(X, near)
        assert found.left_to_gain == pytest.approx(best - emgmm.expectation(X, near)[1], rel=0.05)
        assert found.kind == ("maximum" if found.left_to_gain <= 0.005 else "slope")


def test_standard_errors_are_how_estimates_spread():
    truth = emgmm.MixtureParameters.checked([0.4, 0.6], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
    ends, errors = [], []
    for seed in range(150):
        draw = np.random.default_rng(seed)
        y = draw.random(400) < 0.6
        X = (4.0 * y + draw.standard_normal(400))[:, None]
        end = fit(X, truth)
        found = observed_information(X, end).standard_errors
        ends.append([end.weights[0], *end.means.ravel(), *end.covariances.ravel()])
        errors.append([found.weights[0], *found.means.ravel(), *found.covariances.ravel()])
    np.testing.assert_allclose(np.median(errors, axis=0), np.std(ends, axis=0), rtol=0.2)


class TestInvariance:
    """Samples and units in another form give the same."""

    @staticmethod
    def assert_same(one, other, scale=1.0, rtol=1e-6):
        for name, power in zip(NAMES, (0, 1, 2), strict=True):
            found, expected = (getattr(each.standard_errors, name) for each in (one, other))
            np.testing.assert_allclose(found, scale**power * expected, rtol=rtol)
        np.testing.assert_allclose([one.rate, one.n_samples], [other.rate, other.n_samples], rtol=rtol)

    @pytest.mark.parametrize("kind", KINDS)
    def test_units_and_offset(self, kind):
        X, _, own = overlapping(kind=kind)
        far = emgmm.MixtureParameters(own.weights, 1e8 + 4 * own.means, 16 * own.covariances, kind)
        self.assert_same(observed_information(1e8 + 4 * X, far), observed_information(X, own), 4, 1e-5)

    def test_nearly_collinear_features(self):
        X, _, own = overlapping()
        turn = np.array([[1, 1], [0, 1e-4]])
        turned = emgmm.MixtureParameters(own.weights, own.means @ turn, turn.T @ own.covariances @ turn)
        one, other = observed_information(X @ turn, turned), observed_information(X, own)
        assert one.rate == pytest.approx(other.rate, rel=1e-6)
        np.testing.assert_allclose(one.standard_errors.weights, other.standard_errors.weights, rtol=1e-5)
        np.testing.assert_allclose(one.standard_errors.means[:, 0], other.standard_errors.means[:, 0], rtol=1e-5)

    @pytest.mark.parametrize("missing", [0, 0.2])
    def test_duplicates_and_weights(self, missing):
        X, _, own = overlapping()
        X = np.where(np.random.default_rng(0).random(X.shape) < missing, np.nan, X)
        own = fit(X, own)
        expected = observed_information(np.concatenate([X, X]), own)
        self.assert_same(observed_information(X, own, sample_weight=np.full(len(X), 2)), expected)
        assert expected.standard_errors.weights[0] == pytest.approx(
            observed_information(X, own).standard_errors.weights[0] / np.sqrt(2)
        )
        more = np.concatenate([X, [[1e6, 1e6], [np.nan, np.nan]]])
        weight = np.append(np.full(len(X), 2), [0, 1])
        self.assert_same(observed_information(more, own, sample_weight=weight), expected)

    def test_single_precision(self):
        X, _, own = overlapping()
        X = X.astype(np.float32)
        self.assert_same(observed_information(X, own), observed_information(X.astype(float), own), rtol=1e-12)

    def test_many_patterns(self):
        """Samples that each lack other values give the same as in parts by pattern."""
        X, _, start = problem(0, 300, 6, 2)
        X = np.where(np.random.default_rng(0).random(X.shape) < 0.4, np.nan, X)
        one = observed_information(X, start)
        other = observed_information(Parts([each for each in np.array_split(X, 60) if not np.isnan(each).all()]), start)
        np.testing.assert_allclose(one.matrix, other.matrix, rtol=0, atol=1e-10 * np.abs(one.matrix).max())


class TestRefusal:
    """Standard errors that are not valid are an error with the reason."""

    def refused(self, found, why):
        assert why in found.refusal
        for ask in (lambda: found.standard_errors, lambda: found.sandwich_errors, found.intervals):
            with pytest.raises(ValueError, match="standard errors are not valid here: ") as error:
                ask()
            assert why in str(error.value)

    def test_at_a_saddle(self):
        """Samples that are symmetric in both features, and farther apart in the other one."""
        X = np.abs(np.random.default_rng(0).normal([2, 1], 0.5, (200, 2)))
        X = np.concatenate([X * signs for signs in ([1, 1], [1, -1], [-1, 1], [-1, -1])])
        start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0, 1], [0, -1]], [1, 1], "spherical")
        end = emgmm.expectation_maximization(X, start, emgmm.article_stopping(1e-13, 500)).parameters
        found = observed_information(X, end)
        assert (found.kind, found.is_maximum, found.left_to_gain) == ("saddle", False, np.inf)
        assert found.rate > 1
        assert found.gradient_norm < 1e-3
        self.refused(found, "at a saddle")

    def test_on_a_flat_place(self):
        X = np.random.default_rng(0).standard_normal((200, 1))
        end = single(X)
        same = emgmm.MixtureParameters(np.array([0.5, 0.5]), end.means.repeat(2, 0), np.array([[[1.0]]] * 2) * X.var())
        found = observed_information(X, same)
        assert found.kind in ("flat", "saddle")
        assert not found.is_maximum
        self.refused(found, "on a plateau" if found.kind == "flat" else "at a saddle")
        tied = emgmm.MixtureParameters(same.weights, same.means, same.covariances[0], "tied")
        assert observed_information(X, tied).kind == "flat"  # the weights do not matter

    def test_on_a_slope(self):
        X, _, own = overlapping()
        moved = emgmm.MixtureParameters(own.weights, own.means + 0.2, own.covariances)
        found = observed_information(X, moved)
        assert found.kind == "slope"
        self.refused(found, "nats below its maximum")

    def test_of_a_weight_near_0(self):
        X, y, _ = clusters()
        X = np.concatenate([X[y == 0], X[y == 1][:9]])
        own = fit(X, emgmm.parameters_from_labels(X, np.repeat([0, 1], [200, 9]), 2))
        found = observed_information(X, own)
        assert found.is_maximum
        self.refused(found, "is too near 0: 0.043, less than 4 times its standard error of 0.014")

    def test_of_components_that_are_alike(self):
        X, y, _ = problem(0, 300, 1, 2)
        X = np.random.default_rng(3).standard_normal((300, 1))
        own = emgmm.parameters_from_labels(X, y, 2)
        few = np.where(np.arange(300) < 280, y, -1)
        found = observed_information(X, own, y=few)
        assert found.refusal is None  # labels say which is which
        assert found.labeled.tolist() == [0, 1]
        assert dataclasses.replace(found, labeled=np.array([1])).refusal is None
        without = dataclasses.replace(found, labeled=np.array([]))
        self.refused(without, "components 0 and 1 (counted from 0) are so similar that their labels may switch")

    def test_what_cannot_be_taken(self):
        X, _, own = overlapping()
        with pytest.raises(
            ValueError, match=r"11 parameters; it must have at most 2,000, and fewer than .* the samples, 11"
        ):
            observed_information(X[:11], own)
        observed_information(X[:12], own)
        many = emgmm.MixtureParameters(np.ones(1), np.zeros((1, 1001)), np.ones((1, 1001)), "diag")
        with pytest.raises(ValueError, match="2,002 parameters; it must have at most 2,000"):
            observed_information(np.zeros((3000, 1001)), many)
        with pytest.raises(ValueError, match="y must have one label for each sample"):
            observed_information(X, own, y=[1])
        with pytest.raises(ValueError, match="labels must be integers, -1 or 0 to 1, not 2"):
            observed_information(X, own, y=np.full(len(X), 2))
        with pytest.raises(ValueError, match="sample_weight must not be negative"):
            observed_information(X, own, sample_weight=np.full(len(X), -1.0))
        with pytest.raises(ValueError, match="3 features, and the mixture has 2"):
            observed_information(np.ones((20, 3)), own)
        with pytest.raises(ValueError, match="pass labels and sample_weight of parts to Parts"):
            observed_information(Parts([X]), own, y=np.zeros(len(X)))
        with pytest.raises(TypeError, match="must be a GaussianMixtureEM or MixtureParameters, not a ndarray"):
            observed_information(own, X)
        with pytest.raises(NotFittedError):
            observed_information(Parts([X]), GaussianMixtureEM(2))
        with pytest.raises(ValueError, match="level must be between 0 and 1, not 95"):
            observed_information(X, own).intervals(95)

    def test_a_type_with_a_constraint_of_its_own(self, monkeypatch):
        monkeypatch.setitem(emgmm.COVARIANCE_TYPES, "EVI", EqualVolumes(diagonal=True))
        X, _, own = overlapping(kind="diag")
        own = emgmm.MixtureParameters(own.weights, own.means, own.covariances, "EVI")
        with pytest.raises(ValueError, match="'EVI': log_roots and n_parameters disagree"):
            observed_information(X, own)

    def test_a_type_of_ones_own(self, monkeypatch):
        monkeypatch.setitem(emgmm.COVARIANCE_TYPES, "EII", emgmm.CovarianceType(True, True, True))
        X, _, _ = overlapping()
        own = single(X, "EII")
        found = observed_information(X, own).standard_errors
        np.testing.assert_allclose(found.covariances, own.covariances * np.sqrt(2 / (2 * len(X))))


@pytest.mark.parametrize("kind", KINDS)
def test_intervals(kind):
    X, _, own = clusters(n_samples=60, kind=kind)
    found = observed_information(X, own)
    errors = found.standard_errors
    for low, high in (found.intervals(0.999), found.intervals(0.999, sandwich=True)):
        for name in NAMES:
            assert (getattr(low, name) < getattr(own, name)).all()
            assert (getattr(own, name) < getattr(high, name)).all()
        assert (low.weights > 0).all()
        assert (high.weights < 1).all()
        assert (own.type.variances(own.type.expand(low.covariances, *own.means.shape)) > 0).all()
    low, high = found.intervals(0.6827)  # of one standard error
    np.testing.assert_allclose(high.means - own.means, errors.means, rtol=1e-4)
    np.testing.assert_allclose((high.weights - low.weights) / 2, errors.weights, rtol=0.01)
    ratios = high.weights / (1 - high.weights) * (1 - low.weights) / low.weights
    np.testing.assert_allclose(np.log(ratios), 2 * errors.weights / (own.weights * (1 - own.weights)), rtol=1e-4)
    if kind == "full":
        steps = (high.covariances - own.covariances)[:, 0, 1]
        np.testing.assert_allclose(steps, errors.covariances[:, 0, 1], rtol=1e-4)
        ratios = (high.covariances / low.covariances)[:, 0, 0]
        relative = errors.covariances[:, 0, 0] / own.covariances[:, 0, 0]
        np.testing.assert_allclose(np.log(ratios), 2 * relative, rtol=1e-4)


def test_what_the_documentation_shows():
    text = (Path(__file__).parent.parent / "docs/standard_errors.md").read_text(encoding="utf-8")
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], shown := {})  # noqa: S102
    assert shown["found"].refusal is None
    assert (shown["found"].is_maximum, shown["found"].kind) == (True, "maximum")
    assert f"from {shown['low'].means[0, 0]:.2f} to {shown['high'].means[0, 0]:.2f}" in text


class TestEstimator:
    @pytest.mark.parametrize("mode", ["clamped", "init_only"])
    @pytest.mark.parametrize("text", [False, True])
    def test_which_samples_count(self, mode, text):
        X, y, _ = overlapping()
        names = np.array(["ash", "beech"], dtype=object)
        known = np.arange(len(y)) < 60
        labels = np.where(known, names[y], None) if text else np.where(known, y, -1)
        X[3:40:7, 1] = X[100:200, 0] = np.nan
        model = GaussianMixtureEM(2, tol=1e-10, max_iter=5000, semi_supervised=mode, reg_covar=0).fit(X, labels)
        found = observed_information(X, model, y=labels)
        assert found.is_maximum
        components = np.where(known, y, -1)
        direct = (
            observed_information(X, model._last(), y=components)
            if mode == "clamped"
            else observed_information(X[~known], model._last())
        )
        np.testing.assert_allclose(found.matrix, direct.matrix, rtol=0, atol=1e-9 * len(X))
        parts = Parts(np.array_split(X, 3), np.array_split(labels, 3))
        for errors in (model.standard_errors_(X, labels), model.standard_errors_(parts), direct.standard_errors):
            for name in NAMES:
                assert getattr(errors, name).shape == getattr(model, f"{name}_").shape
                np.testing.assert_allclose(getattr(errors, name), getattr(found.standard_errors, name), rtol=1e-6)
        weight = np.full(len(X), 4.0)
        halved = model.standard_errors_(X, labels, weight).means
        np.testing.assert_allclose(halved, found.standard_errors.means / 2, rtol=1e-6)

    def test_labels_that_the_fit_did_not_have(self):
        X, y, _ = clusters()
        model = GaussianMixtureEM(2).fit(X, np.array(["ash", "beech"], dtype=object)[y])
        with pytest.raises(ValueError, match=r"the label 'beeches'; the classes of the model are \['ash', 'beech'\]"):
            model.standard_errors_(X, np.where(y == 0, "ash", "beeches"))
        with pytest.raises(ValueError, match="the classes of the model are"):
            model.standard_errors_(X, y)
        model = GaussianMixtureEM(2).fit(X, 10 * y + 10)
        assert model.standard_errors_(X, np.where(y == 1, 20, -1)).weights.shape == (2,)
        with pytest.raises(ValueError, match=r"the label 15; the classes of the model are \[10, 20\]"):
            model.standard_errors_(X, np.full(len(y), 15))
        with pytest.raises(ValueError, match=r"the label 'ash'; the classes of the model are \[10, 20\]"):
            model.standard_errors_(X, ["ash"] * len(y))
        with pytest.raises(ValueError, match=r"the label 2; the classes of the model are \[0, 1\]"):
            GaussianMixtureEM(2).fit(X, y).standard_errors_(X, y + 1)

    def test_where_standard_errors_mean_nothing(self):
        X, _, _ = overlapping()
        model = GaussianMixtureEM(3, tol=1e-2, random_state=0).fit(X)
        with pytest.raises(ValueError, match="standard errors are not valid here"):
            model.standard_errors_(X)
