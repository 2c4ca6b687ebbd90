"""PRML's MultivariateGaussianMixture (fetched from the repository PRML).

This file calls its E-step and M-step in turn, because its own loop starts from k-means and has a fixed stopping rule.
"""

import sys
from types import SimpleNamespace

from em_study.data.download import fetched_module

REPOSITORY = "https://raw.githubusercontent.com/ctgk/PRML/b60a6853962df1ae1f12a9d676cfcd8edfe7fd38/prml/rv"
BASE = f"{REPOSITORY}/rv.py", "5deff32a7e1e3ef768643e572867edaa2e2c1093c850465c71ae5332027d83ff"
MIXTURE = (
    f"{REPOSITORY}/multivariate_gaussian_mixture.py",
    "5471cbe552b421190c41d8f0439fb851fe75e6b6e0262ae4a31f0e5ec2d7466c",
)


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    if tol:
        raise NotImplementedError("the code's tolerance is fixed")
    sys.modules["prml.clustering"] = SimpleNamespace(KMeans=None)
    sys.modules["prml.rv.rv"] = fetched_module(*BASE)
    mixture = fetched_module(*MIXTURE).MultivariateGaussianMixture
    model = mixture(len(weights), mu=means, cov=covariances, coef=weights)
    for _ in range(max_iter):
        model._maximization(X, model._expectation(X))
    return {"weights": model.coef, "means": model.mu, "covariances": model.cov, "n_iter": max_iter}
