"""The EM of `src/emgmm`."""

import emgmm


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    start = emgmm.MixtureParameters.checked(weights, means, covariances, covariance_type)
    result = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(tol, max_iter), reg_covar=reg_covar)
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
