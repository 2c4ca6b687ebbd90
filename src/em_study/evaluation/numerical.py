"""A numerical optimizer beside EM: L-BFGS on the same likelihood, by gradients from the same E-step.

A full-covariance mixture is a vector without bounds: logits of the weights, means, and Cholesky factors of the
covariances with the logarithms of their diagonals.
"""

import numpy as np

from emgmm import CollapsedComponentError, MixtureParameters, SufficientStatistics, complete_log_likelihood, expectation

IMPOSSIBLE = 1e10  # nats a row lost by a mixture that is none, so that the line search turns back


def gradient(statistics: SufficientStatistics, parameters: MixtureParameters):
    """Gradient of the complete-data log-likelihood at parameters with full covariances.

    With the statistics of the posteriors under the same parameters it is the gradient of the log-likelihood itself
    (Fisher's identity).

    Returns
    -------
    logits : ndarray of shape (K,)
    means : ndarray of shape (K, D)
        In units of the components: multiplied by the Cholesky factors of their covariances.
    factors : ndarray of shape (K, D, D)
        Likewise of the lower Cholesky factors.
    """
    mass, total = statistics.mass, statistics.mass.sum()
    lower = np.linalg.cholesky(parameters.covariance_matrices)
    shift = np.linalg.solve(lower, (statistics.means - parameters.means)[:, :, None])
    half = np.linalg.solve(lower, statistics.scatter)
    within = np.linalg.solve(lower, half.swapaxes(1, 2)) + mass[:, None, None] * shift @ shift.swapaxes(1, 2)
    identity = mass[:, None, None] * np.eye(parameters.n_features)
    return mass - total * parameters.weights, mass[:, None] * shift[:, :, 0], within - identity


def pack(parameters: MixtureParameters):
    """Write a mixture as a vector."""
    lower = np.linalg.cholesky(parameters.covariance_matrices)
    rows, columns = np.tril_indices(parameters.n_features)
    factors = lower[:, rows, columns]
    factors[:, rows == columns] = np.log(factors[:, rows == columns])
    return np.concatenate([np.log(parameters.weights), parameters.means.ravel(), factors.ravel()])


def unpack(vector, n_components: int, n_features: int):
    """Read a mixture and the Cholesky factors of its covariances from a vector."""
    logits, means, factors = np.split(vector, np.cumsum([n_components, n_components * n_features]))
    rows, columns = np.tril_indices(n_features)
    lower = np.zeros((n_components, n_features, n_features))
    lower[:, rows, columns] = factors.reshape(n_components, -1)
    diagonal = np.arange(n_features)
    lower[:, diagonal, diagonal] = np.exp(lower[:, diagonal, diagonal])
    weights = np.exp(logits - logits.max())
    parameters = MixtureParameters(
        weights / weights.sum(), means.reshape(n_components, -1), lower @ lower.swapaxes(1, 2)
    )
    return parameters, lower


def maximize(value_and_statistics, start: MixtureParameters, n_rows: int) -> list[float]:
    """Maximize a likelihood by L-BFGS.

    Parameters
    ----------
    value_and_statistics : callable
        From parameters to a log-likelihood, in nats, and the statistics that its gradient comes from.
    start : MixtureParameters
    n_rows : int

    Returns
    -------
    list of float
        Nats a row at each evaluation, each of which costs about one E-step; -inf where there was no mixture.
    """
    from scipy.optimize import minimize  # takes its time to import

    seen: list[float] = []

    def loss(vector):
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                parameters, lower = unpack(vector, *start.means.shape)
            value, statistics = value_and_statistics(parameters)
        except (CollapsedComponentError, ValueError, np.linalg.LinAlgError):
            seen.append(-np.inf)
            return IMPOSSIBLE, np.zeros_like(vector)
        seen.append(value / n_rows)
        logits, means, factors = gradient(statistics, parameters)
        to_lower = np.linalg.solve(lower.swapaxes(1, 2), factors)
        to_means = np.linalg.solve(lower.swapaxes(1, 2), means[:, :, None])
        rows, columns = np.tril_indices(start.n_features)
        to_factors = to_lower[:, rows, columns]
        to_factors[:, rows == columns] *= lower[:, rows, columns][:, rows == columns]  # of a logarithm
        return -seen[-1], -np.concatenate([logits, to_means.ravel(), to_factors.ravel()]) / n_rows

    minimize(loss, pack(start), jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9})
    return seen


def maximize_likelihood(X, start: MixtureParameters) -> list[float]:
    """Maximize the log-likelihood of rows (N, D) from a start with full covariances; as `maximize`."""

    def evaluate(parameters):
        statistics, value = expectation(X, parameters)
        return value, statistics

    return maximize(evaluate, start, len(X))


def maximize_complete(statistics: SufficientStatistics, start: MixtureParameters) -> float:
    """Maximize the complete-data log-likelihood, as the M-step does in closed form; nats a row."""
    found = maximize(lambda p: (complete_log_likelihood(statistics, p), statistics), start, statistics.mass.sum())
    return max(found)
