"""A mixture's parameters as one immutable value."""

from dataclasses import dataclass, field

import numpy as np

# A pivot of the Cholesky factor, squared and divided by its variance, is the share of that feature's variance
# which the features before it do not explain. Below this it is rounding noise: the covariance is singular.
SMALLEST_UNEXPLAINED_VARIANCE = 100 * np.finfo(float).eps


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
    covariances : ndarray of shape (K, D, D)
        Symmetric and positive definite, in squared units of the features.
    cholesky : ndarray of shape (K, D, D)
        Lower Cholesky factors of the covariances.

    Raises
    ------
    CollapsedComponentError
        If a covariance is not positive definite to working precision.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    cholesky: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "cholesky", cholesky_factors(self.covariances))
        for array in (self.weights, self.means, self.covariances, self.cholesky):
            array.flags.writeable = False

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return self.means.shape[0]

    @property
    def n_features(self) -> int:
        """Number of features, D."""
        return self.means.shape[1]

    @classmethod
    def checked(cls, weights, means, covariances) -> "MixtureParameters":
        """Copy array-likes into parameters, after checking that they describe a mixture.

        Parameters
        ----------
        weights : array-like of shape (K,)
        means : array-like of shape (K, D)
        covariances : array-like of shape (K, D, D)

        Raises
        ------
        ValueError
            If shapes disagree, a value is not finite, the weights are not positive with sum 1,
            or a covariance is not symmetric.
        CollapsedComponentError
            If a covariance is not positive definite.
        """
        weights, means, covariances = (np.array(a, dtype=float) for a in (weights, means, covariances))
        if means.ndim != 2 or 0 in means.shape:
            raise ValueError(f"means must have shape (n_components, n_features), not {means.shape}")
        n_components, n_features = means.shape
        expected = {
            "weights": (weights, (n_components,)),
            "covariances": (covariances, (n_components, n_features, n_features)),
        }
        for name, (array, shape) in expected.items():
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape} beside means {means.shape}, not {array.shape}")
        for name, array in {"weights": weights, "means": means, "covariances": covariances}.items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite")
        if (weights <= 0).any() or not np.isclose(weights.sum(), 1.0, rtol=0, atol=1e-8):
            raise ValueError(f"weights must be positive with sum 1, not {weights.tolist()}")
        asymmetry = np.abs(covariances - covariances.transpose(0, 2, 1)).max(axis=(1, 2))
        if (asymmetry > 1e-8 * np.abs(covariances).max(axis=(1, 2))).any():
            raise ValueError(f"covariance of component {int(asymmetry.argmax())} is not symmetric")
        return cls(weights, means, covariances)


def cholesky_factors(covariances):
    """Lower Cholesky factors of covariances.

    Parameters
    ----------
    covariances : ndarray of shape (K, D, D)

    Returns
    -------
    ndarray of shape (K, D, D)

    Raises
    ------
    CollapsedComponentError
        If a covariance is not positive definite to working precision, whatever the units of its features.
    """
    try:
        factors = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        factors = np.full_like(covariances, np.nan)  # one failed; find out which, below
        for k, covariance in enumerate(covariances):
            try:
                factors[k] = np.linalg.cholesky(covariance)
            except np.linalg.LinAlgError:
                break
    pivots = np.einsum("kjj->kj", factors) ** 2
    variances = np.einsum("kjj->kj", covariances)
    # Not (pivots > ...), so that NaN counts as singular.
    singular = ~(pivots > SMALLEST_UNEXPLAINED_VARIANCE * variances).all(axis=1)
    if singular.any():
        raise CollapsedComponentError(f"component {int(singular.argmax())}: its covariance is singular")
    return factors
