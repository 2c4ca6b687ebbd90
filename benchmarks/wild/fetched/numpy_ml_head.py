"""numpy-ml's GMM (fetched from the repository numpy-ml).

Only its random initialization is replaced. Its tolerance is compared with the change of a lower bound of the
log-likelihood, summed over the samples.
"""

import sys

import numpy as np

from em_study.data.download import fetched_module

TOLERANCE_OF = "sum"
REPOSITORY = "https://raw.githubusercontent.com/ddbourgin/numpy-ml/b0359af5285fbf9699d64fd5ec059493228af03e/numpy_ml"
DENSITY = f"{REPOSITORY}/utils/misc.py", "d81b4c1aa29c3ff68d41d9024109053f86731a9b073df40b8f35ec9e7a15ce6d"
MIXTURE = f"{REPOSITORY}/gmm/gmm.py", "977781418514f126041fbeecce88d2083a0b70f094f80a151b3544a086609592"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    sys.modules["numpy_ml.utils.misc"] = fetched_module(*DENSITY)
    model = fetched_module(*MIXTURE).GMM(C=len(weights))
    start = {"pi": weights, "Q": np.zeros((len(X), len(weights))), "mu": means.copy(), "sigma": covariances.copy()}
    model._initialize_params = lambda _: model.parameters.update(start)
    if model.fit(X, max_iter=max_iter, tol=tol):
        raise RuntimeError("the code reports a collapsed component")
    found = model.parameters
    return {"weights": found["pi"], "means": found["mu"], "covariances": found["sigma"]}
