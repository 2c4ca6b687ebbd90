"""mixmod's MixtureModel of SciPy's norm (the package mixmod), for one feature.

It takes standard deviations, and a tolerance above 0: a tolerance of 0 is the smallest positive number here.
"""

import numpy as np
from mixmod.mixture import MixtureModel
from scipy.stats import norm

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if X.shape[1] > 1 or covariance_type == "tied":
        raise NotImplementedError(
            "mixmod has mixtures of normal distributions of one feature, each with its own variance"
        )
    if reg_covar:
        raise NotImplementedError("mixmod does not add reg_covar to variances")
    start = [{"loc": m, "scale": s} for m, s in zip(means.ravel(), np.sqrt(covariances).ravel(), strict=True)]
    model = MixtureModel([norm] * len(weights), params=start, weights=list(weights))
    n_iter, _ = model.fit(X[:, 0], tol=tol or np.finfo(float).tiny, maxiter=max_iter)
    scales = np.array([found["scale"] for found in model.params])
    return {
        "weights": np.array(model.weights),
        "means": np.array([[found["loc"]] for found in model.params]),
        "covariances": (scales**2).reshape(covariances.shape),
        "n_iter": n_iter,
        "converged": model.converged,
    }
