"""pypmc's PMC with equal weights of the samples, whose update is a step of EM (the package pypmc).

An equal log-likelihood in two successive steps stops it even with a tolerance of 0.
"""

import numpy as np
from pypmc.density.mixture import create_gaussian_mixture
from pypmc.mix_adapt.pmc import PMC

TOLERANCE_OF = "relative"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"pypmc has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("pypmc does not add reg_covar to variances")
    model = PMC(X, create_gaussian_mixture(means, covariances, weights))
    n_iter = model.run(iterations=max_iter, rel_tol=tol, abs_tol=0.0)
    parts = model.density.components
    return {
        "weights": np.array(model.density.weights),
        "means": np.stack([part.mu for part in parts]),
        "covariances": np.stack([part.sigma for part in parts]),
        "n_iter": n_iter or max_iter,
        "converged": n_iter is not None,
    }
