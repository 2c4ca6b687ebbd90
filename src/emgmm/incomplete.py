"""The E-step over samples with missing values (NaN): the likelihood is that of the observed values.

Values are missing at random: whether a value is missing may depend on observed values, not on missing ones (Little and
Rubin, 2019, "Statistical Analysis with Missing Data"). Samples are grouped by their pattern, the set of features that
they lack. In their observed features they are complete samples of the mixture's marginal distribution, whose posteriors
they have. Each component's regression of the missing features on the observed ones then completes its statistics: by
conditional means, and by the conditional covariance, which an imputed value lacks (Ghahramani and Jordan, 1994,
"Supervised learning from incomplete data via an EM approach").

The missing values are latent variables, like the components, for every covariance type. If features do not covary, EM
could use sums over the observed values alone; it would take other steps to the same limit.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emgmm.checks import checked_components, checked_samples, checked_weight, row_weight, weighted
from emgmm.covariance import LOG_2_PI
from emgmm.diagonal import DiagonalSamples
from emgmm.parameters import MixtureParameters
from emgmm.statistics import (
    LARGEST_CONDITION,
    SufficientStatistics,
    added,
    centered,
    has_missing,
    no_statistics,
    normalize,
    pooled,
    samples_per_block,
)
from emgmm.threads import Threads

BLOCK_VALUES = 2**20  # values whose samples are grouped at a time: few compared with the data, enough to find groups
PATTERN_VALUES = 2**18  # values of the patterns' matrices held at a time


def check_features(*parts, names=None):
    """Raise ValueError for a feature without any observed value in arrays (N, D)."""
    least = np.fmin.reduce([np.fmin.reduce(part, axis=0) for part in parts], axis=0)
    without = np.flatnonzero(np.isnan(least))
    if len(without):
        name = f"{without[0]} (counted from 0)" if names is None else f"'{names[without[0]]}'"
        raise ValueError(f"feature {name} has no observed value in the samples to fit: remove this feature")


def has_value(X):
    """Return which samples have an observed value: bool of shape (N,)."""
    result, size = np.empty(len(X), dtype=bool), max(1, BLOCK_VALUES // X.shape[1])
    for begin in range(0, len(X), size):
        result[begin : begin + size] = ~np.isnan(X[begin : begin + size]).all(axis=1)
    return result


def counted_samples(X, sample_weight=None):
    """Return the samples that count (weight above 0, and an observed value), and their weights."""
    sample_weight, X = weighted(sample_weight, X)
    if not has_missing(X) or (chosen := has_value(X)).all():
        return X, sample_weight
    return X[chosen], None if sample_weight is None else sample_weight[chosen]


class Patterns:
    """A mixture conditioned on the observed features of samples, pattern by pattern; without `rows`, on all features.

    `rows` (n,) are the indices of the samples, ordered by pattern; each pattern ends at an entry of `ends` (P,), and
    `observed` (P, D) are its observed features. Factors, coefficients and the conditional moments `left` are those of
    each component's regressions (`CovarianceType.given`).
    """

    def __init__(self, parameters: MixtureParameters, rows, ends, observed):
        self.parameters, self.rows, self.ends, self.observed = parameters, rows, ends, observed
        kind = parameters.type
        if rows is None:
            self.factors, n_missing = parameters.factors[None], 0
            self.coefficients, self.left = None, np.zeros_like(self.factors)
        else:
            moments = kind.expand(parameters.covariances, *parameters.means.shape)
            self.factors, self.coefficients, self.left = kind.given(moments, observed)
            n_missing = (~observed).sum(axis=1, keepdims=True)
        self.constants = kind.log_constants(parameters.weights, self.factors) + 0.5 * LOG_2_PI * n_missing

    def blocks(self, X):
        """Yield for each block its samples' indices, each pattern's place among them, deviations, log joint densities.

        Deviations (K, D, n) are those from the means, 0 where a value is missing; the densities are (K, n).
        """
        kind, means = self.parameters.type, self.parameters.means
        size, starts = samples_per_block(self.ends[-1], 2 * means.size), [0, *self.ends[:-1]]
        for begin in range(0, self.ends[-1], size):
            end = min(begin + size, self.ends[-1])
            some = range(bisect_right(self.ends, begin), bisect_left(starts, end))
            columns = {p: slice(max(starts[p], begin) - begin, min(self.ends[p], end) - begin) for p in some}
            rows = slice(begin, end) if self.rows is None else self.rows[begin:end]
            if self.rows is None:
                deviations = np.subtract(X[rows].T, means[:, :, None], dtype=float)
            else:
                values = np.array(X[rows].T, dtype=float, order="C")
                missing = np.isnan(values)
                values[missing] = 0.0
                deviations = values - means[:, :, None]
                deviations *= ~missing
            log_joint = np.empty((len(means), end - begin))
            for p, of in columns.items():
                log_joint[:, of] = kind.log_joint(self.constants[p], self.factors[p], deviations[:, :, of])
            yield rows, columns, deviations, log_joint

    def expected(self, p, deviations):
        """Complete the deviations (K, D, n) of samples of pattern p by their expectations given the observed values."""
        return deviations if self.coefficients is None else self.coefficients[p] @ deviations

    def completed(self, mass, first, second, about) -> SufficientStatistics:
        """Return the expected statistics of all features, with full or tied covariances.

        They follow from the mass (P, K) of each pattern, and its first and second moments about some means (K, D) in
        the observed features.
        """
        kind, means = self.parameters.type, self.parameters.means
        shift, scatter = centered(kind, mass, first, second)
        if self.rows is None:
            return SufficientStatistics(mass[0], about + shift[0], scatter[0], self.parameters.covariance_type)
        offset = np.where(self.observed[:, None], about - means + shift, 0.0)
        expected = means + (self.coefficients @ offset[..., None])[..., 0]
        scatter = self.coefficients @ scatter @ self.coefficients.swapaxes(-1, -2) + kind.scaled(self.left, mass)
        return pooled(SufficientStatistics(mass, expected, scatter, self.parameters.covariance_type))


def patterns_of(X, parameters: MixtureParameters):
    """Yield `Patterns` of all samples, some at a time."""
    if not has_missing(X):
        yield Patterns(parameters, None, [len(X)], [True])
        return
    size = max(1, BLOCK_VALUES // X.shape[1])
    most = max(1, PATTERN_VALUES // (parameters.means.size * X.shape[1]))
    for begin in range(0, len(X), size):
        missing = np.isnan(X[begin : begin + size])
        packed = np.packbits(missing, axis=1)
        order = np.lexsort(packed.T)
        packed = packed[order]
        begins = np.flatnonzero(np.concatenate([[True], (packed[1:] != packed[:-1]).any(axis=1)]))
        ends = np.append(begins[1:], len(order))
        for i in range(0, len(begins), most):
            first, last = begins[i], ends[i : i + most][-1]
            observed = ~missing[order[begins[i : i + most]]]
            yield Patterns(parameters, begin + order[first:last], ends[i : i + most] - first, observed)


def careful_expectation(X, parameters: MixtureParameters, sample_weight=None, labels=None):
    """Take the E-step by deviations from each component's own mean: statistics, and the log-likelihood."""
    kind = parameters.type

    def sums_about(about):
        total, log_likelihood = no_statistics(*parameters.means.shape, parameters.covariance_type), 0.0
        for patterns in patterns_of(X, parameters):
            mass = np.zeros((len(patterns.ends), parameters.n_components))
            first = np.zeros((*mass.shape, parameters.n_features))
            second = kind.outer(first)
            for rows, columns, deviations, log_joint in patterns.blocks(X):
                if labels is not None:
                    log_joint[labels[rows] != np.arange(len(log_joint))[:, None]] = -np.inf
                each = normalize(log_joint, None if sample_weight is None else sample_weight[rows])
                log_likelihood += float(each.sum())
                for p, of in columns.items():
                    responsibilities, rest = log_joint[:, of], deviations[:, :, of]
                    if about is not parameters.means:
                        rest = rest + np.where(patterns.observed[p], parameters.means - about, 0.0)[:, :, None]
                    mass[p] += responsibilities.sum(axis=1)
                    first[p] += (rest @ responsibilities[:, :, None])[:, :, 0]
                    second[p] += kind.scatter(rest, responsibilities)
            found = patterns.completed(mass, first, second, about)
            total = found if patterns.rows is None else total + found
        return total, log_likelihood

    statistics, log_likelihood = sums_about(parameters.means)
    moved = kind.scaled(kind.outer(statistics.means - parameters.means), statistics.mass)
    if (kind.variances(moved) > LARGEST_CONDITION * kind.variances(statistics.scatter)).any():
        return sums_about(statistics.means)  # the means moved by many standard deviations: digits were lost
    return statistics, log_likelihood


@dataclass(frozen=True, eq=False)
class IncompleteRows:
    """Samples with missing values, to fit: their sufficient statistics depend on the parameters.

    `labeled_statistics` returns them for labeled samples with missing values. `expectation_maximization` and `fit_many`
    accept them in place of `SufficientStatistics`.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples. NaN is a missing value; it must be missing at random.
    covariance_type : str
        A key of `COVARIANCE_TYPES`.
    sample_weight : ndarray of shape (N,), optional
        A sample of weight 2 counts as two.
    labels : ndarray of int of shape (N,), optional
        Component of each sample, 0 to n_components - 1. None if the components are not known.
    n_components : int, optional
        Number of components, K; needed with labels.
    kernel : {"numpy"}, default="numpy"
        Code for passes over the samples; there is one.
    n_jobs : int, optional
        Number of threads for the passes, as in `expectation_maximization`.

    Raises
    ------
    ValueError
        If X is not of shape (N, D), or contains infinite values; if labels or weights do not have N entries, or a label
        is out of range.

    See Also
    --------
    labeled_statistics : Statistics of labeled samples.
    """

    X: np.ndarray
    covariance_type: str
    sample_weight: np.ndarray | None = None
    labels: np.ndarray | None = None
    n_components: int | None = None
    kernel: str = "numpy"
    n_jobs: int | None = None

    def __post_init__(self):
        X = checked_samples(self.X)
        checked = {"X": X, "sample_weight": checked_weight(self.sample_weight, len(X))}
        if self.labels is not None:
            checked["labels"] = checked_components(self.labels, len(X), self.n_components)
        vars(self).update(checked)

    @property
    def mass(self):
        """Total weight of the labeled samples of each component, (K,)."""
        return np.bincount(self.labels, self.sample_weight, self.n_components).astype(float)

    @property
    def row_weight(self):
        """Typical weight of a labeled sample of each component, (K,), as in `SufficientStatistics`."""
        weight = np.ones(len(self.X)) if self.sample_weight is None else self.sample_weight * 1.0
        return np.array([row_weight(weight[self.labels == k]) for k in range(self.n_components)])

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of components and features: (K, D)."""
        return self.n_components, self.X.shape[1]

    @cached_property
    def _threads(self):
        return Threads(self.n_jobs)

    @cached_property
    def _parts(self):
        """Samples, weights and labels of each chunk: as many samples as are grouped by pattern at a time."""
        columns, size = (self.X, self.sample_weight, self.labels), max(1, BLOCK_VALUES // self.X.shape[1])
        parts = [slice(begin, begin + size) for begin in range(0, max(1, len(self.X)), size)]
        return [[None if column is None else column[part] for column in columns] for part in parts]

    @cached_property
    def _diagonal(self):
        return [DiagonalSamples(*part, keep=len(self._parts) == 1) for part in self._parts]

    @property
    def needed(self) -> bool:
        """Whether the fast method for complete samples would have lost digits in the last E-step."""
        return any(part.needed for part in self._diagonal)

    def expectation(self, parameters: MixtureParameters) -> tuple[SufficientStatistics, float]:
        """Take the E-step.

        Parameters
        ----------
        parameters : MixtureParameters
            The mixture: K components, D features.

        Returns
        -------
        statistics : SufficientStatistics
            Expected given the observed values, and the labels if there are any.
        log_likelihood : float
            That of the observed values, in nats.
        """
        if parameters.type.diagonal:  # by products, without patterns
            found = self._threads.map(lambda part: part.expectation(parameters), self._diagonal)
        else:
            found = self._threads.map(lambda part: careful_expectation(part[0], parameters, *part[1:]), self._parts)
        return next(found) if len(self._parts) == 1 else added(found, parameters)
