"""mixes' GMM (the package mixes).

Only its initialization by k-means is replaced. With a tolerance it gets its own Aitken criterion on the mean
log-likelihood, otherwise no criterion.
"""

import numpy as np
from mixes import GMM, stopping_criterion


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError("the package has only full covariances")
    stopping = stopping_criterion.create_log_lik_criterion(tol) if tol else None
    model = GMM(len(weights), num_iter=max_iter, stopping_criterion=stopping, var_regularization=reg_covar)
    model.dists = [GMM.GaussDist(*component) for component in zip(weights, means, covariances, strict=True)]
    model._init_params = lambda _: None
    model.fit(X)
    return {
        "weights": np.array([component.tau for component in model.dists]),
        "means": np.array([component.mu for component in model.dists]),
        "covariances": np.array([component.sigma for component in model.dists]),
    }
