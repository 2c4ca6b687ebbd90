"""hmmlearn's GMMHMM with one hidden state, which is a Gaussian mixture (the package hmmlearn).

With its default prior, spherical covariances are divided by another number than the mass; here there is no prior. A
decrease of the log-likelihood, if only by rounding, stops it even with a tolerance of 0.
"""

import numpy as np
from hmmlearn.hmm import GMMHMM

TOLERANCE_OF = "sum"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if reg_covar:
        raise NotImplementedError("hmmlearn does not add reg_covar to variances")
    model = GMMHMM(
        n_components=1,
        n_mix=len(weights),
        covariance_type=covariance_type,
        n_iter=max_iter,
        covars_prior=None if covariance_type != "spherical" else np.full((1, len(weights)), -0.5 * (X.shape[1] + 2)),
        tol=tol,
        init_params="",
        random_state=1,
    )
    model.startprob_, model.transmat_ = np.ones(1), np.ones((1, 1))
    model.weights_, model.means_, model.covars_ = weights[None], means[None], covariances[None]
    model.fit(X)
    trace = np.array(model.monitor_.history) / len(X)
    found = {"weights": model.weights_, "means": model.means_, "covariances": model.covars_}
    return {name: array[0] for name, array in found.items()} | {"n_iter": len(trace), "trace": trace}
