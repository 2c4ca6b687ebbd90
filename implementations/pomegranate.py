"""pomegranate's GeneralMixtureModel of Normal distributions (the package pomegranate, with PyTorch)."""

import numpy as np
import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in ("full", "diag"):
        raise NotImplementedError(f"pomegranate has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("pomegranate does not add reg_covar to variances")
    torch.set_default_dtype(torch.float64)
    parts = [Normal(torch.tensor(m), torch.tensor(c), covariance_type) for m, c in zip(means, covariances, strict=True)]
    model = GeneralMixtureModel(
        parts, torch.tensor(weights), tol=tol * len(X), max_iter=max_iter
    )  # its tolerance is for the sum over the samples
    model.fit(torch.tensor(np.asarray(X)))
    return {
        "weights": model.priors.numpy(),
        "means": np.stack([part.means.numpy() for part in model.distributions]),
        "covariances": np.stack([part.covs.numpy() for part in model.distributions]),
    }
