"""A numerical optimizer to compare EM with: L-BFGS on the same likelihood, by gradients from the same E-step.

A mixture is a vector without bounds, in the library's coordinates. Their reference is a standard mixture, not the
initial parameters: in units of their components L-BFGS would have the scaling in advance that EM finds in its M-step.
"""

import numpy as np

from emgmm import CollapsedComponentError, MixtureParameters, SufficientStatistics, complete_log_likelihood, expectation
from emgmm.parameters import Coordinates

IMPOSSIBLE = 1e10  # loss of an invalid mixture, in nats per sample, so that the line search turns back


def gradient(statistics: SufficientStatistics, parameters: MixtureParameters):
    """Gradient of the complete-data log-likelihood, as if covariances were full.

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
    mass, eye = statistics.mass, np.eye(parameters.n_features)
    lower = np.linalg.cholesky(parameters.covariance_matrices)
    shift = np.linalg.solve(lower, (statistics.means - parameters.means)[:, :, None])
    scatter = statistics.scatter[:, :, None] * eye if parameters.type.diagonal else statistics.scatter
    half = np.linalg.solve(lower, scatter)
    within = np.linalg.solve(lower, half.swapaxes(1, 2)) + mass[:, None, None] * shift @ shift.swapaxes(1, 2)
    identity = mass[:, None, None] * eye
    return mass - mass.sum() * parameters.weights, mass[:, None] * shift[:, :, 0], within - identity


def vector_of(gradients, mixture: MixtureParameters, coordinates: Coordinates):
    """Write the result of `gradient` at a mixture as a vector in coordinates."""
    kind, (logits, means, factors) = mixture.type, gradients
    own, reference = (np.linalg.cholesky(each.covariance_matrices) for each in (mixture, coordinates.reference))
    i, j, to_entries = kind.entries(mixture.n_features)
    turn = np.linalg.solve(own, reference).swapaxes(1, 2)  # from units of the components to those of the reference's
    means, factors = turn @ means[:, :, None], (turn @ factors)[:, i, j]
    factors /= np.where(i == j, turn[:, i, j], 1.0)  # of a logarithm
    roots = (factors.sum(axis=0) if kind.common else factors) @ to_entries
    roots = roots.reshape(coordinates.shape) / coordinates.scales_of_roots
    scales = coordinates.scales
    return np.concatenate([logits / scales, (means[:, :, 0] / scales[:, None]).ravel(), roots.ravel()])


def standard(mixture: MixtureParameters) -> MixtureParameters:
    """Make a mixture of the same shape, with equal weights, means 0 and covariances I."""
    weights = np.full(mixture.n_components, 1 / mixture.n_components)
    unit = np.ones(mixture.covariances.shape) * (1.0 if mixture.type.diagonal else np.eye(mixture.n_features))
    return MixtureParameters(weights, np.zeros(mixture.means.shape), unit, mixture.covariance_type)


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
        Nats per sample at each evaluation, each of which costs about one E-step; -inf for an invalid mixture.
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
        return -seen[-1], -vector_of(gradient(statistics, mixture), mixture, coordinates) / n_rows

    options = {"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9}
    minimize(loss, coordinates.of(start), jac=True, method="L-BFGS-B", options=options)
    return seen


def maximize_likelihood(X, start: MixtureParameters) -> list[float]:
    """Maximize the log-likelihood of samples (N, D) from initial parameters; as `maximize`."""

    def evaluate(parameters):
        statistics, value = expectation(X, parameters)
        return value, statistics

    return maximize(evaluate, start, len(X))


def maximize_complete(statistics: SufficientStatistics, start: MixtureParameters) -> float:
    """Maximize the complete-data log-likelihood, as the M-step does in closed form; nats per sample."""
    found = maximize(lambda p: (complete_log_likelihood(statistics, p), statistics), start, statistics.mass.sum())
    return max(found)
