"""Mixtures as vectors without bounds, in which the complete data's Fisher information is the identity.

EM's Jacobian is symmetric there: it is the identity less the observed data's information, as a share of the complete
data's. Accelerations extrapolate in these coordinates, `observed_information` differentiates in them.
"""

from functools import cached_property

import numpy as np

from emgmm.covariance import triangle
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import SufficientStatistics


class Coordinates:
    """Mixtures as vectors: logarithms of weights, means and log-roots of covariances, relative to a reference.

    Every vector is a proper mixture, and every proper mixture a vector; the reference is 0. They are scaled to Fisher
    information 1 a row there, as if components were known. Along `scales`, in
    the first K coordinates, the mixture stays as it is: only differences of the weights' logarithms count.
    """

    def __init__(self, reference: MixtureParameters):
        self.reference = reference
        self.scales = np.sqrt(reference.weights)
        self.shape = self._log_roots(reference).shape
        each = [1] * (len(self.shape) - 1)
        self.scales_of_roots = 1.0 if reference.type.common else self.scales.reshape(-1, *each)

    def _log_roots(self, mixture):
        factors = self.reference.precisions_cholesky
        return mixture.type.log_roots(mixture.covariances, factors, mixture.n_features)

    def of(self, mixture: MixtureParameters):
        """Give the vector of a mixture."""
        reference = self.reference
        weights = np.log(mixture.weights / reference.weights) * self.scales
        deviations = reference.type.whiten(reference.factors, (mixture.means - reference.means)[..., None])[..., 0]
        roots = self._log_roots(mixture) * self.scales_of_roots
        return np.concatenate([weights, (deviations * self.scales[:, None]).ravel(), roots.ravel()])

    def mixture(self, vector):
        """Give the mixture of a vector; a CollapsedComponentError if it is none to working precision."""
        reference, n_features = self.reference, self.reference.n_features
        with np.errstate(over="ignore", invalid="ignore"):  # told of below
            weights, deviations, roots = self._parts(vector)
            weights = weights / self.scales
            weights = reference.weights * np.exp(weights - weights.max())
            deviations = deviations / self.scales[:, None]
            means = reference.means + reference.type.unwhiten(reference.factors, deviations[..., None])[..., 0]
            roots = roots.reshape(self.shape) / self.scales_of_roots
            covariances = reference.type.from_log_roots(roots, reference.covariances, n_features)
        if not (np.isfinite(means).all() and np.isfinite(covariances).all() and (weights > 0).all()):
            raise CollapsedComponentError("the step goes too far")
        return MixtureParameters(weights / weights.sum(), means, covariances, reference.covariance_type)

    def _parts(self, vectors):
        """Split vectors (L, ...) by what they are of: weights (K, ...), means (K, D, ...), roots (K or 1, C, ...)."""
        n_components, n_features = self.reference.means.shape
        weights, means, roots = np.split(vectors, [n_components, n_components * (1 + n_features)])
        n_roots = 1 if self.reference.type.common else n_components
        means = means.reshape(n_components, n_features, *vectors.shape[1:])
        return weights, means, roots.reshape(n_roots, -1, *vectors.shape[1:])

    @cached_property
    def entries(self):
        """Rows and columns of the entries that covariances' lower triangular factors may have, (P,) each."""
        n_features = self.reference.n_features
        return (np.arange(n_features),) * 2 if self.reference.type.diagonal else triangle(n_features)[0]

    def of_components(self):
        """Give the places in a vector of each component's weight, means and log-roots, and one over their scales."""
        n_components, n_features = self.reference.means.shape
        every = np.arange(n_components * (1 + n_features) + np.prod(self.shape, dtype=int))
        weights, means, roots = self._parts(every)
        roots = np.broadcast_to(roots, (n_components, roots.shape[1]))
        units = np.repeat(1 / self.scales[:, None], 1 + n_features + roots.shape[1], axis=1)
        if self.reference.type.common:
            units[:, 1 + n_features :] = 1.0
        return np.concatenate([weights[:, None], means, roots], axis=1), units

    @cached_property
    def to_entries(self):
        """Matrix (P, C) from a component's log-roots to `entries`, in place of those of the diagonal their logarithms.

        The entries are of the factor that the reference's is multiplied by, and linear in the coordinates.
        """
        kind, n_features, (i, j) = self.reference.type, self.reference.n_features, self.entries
        unit = np.ones(kind.shape(1, n_features))
        unit = unit if kind.diagonal else unit * np.eye(n_features)
        shape, columns = kind.log_roots(unit, unit, n_features).shape, []
        for direction in np.eye(np.prod(shape, dtype=int)):
            covariances = kind.from_log_roots(direction.reshape(shape), unit, n_features)
            (moments,) = kind.expand(covariances, 1, n_features)
            roots = np.diag(np.sqrt(moments)) if kind.diagonal else np.linalg.cholesky(moments)
            columns.append(np.where(i == j, np.log(roots[i, i]), roots[i, j]))
        return np.transpose(columns)

    def gradient(self, statistics: SufficientStatistics, mixture: MixtureParameters):
        """Gradient of the complete-data log-likelihood at a mixture, in nats.

        With the statistics of the posteriors under this mixture it is that of the log-likelihood (Fisher's identity).
        """
        reference, kind, mass, (i, j) = self.reference, mixture.type, statistics.mass, self.entries
        shift = kind.whiten(mixture.factors, (statistics.means - mixture.means)[..., None])[..., 0]
        within = kind.scaled(kind.outer(shift), mass)
        if kind.diagonal:
            to_means = mass[:, None] * shift * (mixture.factors / reference.factors)
            to_roots = within + mixture.factors**2 * statistics.scatter - mass[:, None]
        else:
            half = kind.whiten(mixture.factors, statistics.scatter)
            within += kind.whiten(mixture.factors, half.swapaxes(-1, -2)) - mass[:, None, None] * np.eye(len(shift[0]))
            turn = kind.whiten(mixture.factors, np.linalg.cholesky(reference.covariance_matrices)).swapaxes(-1, -2)
            to_means = mass[:, None] * (turn @ shift[..., None])[..., 0]
            to_roots = (turn @ within)[:, i, j] / np.where(i == j, turn[:, i, j], 1.0)
        to_roots = to_roots.sum(axis=0, keepdims=True) if kind.common else to_roots
        weights = (mass - mass.sum() * mixture.weights) / self.scales
        roots = (to_roots @ self.to_entries).reshape(self.shape) / self.scales_of_roots
        return np.concatenate([weights, (to_means / self.scales[:, None]).ravel(), roots.ravel()])

    def differential(self, vectors):
        """Derivatives of weights, means and covariances at the reference along vectors (L, M), on the last axis."""
        reference, kind, (i, j) = self.reference, self.reference.type, self.entries
        weights, means, roots = self._parts(vectors)
        weights = self.scales[:, None] * weights - np.outer(reference.weights, self.scales @ weights)
        means = kind.unwhiten(reference.factors, means / self.scales[:, None, None])
        roots = self.to_entries @ (roots if kind.common else roots / self.scales[:, None, None])
        roots = roots[0] if kind.common else roots
        if kind.diagonal:
            roots = roots[..., :1, :] if kind.isotropic else roots
            covariances = reference.covariances[..., None]
            return weights, means, 2 * covariances * roots.reshape(*covariances.shape[:-1], -1)
        lower, size = np.linalg.cholesky(reference.covariances), (*reference.covariances.shape, vectors.shape[1])
        factors = np.zeros(size)
        factors[..., i, j, :] = roots
        for _ in range(2):  # lower @ factors @ lower^T
            factors = (lower @ factors.reshape(*size[:-2], -1)).reshape(size).swapaxes(-2, -3)
        return weights, means, factors + factors.swapaxes(-2, -3)
