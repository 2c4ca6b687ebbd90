"""A mixture's parameters as one immutable value."""

from dataclasses import dataclass, field

import numpy as np

from emgmm.checks import numbers
from emgmm.covariance import COVARIANCE_TYPES, CovarianceType


class CollapsedComponentError(ValueError):
    """A component has no proper Gaussian: its covariance is singular, or it has lost all its mass."""


@dataclass(frozen=True, eq=False)
class MixtureParameters:
    """Parameters of a Gaussian mixture with K components in D dimensions.

    The constructor trusts the shapes; give it arrays from outside through `checked`.

    Attributes
    ----------
    weights : ndarray of shape (K,)
        Prior probabilities of the components; positive, with sum 1.
    means : ndarray of shape (K, D)
        In the units of the features.
    covariances : ndarray
        Positive definite, in squared units of the features. Its shape is that of the type, as in scikit-learn:
        full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
    covariance_type : str
    precisions_cholesky : ndarray, of the shape of `covariances`
        Upper Cholesky factors U of the precisions, precision = U U^T; or one over the standard deviations.

    Raises
    ------
    CollapsedComponentError
        If a covariance is not positive definite to working precision.
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
        """The covariance type's functions."""
        return COVARIANCE_TYPES[self.covariance_type]

    @property
    def factors(self) -> np.ndarray:
        """Factors of the precisions, one a component: (K, D, D), or (K, D) for diag and spherical."""
        return self.type.expand(self.precisions_cholesky, *self.means.shape)

    @property
    def covariance_matrices(self) -> np.ndarray:
        """Covariances as one matrix a component, whatever their type: (K, D, D)."""
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

        Arrays of float32 may be off by their own rounding; the parameters are exact in double precision.

        Parameters
        ----------
        weights, means, covariances, covariance_type
            The attributes. The weights must have sum 1 within 1e-8, or 1e-6 for float32 (scikit-learn's tolerances),
            the covariances be symmetric within 1e-8 of the largest entry, or 1e-5 for float32.

        Raises
        ------
        ValueError
            If shapes disagree, a value is not finite, the weights are not positive with sum 1, or a covariance is not
            symmetric; a CollapsedComponentError if it is not positive definite.
        """
        means = numbers(means, "means").copy()
        if means.ndim != 2 or 0 in means.shape:
            raise ValueError(f"means must have shape (n_components, n_features), not {means.shape}")
        weights = checked_weights(weights, len(means))
        covariances = checked_covariances(covariances, covariance_type, means.shape)
        return cls(weights, means, covariances, covariance_type)


def checked_weights(weights, n_components, name="weights"):
    """Copy weights with sum 1, as exactly as float allows; for the rest see `MixtureParameters.checked`."""
    tolerance = 1e-6 if np.asarray(weights).dtype == np.float32 else 1e-8
    weights = numbers(weights, name, (n_components,))
    if (weights <= 0).any() or abs(weights.sum() - 1) > tolerance:
        raise ValueError(f"{name} must be positive with sum 1, not {weights.tolist()}")
    return weights / weights.sum()


def checked_covariances(covariances, covariance_type, shape, name="covariances"):
    """Copy symmetric covariances of components and features of this shape; see `MixtureParameters.checked`."""
    tolerance, kind = 1e-5 if np.asarray(covariances).dtype == np.float32 else 1e-8, COVARIANCE_TYPES[covariance_type]
    covariances = numbers(covariances, name, kind.shape(*shape))
    if kind.diagonal:
        return covariances.copy()
    transposed = covariances.swapaxes(-1, -2)
    asymmetry = np.abs(covariances - transposed).max(axis=(-1, -2))
    asymmetric = np.atleast_1d(asymmetry > tolerance * np.abs(covariances).max(axis=(-1, -2)))
    if asymmetric.any():
        raise ValueError(f"{name}: that of component {int(asymmetric.argmax())} is not symmetric")
    return 0.5 * (covariances + transposed)
