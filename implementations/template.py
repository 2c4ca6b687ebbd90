"""A template: copy it, and replace the last line by your own EM."""


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture to samples X (N, D) from initial parameters; docs/implementations.md has the contract."""
    if covariance_type != "full":
        raise NotImplementedError("only full covariances are supported")
    # Take at most max_iter steps; stop when the mean log-likelihood per sample changes by less than tol.
    # return {"weights": ..., "means": ..., "covariances": ..., "n_iter": ..., "converged": ..., "trace": [...] or None}
    raise NotImplementedError("it is a template")
