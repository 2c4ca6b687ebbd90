"""The EM of `src/emgmm`."""

import emgmm


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar, labels=None):
    """Fit a mixture; docs/implementations.md has the contract."""
    start = emgmm.MixtureParameters.checked(weights, means, covariances, covariance_type)
    known = None
    if labels is not None:
        clamped, labels, X = X[labels >= 0], labels[labels >= 0], X[labels < 0]
        known = emgmm.labeled_statistics(clamped, labels, len(weights), covariance_type)
    stopping = emgmm.sklearn_stopping(tol, max_iter)
    result = emgmm.expectation_maximization(X, start, stopping, labeled=known, reg_covar=reg_covar)
    if result.collapse:
        raise ValueError(result.collapse)
    end = result.parameters
    return {
        "weights": end.weights,
        "means": end.means,
        "covariances": end.covariances,
        "n_iter": result.n_maximizations,
        "converged": result.converged,
        "trace": result.trace,
    }
