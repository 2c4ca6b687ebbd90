"""GMM of 09.EM (fetched from the repository Statistical-Learning-Methods).

Only its random initial parameters are replaced, at its first E-step, and the package for plots that it imports. Its
epsilon (1e-8), which it adds to covariances and divisors, and compares the gain of the log-likelihood with, is 0 here.
"""

import sys
from types import SimpleNamespace

import numpy as np

from em_study.data.download import fetched_module

URL = "https://raw.githubusercontent.com/SleepyBag/Statistical-Learning-Methods/c16edf2d56f9f7c00651c749464b74b9ec039522/09.EM/GMM.py"
SHA256 = "793df38e36b772b6b38458093a60f9efee2f3b98ec673b4f752e6b3baea77eba"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in ("full", "diag"):
        raise NotImplementedError(f"the code has no {covariance_type} covariances")
    if tol or reg_covar:
        raise NotImplementedError("the code has neither reg_covar nor a tolerance of its own")
    if covariance_type == "full" and X.shape[1] == 1:
        raise NotImplementedError("the code supports full covariances only for two features or more")
    sys.modules["matplotlib"] = SimpleNamespace(pyplot=None)
    diagonal = covariance_type == "diag"
    model = fetched_module(URL, SHA256).GMM(len(weights), diagonal, max_iter, verbose=False)

    def start(samples):
        del model.predict
        model.prior, model.mean = weights, means
        model.std, model.cov = np.sqrt(covariances), covariances  # it uses one of these
        return model.predict(samples)

    model.predict, model.epsilon = start, 0.0
    np.random.seed(0)  # noqa: NPY002 (its own initial parameters, which are replaced)
    model.fit(X)
    return {"weights": model.prior, "means": model.mean, "covariances": model.std**2 if diagonal else model.cov}
