"""The catalogue of known deviations: each a small change of our EM that somebody has made."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from em_study.fits.runs import PARAMETERS, inverse_covariances
from emgmm import MixtureParameters, SufficientStatistics, expectation, labeled_statistics, maximization


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows (N, D) and a start, and the classes of the labeled rows that the start is of, if it is."""

    X: np.ndarray
    start: MixtureParameters
    class_counts: np.ndarray | None = None
    taken: dict = field(init=False, default_factory=dict, repr=False)  # paths by their recipes, starts


@dataclass(frozen=True)
class Recipe:
    """Our EM, and where it may deviate; the defaults are ours."""

    reg_covar: float  # ours
    start: Callable[[Problem], MixtureParameters] | None = None
    rows: Callable | None = None  # scales them
    before: Callable[[SufficientStatistics], SufficientStatistics] | None = None
    after: tuple[Callable[[MixtureParameters, MixtureParameters], MixtureParameters], ...] = ()
    stale: bool = False


@dataclass(frozen=True)
class Deviation:
    """What it is in words, as the end of "it ...", and what it changes of the recipe: functions join those there."""

    words: str
    part: str  # deviations of one part exclude one another
    changes: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Path:
    """Where EM is after each number of M-steps, from 0, and the mean log-likelihood there."""

    parameters: list[MixtureParameters]
    log_likelihoods: list[float]


def take_path(problem: Problem, recipe: Recipe, n_steps: int) -> Path:
    """Run EM by a recipe for so many M-steps, or until a component collapses; empty if the start is none.

    The problem keeps what was computed: a path is taken once, and gone on with where more steps are asked for.
    """
    steps, taken = problem.taken.setdefault(recipe, (_steps(problem, recipe), []))
    taken += islice(steps, max(0, n_steps + 1 - len(taken)))
    return Path(*([step[i] for step in taken[: n_steps + 1]] for i in range(2)))


def _steps(problem, recipe):
    """Yield parameters and their mean log-likelihood after 0, 1, ... M-steps, until a component collapses."""
    X, scale, current, older = problem.X, None, problem.start, None
    with suppress(ValueError):  # of a component that collapses
        if recipe.start is not None:
            if recipe.start not in problem.taken:
                problem.taken[recipe.start] = recipe.start(problem)
            current = problem.taken[recipe.start]
        if recipe.rows is not None:
            X, scale = recipe.rows(X)
        first = current
        while True:
            found, log_likelihood = expectation(X, current)
            yield current if scale is None else _unscaled(current, *scale), log_likelihood / len(X)
            statistics, older = (older or found, found) if recipe.stale else (found, None)
            if recipe.before is not None:
                statistics = recipe.before(statistics)
            current = maximization(statistics, recipe.reg_covar)
            for change in recipe.after:
                current = change(current, first)


def _unscaled(parameters, center, deviation):
    kind = parameters.type
    factor = deviation**2 if kind.diagonal else np.outer(deviation, deviation)
    if kind.n_parameters(1, len(deviation)) == 1:  # one variance for all features
        factor = factor.mean()
    return _with(parameters, means=parameters.means * deviation + center, covariances=parameters.covariances * factor)


def _standardized(X):
    center, deviation = X.mean(axis=0), X.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return (X - center) / deviation, (center, deviation)


def _with(parameters: MixtureParameters, **arrays) -> MixtureParameters:
    found = {name: np.array(getattr(parameters, name)) for name in PARAMETERS} | arrays
    return MixtureParameters(*found.values(), parameters.covariance_type)


def _times(moments, factor):
    """Multiply moments of components (K, ...) by a number each, (K,)."""
    return (moments.T * factor).T


def _precisions_as_covariances(problem):
    return _with(problem.start, covariances=inverse_covariances(problem.start))


def _unbiased_start(problem):
    start, counts = problem.start, problem.class_counts
    if counts is None or start.covariances.shape != start.factors.shape:  # components or features share something
        return start
    return _with(start, covariances=_times(start.covariances, counts / np.maximum(counts - 1, 1)))


def _unit_start(problem):
    start = problem.start
    unit = 1.0 if start.type.diagonal else np.eye(start.n_features)
    return _with(start, covariances=np.broadcast_to(unit, start.covariances.shape).copy())


def _equal_weights(parameters, first=None):
    return _with(parameters, weights=np.full(parameters.n_components, 1 / parameters.n_components))


def _first_weights(parameters, first):
    return _with(parameters, weights=np.array(first.weights))


def _kmeans_start(problem):
    from sklearn.cluster import KMeans  # takes a second to import

    with threadpool_limits(1):  # more take longer on so few rows
        labels = KMeans(len(problem.start.means), init=np.array(problem.start.means), n_init=1).fit_predict(problem.X)
    kind = problem.start.covariance_type
    return maximization(labeled_statistics(problem.X, labels, problem.start.n_components, kind))


def _unbiased(statistics):
    factor = statistics.mass / np.maximum(statistics.mass - 1, 0.5)
    return replace(statistics, scatter=_times(statistics.scatter, factor))


def _more_mass(statistics):
    mass = statistics.mass + 10 * np.finfo(float).eps
    return replace(statistics, mass=mass, means=statistics.means * (statistics.mass / mass)[:, None])


def _no_correlation(parameters, first):
    if parameters.type.diagonal:
        return parameters
    return _with(parameters, covariances=parameters.covariances * np.eye(parameters.n_features))


def _floored(smallest):
    def change(parameters, first):
        if parameters.type.diagonal:
            return _with(parameters, covariances=np.maximum(parameters.covariances, smallest))
        sizes, directions = np.linalg.eigh(parameters.covariances)
        if sizes.min() >= smallest:
            return parameters
        sizes = np.maximum(sizes, smallest)
        return _with(parameters, covariances=(directions * sizes[..., None, :]) @ directions.swapaxes(-1, -2))

    return change


def _single(parameters, first=None):
    weights, *arrays = (_rounded(getattr(parameters, name)) for name in PARAMETERS)
    return MixtureParameters(weights / weights.sum(), *arrays, parameters.covariance_type)


def _rounded(array):
    return array.astype(np.float32).astype(float)


def _starts(words, function):
    return Deviation(f"starts from {words}", "start", {"start": function})


def _reg_covar(value):
    words = f"adds {value:g} to each variance" if value else "adds nothing to the variances"
    return Deviation(words, "reg_covar", {"reg_covar": value})


CATALOGUE = {
    "precisions_as_covariances": _starts(
        "covariances whose inverses are the ones given (covariances taken for precisions)", _precisions_as_covariances
    ),
    "start_n_minus_1": _starts("class covariances divided by n - 1", _unbiased_start),
    "start_unit_covariances": _starts("unit covariances", _unit_start),
    "start_equal_weights": _starts("equal weights", lambda problem: _equal_weights(problem.start)),
    "start_kmeans": _starts("the clusters of k-means", _kmeans_start),
    **{f"ridge_{value:g}": _reg_covar(value) for value in (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)},
    "covariances_n_minus_1": Deviation(
        "divides covariances by the component's mass less 1", "mass", {"before": _unbiased}
    ),
    "mass_10_eps": Deviation("adds 10 machine epsilons to each component's mass", "mass", {"before": _more_mass}),
    "weights_not_updated": Deviation("does not update the weights", "weights", {"after": (_first_weights,)}),
    "weights_equal": Deviation("keeps the weights equal", "weights", {"after": (_equal_weights,)}),
    "diagonal_only": Deviation("leaves the correlations out", "shape", {"after": (_no_correlation,)}),
    **{
        f"eigenvalues_above_{value:g}": Deviation(
            f"keeps eigenvalues above {value:g}", "floor", {"after": (_floored(value),)}
        )
        for value in (1e-2, 1e-3)
    },
    "stale_responsibilities": Deviation("takes responsibilities that are one step old", "stale", {"stale": True}),
    "single_precision": Deviation(
        "computes in single precision", "rows", {"rows": lambda X: (_rounded(X), None), "after": (_single,)}
    ),
    "standardized_rows": Deviation(
        "scales the features to standard deviation 1, but not the initial parameters", "rows", {"rows": _standardized}
    ),
}


def recipe_of(deviations, reg_covar: float) -> Recipe:
    """Make the recipe of our EM with its reg_covar and some deviations, in the order of the catalogue."""
    recipe = Recipe(reg_covar)
    for name, deviation in CATALOGUE.items():
        if name in deviations:
            changes = deviation.changes.items()
            joined = {key: getattr(recipe, key) + new if isinstance(new, tuple) else new for key, new in changes}
            recipe = replace(recipe, **joined)
    return recipe
