"""oneDAL's em_gmm by daal4py (the package scikit-learn-intelex).

Its regularizationFactor, which is for singular covariances, is left. A step without a gain stops it always.
"""

import daal4py
import numpy as np

STORAGE = {"full": "full", "diag": "diagonal"}
TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in STORAGE:
        raise NotImplementedError(f"oneDAL has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("oneDAL does not add reg_covar to variances")
    model = daal4py.em_gmm(
        nComponents=len(weights),
        maxIterations=max_iter,
        accuracyThreshold=tol,
        covarianceStorage=STORAGE[covariance_type],
    )
    start = [np.atleast_2d(covariance) for covariance in covariances]
    found = model.compute(np.ascontiguousarray(X), weights[None], means, start)
    return {
        "weights": found.weights[0],
        "means": found.means,
        "covariances": np.stack(found.covariances).reshape(covariances.shape),
        "n_iter": int(found.nIterations[0, 0]),
    }
