"""oneDAL's EM (the package scikit-learn-intelex, which brings daal4py)."""

import os

import daal4py
import numpy as np

KINDS = {"full": "full", "diag": "diagonal"}
daal4py.daalinit(len(os.sched_getaffinity(0)))


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in KINDS:
        raise NotImplementedError(f"oneDAL has no {covariance_type} covariances")
    limits = {"accuracyThreshold": tol, "maxIterations": max_iter, "regularizationFactor": reg_covar}
    algorithm = daal4py.em_gmm(len(weights), covarianceStorage=KINDS[covariance_type], **limits)
    each = [np.ascontiguousarray(covariance).reshape(-1, X.shape[1]) for covariance in covariances]
    found = algorithm.compute(X, np.reshape(weights, (1, -1)), np.asarray(means), each)
    return {
        "weights": found.weights.ravel(),
        "means": found.means,
        "covariances": np.stack(found.covariances).reshape(np.shape(covariances)),
    }
