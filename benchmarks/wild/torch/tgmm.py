"""tgmm's GaussianMixture (the package tgmm, with PyTorch).

It accepts no tolerance of 0. Instead it gets the smallest positive number, with which it still stops where the
log-likelihood does not change at all.
"""

import warnings

import numpy as np
import torch
from tgmm import GaussianMixture

TOLERANCE_OF = "relative"  # without the 1 that is added to the sum


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    start = {"init_weights": weights, "init_means": means, "init_covariances": covariances}
    start = {name: torch.tensor(array) for name, array in start.items()}
    limits = {"tol": tol or np.finfo(float).tiny, "max_iter": max_iter, "reg_covar": reg_covar}
    model = GaussianMixture(len(weights), covariance_type=covariance_type, device="cpu", **limits, **start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about runs that end at max_iter
        model.fit(torch.tensor(X))
    return {
        "weights": model.weights_.numpy(),
        "means": model.means_.numpy(),
        "covariances": model.covariances_.numpy(),
        "n_iter": model.n_iter_,
        "converged": model.converged_,
    }
