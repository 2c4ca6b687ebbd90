"""pygmmis' fit (the package pygmmis), without noise, background or missing samples.

It compares its tolerance with the relative change of the log-likelihood, and stops only if no mean moves far.
"""

import pygmmis

TOLERANCE_OF = "relative"


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"pygmmis has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("pygmmis does not add reg_covar to variances")
    model = pygmmis.GMM(K=len(weights), D=X.shape[1])
    model.amp[:], model.mean[:], model.covar[:] = weights, means, covariances
    pygmmis.fit(model, X, init_method="none", tol=tol, maxiter=max_iter)
    return {"weights": model.amp, "means": model.mean, "covariances": model.covar}
