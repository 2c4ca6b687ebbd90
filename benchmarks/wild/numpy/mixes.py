"""mixes' GMM with its criterion of the log-likelihood (the package mixes).

Its interface takes no initial parameters: this file sets them in place of those of k-means. Its
var_regularization is reg_covar.
"""

import numpy as np
from mixes import GMM
from mixes.stopping_criterion import create_log_lik_criterion


class Started(GMM):
    """Its mixture, from given initial parameters."""

    def _init_params(self, data):
        for dist, *given in zip(self.dists, *self.start, strict=True):
            dist.tau, dist.mu, dist.sigma = given


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"mixes has no {covariance_type} covariances")
    criterion = create_log_lik_criterion(tol)
    model = Started(len(weights), num_iter=max_iter, stopping_criterion=criterion, var_regularization=reg_covar)
    model.start = weights, means, covariances
    model.fit(X)
    return {
        "weights": np.array([dist.tau for dist in model.dists]),
        "means": np.stack([dist.mu for dist in model.dists]),
        "covariances": np.stack([dist.sigma for dist in model.dists]),
    }
