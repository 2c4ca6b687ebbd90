"""dmx-learn's MixtureDistribution of MultivariateGaussianDistribution (the package dmx-learn), without Spark.

A decrease of the log-likelihood, if only by rounding, stops it even with a tolerance of 0.
"""

from io import StringIO

import numpy as np
from dmx.stats.mixture import MixtureDistribution, MixtureEstimator
from dmx.stats.mvn import MultivariateGaussianDistribution, MultivariateGaussianEstimator
from dmx.utils.estimation import optimize

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"this file does not support {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("dmx-learn does not add reg_covar to variances")
    start = [MultivariateGaussianDistribution(*pair) for pair in zip(means, covariances, strict=True)]
    found = optimize(
        list(X),
        MixtureEstimator([MultivariateGaussianEstimator(dim=X.shape[1]) for _ in weights]),
        max_its=max_iter,
        delta=tol,
        prev_estimate=MixtureDistribution(start, weights),
        out=StringIO(),
    )
    return {
        "weights": found.w,
        "means": np.stack([part.mu for part in found.components]),
        "covariances": np.stack([part.covar for part in found.components]),
    }
