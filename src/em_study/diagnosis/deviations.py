"""The catalogue of known deviations: each a small change of our EM that somebody has made."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    SufficientStatistics,
    expectation,
    labeled_statistics,
    maximization,
)


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows (N, D) and a start, and the classes of the labeled rows that the start is of, if it is."""

    X: np.ndarray
    start: MixtureParameters
    class_counts: np.ndarray | None = None


@dataclass(frozen=True)
class Recipe:
    """Our EM, and where it may deviate; the defaults are ours."""

    ridge: float = 0.0  # ours
    start: tuple[Callable[[Problem], MixtureParameters], ...] = ()
    rows: Callable | None = None  # scales them
    before: Callable[[SufficientStatistics], SufficientStatistics] | None = None
    after: tuple[Callable[[MixtureParameters, MixtureParameters], MixtureParameters], ...] = ()
    stale: bool = False


@dataclass(frozen=True)
class Deviation:
    """A change of the recipe, and what it is in words, as the end of "it ..."."""

    told: str
    change: Callable[[Recipe], Recipe]
    part: str  # deviations of one part exclude one another


@dataclass(frozen=True, eq=False)
class Path:
    """Where EM is after each number of M-steps, from 0, and the mean log-likelihood there."""

    parameters: list[MixtureParameters]
    log_likelihoods: list[float]


def take_path(problem: Problem, recipe: Recipe, n_steps: int) -> Path:
    """Run EM by a recipe for so many M-steps, or until a component collapses.

    Raises
    ------
    CollapsedComponentError
        If the start is none.
    """
    X, scale = problem.X, None
    current = problem.start
    for change in recipe.start:
        current = change(replace(problem, start=current))
    if recipe.rows is not None:
        X, scale = recipe.rows(X)
    first, older = current, None
    parameters, log_likelihoods = [], []
    for step in range(n_steps + 1):
        found, log_likelihood = expectation(X, current)
        parameters.append(current if scale is None else _unscaled(current, *scale))
        log_likelihoods.append(log_likelihood / len(X))
        if step == n_steps or not np.isfinite(log_likelihood):
            break
        statistics, older = (older or found, found) if recipe.stale else (found, None)
        try:
            if recipe.before is not None:
                statistics = recipe.before(statistics)
            current = maximization(statistics, recipe.ridge)
            for change in recipe.after:
                current = change(current, first)
        except (CollapsedComponentError, ValueError):
            break
    return Path(parameters, log_likelihoods)


def _unscaled(parameters, center, deviation):
    kind = parameters.type
    factor = deviation if kind.diagonal else np.outer(deviation, deviation)
    if parameters.covariance_type == "spherical":
        factor = np.mean(deviation**2)
    covariances = parameters.covariances * (factor**2 if parameters.covariance_type == "diag" else factor)
    means = parameters.means * deviation + center
    return MixtureParameters(np.array(parameters.weights), means, covariances, parameters.covariance_type)


def _standardized(X):
    center, deviation = X.mean(axis=0), X.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return (X - center) / deviation, (center, deviation)


def _with(parameters: MixtureParameters, **arrays) -> MixtureParameters:
    found = {name: np.array(getattr(parameters, name)) for name in ("weights", "means", "covariances")} | arrays
    return MixtureParameters(*found.values(), parameters.covariance_type)


def _precisions_as_covariances(problem):
    covariances = problem.start.covariances
    inverse = 1 / covariances if problem.start.type.diagonal else np.linalg.inv(covariances)
    return _with(problem.start, covariances=inverse)


def _unbiased_start(problem):
    if problem.class_counts is None or problem.start.covariance_type in ("tied", "spherical"):
        return problem.start
    n = problem.class_counts.astype(float)
    factor = (n / np.maximum(n - 1, 1)).reshape(-1, *[1] * (problem.start.covariances.ndim - 1))
    return _with(problem.start, covariances=problem.start.covariances * factor)


def _unit_start(problem):
    shape = problem.start.type.shape(*problem.start.means.shape)
    is_matrix = not problem.start.type.diagonal
    unit = np.broadcast_to(np.eye(shape[-1]), shape).copy() if is_matrix else np.ones(shape)
    return _with(problem.start, covariances=unit)


def _equal_weights(problem):
    return _with(problem.start, weights=np.full(problem.start.n_components, 1 / problem.start.n_components))


def _kmeans_start(problem):
    from sklearn.cluster import KMeans  # takes a second to import

    labels = KMeans(len(problem.start.means), init=np.array(problem.start.means), n_init=1).fit_predict(problem.X)
    kind = problem.start.covariance_type
    return maximization(labeled_statistics(problem.X, labels, problem.start.n_components, kind))


def _unbiased(statistics):
    mass = statistics.mass
    factor = mass / np.maximum(mass - 1, 0.5)
    scatter = statistics.scatter * factor.reshape(-1, *[1] * (statistics.scatter.ndim - 1))
    return replace(statistics, scatter=scatter)


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
    arrays = {name: getattr(parameters, name).astype(np.float32).astype(float) for name in ("means", "covariances")}
    weights = parameters.weights.astype(np.float32).astype(float)
    return _with(parameters, weights=weights / weights.sum(), **arrays)


def _starts(told, function):
    return Deviation(f"starts from {told}", lambda recipe: replace(recipe, start=(*recipe.start, function)), "start")


def _after(told, function, part):
    return Deviation(told, lambda recipe: replace(recipe, after=(*recipe.after, function)), part)


def _ridge(value):
    return Deviation(
        f"adds {value:g} to each variance" if value else "adds nothing to the variances",
        lambda recipe: replace(recipe, ridge=value),
        "ridge",
    )


def _rounded_rows(X):
    return X.astype(np.float32).astype(float), None


CATALOGUE = {
    "precisions_as_covariances": _starts(
        "covariances whose inverses are the ones given (covariances taken for precisions)", _precisions_as_covariances
    ),
    "start_n_minus_1": _starts("class covariances divided by n - 1", _unbiased_start),
    "start_unit_covariances": _starts("unit covariances", _unit_start),
    "start_equal_weights": _starts("equal weights", _equal_weights),
    "start_kmeans": _starts("the clusters of k-means", _kmeans_start),
    **{f"ridge_{value:g}": _ridge(value) for value in (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)},
    "covariances_n_minus_1": Deviation(
        "divides covariances by the component's mass less 1", lambda recipe: replace(recipe, before=_unbiased), "mass"
    ),
    "mass_10_eps": Deviation(
        "adds 10 machine epsilons to each component's mass", lambda recipe: replace(recipe, before=_more_mass), "mass"
    ),
    "weights_not_updated": _after(
        "does not update the weights", lambda now, first: _with(now, weights=np.array(first.weights)), "weights"
    ),
    "weights_equal": _after(
        "keeps the weights equal",
        lambda now, first: _with(now, weights=np.full(now.n_components, 1 / now.n_components)),
        "weights",
    ),
    "diagonal_only": _after("leaves the correlations out", _no_correlation, "shape"),
    **{
        f"eigenvalues_above_{value:g}": _after(f"keeps eigenvalues above {value:g}", _floored(value), "floor")
        for value in (1e-2, 1e-3)
    },
    "stale_responsibilities": Deviation(
        "takes responsibilities that are one step old", lambda recipe: replace(recipe, stale=True), "stale"
    ),
    "single_precision": Deviation(
        "computes in single precision",
        lambda recipe: replace(recipe, rows=_rounded_rows, after=(*recipe.after, _single)),
        "rows",
    ),
    "standardized_rows": Deviation(
        "scales the rows to deviation 1, but not the start", lambda recipe: replace(recipe, rows=_standardized), "rows"
    ),
}


def recipe_of(deviations, reg_covar: float) -> Recipe:
    """Make the recipe of our EM with a ridge and some deviations, in the order of the catalogue."""
    recipe = Recipe(ridge=reg_covar)
    for name, deviation in CATALOGUE.items():
        if name in deviations:
            recipe = deviation.change(recipe)
    return recipe
