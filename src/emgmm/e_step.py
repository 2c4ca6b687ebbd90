"""E-step: posteriors of rows under a mixture, folded at once into sufficient statistics.

One pass over blocks of rows. A block is stored transposed (features x rows), so that every operation runs over
contiguous memory, and is reused; memory beyond the data is constant in the number of rows.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dtrtri

from emgmm.statistics import SufficientStatistics

BLOCK_VALUES = 2**18  # whitened values held at a time: about 2 MiB, the size of a core's cache
MAX_BLOCK_ROWS = 8192  # more rows gain nothing


class _Block(NamedTuple):
    rows: slice
    whitened: np.ndarray  # (K, D, rows): L_k^-1 (x - mean_k), with L_k the Cholesky factor of covariance k
    log_joint: np.ndarray  # (K, rows): log(weight_k N(x; mean_k, covariance_k))
    scratch: np.ndarray  # (K, D, rows): free to overwrite


def _blocks(X, parameters):
    """Whiten the rows for every component and yield their joint log-densities, a block at a time."""
    n_rows, n_features = X.shape
    n_components = parameters.n_components
    block_rows = min(n_rows, MAX_BLOCK_ROWS, max(256, BLOCK_VALUES // (n_components * n_features)))
    # Rows are first centered on one common point, then one matrix product serves every component. Both keep
    # their digits however far the data lie from the origin.
    center = parameters.weights @ parameters.means
    precisions_cholesky = np.stack([dtrtri(factor, lower=1)[0] for factor in parameters.cholesky])
    offsets = np.einsum("kij,kj->ki", precisions_cholesky, parameters.means - center).reshape(-1, 1)
    transform = precisions_cholesky.reshape(n_components * n_features, n_features)
    log_scale = (
        np.log(parameters.weights)
        - np.log(np.einsum("kjj->kj", parameters.cholesky)).sum(axis=1)
        - 0.5 * n_features * np.log(2 * np.pi)
    )[:, None]

    centered = np.empty((n_features, block_rows))
    whitened = np.empty((n_components * n_features, block_rows))
    scratch = np.empty((n_components, n_features, block_rows))
    log_joint = np.empty((n_components, block_rows))
    for begin in range(0, n_rows, block_rows):
        end = min(begin + block_rows, n_rows)
        size = end - begin
        if size < block_rows:  # the last block
            centered, whitened = centered[:, :size], whitened[:, :size]
            scratch, log_joint = scratch[:, :, :size], log_joint[:, :size]
        np.subtract(X[begin:end].T, center[:, None], out=centered)
        np.matmul(transform, centered, out=whitened)
        np.subtract(whitened, offsets, out=whitened)
        by_component = whitened.reshape(n_components, n_features, size)
        np.multiply(by_component, by_component, out=scratch)
        scratch.sum(axis=1, out=log_joint)
        log_joint *= -0.5
        log_joint += log_scale
        yield _Block(slice(begin, end), by_component, log_joint, scratch)


def _normalize(log_joint):
    """Turn joint log-densities (K, rows) into posteriors, in place; return each row's log-likelihood."""
    largest = log_joint.max(axis=0)
    log_joint -= largest
    np.exp(log_joint, out=log_joint)
    normalizer = log_joint.sum(axis=0)
    log_joint /= normalizer
    np.log(normalizer, out=normalizer)
    normalizer += largest
    return normalizer


def expectation(X, parameters):
    """E-step: the expected sufficient statistics of the rows, and their log-likelihood.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    parameters : MixtureParameters

    Returns
    -------
    statistics : SufficientStatistics
    log_likelihood : float
        Sum over the rows of log p(x), in nats.
    """
    n_components, n_features = parameters.means.shape
    # Moments are summed in each component's whitened coordinates, about its present mean.
    mass = np.zeros(n_components)
    first = np.zeros((n_components, n_features))
    second = np.zeros((n_components, n_features, n_features))
    log_likelihood = 0.0
    for block in _blocks(X, parameters):
        log_likelihood += _normalize(block.log_joint).sum()
        posteriors = block.log_joint
        weighted = np.multiply(block.whitened, posteriors[:, None, :], out=block.scratch)
        mass += posteriors.sum(axis=1)
        first += weighted.sum(axis=2)
        second += weighted @ block.whitened.transpose(0, 2, 1)
    shift = first / np.maximum(mass, np.finfo(float).tiny)[:, None]
    second -= first[:, :, None] * shift[:, None, :]
    factors = parameters.cholesky
    means = parameters.means + np.einsum("kij,kj->ki", factors, shift)
    scatter = factors @ second @ factors.transpose(0, 2, 1)
    return SufficientStatistics(mass, means, 0.5 * (scatter + scatter.transpose(0, 2, 1))), log_likelihood


def posteriors(X, parameters):
    """Responsibilities p(component | row).

    Parameters
    ----------
    X : ndarray of shape (N, D)
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N, K)
        Each row sums to 1.
    """
    result = np.empty((len(X), parameters.n_components))
    for block in _blocks(X, parameters):
        _normalize(block.log_joint)
        result[block.rows] = block.log_joint.T
    return result


def log_likelihoods(X, parameters):
    """Log-likelihood log p(x) of each row, in nats.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    parameters : MixtureParameters

    Returns
    -------
    ndarray of shape (N,)
    """
    result = np.empty(len(X))
    for block in _blocks(X, parameters):
        result[block.rows] = _normalize(block.log_joint)
    return result
