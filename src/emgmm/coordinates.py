"""Mixtures as vectors without bounds, in which the complete data's Fisher information is the identity.

EM's Jacobian is symmetric there: it is the identity less the observed data's information, as a share of the complete
data's. Accelerations extrapolate in these coordinates, `observed_information` differentiates in them.
"""

import numpy as np

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

    def of_components(self):
        """Give the places in a vector of each component's weight, means and log-roots, (K, F), and one over scales."""
        weights, means, roots = self._parts(np.arange(len(self.of(self.reference))))
        roots = np.repeat(roots, len(weights) // len(roots), axis=0)
        units = np.repeat(1 / self.scales[:, None], 1 + means.shape[1] + roots.shape[1], axis=1)
        units[:, 1 + means.shape[1] :] = 1 / np.reshape(self.scales_of_roots, (-1, 1))
        return np.concatenate([weights[:, None], means, roots], axis=1), units

    def gradient(self, statistics: SufficientStatistics, mixture: MixtureParameters):
        """Gradient of the complete-data log-likelihood at a mixture, in nats.

        With the statistics of the posteriors under this mixture it is that of the log-likelihood (Fisher's identity).
        """
        reference, kind, mass = self.reference, mixture.type, statistics.mass
        i, j, to_entries = kind.entries(reference.n_features)
        shift = kind.whiten(mixture.factors, (statistics.means - mixture.means)[..., None])
        second = kind.whitened(mixture.factors, statistics.scatter) + kind.scaled(kind.outer(shift[..., 0]), mass)
        if kind.diagonal:
            means, entries = mixture.factors / reference.factors * shift[..., 0], second - mass[:, None]
        else:
            turn = kind.whiten(mixture.factors, np.linalg.cholesky(reference.covariance_matrices)).mT
            means, entries = (turn @ shift)[..., 0], turn @ (second - mass[:, None, None] * np.eye(len(turn[0])))
            entries = entries[:, i, j] / np.where(i == j, turn[:, i, j], 1.0)
        weights = (mass - mass.sum() * mixture.weights) / self.scales
        means = means * (mass / self.scales)[:, None]
        roots = (entries.sum(axis=0) if kind.common else entries) @ to_entries
        return np.concatenate([weights, means.ravel(), (roots.reshape(self.shape) / self.scales_of_roots).ravel()])

    def differential(self, vectors):
        """Differentiate weights, means and covariances at the reference along vectors (L, M): M is the last axis."""
        reference, kind = self.reference, self.reference.type
        i, j, to_entries = kind.entries(reference.n_features)
        weights, means, roots = self._parts(vectors)
        weights = self.scales[:, None] * weights - np.outer(reference.weights, self.scales @ weights)
        means = kind.unwhiten(reference.factors, means / self.scales[:, None, None])
        entries = to_entries @ (roots / np.reshape(self.scales_of_roots, (-1, 1, 1)))
        size = (*reference.covariances.shape, vectors.shape[1])
        if kind.diagonal:
            entries = entries[:, :1] if kind.isotropic else entries
            return weights, means, 2 * reference.covariances[..., None] * entries.reshape(size)
        lower, factors = np.linalg.cholesky(reference.covariances), np.zeros(size)
        factors[..., i, j, :] = entries[0] if kind.common else entries
        for _ in range(2):  # lower @ factors @ lower^T
            factors = (lower @ factors.reshape(*size[:-2], -1)).reshape(size).swapaxes(-2, -3)
        return weights, means, factors + factors.swapaxes(-2, -3)
