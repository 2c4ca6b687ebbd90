"""Whether `reg_covar`, which EM adds to each variance, suits the scale of the data."""

import numpy as np

from emgmm.checks import checked_rows, checked_weight, weighted
from emgmm.covariance import TINY
from emgmm.statistics import SufficientStatistics, has_missing, no_statistics, rows_that_fit

LARGEST_RIDGE = 1e-3  # share of a feature's variance


@np.errstate(invalid="ignore")
def ridge_warning(X, reg_covar, sample_weight=None):
    """Say so if `reg_covar` is more than a thousandth of the smallest variance of a feature; None if all is well.

    Components, which are narrower than all rows together, may then be shaped by `reg_covar` and not by the rows. All
    rows X (N, D), labeled and unlabeled, are gone through once, in blocks, by their weights (N,); with 0 none.
    """
    if reg_covar == 0:
        return None
    every = feature_statistics(X, sample_weight)
    variances = every.scatter[:, 0] / every.mass
    feature = int(variances.argmin())
    limit = LARGEST_RIDGE * variances[feature]
    if not reg_covar > limit:  # NaN too: no rows, or too far out to square
        return None
    advice = f"Scale the data, or take reg_covar below {limit:.2g}" if limit else "Leave that feature out"
    return (
        f"reg_covar = {reg_covar:g} is too large beside the variance {variances[feature]:.3g} of feature {feature} "
        f"(counted from 0): components may come out wider than their rows. {advice}."
    )


@np.errstate(over="ignore", invalid="ignore")
def feature_statistics(X, sample_weight=None):
    """Statistics of each feature's values, as of D components with one feature, for they may lack other rows.

    Two passes over each block, so that no digits are lost to offsets.
    """
    X = checked_rows(X)
    sample_weight, X = weighted(checked_weight(sample_weight, len(X)), X)
    n_features, size = X.shape[1], rows_that_fit(*X.shape)
    total = no_statistics(n_features, 1, "diag")
    for begin in range(0, len(X), size):
        values = np.array(X[begin : begin + size].T, dtype=float, order="C")
        weight = np.ones(values.shape[1]) if sample_weight is None else sample_weight[begin : begin + size]
        share = np.broadcast_to(weight, values.shape)
        if has_missing(values):
            share = np.where(np.isnan(values), 0.0, weight)
            values[np.isnan(values)] = 0.0
        mass = share.sum(axis=1)
        origin = values[np.arange(n_features), share.argmax(axis=1), None]  # so that a constant has variance 0
        values -= origin
        shift = np.einsum("dn,dn->d", values, share) / np.maximum(mass, TINY)
        values -= shift[:, None]
        values *= values
        scatter = np.einsum("dn,dn->d", values, share)
        total += SufficientStatistics(mass, origin + shift[:, None], scatter[:, None], "diag")
    return total
