"""mixem's em (the package mixem).

It compares its tolerance with the relative increase of the expected log density over 10 steps, and a decrease stops it.
"""

import mixem
import numpy as np

TOLERANCE_OF = "relative"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"mixem has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("mixem does not add reg_covar to variances")
    normals = [
        mixem.distribution.MultivariateNormalDistribution(*pair) for pair in zip(means, covariances, strict=True)
    ]
    weights, normals, _ = mixem.em(X, normals, weights, max_iter, tol, progress_callback=None)
    return {
        "weights": weights,
        "means": np.stack([normal.mu for normal in normals]),
        "covariances": np.stack([normal.sigma for normal in normals]),
    }
