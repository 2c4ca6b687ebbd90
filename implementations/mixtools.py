"""mixtools' EM: normalmixEM in one feature, mvnormalmixEM in more (of R; Debian: r-cran-mixtools)."""

from em_study.data.r import R

TOLERANCE_OF = "sum"
MIXTOOLS = R("mixtools")


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type not in ("full", "tied") and X.shape[1] > 1:
        raise NotImplementedError(f"mixtools has no {covariance_type} covariances of several features")
    if len(weights) == 1:
        raise NotImplementedError("mixtools fits two components or more")
    if reg_covar:
        raise NotImplementedError("mixtools adds nothing to variances")
    given = {"X": X, "weights": weights, "means": means, "covariances": covariances}
    return MIXTOOLS.call("fit", **given, type=covariance_type, tol=tol, max_iter=max_iter)
