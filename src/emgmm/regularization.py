"""Check of the covariance regularization `reg_covar` against the scale of the data."""

import numpy as np

from emgmm.checks import checked_samples, checked_weight, weighted
from emgmm.covariance import TINY
from emgmm.statistics import SufficientStatistics, has_missing, no_statistics, samples_per_block

LARGEST_SHARE = 1e-3  # of `reg_covar` in a feature's variance


@np.errstate(invalid="ignore")
def regularization_warning(X, reg_covar, sample_weight=None):
    """Return a warning if `reg_covar` is more than a thousandth of the smallest variance of a feature; else None.

    Components are narrower than all samples together, so that `reg_covar` instead of the samples may then determine
    their covariances. It takes one pass over all samples X (N, D), labeled and unlabeled, with their weights (N,); none
    if `reg_covar` is 0.
    """
    if reg_covar == 0:
        return None
    every = feature_statistics(X, sample_weight)
    variances = every.scatter[:, 0] / every.mass
    feature = int(variances.argmin())
    limit = LARGEST_SHARE * variances[feature]
    if not reg_covar > limit:  # including NaN: no samples, or values too large to square
        return None
    advice = f"Scale the data, or use a reg_covar below {limit:.2g}" if limit else "Remove this feature"
    return (
        f"reg_covar = {reg_covar:g} is too large compared with the variance {variances[feature]:.3g} of feature "
        f"{feature} (counted from 0): components may be wider than their samples. {advice}."
    )


@np.errstate(over="ignore", invalid="ignore")
def feature_statistics(X, sample_weight=None):
    """Return statistics of each feature's observed values, as those of D components with one feature.

    It takes two passes over each block, so that no digits are lost to offsets.
    """
    X = checked_samples(X)
    sample_weight, X = weighted(checked_weight(sample_weight, len(X)), X)
    n_features, size = X.shape[1], samples_per_block(*X.shape)
    total = no_statistics(n_features, 1, "diag")
    for begin in range(0, len(X), size):
        values = np.array(X[begin : begin + size].T, dtype=float, order="C")
        weight = np.ones(values.shape[1]) if sample_weight is None else sample_weight[begin : begin + size]
        share = np.broadcast_to(weight, values.shape)
        if has_missing(values):
            share = np.where(np.isnan(values), 0.0, weight)
            values[np.isnan(values)] = 0.0
        mass = share.sum(axis=1)
        first = values[np.arange(n_features), share.argmax(axis=1), None]  # so that a constant has variance 0
        values -= first
        shift = np.einsum("dn,dn->d", values, share) / np.maximum(mass, TINY)
        values -= shift[:, None]
        values *= values
        scatter = np.einsum("dn,dn->d", values, share)
        total += SufficientStatistics(mass, first + shift[:, None], scatter[:, None], "diag")
    return total
