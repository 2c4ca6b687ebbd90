"""Whether `reg_covar`, which EM adds to each variance, suits the scale of the data."""

import numpy as np

from emgmm.checks import checked_rows, checked_weight, weighted
from emgmm.complete import rows_that_fit
from emgmm.statistics import SufficientStatistics, has_holes, no_statistics

LARGEST_RIDGE = 1e-3  # share of a feature's variance


def ridge_warning(X, reg_covar, sample_weight=None):
    """Say so if `reg_covar` is more than a thousandth of the smallest variance of a feature.

    Components, which are narrower than all rows together, may then be shaped by `reg_covar` and not by the rows.

    Parameters
    ----------
    X : ndarray of shape (N, D)
        All rows, labeled and unlabeled. They are gone through once, in blocks.
    reg_covar : float
        With 0 the rows are not looked at.
    sample_weight : ndarray of shape (N,), optional
        A row of weight 2 counts as two.

    Returns
    -------
    str or None
        What is wrong and what to do; None if all is well.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import ridge_warning
    >>> X = np.array([[0.0, 1e-4], [1.0, 3e-4]])
    >>> print(ridge_warning(X, 1e-6))
    reg_covar = 1e-06 is too large beside the variance 1e-08 of feature 1 (counted from 0): components may \
come out wider than their rows. Scale the data, or take reg_covar below 1e-11.
    >>> ridge_warning(X, 1e-12)
    """
    if reg_covar == 0:
        return None
    variances = feature_variances(feature_statistics(X, sample_weight))
    feature = int(variances.argmin())
    limit = LARGEST_RIDGE * variances[feature]
    if not reg_covar > limit:  # NaN too: no rows, or too far out to square
        return None
    advice = f"Scale the data, or take reg_covar below {limit:.2g}" if limit else "Leave that feature out"
    return (
        f"reg_covar = {reg_covar:g} is too large beside the variance {variances[feature]:.3g} of feature {feature} "
        f"(counted from 0): components may come out wider than their rows. {advice}."
    )


def feature_variances(statistics):
    """Variances (D,) from `feature_statistics`."""
    with np.errstate(invalid="ignore"):
        return statistics.scatter[:, 0] / statistics.mass


def feature_statistics(X, sample_weight=None):
    """Statistics of each feature's values, as of D components with one feature.

    Two passes over each block, so that no digits are lost to offsets.
    """
    X = checked_rows(X)
    sample_weight, X = weighted(checked_weight(sample_weight, len(X)), X)
    n_features = X.shape[1]
    total = no_statistics(n_features, 1, "diag")  # each feature for itself: they may lack other rows
    size = rows_that_fit(len(X), n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, len(X), size):
            values = np.array(X[begin : begin + size].T, dtype=float, order="C")
            weight = np.ones(values.shape[1]) if sample_weight is None else sample_weight[begin : begin + size]
            share = np.broadcast_to(weight, values.shape)
            if has_holes(values):
                share = np.where(np.isnan(values), 0.0, weight)
                values[np.isnan(values)] = 0.0
            mass = share.sum(axis=1)
            origin = values[np.arange(n_features), share.argmax(axis=1), None]  # so that a constant has variance 0
            values -= origin
            shift = np.einsum("dn,dn->d", values, share) / np.maximum(mass, np.finfo(float).tiny)
            values -= shift[:, None]
            values *= values
            scatter = np.einsum("dn,dn->d", values, share)
            total += SufficientStatistics(mass, origin + shift[:, None], scatter[:, None], "diag")
    return total
