"""Parameters of a mixture: as one immutable value, and as an unbounded vector."""

from dataclasses import dataclass, field

import numpy as np

from emgmm.checks import numbers
from emgmm.covariance import COVARIANCE_TYPES, CovarianceType


class CollapsedComponentError(ValueError):
    """Error raised if a component collapses: its covariance is singular, or it has lost all its mass."""


@dataclass(frozen=True, eq=False)
class MixtureParameters:
    """Parameters of a Gaussian mixture with K components and D features; immutable.

    The density is p(x) = sum_k weight_k N(x; mean_k, covariance_k). The constructor does not check shapes and does not
    copy; use `checked` for arrays from outside.

    Parameters
    ----------
    weights : ndarray of shape (K,)
        Prior probabilities of the components; positive, with sum 1.
    means : ndarray of shape (K, D)
        Means, in the units of the features.
    covariances : ndarray
        Positive definite covariances, in squared units of the features. The shape is scikit-learn's: full (K, D, D),
        tied (D, D), diag (K, D), spherical (K,).
    covariance_type : str, default="full"
        A key of `COVARIANCE_TYPES`.
    precisions_cholesky : ndarray of the shape of `covariances`, optional
        Upper Cholesky factors U of the precisions, precision = U U^T; for diag and spherical covariances one over the
        standard deviations. Computed from `covariances` by default.

    Raises
    ------
    CollapsedComponentError
        If a covariance is not positive definite to working precision.
    ValueError
        If the covariance type is unknown.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    covariance_type: str = "full"
    precisions_cholesky: np.ndarray = field(default=None, repr=False)

    def __post_init__(self):
        if self.precisions_cholesky is None:  # not known already
            factors, singular = self.type.precision_factors(self.covariances)
            if np.logical_or.reduce(singular, axis=None):
                of = "the shared" if self.type.common else f"component {np.argwhere(singular)[0][0]}: its"
                raise CollapsedComponentError(f"{of} covariance is singular")
            object.__setattr__(self, "precisions_cholesky", factors)
        for array in (self.weights, self.means, self.covariances, self.precisions_cholesky):
            array.flags.writeable = False

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return self.means.shape[0]

    @property
    def n_features(self) -> int:
        """Number of features, D."""
        return self.means.shape[1]

    @property
    def type(self) -> CovarianceType:
        """The `CovarianceType`: its functions."""
        return COVARIANCE_TYPES[self.covariance_type]

    @property
    def factors(self) -> np.ndarray:
        """Factor of each component's precision: (K, D, D), or (K, D) for diag and spherical."""
        return self.type.expand(self.precisions_cholesky, *self.means.shape)

    @property
    def covariance_matrices(self) -> np.ndarray:
        """Covariance matrix of each component, for every covariance type: (K, D, D)."""
        covariances = self.type.expand(self.covariances, *self.means.shape)
        return covariances[:, :, None] * np.eye(self.n_features) if self.type.diagonal else covariances

    @property
    def variances(self) -> np.ndarray:
        """Variance of each feature in each component: (K, D)."""
        return self.type.variances(self.type.expand(self.covariances, *self.means.shape))

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        return self.n_components - 1 + self.means.size + self.type.n_parameters(*self.means.shape)

    @classmethod
    def checked(cls, weights, means, covariances, covariance_type="full") -> "MixtureParameters":
        """Copy array-likes into parameters, after checking that they describe a mixture.

        The tolerances are larger for float32 arrays, because of their rounding; the parameters are in double precision.

        Parameters
        ----------
        weights : array-like of shape (K,)
            Positive, with sum 1 within 1e-8, or 1e-6 for float32 (scikit-learn's tolerances).
        means : array-like of shape (K, D)
            In the units of the features.
        covariances : array-like
            In squared units of the features; full (K, D, D), tied (D, D), diag (K, D), spherical (K,). Symmetric within
            1e-8 of the largest entry, or 1e-5 for float32.
        covariance_type : str, default="full"
            A key of `COVARIANCE_TYPES`.

        Returns
        -------
        MixtureParameters
            A copy, with weights whose sum is 1, and symmetric covariances.

        Raises
        ------
        ValueError
            If shapes disagree, a value is not finite, the weights are not positive with sum 1, or a covariance is not
            symmetric.
        CollapsedComponentError
            If a covariance is not positive definite to working precision.
        """
        means = numbers(means, "means").copy()
        if means.ndim != 2 or 0 in means.shape:
            raise ValueError(f"means must have shape (n_components, n_features), not {means.shape}")
        weights = checked_weights(weights, len(means))
        covariances = checked_covariances(covariances, covariance_type, means.shape)
        return cls(weights, means, covariances, covariance_type)


class Coordinates:
    """Mixtures as vectors: logarithms of weights, means and log-roots of covariances, relative to a reference.

    Every vector is a proper mixture, and every proper mixture a vector; the reference is 0. The coordinates are scaled
    so that there the Fisher information is 1 per sample, if components are known. Along `scales`, in the first K
    coordinates, the mixture does not change: only differences of the weights' logarithms count.
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
        """Return the vector of a mixture."""
        reference = self.reference
        weights = np.log(mixture.weights / reference.weights) * self.scales
        deviations = reference.type.whiten(reference.factors, (mixture.means - reference.means)[..., None])[..., 0]
        roots = self._log_roots(mixture) * self.scales_of_roots
        return np.concatenate([weights, (deviations * self.scales[:, None]).ravel(), roots.ravel()])

    def mixture(self, vector):
        """Return the mixture of a vector; raise CollapsedComponentError if it is improper to working precision."""
        reference, n_features = self.reference, self.reference.n_features
        with np.errstate(over="ignore", invalid="ignore"):  # reported below
            weights, deviations, roots = self.split(vector)
            weights = weights / self.scales
            weights = reference.weights * np.exp(weights - weights.max())
            deviations = deviations / self.scales[:, None]
            means = reference.means + reference.type.unwhiten(reference.factors, deviations[..., None])[..., 0]
            roots = roots.reshape(self.shape) / self.scales_of_roots
            covariances = reference.type.from_log_roots(roots, reference.covariances, n_features)
        if not (np.isfinite(means).all() and np.isfinite(covariances).all() and (weights > 0).all()):
            raise CollapsedComponentError("the step is too long")
        return MixtureParameters(weights / weights.sum(), means, covariances, reference.covariance_type)

    def split(self, vectors):
        """Split vectors (L, ...) into those of weights (K, ...), means (K, D, ...), and roots (K or 1, C, ...)."""
        n_components, n_features = self.reference.means.shape
        weights, means, roots = np.split(vectors, [n_components, n_components * (1 + n_features)])
        means = means.reshape(n_components, n_features, *vectors.shape[1:])
        return weights, means, roots.reshape(1 if self.reference.type.common else n_components, -1, *vectors.shape[1:])

    def differential(self, vectors):
        """Differentiate weights, means and covariances at the reference along vectors (L, M): M is the last axis."""
        reference, kind = self.reference, self.reference.type
        i, j, to_entries = kind.entries(reference.n_features)
        weights, means, roots = self.split(vectors)
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


def checked_weights(weights, n_components, name="weights"):
    """Copy weights and make their sum 1; for the checks see `MixtureParameters.checked`."""
    tolerance = 1e-6 if np.asarray(weights).dtype == np.float32 else 1e-8
    weights = numbers(weights, name, (n_components,))
    if (weights <= 0).any() or abs(weights.sum() - 1) > tolerance:
        raise ValueError(f"{name} must be positive with sum 1, not {weights.tolist()}")
    return weights / weights.sum()


def checked_covariances(covariances, covariance_type, shape, name="covariances"):
    """Copy covariances of a mixture of shape (K, D), made symmetric; see `MixtureParameters.checked`."""
    tolerance, kind = 1e-5 if np.asarray(covariances).dtype == np.float32 else 1e-8, COVARIANCE_TYPES[covariance_type]
    covariances = numbers(covariances, name, kind.shape(*shape))
    if kind.diagonal:
        return covariances.copy()
    transposed = covariances.swapaxes(-1, -2)
    asymmetry = np.abs(covariances - transposed).max(axis=(-1, -2))
    asymmetric = np.atleast_1d(asymmetry > tolerance * np.abs(covariances).max(axis=(-1, -2)))
    if asymmetric.any():
        raise ValueError(f"{name} of component {int(asymmetric.argmax())} (counted from 0) are not symmetric")
    return 0.5 * (covariances + transposed)
