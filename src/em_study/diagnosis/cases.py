"""Cases on which an implementation is called to read its steps, and what it returned."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from em_study.diagnosis.recipe import Mixture, Problem
from em_study.fits.runs import PARAMETERS
from emgmm import COVARIANCE_TYPES, MixtureParameters


class Observed(NamedTuple):
    """What an implementation returned."""

    end: Mixture | None  # None if it returned no mixture
    problem: str = ""  # why it did not
    trace: np.ndarray | None = None
    n_iter: int | None = None
    converged: bool | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One step: the parameters before and after it."""

    problem: Problem
    end: Mixture

    @cached_property
    def scale(self) -> dict:
        """Unit of the differences of each result: standard deviations of the samples, or its own size."""
        deviations = self.problem.X.std(axis=0)
        largest = np.abs(self.end.covariances).max()
        return {
            "weights": 1.0,
            "means": deviations,
            "covariances": np.maximum(np.outer(deviations, deviations), largest),
        }


def problem_of(kind: str, X, weights, means, covariances) -> Problem:
    """Make a problem with initial covariances of a type, from matrices."""
    weights = np.asarray(weights, dtype=float)
    weights = weights / weights.sum()
    shape = COVARIANCE_TYPES[kind]
    scatter = weights[:, None, None] * covariances
    moments = scatter.diagonal(axis1=1, axis2=2) if shape.diagonal else scatter
    return Problem(X, MixtureParameters.checked(weights, means, shape.pool(moments, weights), kind))


def few_samples(seed: int, kind: str, n_features: int, n_components: int, scale=1.0, far=0.0) -> Problem:
    """Simulate D + 1 samples in general position, each repeated several times, and initial parameters.

    `far` is the distance of the samples from the means, in standard deviations.
    """
    random = np.random.default_rng([seed, n_features, n_components])
    corners = np.concatenate([np.zeros((1, n_features)), np.eye(n_features)])
    corners = 1.5 * corners + 0.2 * random.standard_normal(corners.shape)
    X = np.repeat(corners, (3 + np.arange(n_features + 1) % 3) + 1 * (np.arange(n_features + 1) == 1), axis=0)
    spread = 0.4 / (1 + far)
    means = 0.5 + spread * random.standard_normal((n_components, n_features))
    mixing = np.eye(n_features) + (0.5 / (1 + far)) * random.standard_normal((n_components, n_features, n_features))
    covariances = mixing @ mixing.swapaxes(1, 2) + 0.3 * np.eye(n_features)
    if far:
        covariances = covariances.mean(axis=0) * (1 + 0.3 / far**2 * np.arange(n_components))[:, None, None]
    X = X + far
    weights = random.uniform(1, 3, n_components)
    return problem_of(kind, scale * X, weights, scale * means, scale**2 * covariances)


def many_samples(seed: int, kind: str, n_features: int, n_components: int, n=40, distance=2.0, scale=1.0) -> Problem:
    """Simulate samples of overlapping or separated groups, and initial parameters that differ from the true ones."""
    random = np.random.default_rng([seed, n_features, n_components, n])
    centers = distance * random.standard_normal((n_components, n_features))
    mixing = np.eye(n_features) + 0.4 * np.tri(n_features, k=-1)
    X = random.standard_normal((n, n_features)) @ mixing.T + centers[random.permutation(np.arange(n) % n_components)]
    roots = mixing + 0.2 * random.standard_normal((n_components, n_features, n_features))
    covariances = 1.3 * roots @ roots.swapaxes(1, 2) + 0.2 * np.eye(n_features)
    means = centers + 0.5 * random.standard_normal(centers.shape)
    weights = random.uniform(1, 3, n_components)
    scale = np.broadcast_to(scale, n_features)
    return problem_of(kind, X * scale, weights, means * scale, covariances * np.outer(scale, scale))


class Box:
    """An implementation that can be called; what it returns may be improper.

    Parameters
    ----------
    implementation : Implementation, or an object with its `call`, `changed_inputs` and `tolerance_of`
    """

    def __init__(self, implementation):
        self.implementation, self.more_steps, self.changed, self.found = implementation, 0, set(), {}

    def __call__(self, problem: Problem, n_steps: int = 1, tol=0.0, reg_covar=0.0, start=None) -> Observed:
        """Take steps from the initial parameters of a problem, or from others."""
        start, kind = start or problem.start, problem.start.covariance_type
        arrays = {"X": problem.X.copy(), **{name: np.array(getattr(start, name)) for name in PARAMETERS}}
        settings = {"covariance_type": kind, "tol": tol, "max_iter": n_steps - self.more_steps, "reg_covar": reg_covar}
        self.found, wrong = self.implementation.call(arrays, settings)
        self.changed.update(self.implementation.changed_inputs)
        return observed(self.found, wrong, problem.start)


def observed(found: dict, problem: str, start: MixtureParameters) -> Observed:
    """Convert what was returned to a mixture, which may be improper."""
    if problem:
        return Observed(None, problem)
    for name in PARAMETERS:
        array, shape = found.get(name), getattr(start, name).shape
        if array is None or array.dtype.kind not in "fiu" or array.shape != shape or not np.isfinite(array).all():
            return Observed(None, f"{name} are not finite numbers of shape {shape}")
    weights, means, covariances = (found[name].astype(float) for name in PARAMETERS)
    covariances = start.type.expand(covariances, *means.shape)
    if start.type.diagonal:
        covariances = covariances[..., None] * np.eye(means.shape[1])
    trace, n_iter, converged = (found.get(name) for name in ("trace", "n_iter", "converged"))
    trace = trace.astype(float) if trace is not None and trace.ndim == 1 and trace.dtype.kind in "fiu" else None
    n_iter = int(n_iter) if n_iter is not None and n_iter.dtype.kind in "iu" and not n_iter.shape else None
    converged = bool(converged) if converged is not None and not converged.shape else None
    return Observed(Mixture(weights, means, np.array(covariances)), "", trace, n_iter, converged)
