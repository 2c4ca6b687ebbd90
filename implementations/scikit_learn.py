"""scikit-learn's GaussianMixture."""

import numpy as np
from sklearn.mixture import GaussianMixture


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    is_matrix = covariance_type in ("full", "tied")
    model = GaussianMixture(
        len(weights),
        covariance_type=covariance_type,
        tol=tol,
        max_iter=max_iter,
        reg_covar=reg_covar,
        weights_init=weights,
        means_init=means,
        precisions_init=np.linalg.inv(covariances) if is_matrix else 1 / covariances,
    ).fit(X)
    return {
        "weights": model.weights_,
        "means": model.means_,
        "covariances": model.covariances_,
        "n_iter": model.n_iter_,
        "converged": model.converged_,
        "trace": model.lower_bounds_,
    }
