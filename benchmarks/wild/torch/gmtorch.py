"""gmtorch's GaussianMixtureEstimator (the package gmtorch, with PyTorch)."""

import torch
from gmtorch import GaussianMixtureEstimator


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"gmtorch has no {covariance_type} covariances")
    start = {"weights_init": weights, "means_init": means, "covariances_init": covariances}
    start = {name: torch.tensor(array) for name, array in start.items()}
    limits = {"tol": tol, "max_iter": max_iter, "reg_covar": reg_covar}
    model = GaussianMixtureEstimator(len(weights), **limits, **start).fit(torch.tensor(X))
    return {
        "weights": model.state.weights.numpy(),
        "means": model.state.means.numpy(),
        "covariances": model.state.covariances.numpy(),
        "n_iter": model.fit_info.n_iter,
        "converged": model.fit_info.converged,
        "trace": [float(value) for value in model.fit_info.lower_bounds],
    }
