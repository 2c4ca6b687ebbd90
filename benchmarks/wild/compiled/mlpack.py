"""mlpack's gmm_train (the package mlpack, its Python interface).

It starts from the clusters of its k-means. The initial parameters are passed as its `input_model`, but it does not
start from them. It counts its start as an iteration, so that it gets one more. Even with a tolerance of 0 it stops
where the log-likelihood does not change at all. Its `seed` does not make calls repeatable, so each has a process.
"""

from multiprocessing import get_context

import numpy as np
from mlpack import gmm_train

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("this file supports only full covariances without reg_covar")
    with get_context("fork").Pool(1) as process:
        return process.apply(_fit, (X, weights, means, covariances, tol, max_iter))


def _fit(X, weights, means, covariances, tol, max_iter):
    settings = {"input_": X, "gaussians": len(weights), "seed": 1, "tolerance": tol, "copy_all_inputs": True}
    model = gmm_train(max_iterations=1, **settings)["output_model"]
    start = model.get_cpp_params()
    start["GMM"]["weights"] = weights[None]
    for part, mean, covariance in zip(start["GMM"]["dists"], means, covariances, strict=True):
        part |= {"mean": mean[None], "covariance": covariance, "invCov": np.linalg.inv(covariance)}
        part |= {"covLower": np.linalg.cholesky(covariance).T, "logDetCov": np.linalg.slogdet(covariance)[1]}
    model.set_cpp_params(start)
    model = gmm_train(input_model=model, max_iterations=max_iter + 1, **settings)["output_model"]
    found = model.get_cpp_params()["GMM"]
    return {
        "weights": found["weights"].ravel(),
        "means": np.concatenate([part["mean"] for part in found["dists"]]),
        "covariances": np.stack([part["covariance"] for part in found["dists"]]),
    }
