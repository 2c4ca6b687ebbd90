"""A numerical optimizer beside EM: L-BFGS on the same likelihood, by gradients from the same E-step.

A mixture is a vector without bounds, in the library's coordinates. Their reference is a standard mixture, and not the
start: in units of the start's own components L-BFGS would be told in advance what EM's M-step knows.
"""

import numpy as np

from emgmm import CollapsedComponentError, MixtureParameters, SufficientStatistics, complete_log_likelihood, expectation
from emgmm.coordinates import Coordinates

IMPOSSIBLE = 1e10  # nats a row lost by a mixture that is none, so that the line search turns back


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

    seen, coordinates = [], Coordinates(standard(start))

    def loss(vector):
        try:
            mixture = coordinates.mixture(vector)
            value, statistics = value_and_statistics(mixture)
        except (CollapsedComponentError, ValueError, np.linalg.LinAlgError):
            seen.append(-np.inf)
            return IMPOSSIBLE, np.zeros_like(vector)
        seen.append(value / n_rows)
        return -seen[-1], -coordinates.gradient(statistics, mixture) / n_rows

    options = {"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9}
    minimize(loss, coordinates.of(start), jac=True, method="L-BFGS-B", options=options)
    return seen


def standard(mixture: MixtureParameters) -> MixtureParameters:
    """Make a mixture of the same shape, with equal weights, means 0 and covariances I."""
    weights = np.full(mixture.n_components, 1 / mixture.n_components)
    unit = np.ones(mixture.covariances.shape) if mixture.type.diagonal else np.eye(mixture.n_features)
    covariances = np.broadcast_to(unit, mixture.covariances.shape).copy()
    return MixtureParameters(weights, np.zeros(mixture.means.shape), covariances, mixture.covariance_type)


def maximize_likelihood(X, start: MixtureParameters) -> list[float]:
    """Maximize the log-likelihood of rows (N, D) from a start; as `maximize`."""

    def evaluate(parameters):
        statistics, value = expectation(X, parameters)
        return value, statistics

    return maximize(evaluate, start, len(X))


def maximize_complete(statistics: SufficientStatistics, start: MixtureParameters) -> float:
    """Maximize the complete-data log-likelihood, as the M-step does in closed form; nats a row."""
    found = maximize(lambda p: (complete_log_likelihood(statistics, p), statistics), start, statistics.mass.sum())
    return max(found)
