"""numpy-ml's GMM (the package numpy-ml).

Only its random initialization is replaced. Its tolerance is compared with the change of a lower bound of the
log-likelihood, summed over the samples. This file supplies a name that Python 3.10 removed and the package imports.
"""

import collections
import collections.abc

import numpy as np

collections.Hashable = collections.abc.Hashable
from numpy_ml.gmm import GMM

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    model = GMM(C=len(weights))

    def initialize():
        model.pi, model.mu, model.sigma = weights, means.copy(), covariances.copy()
        model.Q = np.zeros((len(X), len(weights)))

    model.best_elbo = -np.inf
    model._initialize_params = initialize
    if model.fit(X, max_iter=max_iter, tol=tol):
        raise RuntimeError("the code reports a collapsed component")
    return {"weights": model.pi, "means": model.mu, "covariances": model.sigma}
