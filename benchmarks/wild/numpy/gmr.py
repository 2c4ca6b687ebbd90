"""gmr's GMM.from_samples (the package gmr).

It compares its tolerance with the norm of the change of all responsibilities.
"""

from gmr import GMM


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError(f"gmr has no {covariance_type} covariances")
    if reg_covar:
        raise NotImplementedError("gmr does not add reg_covar to variances")
    model = GMM(len(weights), weights, means, covariances, random_state=1)
    model.from_samples(X, R_diff=tol, n_iter=max_iter)
    return {"weights": model.priors, "means": model.means, "covariances": model.covariances}
