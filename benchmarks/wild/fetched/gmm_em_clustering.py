"""GMM_EM's steps (fetched from the repository gmm-em-clustering).

This file calls its E-step and M-step in turn, because its own loop scales the samples and starts at random. It has no
tolerance. The code needs a name that NumPy 2 removed, which this file supplies, and imports a package for plots, which
is replaced.
"""

import sys
from types import SimpleNamespace

import numpy as np

from em_study.data.download import fetched_module

URL = "https://raw.githubusercontent.com/wrayzheng/gmm-em-clustering/e1c3ea9a13c9e13bf23e9f319a7d6cb3463507aa/gmm.py"
SHA256 = "b669614fdde3228dde48d42131fa29eca89dc9f0bb23e1b25a6919cbb7b83997"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or tol or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without a tolerance and reg_covar")
    if len(weights) < 2:
        raise NotImplementedError("the code supports only two components or more")
    sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = SimpleNamespace(pyplot=None)
    vars(np)["mat"] = np.asmatrix
    code, samples = fetched_module(URL, SHA256), np.asmatrix(X)
    for _ in range(max_iter):
        responsibilities = code.getExpectation(samples, means, covariances, weights)
        means, covariances, weights = code.maximize(samples, responsibilities)
    return {"weights": weights, "means": means, "covariances": covariances, "n_iter": max_iter}
