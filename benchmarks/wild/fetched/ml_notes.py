"""ML_Notes' GMMCluster (fetched from the repository ML_Notes).

Only its random initial parameters are replaced, and the package for plots that it imports. It stops when the mean
log-likelihood grows by at most the tolerance, so a decrease stops it too.
"""

import sys
from types import SimpleNamespace

import numpy as np

from em_study.data.download import fetched_module

REPOSITORY = "https://raw.githubusercontent.com/zhulei227/ML_Notes/df90c379828b7d4db0cee38c5eaa8f6a5301a81f/ml_models"
UTILS = f"{REPOSITORY}/utils.py", "16c44a9234d462869be45390ff7e99d2a627e7cb62928cefa92f8d9693d99cd8"
MIXTURE = f"{REPOSITORY}/em/gmm_cluster.py", "c4b1713d28861a1f37b6e7230fcc577821781732d8e4b5d76fbff2b44b640c3a"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = SimpleNamespace(pyplot=None)
    sys.modules["ml_models"] = SimpleNamespace(utils=fetched_module(*UTILS))
    model = fetched_module(*MIXTURE).GMMCluster(len(weights), tol, max_iter)
    start = iter([[*component] for component in zip(weights, means, covariances, strict=True)])

    class Parameters(list):
        def append(self, _):  # its fit appends its initial parameters of each component
            super().append(next(start))

    model.params = Parameters()
    model.fit(X)
    weights, means, covariances = (np.array(values) for values in zip(*model.params, strict=True))
    return {"weights": weights, "means": means, "covariances": covariances}
