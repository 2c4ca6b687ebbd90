"""ML-From-Scratch's GaussianMixtureModel (fetched from the repository ML-From-Scratch).

Only its random initialization is replaced, and the module that it imports for this and for plots. It compares its
tolerance with the change of each sample's largest responsibility (Euclidean norm), so a tolerance of 0 stops it if none
changes.
"""

import sys
from types import SimpleNamespace

import numpy as np

from em_study.data.download import fetched_module

URL = "https://raw.githubusercontent.com/eriklindernoren/ML-From-Scratch/a2806c6732eee8d27762edd6d864e0c179d8e9e8/mlfromscratch/unsupervised_learning/gaussian_mixture_model.py"
SHA256 = "f850d84f531af65ab40e312f0f469b8efb2dae9bd3435a06e4214ebaf75d0282"
UNUSED = ("normalize", "euclidean_distance", "calculate_covariance_matrix", "Plot")


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full" or reg_covar:
        raise NotImplementedError("the code supports only full covariances, without reg_covar")
    sys.modules["mlfromscratch.utils"] = SimpleNamespace(**dict.fromkeys(UNUSED))
    model = fetched_module(URL, SHA256).GaussianMixtureModel(len(weights), max_iter, tol)

    def initialize(_):
        model.priors = weights
        model.parameters = [{"mean": mean, "cov": cov} for mean, cov in zip(means, covariances, strict=True)]

    model._init_random_gaussians = initialize
    model.predict(X)
    return {
        "weights": model.priors,
        "means": np.array([component["mean"] for component in model.parameters]),
        "covariances": np.array([component["cov"] for component in model.parameters]),
        "n_iter": len(model.responsibilities) - 1,  # after the last step it takes one more E-step
    }
