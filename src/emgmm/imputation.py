"""Imputation of missing values."""

import numpy as np

from emgmm.checks import checked_samples
from emgmm.e_step import posteriors, shares
from emgmm.incomplete import patterns_of
from emgmm.statistics import has_missing
from emgmm.threads import one_thread


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of values far out, which are reported below
def impute(X, parameters, generator=None):
    """Impute missing values: by their expectation given the sample's observed values, or at random.

    The expectation is that of the mixture: the components' conditional means, weighted by the posteriors. Random
    imputation draws a component from the posteriors, and then the values from its conditional distribution. Several
    random imputations, each analysed by itself, show the uncertainty of the missing values (multiple imputation [1]_).
    They are conditional on these parameters, and do not contain the uncertainty of the parameters.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        Samples. NaN is a missing value; it must be missing at random.
    parameters : MixtureParameters
        The mixture: K components, D features.
    generator : numpy.random.Generator or numpy.random.RandomState, optional
        If given, impute at random with it; else by the expectation.

    Returns
    -------
    ndarray of shape (N, D)
        A copy of X, in the units of the features. With o the observed and m the missing features of a sample, a
        missing value is sum_k p(k | x_o) (mean_km + covariance_kmo covariance_koo^-1 (x_o - mean_ko)), or a random
        value. Observed values do not change.

    Raises
    ------
    ValueError
        If X does not have D features, contains infinite values, or values too large to square.

    References
    ----------
    .. [1] Rubin (1987), "Multiple Imputation for Nonresponse in Surveys", Wiley.

    Examples
    --------
    >>> from emgmm import MixtureParameters, impute
    >>> mixture = MixtureParameters.checked([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 1.0]]])
    >>> impute([[2.0, float("nan")]], mixture)
    array([[2., 1.]])
    """
    X = checked_samples(X, parameters.n_features)
    result, kind = np.array(X, dtype=float), parameters.type
    if not has_missing(X):
        return result
    if kind.diagonal and generator is None:  # without covariances only the posteriors depend on the observed values
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
        raise ValueError("X must be finite: it contains infinite values, or values too large to square")
    return filled


def _drawn(kind, posteriors, expected, left, generator):
    """Draw values (D, n) from the components' conditional distributions: posteriors (K, n), expected (K, D, n)."""
    component = (np.cumsum(posteriors[:-1], axis=0) < generator.uniform(size=posteriors.shape[1])).sum(axis=0)
    values = generator.standard_normal(expected.shape[1:])
    for k, covariance in enumerate(left):
        rows = component == k
        values[:, rows] = expected[k][:, rows] + kind.scaled_noise(covariance, values[:, rows])
    return values
