"""Sufficient statistics of a Gaussian mixture, which can be added, and the M-step that they lead to.

Labels give them by counting, posteriors by an E-step. Samples in blocks, in several files or on several machines give
one summand each. `maximization` turns the sum into parameters.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emgmm.checks import checked_reg_covar, checked_samples, numbers, row_weight
from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.threads import one_thread

ROUNDING_VARIANCE = (4 * np.finfo(float).eps) ** 2  # of a value of size 1
BLOCK_SAMPLES = 65_536
BLOCK_VALUES = 2**18  # values of a block held at a time: 2 MiB, about the size of a core's cache
LEAST_SAMPLES, MAX_BLOCK_SAMPLES = 256, 32_768  # samples of a block; larger blocks gain nothing
TILE = 128  # samples that numba's kernel takes at a time
# Sums of products are exact enough (about 12 correct digits) while the terms of x^T precision x are at most this large.
# A scatter is exact enough while the moment that it is a difference from is at most this many times as large.
LARGEST_CONDITION = 1e4


@dataclass(frozen=True, eq=False)
class SufficientStatistics:
    """Sufficient statistics: mass, mean and scatter of each component.

    Scatter is taken about the component's own mean, so that no digits are lost if the data lie far from zero.
    Statistics of different samples can be added with ``+`` [1]_.

    Parameters
    ----------
    mass : ndarray of shape (..., K)
        Sum over the samples of responsibility times sample weight. Leading dimensions, if any, are independent
        mixtures.
    means : ndarray of shape (..., K, D)
        Weighted means of the samples, in the units of the features.
    scatter : ndarray of shape (..., K, D, D), or (..., K, D) for diag and spherical covariances
        Weighted sums of outer products of the samples' deviations from `means`, or of their squares, in squared units
        of the features.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.
    observed : ndarray of shape (..., K, D), optional
        Mass of the observed values of each feature; None if no value is missing, and for full and tied covariances.
    row_weight : ndarray of shape (..., K) or float, default=1
        Typical weight of a sample: the sum of the squared weights divided by the sum of the weights. `mass` divided by
        it is Kish's effective number of samples [2]_.

    References
    ----------
    .. [1] Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance", The American Statistician 37.
    .. [2] Kish (1965), "Survey Sampling", Wiley.
    """

    mass: np.ndarray
    means: np.ndarray
    scatter: np.ndarray
    covariance_type: str = "full"
    observed: np.ndarray | None = None
    row_weight: np.ndarray | float = 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of components and features: (..., K, D), a tuple of int."""
        return self.means.shape

    @cached_property
    def roots(self) -> np.ndarray:
        """Matrices whose columns are square roots of `scatter`; for diag and spherical covariances `scatter` itself."""
        return COVARIANCE_TYPES[self.covariance_type].roots(self.scatter)

    def expectation(self, parameters) -> tuple["SufficientStatistics", float]:
        """Return the statistics themselves, which do not depend on the parameters, and their log-likelihood.

        Parameters
        ----------
        parameters : MixtureParameters
            Of the same covariance type, components and features.

        Returns
        -------
        statistics : SufficientStatistics
            The object itself.
        log_likelihood : float
            `complete_log_likelihood`, in nats.
        """
        return self, complete_log_likelihood(self, parameters)

    def __add__(self, other: "SufficientStatistics") -> "SufficientStatistics":
        """Pool the statistics of two sets of samples."""
        if (self.covariance_type, self.shape) != (other.covariance_type, other.shape):  # which NumPy might broadcast
            raise ValueError("statistics can only be added if covariance_type, components and features are the same")
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
    kind, mass, first = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass.sum(axis=0), statistics.means[0]
    shares = statistics.mass / np.maximum(mass, TINY)
    means = first + (shares[..., None] * (statistics.means - first)).sum(axis=0)
    between = kind.scaled(kind.outer(statistics.means - means), statistics.mass)
    return SufficientStatistics(mass, means, (statistics.scatter + between).sum(axis=0), statistics.covariance_type)


def no_statistics(n_components, n_features, covariance_type="full"):
    """Statistics of no samples: the zero of a sum."""
    means, nothing = np.zeros((n_components, n_features)), np.zeros((2, n_components))
    moments = COVARIANCE_TYPES[covariance_type].outer(means)
    return SufficientStatistics(nothing[0], means, moments, covariance_type, None, nothing[1])


def added(found, parameters):
    """Add up statistics and log-likelihoods of samples under some parameters, in their order."""
    statistics, log_likelihood = no_statistics(*parameters.means.shape, parameters.covariance_type), 0.0
    for each, its_log_likelihood in found:
        statistics, log_likelihood = statistics + each, log_likelihood + its_log_likelihood
    return statistics, log_likelihood


def samples_per_block(n_samples, values_per_sample):
    """Rows of a block: as many as fit the cache."""
    return max(1, min(n_samples, MAX_BLOCK_SAMPLES, max(LEAST_SAMPLES, BLOCK_VALUES // values_per_sample)))


def normalize(log_joint, sample_weight=None, scratch=None):
    """Turn joint log-densities (..., K, n) into posteriors, in place; return each sample's log-likelihood.

    Both are multiplied by the sample weights (n,), if there are any.
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
    """Return the shift (..., K, D) of the means, and the scatter about them, from moments about other means."""
    shift = first / np.maximum(mass, TINY)[..., None]
    return shift, second - kind.scaled(kind.outer(shift), mass)


def has_missing(X) -> bool:
    """Return whether a value is missing (NaN, or masked), without a copy of X."""
    if np.ma.is_masked(X):
        return True
    return X.dtype.kind == "f" and X.size > 0 and bool(np.isnan(X.min()))


def weighted_statistics(X, responsibilities, covariance_type="full"):
    """Compute the sufficient statistics of samples with given responsibilities.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples, without missing values.
    responsibilities : ndarray of shape (N, K)
        Posterior probabilities of the components for each sample, not negative. Labels are one-hot responsibilities. To
        weight a sample, multiply its responsibilities by the weight.
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.

    Returns
    -------
    SufficientStatistics
        With r_nk the responsibilities: mass_k = sum_n r_nk, mean_k = sum_n r_nk x_n / mass_k, and scatter_k =
        sum_n r_nk (x_n - mean_k)(x_n - mean_k)^T. A component without samples has mass 0.

    Raises
    ------
    ValueError
        If X contains NaN or values too large to square; if `responsibilities` do not have N rows, or contain a negative
        or missing value.

    See Also
    --------
    maximization : The M-step on these statistics.
    expectation : Statistics under given parameters, for samples with missing values too.
    """
    X, responsibilities = checked_samples(X), numbers(responsibilities, "responsibilities")
    if responsibilities.ndim != 2 or len(responsibilities) != len(X):
        raise ValueError(f"responsibilities must have shape ({len(X)}, n_components), not {responsibilities.shape}")
    if responsibilities.min(initial=0) < 0:
        raise ValueError("responsibilities must not be negative")
    if has_missing(X):
        raise ValueError(
            "X contains NaN. Sufficient statistics of incomplete data depend on the parameters; "
            "pass X to expectation_maximization instead."
        )
    return summed(X, responsibilities.__getitem__, responsibilities.shape[1], covariance_type)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which are reported below
def summed(X, responsibilities_of, n_components, covariance_type):
    """Compute `weighted_statistics` of complete samples; `responsibilities_of` a slice of them returns (n, K)."""
    kind, total = COVARIANCE_TYPES[covariance_type], no_statistics(n_components, X.shape[1], covariance_type)
    for begin in range(0, len(X), BLOCK_SAMPLES):
        block = slice(begin, begin + BLOCK_SAMPLES)
        part = no_statistics(n_components, X.shape[1], covariance_type)
        for k, column in enumerate(responsibilities_of(block).T):
            rows = np.flatnonzero(column)
            if not len(rows):
                continue
            share = np.asarray(column[rows], dtype=float)
            part.mass[k], part.row_weight[k] = share.sum(), row_weight(share)
            values = np.asarray(X[block][rows], dtype=float).T
            first = values[:, :1]  # so that the mean of equal samples is exactly that sample
            part.means[k] = first[:, 0] + (values - first) @ (share / part.mass[k])
            part.scatter[k] = kind.scatter(values - part.means[k][:, None], share)
        total = total + part
    if not np.isfinite(total.scatter).all():
        raise ValueError("X must be finite: it contains values too large to square")
    return total


def estimates(statistics, reg_covar=0.0, penalty=None):
    """Return weights (..., K) and covariances that maximize the likelihood, and which components (..., K) are proper.

    A component is improper if it has no mass, or no variance in some feature, to working precision.
    """
    kind, mass, means = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass, statistics.means
    statistics = statistics if penalty is None else penalty.added_to(statistics)  # for the covariances only
    divisor = np.maximum(statistics.mass, TINY)  # without mass a component is not proper, whatever comes out
    share = None if statistics.observed is None else statistics.observed / divisor[..., None]
    covariances = kind.regularized(kind.pool(statistics.scatter, divisor), reg_covar, share, divisor)
    variances = kind.variances(kind.expand(covariances, *means.shape[-2:]))
    # The variance that rounding alone makes: relative to the distance from zero, and to the largest component. With
    # reg_covar a single point has that variance, wherever it lies.
    floor = ROUNDING_VARIANCE * (means * means + np.maximum.reduce(variances, axis=-2)[..., None, :])
    floor = 0.0 if reg_covar else floor
    weights = mass / np.add.reduce(mass, axis=-1)[..., None]
    return weights, covariances, np.logical_and.reduce(variances > floor, axis=-1) & (mass >= TINY)


@one_thread()
def maximization(statistics, reg_covar=0.0, penalty=None) -> MixtureParameters:
    """Take the M-step: the parameters that maximize the expected complete-data log-likelihood.

    With the statistics of labels this is the direct estimate (class proportions, class means, class covariances divided
    by n). With the statistics of posteriors it is the update of EM [1]_.

    Parameters
    ----------
    statistics : SufficientStatistics
        Of one mixture: mass of shape (K,), means of shape (K, D).
    reg_covar : float, default=0
        Covariance regularization: added to each variance, in squared units of the features.
    penalty : CovariancePenalty, optional
        Penalty on the covariances, to subtract from what is maximized.

    Returns
    -------
    MixtureParameters
        For full covariances: weight_k = mass_k / sum_j mass_j, mean_k as in the statistics, and covariance_k =
        scatter_k / mass_k + reg_covar I. Tied covariances pool the scatter, diag ones take its diagonal, and spherical
        ones the mean of its diagonal. A penalty of strength a and scale S replaces scatter_k by scatter_k + 2 a S, and
        mass_k by mass_k + 2 a, in the covariances.

    Raises
    ------
    CollapsedComponentError
        If a component has no mass, no variance in some feature, or a singular covariance.
    ValueError
        If `reg_covar` is negative or not finite.

    References
    ----------
    .. [1] Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm", Journal of
       the Royal Statistical Society B 39.

    Examples
    --------
    One step of EM, written out: responsibilities, statistics, parameters.

    >>> from emgmm import maximization, weighted_statistics
    >>> statistics = weighted_statistics([[0.0], [2.0], [9.0], [11.0]], [[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> mixture = maximization(statistics)
    >>> mixture.means.ravel().tolist(), mixture.covariances.ravel().tolist()
    ([1.0, 10.0], [1.0, 1.0])
    """
    weights, covariances, proper = estimates(statistics, checked_reg_covar(reg_covar), penalty)
    if not np.logical_and.reduce(proper):
        massless = ~(statistics.mass >= TINY)
        k = int((massless if massless.any() else ~proper).argmax())
        reason = "it has lost all its mass" if massless[k] else "its covariance is singular, it has shrunk to a point"
        raise CollapsedComponentError(f"component {k}: {reason}")
    return MixtureParameters(weights, statistics.means, covariances, statistics.covariance_type)


@one_thread()
def complete_log_likelihood(statistics, parameters) -> float:
    """Compute the complete-data log-likelihood of labeled samples: of the samples with their labels.

    It needs only their sufficient statistics, so its cost does not depend on the number of samples.

    Parameters
    ----------
    statistics : SufficientStatistics
        Of the samples, from `labeled_statistics` or `weighted_statistics`.
    parameters : MixtureParameters
        Of the same covariance type, components and features.

    Returns
    -------
    float
        Sum over the samples of log(weight_y N(x; mean_y, covariance_y)), in nats, where y is the sample's component.

    Raises
    ------
    ValueError
        If the covariance type, components or features of the two arguments differ.
    """
    if (statistics.shape, statistics.covariance_type) != (parameters.means.shape, parameters.covariance_type):
        raise ValueError("statistics and parameters must have the same covariance_type, components and features")
    return float(complete_log_likelihoods(statistics, parameters.weights, parameters.means, parameters.factors))


def complete_log_likelihoods(statistics, weights, means, factors):
    """Compute `complete_log_likelihood` of mixtures (...): weights (..., K), means (..., K, D), components' factors."""
    kind, mass = COVARIANCE_TYPES[statistics.covariance_type], statistics.mass
    shift = kind.whiten(factors, (statistics.means - means)[..., None])
    distances = kind.trace(factors, statistics.roots) + mass * (shift**2).sum(axis=(-1, -2))
    terms = mass * kind.log_constants(weights, factors) - 0.5 * distances
    return np.where(mass > 0, terms, 0.0).sum(axis=-1)
