"""numpy-ml's GMM (the package numpy-ml).

Its interface takes no initial parameters: this file sets them in place of those that it draws at random. The package
imports a name that Python removed, which is supplied here. An equal lower bound in two successive steps stops it even
with a tolerance of 0.
"""

import collections.abc

collections.Hashable = collections.abc.Hashable

from numpy_ml.gmm import GMM

TOLERANCE_OF = "sum"


class Started(GMM):
    """Its GMM, from given initial parameters."""

    def __init__(self, start):
        super().__init__(C=len(start["mu"]), seed=1)
        self.start = start

    def _initialize_params(self):
        super()._initialize_params()
        for name, array in self.start.items():
            setattr(self, name, array.copy())


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"numpy-ml has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("numpy-ml does not add reg_covar to variances")
    model = Started({"pi": weights, "mu": means, "sigma": covariances})
    if model.fit(X, max_iter=max_iter, tol=tol):
        raise ValueError("numpy-ml stopped at a singular covariance")
    return {"weights": model.pi, "means": model.mu, "covariances": model.sigma}
