"""mclust's EM (of R; Debian: r-cran-mclust). It clamps labels as its MclustSSC does."""

from em_study.data.r import R

TOLERANCE_OF = "relative"
MCLUST = R("mclust")


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar, labels=None):
    """Fit a mixture; docs/implementations.md has the contract."""
    if reg_covar:
        raise NotImplementedError("mclust adds nothing to variances")
    given = {"X": X, "weights": weights, "means": means, "covariances": covariances}
    given |= {"type": covariance_type, "tol": tol, "max_iter": max_iter}
    if labels is None:
        return MCLUST.call("fit", **given)
    return MCLUST.call("fit_labeled", labels=labels + 1, **given)  # R counts from 1
