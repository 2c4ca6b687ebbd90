"""gmmx's EM in JAX (the package gmmx). It computes in single precision."""

import numpy as np
from gmmx import EMFitter, GaussianMixtureModelJax


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"this file does not support {covariance_type} covariances")
    start = (np.asarray(array, dtype=np.float32) for array in (means, covariances, weights))
    fitter = EMFitter(tol=tol, max_iter=max_iter, reg_covar=reg_covar)
    found = fitter.fit(np.asarray(X, dtype=np.float32), GaussianMixtureModelJax.from_squeezed(*start))
    weights, means, covariances = (
        np.array(values, dtype=float) for values in (found.gmm.weights, found.gmm.means, found.gmm.covariances.values)
    )
    return {
        "weights": weights.ravel() / weights.sum(),
        "means": means[0, :, :, 0],
        "covariances": 0.5 * (covariances[0] + covariances[0].swapaxes(-1, -2)),
        "n_iter": int(found.n_iter),
        "converged": bool(found.converged),
    }
