"""flexmix's EM (of R; Debian: r-cran-flexmix, r-cran-mvtnorm)."""

from em_study.data.r import R

TOLERANCE_OF = "relative"
FLEXMIX = R("flexmix")


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type == "tied" or (covariance_type == "spherical" and X.shape[1] > 1):
        raise NotImplementedError(f"flexmix has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("flexmix adds nothing to variances")
    given = {"X": X, "weights": weights, "means": means, "covariances": covariances}
    return FLEXMIX.call("fit", **given, type=covariance_type, tol=tol, max_iter=max_iter)
