"""MLAlgorithms' GaussianMixture (fetched from the repository MLAlgorithms).

Only its initialization is replaced, and the modules that it imports for this and for plots. It stops when the sum of
all components' densities at all samples (without weights and logarithms) grows by at most the tolerance, so a decrease
stops it even with a tolerance of 0.
"""

import sys
from types import SimpleNamespace

import numpy as np

from em_study.data.download import fetched_module

REPOSITORY = "https://raw.githubusercontent.com/rushter/MLAlgorithms/8fb8bb4282f37ad797052930dc12d0faace7bdb6/mla"
BASE = f"{REPOSITORY}/base/base.py", "0a55dd8dc870d4f87e564014b51dc360dd25971d4a697bffc91c370ec027457a"
MIXTURE = f"{REPOSITORY}/gaussian_mixture.py", "c73fb011a5ed872ea977f35b104cfce2d8238f484153df21235ac3924e07254d"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = SimpleNamespace(pyplot=None)
    sys.modules["mla.kmeans"] = SimpleNamespace(KMeans=None)
    sys.modules["mla.base"] = fetched_module(*BASE)
    model = fetched_module(*MIXTURE).GaussianMixture(K=len(weights), max_iters=max_iter, tolerance=tol)

    def initialize():
        model.weights, model.means, model.covs = weights, list(means), list(covariances)

    model._initialize = initialize
    model.fit(X)
    return {
        "weights": model.weights,
        "means": np.array(model.means),
        "covariances": np.array(model.covs),
        "n_iter": len(model.likelihood),
    }
