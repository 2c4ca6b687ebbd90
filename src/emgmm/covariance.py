"""Covariance types: everything that depends on the type, in small functions.

Second moments are matrices (..., D, D), or variances (..., D) where features do not covary (diag, spherical). Leading
dimensions "..." are components, and mixtures of a group of fits. Factors are those of precisions: precision = U U^T
with U upper triangular, or one over the standard deviations.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emgmm.threads import one_thread

LOG_2_PI = np.log(2 * np.pi)
# A pivot of the Cholesky factor, squared and divided by its variance, is the share of that feature's variance
# which the features before it do not explain. Below this it is rounding noise: the covariance is singular.
SMALLEST_UNEXPLAINED_VARIANCE = 100 * np.finfo(float).eps
TINY = np.finfo(float).tiny
SMALL = 2  # features up to which all matrices are factored at once


@lru_cache
def _pairs(n_features):
    """Positions of the products x_i x_j, i <= j, in a flattened matrix, their counts, each entry's product, squares."""
    i, j = np.triu_indices(n_features)
    product = np.empty((n_features, n_features), dtype=np.intp)
    product[i, j] = product[j, i] = np.arange(len(i))
    return i * n_features + j, np.where(i == j, 1.0, 2.0), product, product.diagonal().copy()


@lru_cache
def _triangle(n_features):
    """Positions of the entries of a lower triangle, and which of them lie on the diagonal."""
    i, j = np.tril_indices(n_features)
    return (i, j), i == j


def _small_factors(covariances):
    """Factors of the precisions of any number of matrices of one or two features, and which of these are singular."""
    factors = np.zeros(covariances.shape)
    variances = covariances[..., 0, 0]
    proper = variances > 0
    first = factors[..., 0, 0] = 1 / np.sqrt(np.where(proper, variances, 1.0))
    if covariances.shape[-1] > 1:
        slope, variances = covariances[..., 1, 0] * first, covariances[..., 1, 1]
        unexplained = variances - slope * slope
        proper &= unexplained > SMALLEST_UNEXPLAINED_VARIANCE * variances
        second = factors[..., 1, 1] = 1 / np.sqrt(np.where(proper, unexplained, 1.0))
        factors[..., 0, 1] = slope * first * -second
    return factors, ~proper


def _lapack_factors(covariances):
    """Factors of the precisions, one matrix after the other, and which of these are singular."""
    from scipy.linalg.lapack import dpotrf, dtrtri  # imported here because the import is slow

    factors = np.empty(covariances.shape)
    flat = factors.reshape(-1, *covariances.shape[-2:])
    with one_thread():
        for k, covariance in enumerate(covariances.reshape(flat.shape)):
            lower, failed = dpotrf(covariance, lower=1)
            flat[k] = np.nan if failed else dtrtri(lower, lower=1)[0].T
    variances = (array.diagonal(axis1=-2, axis2=-1) for array in (factors**2, covariances))
    unexplained = np.multiply(*variances) * SMALLEST_UNEXPLAINED_VARIANCE
    return factors, ~(np.maximum.reduce(unexplained, axis=-1) < 1)  # NaN counts as singular


@dataclass(frozen=True)
class CovarianceType:
    """Structure of the components' covariances, and every computation that depends on it.

    To add a type, put an instance into `COVARIANCE_TYPES`: one with other attributes, or one of a subclass that
    overrides `pool`, `n_parameters`, `log_roots`, `from_log_roots` and `entries`.

    Parameters
    ----------
    diagonal : bool, default=False
        Whether features do not covary.
    common : bool, default=False
        Whether all components have the same covariances.
    isotropic : bool, default=False
        Whether all features of a component have the same variance; requires ``diagonal``.
    compiled : bool, default=False
        Whether the numba kernel takes both the E-step and the M-step; other types use NumPy's M-step.

    See Also
    --------
    COVARIANCE_TYPES : The types that have a name.

    Notes
    -----
    In the methods, second moments are arrays of shape (..., D, D), or variances of shape (..., D) if ``diagonal``.
    Leading dimensions are components, and mixtures. Factors are those of precisions: precision = U U^T with U upper
    triangular, or one over the standard deviations. P is the number of products of features, C that of coordinates.
    """

    diagonal: bool = False
    common: bool = False
    isotropic: bool = False
    compiled: bool = False

    def shape(self, n_components, n_features):
        """Return the shape of the covariances, which is scikit-learn's.

        Parameters
        ----------
        n_components : int
            Number of components, K.
        n_features : int
            Number of features, D.

        Returns
        -------
        tuple of int
            Full (K, D, D), tied (D, D), diag (K, D), spherical (K,).
        """
        variances = (1,) * self.common if self.isotropic else (n_features,)
        each = variances if self.diagonal else (n_features, n_features)
        return each if self.common else (n_components, *each)

    def n_parameters(self, n_components, n_features):
        """Count the free parameters of the covariances.

        Parameters
        ----------
        n_components : int
            Number of components, K.
        n_features : int
            Number of features, D.

        Returns
        -------
        int
            The number, for `bic` and `aic`.
        """
        return (1 if self.isotropic else self.n_products(n_features)) * (1 if self.common else n_components)

    def pool(self, scatter, mass):
        """Return the covariances that maximize the likelihood.

        Parameters
        ----------
        scatter : ndarray of shape (..., K, D, D), or (..., K, D) if ``diagonal``
            Scatter of the components.
        mass : ndarray of shape (..., K)
            Mass of the components.

        Returns
        -------
        ndarray of shape (..., and that of ``shape(K, D)``)
            The covariances.
        """
        scatter = scatter.mean(axis=-1, keepdims=self.common) if self.isotropic else scatter
        each = len(self.shape(1, 1)) - (not self.common)
        if self.common:
            scatter, mass = scatter.sum(axis=-1 - each), mass.sum(axis=-1)
        return scatter / mass[(..., *[None] * each)]

    def expand(self, values, n_components, n_features):
        """Return the covariances, or their factors, of each component: (..., K, ...)."""
        if not (self.common or self.isotropic):
            return values
        each = (n_features,) if self.diagonal else (n_features, n_features)
        values = values[..., None] if self.isotropic and not self.common else values
        values = values[(..., None, *[slice(None)] * len(each))] if self.common else values
        return np.broadcast_to(values, (*values.shape[: -1 - len(each)], n_components, *each))

    def regularized(self, covariances, reg_covar, share=None, mass=None):
        """Add `reg_covar` to every variance, in place.

        To diagonal ones it adds only the share of each variance (..., K, D) that comes from observed values: the rest
        is the variance of the step before, which already contains it. For the others it is a lower bound of the
        variances in all directions.
        """
        if reg_covar:
            variances = covariances if self.diagonal else np.einsum("...dd->...d", covariances)
            if self.diagonal and share is not None:
                own = share.mean(axis=-1) if self.isotropic else share
                reg_covar = reg_covar * (self.pool(self.scaled(share, mass), mass) if self.common else own)
            variances += reg_covar
        return covariances

    def precision_factors(self, covariances):
        """Return factors of the precisions, and which covariances are singular; the factors of these are invalid."""
        if self.diagonal:
            singular = ~(covariances > 0)
            return 1 / np.sqrt(np.where(singular, 1.0, covariances)), singular
        return (_small_factors if covariances.shape[-1] <= SMALL else _lapack_factors)(covariances)

    def log_roots(self, covariances, factors, n_features):
        """Return unbounded coordinates of covariances, 0 at a reference whose precisions have the given factors.

        A covariance is the reference's times the square of a triangular matrix; the coordinates of its diagonal are
        logarithms. Near the reference each coordinate has Fisher information 1 per sample.

        Parameters
        ----------
        covariances : ndarray of shape `shape(K, D)`
            Covariances to describe.
        factors : ndarray of the same shape
            Factors of the reference's precisions.
        n_features : int
            Number of features, D.

        Returns
        -------
        ndarray
            The coordinates, C for each component, or in all if ``common``.
        """
        if self.diagonal:
            return np.sqrt(2 * n_features if self.isotropic else 2) * (0.5 * np.log(covariances) + np.log(factors))
        below, diagonal = _triangle(n_features)
        roots = (factors.swapaxes(-1, -2) @ np.linalg.cholesky(covariances))[..., *below]
        roots[..., diagonal] = np.sqrt(2) * np.log(roots[..., diagonal])
        return roots

    def from_log_roots(self, coordinates, reference, n_features):
        """Return the covariances of coordinates from `log_roots`.

        Parameters
        ----------
        coordinates : ndarray
            As from `log_roots`.
        reference : ndarray of shape `shape(K, D)`
            Covariances of the reference.
        n_features : int
            Number of features, D.

        Returns
        -------
        ndarray of shape `shape(K, D)`
            The covariances, which are positive definite for all coordinates.
        """
        if self.diagonal:
            return reference * np.exp(2 / np.sqrt(2 * n_features if self.isotropic else 2) * coordinates)
        below, diagonal = _triangle(n_features)
        entries, roots = coordinates.copy(), np.zeros(reference.shape)
        entries[..., diagonal] = np.exp(entries[..., diagonal] / np.sqrt(2))
        roots[..., *below] = entries
        roots = np.linalg.cholesky(reference) @ roots
        return roots @ roots.swapaxes(-1, -2)

    def entries(self, n_features):
        """Return the entries of the triangular factor, and how the coordinates of `log_roots` give them.

        Parameters
        ----------
        n_features : int
            Number of features, D.

        Returns
        -------
        i : ndarray of shape (P,)
            Rows of the P entries.
        j : ndarray of shape (P,)
            Columns of the P entries.
        to_entries : ndarray of shape (P, C)
            Derivatives of the entries (on the diagonal, of their logarithms) with respect to the coordinates.
        """
        i, j = (np.arange(n_features),) * 2 if self.diagonal else _triangle(n_features)[0]
        each = np.diag(np.where(i == j, np.sqrt(0.5), 1.0))
        return i, j, np.full((n_features, 1), np.sqrt(0.5 / n_features)) if self.isotropic else each

    def squares(self, n_features):
        """Return the positions of the squares among the products of features."""
        return np.arange(n_features) if self.diagonal else _pairs(n_features)[3]

    def n_products(self, n_features):
        """Return P, the number of products of features that the type uses."""
        return n_features if self.diagonal else n_features * (n_features + 1) // 2

    def products(self, samples, out):
        """Write the products x_i x_j, i <= j, of samples (..., D, n) into `out` (..., P, n)."""
        if self.diagonal:
            np.multiply(samples, samples, out=out)
            return
        n_features, begin = samples.shape[-2], 0
        for i in range(n_features):
            end = begin + n_features - i
            np.multiply(samples[..., i : i + 1, :], samples[..., i:, :], out=out[..., begin:end, :])
            begin = end

    def from_products(self, sums, n_features):
        """Return second moments from sums of products (..., P)."""
        return sums if self.diagonal else sums.take(_pairs(n_features)[2], axis=-1)

    def precisions(self, factors):
        """Return the precisions of factors."""
        return factors**2 if self.diagonal else factors @ factors.swapaxes(-1, -2)

    def quadratic_form(self, factors, vectors):
        """Return precision times vectors (..., D), and coefficients (..., P) of the products in x^T precision x."""
        precisions = self.precisions(factors)
        if self.diagonal:
            return precisions * vectors, precisions
        entries, times, *_ = _pairs(factors.shape[-1])
        flat = precisions.reshape(*precisions.shape[:-2], -1)
        return (precisions @ vectors[..., None])[..., 0], flat.take(entries, axis=-1) * times

    def outer(self, vectors):
        """Return the second moments of single vectors (..., D)."""
        return vectors**2 if self.diagonal else vectors[..., :, None] * vectors[..., None, :]

    def variances(self, moments):
        """Return the diagonals of second moments, (..., D)."""
        return moments if self.diagonal else moments.diagonal(axis1=-2, axis2=-1)

    def scaled(self, moments, factor):
        """Return second moments, each multiplied by one number (...)."""
        return moments * (factor[..., None] if self.diagonal else factor[..., None, None])

    def scatter(self, samples, responsibilities):
        """Return the sum of the second moments of samples (..., D, n), with weights (..., n)."""
        if self.diagonal:
            return np.einsum("...dn,...dn,...n->...d", samples, samples, responsibilities)
        roots = samples * np.sqrt(responsibilities)[..., None, :]
        return roots @ roots.swapaxes(-1, -2)  # NumPy computes only half of such a symmetric product

    def whiten(self, factors, deviations):
        """Return deviations (..., D, n) in units of the component's own standard deviations."""
        return factors[..., None] * deviations if self.diagonal else factors.swapaxes(-1, -2) @ deviations

    def unwhiten(self, factors, whitened):
        """Undo `whiten`."""
        return whitened / factors[..., None] if self.diagonal else np.linalg.solve(factors.swapaxes(-1, -2), whitened)

    def whitened(self, factors, moments):
        """Return second moments (..., K, ...) in units of the components' own standard deviations."""
        return moments * factors**2 if self.diagonal else self.whiten(factors, self.whiten(factors, moments).mT)

    def log_constants(self, weights, factors):
        """Return the logarithm of weight times density at the mean, of each component (..., K)."""
        n_features = factors.shape[-1]
        repeated = self.diagonal and factors.strides[-1] == 0  # by `expand`
        logarithms = np.log(factors[..., 0] if repeated else self.variances(factors))
        half_log_determinants = n_features * logarithms if repeated else np.add.reduce(logarithms, axis=-1)
        return np.log(weights) + half_log_determinants - 0.5 * n_features * LOG_2_PI

    def log_joint(self, constants, factors, deviations):
        """Return log joint densities (..., K, n) of deviations (..., D, n), from `log_constants` and factors."""
        whitened = self.whiten(factors, deviations)
        return constants[..., None] - 0.5 * np.einsum("...dn,...dn->...n", whitened, whitened)

    def given(self, moments, observed):
        """Condition each component (K, ...) on the observed features of each pattern, (P, D) of bool.

        Here P is the number of patterns. Return factors (P, K, ...) of the observed features' precisions (a missing
        feature is independent of the others, with variance 1); coefficients (P, K, D, D) of the regression of all
        features on the observed ones (an observed feature on itself: 1), or None if features do not covary; and the
        conditional second moments (P, K, ...) of the missing features.
        """
        if self.diagonal:
            seen = observed[:, None]
            factors, _ = self.precision_factors(np.where(seen, moments, 1.0))
            return factors, None, np.where(seen, 0.0, moments)
        rows, columns = observed[:, None, :, None], observed[:, None, None, :]
        identity = np.eye(observed.shape[1])
        factors, _ = self.precision_factors(np.where(rows & columns, moments, identity))
        half = np.where(columns, moments, 0.0) @ factors
        coefficients = np.where(rows, identity, half @ factors.swapaxes(-1, -2))
        left = np.where(rows | columns, 0.0, moments - half @ half.swapaxes(-1, -2))
        return factors, coefficients, left

    def scaled_noise(self, moments, noise):
        """Scale standard normal noise (..., D, n) to the second moments, which may be singular.

        The root is symmetric: the signs of eigenvectors, and with them the values drawn, differ between processors.
        """
        if self.diagonal:
            return np.sqrt(moments)[..., None] * noise
        sizes, directions = np.linalg.eigh(moments)
        return directions * np.sqrt(np.maximum(sizes, 0))[..., None, :] @ directions.swapaxes(-1, -2) @ noise

    def roots(self, moments):
        """Return matrices whose columns are square roots of second moments; diagonal moments as they are."""
        if self.diagonal:
            return moments
        scales = np.sqrt(self.variances(moments))[..., None]  # else features of small scale would lose digits
        sizes, directions = np.linalg.eigh(moments / np.maximum(scales * scales.mT, TINY))
        return scales * directions * np.sqrt(np.maximum(sizes, 0))[..., None, :]

    def trace(self, factors, roots):
        """Return traces of precision times second moment (by its roots), as sums of squares, which lose no digits."""
        if self.diagonal:
            return (factors**2 * roots).sum(axis=-1)
        return (self.whiten(factors, roots) ** 2).sum(axis=(-1, -2))


class _Types(dict):
    """Covariance types by name, as `CovarianceType`; other names are a ValueError.

    "full": each component has its own covariance matrix. "tied": all components share one. "diag": each has its own
    variances, and features do not covary. "spherical": each has one variance. Entries may be added.
    """

    def __missing__(self, name):
        raise ValueError(f"covariance_type must be one of {list(self)}, not {name!r}")


COVARIANCE_TYPES = _Types(
    full=CovarianceType(compiled=True),
    tied=CovarianceType(common=True),
    diag=CovarianceType(diagonal=True),
    spherical=CovarianceType(diagonal=True, isotropic=True),
)
