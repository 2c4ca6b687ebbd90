"""scalarmix's BivariateGaussian (the package scalarmix): mixtures of two normal distributions.

Only its initialization is replaced. It adds 1e-10 to densities by default, without which it fails where these are 0.
Its tolerance is compared with the gain of the mean log-likelihood, relative to the largest value before, so a decrease
stops it too.
"""

import numpy as np
from scalarmix.bivariate_gaussian import BivariateGaussian


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or means.shape != (2, 1) or reg_covar:
        raise NotImplementedError("the package supports only two components and one feature, without reg_covar")
    model = BivariateGaussian(max_iters=max_iter, min_improvement=tol)
    start = means.T.copy(), covariances.reshape(1, 2).copy(), weights[:1].copy()
    model.initialize_mixture_params = lambda _: start
    model.fit(X.T, verbose=False)  # it fits one mixture to each row
    weight = model.cluster_weights[0]
    return {
        "weights": np.array([weight, 1 - weight]),
        "means": model.mean_.T,
        "covariances": model.variance_.reshape(2, 1, 1),
    }
