"""pymclustR's me (the package pymclustr).

It starts from posterior probabilities: here from those under the initial parameters.
"""

from mclust_py.control import em_control
from mclust_py.em import me

import emgmm

MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
TOLERANCE_OF = "relative"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if reg_covar:
        raise NotImplementedError("pymclustR does not add reg_covar to variances")
    start = emgmm.MixtureParameters.checked(weights, means, covariances, covariance_type)
    found = me(X, MODELS[covariance_type], emgmm.posteriors(X, start), control=em_control(tol=tol, itmax=max_iter))
    matrices = found.sigma.transpose(2, 0, 1)
    of_type = {"full": matrices, "tied": matrices[0], "diag": matrices.diagonal(axis1=1, axis2=2)}
    return {
        "weights": found.pro,
        "means": found.mean.T,
        "covariances": of_type.get(covariance_type, matrices[:, 0, 0]),
        "n_iter": found.iterations,
        "converged": found.converged,
    }
