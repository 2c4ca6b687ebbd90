"""pymclust-native's GaussianMixtureEM (the package pymclust-native).

Its interface takes no initial parameters: this file sets them in place of those that it chooses. Its full_jitter is
reg_covar, and its lower bound of variances, 1e-8 by default, is 0. A decrease of the log-likelihood, if only by
rounding, stops it even with a tolerance of 0.
"""

from pymclust_native.em import EMOptions, GaussianMixtureEM
from pymclust_native.models import ModelName

MODELS = {"full": ModelName.VVV, "tied": ModelName.EEE, "diag": ModelName.VVI, "spherical": ModelName.VII}
TOLERANCE_OF = "sum"


class Started(GaussianMixtureEM):
    """Its EM, from given initial parameters."""

    def _init_params(self, X, rng):
        weights, means, covariances = self.start
        return means, covariances, covariances, weights


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if reg_covar and covariance_type in ("diag", "spherical"):
        raise NotImplementedError(f"pymclust-native does not add reg_covar to {covariance_type} variances")
    options = EMOptions(tol=tol, max_iter=max_iter, n_init=1, random_state=1, full_jitter=reg_covar, var_floor=0.0)
    model = Started(len(weights), MODELS[covariance_type], options)
    model.start = weights, means, covariances
    found = model.fit(X)
    return {
        "weights": found.weights,
        "means": found.means,
        "covariances": found.covariances,
        "n_iter": found.n_iter,
        "converged": found.converged,
    }
