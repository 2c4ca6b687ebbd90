"""oneDAL's em_gmm (the package scikit-learn-intelex, which brings daal4py).

Even with a tolerance of 0 it stops where the log-likelihood does not increase.
"""

import daal4py
import numpy as np

KINDS = {"full": "full", "diag": "diagonal"}
daal4py.daalinit(1)  # one thread: the same call must return the same result
TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in KINDS:
        raise NotImplementedError(f"oneDAL has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("oneDAL regularizes only covariances that it cannot factorize")
    limits = {"accuracyThreshold": tol, "maxIterations": max_iter, "regularizationFactor": 0.0}
    algorithm = daal4py.em_gmm(len(weights), covarianceStorage=KINDS[covariance_type], **limits)
    each = [np.ascontiguousarray(covariance).reshape(-1, X.shape[1]) for covariance in covariances]
    found = algorithm.compute(X, np.reshape(weights, (1, -1)), means, each)
    return {
        "weights": found.weights.ravel(),
        "means": found.means,
        "covariances": np.stack(found.covariances).reshape(np.shape(covariances)),
        "n_iter": int(found.nIterations[0, 0]),
    }
