"""EM_Train's steps (fetched from the repository Statistical-Learning-Method_Code).

This file calls its E-step and M-step in turn, because its own loop has fixed initial parameters. It has no tolerance.
"""

import numpy as np

from em_study.data.download import fetched_module

URL = "https://raw.githubusercontent.com/Dod-o/Statistical-Learning-Method_Code/cd1d28337d223bc164e4949c167958634f409939/EM/EM.py"
SHA256 = "f753909373aa88ad09d89481d4df48d7b52a882bf2bd0eb167131e6dbf77c683"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or means.shape != (2, 1):
        raise NotImplementedError("the code supports only two components and one feature, with a variance for each")
    if tol or reg_covar:
        raise NotImplementedError("the code has neither a tolerance nor reg_covar")
    code = fetched_module(URL, SHA256)
    x, (mean0, mean1), (sd0, sd1) = X.ravel(), means.ravel(), np.sqrt(covariances.ravel())
    weight0, weight1 = weights
    for _ in range(max_iter):
        found = code.E_step(x, weight0, mean0, sd0, weight1, mean1, sd1)
        mean0, mean1, sd0, sd1, weight0, weight1 = code.M_step(mean0, mean1, *found, x)
    return {
        "weights": np.array([weight0, weight1]),
        "means": np.array([[mean0], [mean1]]),
        "covariances": np.square([sd0, sd1]).reshape(2, 1, 1),
        "n_iter": max_iter,
    }
