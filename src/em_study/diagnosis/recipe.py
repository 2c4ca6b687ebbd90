"""EM by a recipe: the textbook's step in parts, some of which are replaced by deviations.

The step is that of Bishop (2006), section 9.2.2, for covariances of any type, stored as matrices here.
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from emgmm import COVARIANCE_TYPES, MixtureParameters

WHEN = ALWAYS, FIRST, LAST = "always", "first", "last"  # in which steps a change applies
POINT, SINGULAR = 1e-30, 2e-14  # smaller shares of squared values, or of a variance, are rounding


class Mixture(NamedTuple):
    """Weights (K,), means (K, D) and covariance matrices (K, D, D), of any covariance type; they may be improper."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


def mixture(parameters) -> Mixture:
    """Convert parameters to a mixture with covariance matrices; a mixture is returned unchanged."""
    if isinstance(parameters, Mixture):
        return parameters
    arrays = parameters.weights, parameters.means, parameters.covariance_matrices
    return Mixture(*(np.array(array) for array in arrays))


@dataclass(frozen=True, eq=False)
class Problem:
    """Samples (N, D) and initial parameters, and the class counts of the labeled samples behind these, if any."""

    X: np.ndarray
    start: MixtureParameters
    class_counts: np.ndarray | None = None
    taken: dict = field(init=False, default_factory=dict, repr=False)  # paths by recipe


@dataclass(frozen=True)
class Deviation:
    """A part of the step that differs from the textbook's."""

    words: str  # the end of "it ...", with {:g} for a value, and {:-g} for one that may be negative
    part: str  # part of the step; deviations of the same part exclude each other
    change: Callable[..., Any]  # (step, textbook's part, *values) -> part
    at_first: str = ""  # its description if only the first step has it
    at_last: str = ""  # its description if only the returned parameters have it

    @property
    def n_values(self) -> int:
        """Number of its values."""
        return self.words.count("{")

    @property
    def signed(self) -> bool:
        """Whether the values may be negative."""
        return "{:-g}" in self.words


class Change(NamedTuple):
    """A deviation with its values: in all steps, in the first one only, or only in the returned parameters."""

    deviation: Deviation
    values: tuple[float, ...] = ()
    when: str = ALWAYS

    @property
    def words(self) -> str:
        """Describe it, as the end of "it ..."."""
        deviation = self.deviation
        values = (value + 0.0 for value in self.values)  # no -0
        own, added = {
            ALWAYS: ("", ""),
            FIRST: (deviation.at_first, " (in the first step only)"),
            LAST: (deviation.at_last, " (only in the returned parameters)"),
        }[self.when]
        return (own or deviation.words + added).format(*values)


class Step:
    """One EM step. Its parts are computed on first access, each by its deviation if there is one.

    Attributes
    ----------
    X : ndarray of shape (N, D)
    came_from : Mixture, the parameters before the step
    before : Step, the previous step; None in the first
    number : int, from 0
    """

    def __init__(self, problem: Problem, came_from: Mixture, recipe: "Recipe", before: "Step | None", last: bool):
        self.problem, self.given, self.came_from, self.before = problem, problem.X, came_from, before
        self.reg_covar = recipe.reg_covar
        self.kind = COVARIANCE_TYPES[problem.start.covariance_type]
        self.number = before.number + 1 if before else 0
        # The changes that apply in this step.
        now = {ALWAYS, *[FIRST] * (before is None), *[LAST] * last}
        self.changes = {change.deviation.part: change for change in recipe.changes if change.when in now}
        self.other, self.first = None, 0

    def changed(self, change: "Change") -> "Step":
        """Return this step with one more change; parts before the changed one are not computed again."""
        step = copy(self)
        step.__dict__ = {name: value for name, value in self.__dict__.items() if name not in ORDER}
        step.changes = self.changes | {change.deviation.part: change}
        step.other, step.first = self, ORDER[change.deviation.part]
        return step

    @property
    def log_likelihood(self) -> float:
        """Mean over the samples that count, with the initial weights."""
        started = self.number == 0 and self.changes.get("powers", (None, None, None))[2] == FIRST
        missing = np.log(len(self.old.weights)) if started and self.powers[0] == 0 else 0.0
        return float(self.evidence @ self.counted / self.counted.sum() - missing)

    def __getattr__(self, part):
        if part not in ORDER:
            raise AttributeError(part)
        if ORDER[part] < self.first:
            return getattr(self.other, part)
        change = self.changes.get(part)
        value = TEXTBOOK[part](self)
        if change:
            value = change.deviation.change(self, value, *change.values)
        setattr(self, part, value)
        return value


@dataclass(frozen=True)
class Recipe:
    """The changes to the textbook's EM; reg_covar is added to each variance."""

    reg_covar: float = 0.0
    changes: tuple[Change, ...] = ()

    def __add__(self, changes) -> "Recipe":
        return Recipe(self.reg_covar, (*self.changes, *changes))


def _terms(step):
    centered = step.X - step.old.means[:, None]
    solved = np.linalg.solve(step.in_distance, centered.transpose(0, 2, 1))
    log_roots = -0.5 * np.linalg.slogdet(step.in_determinant)[1]
    return np.log(step.old.weights), log_roots, -0.5 * np.einsum("knd,kdn->nk", centered, solved)


def _joint(step):
    log_weights, log_roots, exponents = step.terms
    a, b, c = step.powers
    return a * log_weights + b * log_roots + c * exponents - 0.5 * step.X.shape[1] * np.log(2 * np.pi)


def _scatter(step):
    centered = step.X - step.centers[:, None]
    return (centered * step.shares.T[:, :, None]).transpose(0, 2, 1) @ centered


def shaped(kind, scatter: np.ndarray, divisors: np.ndarray) -> np.ndarray:
    """Covariance matrices of a type, from the scatter (K, D, D) of the components and its divisors (K,)."""
    n_features = scatter.shape[-1]
    moments = scatter.diagonal(axis1=1, axis2=2) if kind.diagonal else scatter
    found = kind.expand(kind.pool(moments, divisors), len(scatter), n_features)
    return found[..., None] * np.eye(n_features) if kind.diagonal else np.array(found)


TEXTBOOK: dict[str, Callable[[Step], Any]] = {
    "X": lambda s: s.given,
    "n": lambda s: len(s.X),
    "d": lambda s: s.X.shape[1],
    "indices": lambda s: np.arange(s.n),
    "unit": lambda s: np.eye(s.d),
    "old": lambda s: s.came_from,
    # E-step: the covariances in the density, its terms and their powers, and the responsibilities
    "shown": lambda s: s.old.covariances,
    "in_distance": lambda s: s.shown,
    "in_determinant": lambda s: s.shown,
    "terms": _terms,
    "powers": lambda s: (1.0, 1.0, 1.0),
    "joint": _joint,
    "products": lambda s: np.exp(s.joint),  # of weights and densities
    "totals": lambda s: s.products.sum(axis=1, keepdims=True),
    "evidence": lambda s: np.logaddexp.reduce(s.joint, axis=1),
    "found": lambda s: np.exp(s.joint - s.evidence[:, None]),
    "counted": lambda s: np.ones(s.n),  # weight of each sample
    "responsibilities": lambda s: s.found,
    "counts": lambda s: s.responsibilities * s.counted[:, None],
    # M-step
    "mass": lambda s: s.counts.sum(axis=0),
    "weights": lambda s: s.mass / s.mass.sum(),
    "means": lambda s: s.counts.T @ s.X / s.mass[:, None],
    "centers": lambda s: s.means,
    "shares": lambda s: s.counts,
    "scatter": _scatter,
    "divisors": lambda s: s.mass if s.shares is s.counts else s.shares.sum(axis=0),
    "estimate": lambda s: shaped(s.kind, s.scatter, s.divisors),
    "regularization": lambda s: s.reg_covar * s.unit,
    "covariances": lambda s: s.estimate + s.regularization,
    "new_weights": lambda s: s.weights,  # the returned ones, computed after everything else
    "next": lambda s: Mixture(s.new_weights, s.means, s.covariances),
}
ORDER = {part: number for number, part in enumerate(TEXTBOOK)}


@dataclass(frozen=True, eq=False)
class Path:
    """Parameters after 0, 1, ... M-steps, and the mean log-likelihood of each."""

    problem: Problem
    parameters: list[Mixture]
    log_likelihoods: list[float]

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.problem.X)

    @property
    def gains(self) -> np.ndarray:
        """Absolute changes of the mean log-likelihood."""
        return np.abs(np.diff(self.log_likelihoods))

    def all_of(self, part: str) -> np.ndarray:
        """Return named values after each number of M-steps.

        These are parameters, all "parameters", the "responsibilities" or, of each component, the "densities".
        """
        if part == "parameters":
            return np.array([np.concatenate([array.ravel() for array in one]) for one in self.parameters])
        if part in ("responsibilities", "densities"):
            steps = (Step(self.problem, one, Recipe(), None, False) for one in self.parameters)
            return np.array([s.found if part == "responsibilities" else s.products / s.old.weights for s in steps])
        return np.array([getattr(one, part) for one in self.parameters])

    def moves(self, part: str) -> np.ndarray:
        """Return their changes."""
        return np.diff(self.all_of(part), axis=0)


def _steps(problem: Problem, recipe: Recipe) -> Iterator[tuple[Mixture, float]]:
    """Yield the returned parameters after 0, 1, ... M-steps and their log-likelihood, until a component collapses."""
    current, step, returned = mixture(problem.start), None, None
    at_last = [change for change in recipe.changes if change.when == LAST]
    while proper(current):
        before, step = step, Step(problem, current, recipe, step, False)
        if before is not None:
            before.before = None  # keeps one previous step only
        try:
            with np.errstate(all="ignore"):  # not around a yield, where it would affect the caller
                value, shown = step.log_likelihood, returned or current
                if at_last:
                    returned = reduce(Step.changed, at_last, step).next
        except np.linalg.LinAlgError:
            return
        if not np.isfinite(value):
            return
        yield shown, value
        try:
            with np.errstate(all="ignore"):
                current = step.next
        except np.linalg.LinAlgError:
            return


def proper(found: Mixture) -> bool:
    """Whether a mixture is finite, with covariances that are positive definite by more than rounding."""
    variances = found.covariances.diagonal(axis1=1, axis2=2)
    rounding = POINT * (found.means**2 + variances.max(axis=0))
    if not (np.isfinite(found.means).all() and np.isfinite(found.weights).all() and (variances > rounding).all()):
        return False
    correlations = found.covariances / np.sqrt(variances[:, :, None] * variances[:, None])
    return bool(np.isfinite(correlations).all() and np.linalg.eigvalsh(correlations).min() > SINGULAR)


def take_path(problem: Problem, recipe: Recipe, n_steps: int) -> Path:
    """Run EM by a recipe for n_steps M-steps, or until a component collapses.

    The problem caches the steps: a later call with more steps continues from them.
    """
    remaining, taken = problem.taken.setdefault(recipe, (_steps(problem, recipe), []))
    taken += islice(remaining, max(0, n_steps + 1 - len(taken)))
    return Path(problem, *([step[i] for step in taken[: n_steps + 1]] for i in range(2)))


def residual(found, other) -> float:
    """Largest difference of two mixtures, or parameters, in standard deviations of the second one's components."""
    found, other = mixture(found), mixture(other)
    deviations = np.sqrt(other.covariances.diagonal(axis1=1, axis2=2))
    scale = deviations[:, :, None] * deviations[:, None, :]
    return float(
        max(
            np.abs(found.weights - other.weights).max(),
            (np.abs(found.means - other.means) / deviations).max(),
            (np.abs(found.covariances - other.covariances) / scale).max(),
        )
    )
