"""gmm-torch's GaussianMixture (fetched from the repository gmm-torch).

Its interface takes no initial weights: this file sets them. Its eps (1e-6 by default) is 0 here, because it is added to
the components' masses too. It stops when the mean log-likelihood grows by less than the tolerance, so a decrease stops
it too.
"""

import sys

import numpy as np
import torch

from em_study.data.download import fetched_module

REPOSITORY = "https://raw.githubusercontent.com/ldeecke/gmm-torch/23eaf64be98239af1da85c4b55a6215a2fcfff2f/"
UTILS = f"{REPOSITORY}utils.py", "594bda01e59d3fb35c2468c253e9c7df961729791d55eb2b3a0fd70a027b921d"
MIXTURE = f"{REPOSITORY}gmm.py", "ba4d534a5c12ca5fd009bb173e1f1a375a737e36f8d32ac6c62475373d998955"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in ("full", "diag"):
        raise NotImplementedError(f"the code has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("the code adds its regularization to the components' masses too")
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (it starts again at random if its log-likelihood is not finite)
    sys.modules["utils"] = fetched_module(*UTILS)
    start = {"mu_init": torch.tensor(means[None]), "var_init": torch.tensor(covariances[None])}
    model = fetched_module(*MIXTURE).GaussianMixture(*means.shape, covariance_type, eps=0.0, **start)
    model.pi.data = torch.tensor(weights[None, :, None])
    model.fit(torch.tensor(np.asarray(X)), delta=tol, n_iter=max_iter)
    weights, means, covariances = (values.data[0].numpy() for values in (model.pi, model.mu, model.var))
    return {"weights": weights[:, 0], "means": means, "covariances": covariances}
