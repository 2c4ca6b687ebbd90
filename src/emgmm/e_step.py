"""E-step: posteriors of rows under a mixture, their log-likelihoods and expected sufficient statistics."""

import math
from itertools import chain

import numpy as np

from emgmm.checks import checked_rows, checked_weight, weighted
from emgmm.complete import Rows, checked_kernel
from emgmm.diagonal import DiagonalRows
from emgmm.incomplete import IncompleteRows, has_value, patterns_of
from emgmm.one_thread import one_thread
from emgmm.statistics import has_missing, normalize

FEW_ROWS = 2  # for which what products need, for each component, costs more than they save
FAR = -1e20  # log density below which the squares may hide what differs between components
ROUNDING = 1e-12  # difference of squares, as a share of them, that counts as none


def rows_to_fit(X, covariance_type, sample_weight=None, kernel="numpy") -> Rows | IncompleteRows:
    """Make what takes the E-step over rows; those with missing values are another affair, and have one kernel.

    Rows of weight 0 are left out. Those without any value get weight 0: as in `counted_rows`, without a copy.
    """
    sample_weight, X = weighted(sample_weight, X)
    if has_missing(X):
        checked_kernel(kernel)
        if not (seen := has_value(X)).all():
            sample_weight = seen if sample_weight is None else np.where(seen, sample_weight, 0.0)
        return IncompleteRows(X, covariance_type, sample_weight)
    return Rows(X, covariance_type, sample_weight, kernel)


def _joint_blocks(X, parameters):
    """Yield the rows of each block, and their log joint densities (K, n)."""
    if parameters.type.diagonal and (len(X) > FEW_ROWS or has_missing(X)):
        blocks = DiagonalRows(X, keep=False).joint_blocks(parameters)
    else:
        blocks = chain.from_iterable(patterns.blocks(X) for patterns in patterns_of(X, parameters))
    return ((rows, log_joint) for rows, *_, log_joint in blocks)


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def expectation(X, parameters, sample_weight=None):
    """E-step: the expected sufficient statistics of the rows, and their log-likelihood.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two.

    Returns
    -------
    statistics : SufficientStatistics
    log_likelihood : float
        Sum over the rows of log p(x) of what is observed, in nats.

    Raises
    ------
    ValueError
        If X or the weights cannot be used: another shape, infinite values, some too far out to square, a negative one.
    """
    X = checked_rows(X, parameters.n_features)
    rows = rows_to_fit(X, parameters.covariance_type, checked_weight(sample_weight, len(X)))
    statistics, log_likelihood = rows.expectation(parameters)
    if not math.isfinite(log_likelihood):
        raise ValueError("X must be finite: there are values too far out to square")
    return statistics, log_likelihood


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are done by hand
def posteriors(X, parameters):
    """Return the posterior probabilities of the components for each sample (responsibilities).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N, K)
        Each row has sum 1. Where nothing is observed it is the mixture's weights.

    Examples
    --------
    >>> from emgmm import MixtureParameters, posteriors
    >>> mixture = MixtureParameters.checked([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
    >>> posteriors([[2.0], [float("nan")]], mixture)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    X = checked_rows(X, parameters.n_features)
    result = np.empty((len(X), parameters.n_components))
    for rows, log_joint in _joint_blocks(X, parameters):
        result[rows] = shares(X[rows], parameters, log_joint).T
    return result


def shares(X, parameters, log_joint):
    """Turn the rows' log joint densities (K, n) into posteriors, in place; and return these."""
    far = ~(np.maximum.reduce(log_joint, axis=0) > FAR)
    normalize(log_joint)
    if far.any():
        patterns, of_row = np.unique(np.isnan(X[far]), axis=0, return_inverse=True)
        for p, missing in enumerate(patterns):
            rows = np.flatnonzero(far)[of_row.ravel() == p]
            log_joint[:, rows] = _limits(np.asarray(X[rows], dtype=float), ~missing, parameters)
    return log_joint


def _limits(X, observed, parameters):
    """Posteriors (K, n) of rows so far out that their squares overflow, or hide what differs between components.

    At a distance r in the direction u, a log joint density is a r^2 + b r + c. Where two have the same a, as with tied
    covariances, b decides, and so on.
    """
    kind, means = parameters.type, parameters.means
    moments = kind.expand(parameters.covariances, *means.shape)
    factors = kind.given(moments, observed[None])[0][0]
    constants = kind.log_constants(parameters.weights, factors)[:, None]
    center = means.mean(axis=0)
    deviations = np.where(observed, X - center, 0.0).T
    size = np.abs(deviations).max(axis=0)
    direction = kind.whiten(factors, (deviations / size)[None])
    whitened = kind.whiten(factors, np.where(observed, means - center, 0.0)[:, :, None])
    a, b = -0.5 * (direction**2).sum(axis=1), (direction * whitened).sum(axis=1)
    c = constants - 0.5 * (whitened**2).sum(axis=1)
    ahead = a - a.max(axis=0)
    ahead[ahead > -ROUNDING * np.abs(a.max(axis=0))] = 0.0
    log_joint = ahead * size + b + c / size  # over the distance, and so finite
    log_joint -= log_joint.max(axis=0)
    log_joint *= size
    normalize(log_joint)
    return log_joint


@one_thread()
def log_likelihoods(X, parameters):
    """Return the log-likelihood log p(x) of what is observed of each sample, in nats.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N,)
        Where nothing is observed it is 0.

    Examples
    --------
    >>> from emgmm import MixtureParameters, log_likelihoods
    >>> mixture = MixtureParameters.checked([1.0], [[0.0]], [[[1.0]]])
    >>> log_likelihoods([[0.0], [1.0]], mixture).round(3)
    array([-0.919, -1.419])
    """
    X = checked_rows(X, parameters.n_features)
    result = np.empty(len(X))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # a row whose square overflows has likelihood 0
        for rows, log_joint in _joint_blocks(X, parameters):
            result[rows] = normalize(np.maximum(log_joint, np.finfo(float).min / 2))
    return np.where(result <= np.finfo(float).min / 2, -np.inf, result)
