"""A template: copy it, and put your own EM in the place of the last line."""


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture to rows X (N, D) from a start (K,), (K, D), (K, D, D); docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError("it knows full covariances alone")
    # Take max_iter steps at most; stop when the mean log-likelihood a row changes by less than tol.
    # return {"weights": ..., "means": ..., "covariances": ..., "n_iter": ..., "converged": ..., "trace": [...] or None}
    raise NotImplementedError("it is a template")
