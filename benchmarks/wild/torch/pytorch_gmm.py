"""pytorch-gmm's GMM.train (the package pytorch-gmm).

By default it raises weights to at least 1e-5 and variances to at least 1e-6; both limits are set to 0 here. A tolerance
of 0 is passed as None, which is its way to take all steps: with 0 it stops where rounding makes the log-likelihood
decrease.
"""

import torch
from pytorch_gmm import GMM


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in ("full", "diag"):
        raise NotImplementedError(f"pytorch-gmm has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("pytorch-gmm does not add reg_covar to variances; it bounds them from below")
    model = GMM(*(torch.tensor(array) for array in (weights, means, covariances)))
    limits = {"convergence_threshold": tol or None, "w_eps": 0.0, "sigma_eps": 0.0}
    model.train(torch.tensor(X), n_iter=max_iter, **limits)
    return {"weights": model.w.numpy(), "means": model.mu.numpy(), "covariances": model.sigma.numpy()}
