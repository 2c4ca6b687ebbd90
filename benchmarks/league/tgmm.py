"""tgmm's EM in PyTorch (the package tgmm)."""

import numpy as np
import torch
from tgmm import GaussianMixture


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    weights, means, covariances = (torch.tensor(np.asarray(array)) for array in (weights, means, covariances))
    given = {"init_weights": weights, "init_means": means, "init_covariances": covariances}
    limits = {"tol": tol or np.finfo(float).tiny, "max_iter": max_iter, "reg_covar": reg_covar}  # 0 is refused
    model = GaussianMixture(len(weights), covariance_type=covariance_type, device="cpu", **given, **limits)
    model.fit(torch.from_numpy(X))
    return {
        "weights": model.weights_.numpy(),
        "means": model.means_.numpy(),
        "covariances": model.covariances_.numpy(),
    }
