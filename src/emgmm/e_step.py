"""E-step: posteriors of rows under a mixture, their log-likelihoods and expected sufficient statistics."""

import numpy as np

from emgmm import complete, incomplete
from emgmm.complete import Rows, checked_kernel, normalize
from emgmm.diagonal import DiagonalRows
from emgmm.incomplete import IncompleteRows
from emgmm.one_thread import one_thread
from emgmm.statistics import has_holes

FEW_ROWS = 2  # for which what products need, for each component, costs more than they save


def checked_rows(X, n_features, n_dimensions=2):
    """Return X as an array, if it has the shape (N, D) that the parameters need."""
    X = np.asarray(X)
    if X.ndim != n_dimensions or X.shape[-1] != n_features or X.dtype.kind not in "fiub":
        raise ValueError(f"X must hold numbers in the shape (n_samples, {n_features}), not {X.dtype} {X.shape}")
    return X


def rows_to_fit(X, covariance_type, sample_weight=None, kernel="numpy") -> Rows | IncompleteRows:
    """Make what takes the E-step over rows; those with missing values are another affair, and have one kernel."""
    if has_holes(X):
        checked_kernel(kernel)
        return IncompleteRows(X, covariance_type, sample_weight)
    return Rows(X, covariance_type, sample_weight, kernel)


def _joint_blocks(X, parameters):
    """Yield the rows of each block, and their log joint densities (K, n)."""
    lacks_values = has_holes(X)
    if parameters.type.diagonal and (lacks_values or len(X) > FEW_ROWS):
        blocks = DiagonalRows(X, keep=False).joint_blocks(parameters)
    else:
        blocks = (incomplete if lacks_values else complete).joint_blocks(X, parameters)
    return ((rows, log_joint) for rows, *_, log_joint in blocks)


@one_thread()
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
    """
    X = checked_rows(X, parameters.n_features)
    return rows_to_fit(X, parameters.covariance_type, sample_weight).expectation(parameters)


@one_thread()
def posteriors(X, parameters):
    """Responsibilities p(component | row).

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N, K)
        Each row sums to 1. They are the weights where nothing is observed.
    """
    X = checked_rows(X, parameters.n_features)
    result = np.empty((len(X), parameters.n_components))
    for rows, log_joint in _joint_blocks(X, parameters):
        normalize(log_joint)
        result[rows] = log_joint.T
    return result


@one_thread()
def log_likelihoods(X, parameters):
    """Log-likelihood log p(x) of each row, of what is observed; in nats. It is 0 where nothing is.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N,)
    """
    X = checked_rows(X, parameters.n_features)
    result = np.empty(len(X))
    with np.errstate(over="ignore", divide="ignore"):  # a row whose square overflows has likelihood 0
        for rows, log_joint in _joint_blocks(X, parameters):
            result[rows] = normalize(np.maximum(log_joint, np.finfo(float).min / 2))
    return np.where(result <= np.finfo(float).min / 2, -np.inf, result)
