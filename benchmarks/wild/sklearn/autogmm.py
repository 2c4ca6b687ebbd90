"""autogmm's MclustStyleGM (the package autogmm, with scikit-learn).

It is scikit-learn's EM with another M-step. It takes precisions, which are the inverses of the covariances here. By
default its `eigen_thres` replaces reg_covar by 1.5e-8; this is off. The package's AutoGMM chooses its own start.
"""

import warnings

import numpy as np
from autogmm.autogmm import MclustStyleGM

warnings.simplefilter("ignore")  # about runs that end at max_iter


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    precisions = np.linalg.inv(covariances) if covariance_type in ("full", "tied") else 1 / covariances
    start = {"weights_init": weights, "means_init": means, "precisions_init": precisions}
    limits = {"tol": tol, "max_iter": max_iter, "reg_covar": reg_covar, "eigen_thres": False}
    model = MclustStyleGM(n_components=len(weights), covariance_type=covariance_type, **limits, **start).fit(X)
    return {
        "weights": model.weights_,
        "means": model.means_,
        "covariances": model.covariances_,
        "n_iter": model.n_iter_,
        "converged": model.converged_,
    }
