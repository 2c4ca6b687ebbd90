"""Sufficient statistics of a Gaussian mixture: they add up, and one M-step serves them all.

Labels give them by counting, posteriors by an E-step; rows in blocks, in several files or on several machines
give them in parts. Whatever their origin, `maximization` turns their sum into parameters.
"""

from dataclasses import dataclass

import numpy as np

from emgmm.parameters import CollapsedComponentError, MixtureParameters

# A standard deviation below this share of the whole sample's is rounding noise about a single point.
SMALLEST_RELATIVE_DEVIATION = 1e-14


@dataclass(frozen=True, eq=False)
class SufficientStatistics:
    """Mass, mean and scatter of each component.

    Scatter is taken about the component's own mean, so that no digits are lost when data lie far from the origin.

    Attributes
    ----------
    mass : ndarray of shape (K,)
        Sum of the rows' responsibilities (or of their weights, for labeled rows).
    means : ndarray of shape (K, D)
        Weighted means of the rows.
    scatter : ndarray of shape (K, D, D)
        Weighted sums of outer products of the rows' deviations from `means`.
    """

    mass: np.ndarray
    means: np.ndarray
    scatter: np.ndarray

    def __add__(self, other: "SufficientStatistics") -> "SufficientStatistics":
        """Pool two sets of rows (Chan, Golub and LeVeque, 1983, "Algorithms for computing the sample variance")."""
        mass = self.mass + other.mass
        share = np.divide(other.mass, mass, out=np.zeros_like(mass), where=mass > 0)
        shift = other.means - self.means
        between = (self.mass * share)[:, None, None] * shift[:, :, None] * shift[:, None, :]
        return SufficientStatistics(mass, self.means + share[:, None] * shift, self.scatter + other.scatter + between)


def labeled_statistics(X, y, n_components):
    """Sufficient statistics of rows whose component is known: posteriors that are one-hot.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    y : ndarray of int of shape (N,)
        Component of each row, 0 to n_components - 1.
    n_components : int

    Returns
    -------
    SufficientStatistics
        A component without rows has mass 0.
    """
    mass = np.bincount(y, minlength=n_components).astype(float)
    means = np.zeros((n_components, X.shape[1]))
    scatter = np.zeros((n_components, X.shape[1], X.shape[1]))
    for k in np.flatnonzero(mass):
        rows = X[y == k]
        means[k] = rows.mean(axis=0)
        deviations = rows - means[k]
        scatter[k] = deviations.T @ deviations
    return SufficientStatistics(mass, means, scatter)


def maximization(statistics, reg_covar=0.0):
    """M-step: the parameters that maximize the expected complete-data log-likelihood.

    With the statistics of labels it is the direct estimate (proportions, class means, class covariances divided
    by n); with those of posteriors it is the update of EM (Dempster, Laird and Rubin, 1977).

    Parameters
    ----------
    statistics : SufficientStatistics
    reg_covar : float, default=0
        Added to the diagonal of each covariance, in squared units of the features.

    Returns
    -------
    MixtureParameters

    Raises
    ------
    CollapsedComponentError
        If a component has no mass, sits on a single point, or has a singular covariance.
    """
    mass = statistics.mass
    if not (mass > 0).all():
        raise CollapsedComponentError(f"component {int((~(mass > 0)).argmax())}: it has lost all its mass")
    weights = mass / mass.sum()
    covariances = statistics.scatter / mass[:, None, None]
    variances = np.einsum("kjj->kj", covariances)  # a view: the diagonals
    variances += reg_covar
    spread = statistics.means - weights @ statistics.means
    total_variance = weights @ (variances + spread**2)
    if (variances <= SMALLEST_RELATIVE_DEVIATION**2 * total_variance).any():
        k = int((variances / total_variance).min(axis=1).argmin()) if total_variance.all() else 0
        raise CollapsedComponentError(f"component {k}: its covariance is singular, it has shrunk to a single point")
    return MixtureParameters(weights, statistics.means, covariances)


def complete_log_likelihood(statistics, parameters):
    """Log-likelihood of labeled rows with their labels: the sum of log(weight_y N(x; mean_y, covariance_y)).

    It needs the rows' sufficient statistics only, so its cost does not depend on the number of rows.

    Parameters
    ----------
    statistics : SufficientStatistics
        Of the labeled rows.
    parameters : MixtureParameters

    Returns
    -------
    float
        In nats.
    """
    total = 0.0
    for k in np.flatnonzero(statistics.mass):
        mass, factor = statistics.mass[k], parameters.cholesky[k]
        shift = statistics.means[k] - parameters.means[k]
        second_moment = statistics.scatter[k] + mass * np.outer(shift, shift)
        mahalanobis = np.trace(np.linalg.solve(factor.T, np.linalg.solve(factor, second_moment)))
        log_determinant = 2 * np.log(np.diagonal(factor)).sum()
        constant = len(shift) * np.log(2 * np.pi) + log_determinant - 2 * np.log(parameters.weights[k])
        total -= 0.5 * (mass * constant + mahalanobis)
    return total
