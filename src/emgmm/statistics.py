"""Sufficient statistics of a Gaussian mixture: they add up, and one M-step serves them all.

Labels give them by counting, posteriors by an E-step; rows in blocks, in several files or on several machines
give them in parts. Whatever their origin, `maximization` turns their sum into parameters.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emgmm.checks import checked_reg_covar, checked_rows, numbers, row_weight
from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.one_thread import one_thread
from emgmm.parameters import CollapsedComponentError, MixtureParameters

ROUNDING_VARIANCE = (4 * np.finfo(float).eps) ** 2  # of a value of size 1
BLOCK_ROWS = 65_536
BLOCK_VALUES = 2**18  # values of a block held at a time: 2 MiB, about the size of a core's cache
LEAST_ROWS, MAX_BLOCK_ROWS = 256, 16_384  # of a block; more gain nothing
# Sums of products are exact enough while x^T precision x is a sum of terms of this size at most: about 12 digits are
# right; and so is a scatter, while the moment that it is the rest of is no larger than this many times.
LARGEST_CONDITION = 1e4


@dataclass(frozen=True, eq=False)
class SufficientStatistics:
    """Mass, mean and scatter of each component.

    Scatter is taken about the component's own mean, so that no digits are lost when data lie far from the origin.

    Attributes
    ----------
    mass : ndarray of shape (..., K)
        Sum of the rows' responsibilities times their weights. Leading dimensions, if any, are independent mixtures.
    means : ndarray of shape (..., K, D)
        Weighted means of the rows.
    scatter : ndarray of shape (..., K, D, D), or (..., K, D) for diag and spherical covariances
        Weighted sums of outer products of the rows' deviations from `means`, or of their squares.
    covariance_type : str
    observed : ndarray of shape (..., K, D) or None
        Mass of the observed values of each feature; None if no value is missing, and for full and tied covariances.
    row_weight : ndarray of shape (..., K), or 1
        Weight of a row: the mean over the mass, which is the sum of the squared weights over that of the weights. The
        mass by this weight is the effective number of rows (Kish, 1965, "Survey sampling").
    """

    mass: np.ndarray
    means: np.ndarray
    scatter: np.ndarray
    covariance_type: str = "full"
    observed: np.ndarray | None = None
    row_weight: np.ndarray | float = 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of components and features, (..., K, D)."""
        return self.means.shape

    @cached_property
    def roots(self) -> np.ndarray:
        """Square roots of `scatter`, one a column; for diag and spherical covariances `scatter` itself."""
        return COVARIANCE_TYPES[self.covariance_type].roots(self.scatter)

    def expectation(self, parameters) -> tuple["SufficientStatistics", float]:
        """Return itself and `complete_log_likelihood`: what labels give does not depend on the parameters."""
        return self, complete_log_likelihood(self, parameters)

    def __add__(self, other: "SufficientStatistics") -> "SufficientStatistics":
        """Pool two sets of rows (Chan, Golub and LeVeque, 1983, "Algorithms for computing the sample variance")."""
        if (self.covariance_type, self.shape) != (other.covariance_type, other.shape):  # which NumPy might broadcast
            raise ValueError("statistics that are added must have one covariance_type, components and features")
        kind, mass, shift = COVARIANCE_TYPES[self.covariance_type], self.mass + other.mass, other.means - self.means
        share = np.divide(other.mass, mass, out=np.zeros_like(mass), where=mass > 0)
        between = kind.scaled(kind.outer(shift), self.mass * share)
        means, scatter = self.means + share[..., None] * shift, self.scatter + other.scatter + between
        observed = None if self.observed is other.observed is None else self._observed() + other._observed()
        row_weight = self.row_weight + share * (other.row_weight - self.row_weight)
        return SufficientStatistics(mass, means, scatter, self.covariance_type, observed, row_weight)

    def _observed(self):
        return np.broadcast_to(self.mass[..., None], self.shape) if self.observed is None else self.observed


def pooled(statistics):
    """Add up statistics along their first axis."""
    kind, mass, origin = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass.sum(axis=0), statistics.means[0]
    shares = statistics.mass / np.maximum(mass, TINY)
    means = origin + (shares[..., None] * (statistics.means - origin)).sum(axis=0)
    between = kind.scaled(kind.outer(statistics.means - means), statistics.mass)
    return SufficientStatistics(mass, means, (statistics.scatter + between).sum(axis=0), statistics.covariance_type)


def no_statistics(n_components, n_features, covariance_type="full"):
    """Statistics of no rows at all: what a sum of statistics begins with."""
    means, nothing = np.zeros((n_components, n_features)), np.zeros((2, n_components))
    moments = COVARIANCE_TYPES[covariance_type].outer(means)
    return SufficientStatistics(nothing[0], means, moments, covariance_type, None, nothing[1])


def rows_that_fit(n_rows, values_a_row):
    """Rows of a block: as many as fit the cache."""
    return max(1, min(n_rows, MAX_BLOCK_ROWS, max(LEAST_ROWS, BLOCK_VALUES // values_a_row)))


def normalize(log_joint, sample_weight=None, scratch=None):
    """Turn joint log-densities (..., K, n) into posteriors, in place; return each row's log-likelihood.

    Both are multiplied by the rows' weights (n,), if there are any.
    """
    largest, normalizer = (None, None) if scratch is None else scratch
    largest = np.maximum.reduce(log_joint, axis=-2, out=largest)
    log_joint -= largest[..., None, :]
    np.exp(log_joint, out=log_joint)
    normalizer = np.add.reduce(log_joint, axis=-2, out=normalizer)
    log_joint /= normalizer[..., None, :]
    np.log(normalizer, out=normalizer)
    normalizer += largest
    if sample_weight is not None:
        log_joint *= sample_weight
        normalizer *= sample_weight
    return normalizer


def centered(kind, mass, first, second):
    """Give the shift (..., K, D) of the means, and the scatter about them, from mass and moments about other means."""
    shift = first / np.maximum(mass, TINY)[..., None]
    return shift, second - kind.scaled(kind.outer(shift), mass)


def has_missing(X) -> bool:
    """Tell whether a value is missing (NaN, or masked), without a copy of X."""
    if np.ma.is_masked(X):
        return True
    return X.dtype.kind == "f" and X.size > 0 and bool(np.isnan(X.min()))


def weighted_statistics(X, responsibilities, covariance_type="full"):
    """Sufficient statistics of rows whose responsibilities are given.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    responsibilities : ndarray of shape (N, K)
        Non-negative. Labels are one-hot responsibilities; a row's weight is a factor.
    covariance_type : str, default="full"

    Returns
    -------
    SufficientStatistics
        A component without rows has mass 0.

    Raises
    ------
    ValueError
        If X has missing values, or some too far out to square, or responsibilities another length, or a negative one.
    """
    X, responsibilities = checked_rows(X), numbers(responsibilities, "responsibilities")
    if responsibilities.ndim != 2 or len(responsibilities) != len(X) or responsibilities.min(initial=0) < 0:
        shape = f"shape ({len(X)}, n_components), not {responsibilities.shape}"
        raise ValueError(f"responsibilities must be numbers that are not negative, in the {shape}")
    if has_missing(X):
        raise ValueError("X has missing values: without parameters only expectation_maximization takes these")
    return summed(X, responsibilities.__getitem__, responsibilities.shape[1], covariance_type)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def summed(X, responsibilities_of, n_components, covariance_type):
    """Take `weighted_statistics` of complete rows, whose responsibilities (n, K) are made for a slice of them."""
    kind, total = COVARIANCE_TYPES[covariance_type], no_statistics(n_components, X.shape[1], covariance_type)
    for begin in range(0, len(X), BLOCK_ROWS):
        block = slice(begin, begin + BLOCK_ROWS)
        part = no_statistics(n_components, X.shape[1], covariance_type)
        for k, column in enumerate(responsibilities_of(block).T):
            rows = np.flatnonzero(column)
            if not len(rows):
                continue
            share = np.asarray(column[rows], dtype=float)
            part.mass[k], part.row_weight[k] = share.sum(), row_weight(share)
            values = np.asarray(X[block][rows], dtype=float).T
            origin = values[:, :1]  # so that equal rows have exactly their own mean
            part.means[k] = origin[:, 0] + (values - origin) @ (share / part.mass[k])
            part.scatter[k] = kind.scatter(values - part.means[k][:, None], share)
        total = total + part
    if not np.isfinite(total.scatter).all():
        raise ValueError("X must be finite: there are values too far out to square")
    return total


def estimates(statistics, reg_covar=0.0):
    """Weights (..., K) and covariances that maximize the likelihood, and which components (..., K) have proper ones.

    Improper is a component that has no mass, or sits on a single point in some feature, to working precision.
    """
    kind, mass, means = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass, statistics.means
    divisor = np.maximum(mass, TINY)  # without mass a component is not proper, whatever comes out
    share = None if statistics.observed is None else statistics.observed / divisor[..., None]
    covariances = kind.regularized(kind.pool(statistics.scatter, divisor), reg_covar, share, divisor)
    variances = kind.variances(kind.expand(covariances, *means.shape[-2:]))
    # What rounding alone spreads: relative to the distance from the origin, and to the largest component. With
    # reg_covar a single point has that variance, wherever it lies.
    floor = ROUNDING_VARIANCE * (means * means + np.maximum.reduce(variances, axis=-2)[..., None, :])
    floor = 0.0 if reg_covar else floor
    weights = mass / np.add.reduce(mass, axis=-1)[..., None]
    return weights, covariances, np.logical_and.reduce(variances > floor, axis=-1) & (mass >= TINY)


@one_thread()
def maximization(statistics, reg_covar=0.0) -> MixtureParameters:
    """M-step: the parameters that maximize the expected complete-data log-likelihood.

    With the statistics of labels it is the direct estimate (proportions, class means, class covariances divided
    by n); with those of posteriors it is the update of EM (Dempster, Laird and Rubin, 1977).

    Parameters
    ----------
    statistics : SufficientStatistics
    reg_covar : float, default=0
        Added to each variance, in squared units of the features.

    Raises
    ------
    CollapsedComponentError
        If a component has no mass, sits on a single point, or has a singular covariance.

    Examples
    --------
    A step of EM of your own: responsibilities, statistics, parameters.

    >>> from emgmm import maximization, weighted_statistics
    >>> statistics = weighted_statistics([[0.0], [2.0], [9.0], [11.0]], [[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> mixture = maximization(statistics)
    >>> mixture.means.ravel().tolist(), mixture.covariances.ravel().tolist()
    ([1.0, 10.0], [1.0, 1.0])
    """
    weights, covariances, proper = estimates(statistics, checked_reg_covar(reg_covar))
    if not np.logical_and.reduce(proper):
        massless = ~(statistics.mass >= TINY)
        k = int((massless if massless.any() else ~proper).argmax())
        reason = "it has lost all its mass" if massless[k] else "its covariance is singular, it has shrunk to a point"
        raise CollapsedComponentError(f"component {k}: {reason}")
    return MixtureParameters(weights, statistics.means, covariances, statistics.covariance_type)


@one_thread()
def complete_log_likelihood(statistics, parameters) -> float:
    """Log-likelihood of labeled rows with their labels, in nats: the sum of log(weight_y N(x; mean_y, covariance_y)).

    It needs the rows' sufficient statistics only, so its cost does not depend on the number of rows.

    Parameters
    ----------
    statistics : SufficientStatistics
        Of the parameters' shape and covariance type; else a ValueError is raised.
    parameters : MixtureParameters
    """
    if (statistics.shape, statistics.covariance_type) != (parameters.means.shape, parameters.covariance_type):
        raise ValueError("the statistics must have the parameters' covariance_type, components and features")
    return float(complete_log_likelihoods(statistics, parameters.weights, parameters.means, parameters.factors))


def complete_log_likelihoods(statistics, weights, means, factors):
    """Take `complete_log_likelihood` of mixtures (...): weights (..., K), means (..., K, D), factors a component."""
    kind, mass = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass
    shift = kind.whiten(factors, (statistics.means - means)[..., None])
    distances = kind.trace(factors, statistics.roots) + mass * (shift**2).sum(axis=(-1, -2))
    terms = mass * kind.log_constants(weights, factors) - 0.5 * distances
    return np.where(mass > 0, terms, 0.0).sum(axis=-1)
