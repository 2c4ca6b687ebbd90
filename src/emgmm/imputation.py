"""Missing values, filled in."""

import numpy as np

from emgmm.checks import checked_rows
from emgmm.e_step import posteriors, shares
from emgmm.incomplete import patterns_of
from emgmm.one_thread import one_thread
from emgmm.statistics import has_missing


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of values far out, which are told of
def impute(X, parameters, generator=None):
    """Fill in missing values: by their expectation given what the row has, or by a draw.

    The expectation is that under the whole mixture, the components' conditional means weighted by the posteriors. A
    draw takes a component by the posteriors, and then the values by its conditional distribution; several draws, each
    analysed by itself, show what is not known (multiple imputation: Rubin, 1987). They are draws under these
    parameters, and do not tell how uncertain the parameters are.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        NaN is a missing value.
    parameters : MixtureParameters
    generator : numpy.random.Generator or numpy.random.RandomState, optional
        Draw by it.

    Returns
    -------
    ndarray of shape (N, D)
        A copy; values that are there stay as they are. Infinite ones are a ValueError.

    Examples
    --------
    >>> from emgmm import MixtureParameters, impute
    >>> mixture = MixtureParameters.checked([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 1.0]]])
    >>> impute([[2.0, float("nan")]], mixture)
    array([[2., 1.]])
    """
    X = checked_rows(X, parameters.n_features)
    result, kind = np.array(X, dtype=float), parameters.type
    if not has_missing(X):
        return result
    if kind.diagonal and generator is None:  # without covariances only the posteriors depend on what is there
        return np.where(np.isnan(result), _finite(posteriors(X, parameters) @ parameters.means), result)
    for patterns in patterns_of(X, parameters):
        for rows, columns, deviations, log_joint in patterns.blocks(X):
            shares(X[rows], parameters, log_joint)
            filled = np.empty(deviations.shape[1:])
            for p, of in columns.items():
                expected = parameters.means[:, :, None] + patterns.expected(p, deviations[:, :, of])
                if generator is None:
                    filled[:, of] = (log_joint[:, None, of] * expected).sum(axis=0)
                else:
                    filled[:, of] = _drawn(kind, log_joint[:, of], expected, patterns.left[p], generator)
            values = X[rows]
            result[rows] = np.where(np.isnan(values), _finite(filled).T, values)
    return result


def _finite(filled):
    if not np.isfinite(filled).all():
        raise ValueError("X must be finite: there are infinite values, or some too far out to square")
    return filled


def _drawn(kind, posteriors, expected, left, generator):
    """Draw values (D, n) from the components' conditional distributions: posteriors (K, n), expected (K, D, n)."""
    component = (np.cumsum(posteriors[:-1], axis=0) < generator.uniform(size=posteriors.shape[1])).sum(axis=0)
    values = generator.standard_normal(expected.shape[1:])
    for k, covariance in enumerate(left):
        rows = component == k
        values[:, rows] = expected[k][:, rows] + kind.scaled_noise(covariance, values[:, rows])
    return values
