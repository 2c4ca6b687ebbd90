"""The covariance types full, tied, diag and spherical: all that depends on the type, in small functions.

Second moments are matrices (..., D, D) for full and tied, variances (..., D) for diag and spherical. Leading
dimensions "..." are components, and mixtures of a group of fits. Factors are those of precisions: precision = U U^T
with U upper triangular, or one over the standard deviations.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emgmm.one_thread import one_thread

LOG_2_PI = np.log(2 * np.pi)
# A pivot of the Cholesky factor, squared and divided by its variance, is the share of that feature's variance
# which the features before it do not explain. Below this it is rounding noise: the covariance is singular.
SMALLEST_UNEXPLAINED_VARIANCE = 100 * np.finfo(float).eps
TINY = np.finfo(float).tiny
SMALL = 2  # features up to which all matrices are factored at once


@lru_cache
def _pairs(n_features):
    """Where the products x_i x_j, i <= j, stand in a flattened matrix, how often, each entry's product, and squares."""
    i, j = np.triu_indices(n_features)
    product = np.empty((n_features, n_features), dtype=np.intp)
    product[i, j] = product[j, i] = np.arange(len(i))
    return i * n_features + j, np.where(i == j, 1.0, 2.0), product, product.diagonal().copy()


@lru_cache
def _triangle(n_features):
    """Places of the entries of a lower triangle, and which of them lie on the diagonal."""
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
    from scipy.linalg.lapack import dpotrf, dtrtri  # takes its time to import

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
    """A shape that the components' covariances share.

    Attributes
    ----------
    diagonal : bool
        Features do not covary.
    shared : bool
        One matrix for all components (tied), or one variance for all features of a component (spherical).
    """

    diagonal: bool
    shared: bool

    def shape(self, n_components, n_features):
        """Shape of the covariances, scikit-learn's."""
        if self.diagonal:
            return (n_components,) if self.shared else (n_components, n_features)
        return (n_features, n_features) if self.shared else (n_components, n_features, n_features)

    def n_parameters(self, n_components, n_features):
        """Count the free parameters of the covariances."""
        if self.diagonal:
            return n_components * (1 if self.shared else n_features)
        return (1 if self.shared else n_components) * n_features * (n_features + 1) // 2

    def pool(self, scatter, mass):
        """Covariances that maximize the likelihood, from the scatter of components of the given mass (..., K)."""
        if self.diagonal:
            return scatter.mean(axis=-1) / mass if self.shared else scatter / mass[..., None]
        if self.shared:
            return scatter.sum(axis=-3) / mass.sum(axis=-1)[..., None, None]
        return scatter / mass[..., None, None]

    def expand(self, values, n_components, n_features):
        """Covariances, or their factors, as one second moment a component."""
        if not self.shared:
            return values
        if self.diagonal:
            return np.broadcast_to(values[..., None], (*values.shape, n_features))
        batch = values.shape[:-2]
        return np.broadcast_to(values[..., None, :, :], (*batch, n_components, n_features, n_features))

    def regularized(self, covariances, reg_covar, share=None):
        """Add `reg_covar` to every variance, in place.

        For diag and spherical only by the share of each variance (..., K, D) that comes from observed values: the rest
        is the variance before, which has it. For full and tied it is a floor below the variances in all directions.
        """
        if reg_covar:
            variances = covariances if self.diagonal else np.einsum("...dd->...d", covariances)
            if self.diagonal and share is not None:
                reg_covar = reg_covar * (share.mean(axis=-1) if self.shared else share)
            variances += reg_covar
        return covariances

    def precision_factors(self, covariances):
        """Factors of the precisions, and which covariances (or variances) are singular; those factors mean nothing."""
        if self.diagonal:
            singular = ~(covariances > 0)
            return 1 / np.sqrt(np.where(singular, 1.0, covariances)), singular
        return (_small_factors if covariances.shape[-1] <= SMALL else _lapack_factors)(covariances)

    def log_roots(self, covariances, factors, n_features):
        """Unbounded coordinates (..., P) of covariances, 0 at a reference, whose precisions have the given factors.

        A covariance is the reference's times the square of a triangular matrix; of the diagonal, the logarithms are
        coordinates. Near the reference each has Fisher information 1 a row.
        """
        if self.diagonal:
            logarithms = 0.5 * np.log(covariances) + np.log(factors)
            return np.sqrt(2 * n_features) * logarithms[:, None] if self.shared else np.sqrt(2) * logarithms
        below, diagonal = _triangle(n_features)
        roots = (factors.swapaxes(-1, -2) @ np.linalg.cholesky(covariances))[..., *below]
        roots[..., diagonal] = np.sqrt(2) * np.log(roots[..., diagonal])
        return roots

    def from_log_roots(self, coordinates, reference, n_features):
        """Covariances that have such coordinates: positive definite, whatever these are."""
        if self.diagonal:
            information = 2 * n_features if self.shared else 2
            squares = np.exp(2 / np.sqrt(information) * coordinates)
            return reference * (squares[:, 0] if self.shared else squares)
        below, diagonal = _triangle(n_features)
        entries, roots = coordinates.copy(), np.zeros(reference.shape)
        entries[..., diagonal] = np.exp(entries[..., diagonal] / np.sqrt(2))
        roots[..., *below] = entries
        roots = np.linalg.cholesky(reference) @ roots
        return roots @ roots.swapaxes(-1, -2)

    def squares(self, n_features):
        """Positions of the squares among the products of features."""
        return np.arange(n_features) if self.diagonal else _pairs(n_features)[3]

    def n_products(self, n_features):
        """Count the products of features that matter."""
        return n_features if self.diagonal else n_features * (n_features + 1) // 2

    def products(self, rows, out):
        """Write the products x_i x_j, i <= j, of rows (..., D, n) into `out` (..., P, n)."""
        if self.diagonal:
            np.multiply(rows, rows, out=out)
            return
        n_features, begin = rows.shape[-2], 0
        for i in range(n_features):
            end = begin + n_features - i
            np.multiply(rows[..., i : i + 1, :], rows[..., i:, :], out=out[..., begin:end, :])
            begin = end

    def from_products(self, sums, n_features):
        """Second moments from sums of products (..., P)."""
        return sums if self.diagonal else sums.take(_pairs(n_features)[2], axis=-1)

    def quadratic_form(self, factors, vectors):
        """Precision times vectors (..., D), and coefficients (..., P) of the products in x^T precision x."""
        if self.diagonal:
            precisions = factors**2
            return precisions * vectors, precisions
        entries, times, *_ = _pairs(factors.shape[-1])
        precisions = factors @ factors.swapaxes(-1, -2)
        flat = precisions.reshape(*precisions.shape[:-2], -1)
        return (precisions @ vectors[..., None])[..., 0], flat.take(entries, axis=-1) * times

    def outer(self, vectors):
        """Second moments of single vectors (..., D)."""
        return vectors**2 if self.diagonal else vectors[..., :, None] * vectors[..., None, :]

    def variances(self, moments):
        """Diagonals of second moments, (..., D)."""
        return moments if self.diagonal else moments.diagonal(axis1=-2, axis2=-1)

    def scaled(self, moments, factor):
        """Second moments times one number (...) each."""
        return moments * (factor[..., None] if self.diagonal else factor[..., None, None])

    def scatter(self, rows, responsibilities):
        """Sum the second moments of rows (..., D, n), weights (..., n)."""
        if self.diagonal:
            return np.einsum("...dn,...dn,...n->...d", rows, rows, responsibilities)
        roots = rows * np.sqrt(responsibilities)[..., None, :]
        return roots @ roots.swapaxes(-1, -2)  # NumPy takes half the products of such a one

    def whiten(self, factors, rows):
        """Deviations (..., D, n) in units of the component's own standard deviations."""
        return factors[..., None] * rows if self.diagonal else factors.swapaxes(-1, -2) @ rows

    def unwhiten(self, factors, rows):
        """Undo `whiten`."""
        return rows / factors[..., None] if self.diagonal else np.linalg.solve(factors.swapaxes(-1, -2), rows)

    def log_constants(self, weights, factors):
        """Logarithm of weight times density at the mean, of each component (..., K)."""
        n_features = factors.shape[-1]
        if self.diagonal and factors.strides[-1] == 0:  # `expand` has repeated one factor
            half_log_determinants = n_features * np.log(factors[..., 0])
        else:
            half_log_determinants = np.add.reduce(np.log(self.variances(factors)), axis=-1)
        return np.log(weights) + half_log_determinants - 0.5 * n_features * LOG_2_PI

    def given(self, moments, observed):
        """Condition each component (K, ...) on the observed features of each pattern, (P, D) of bool.

        Returns
        -------
        factors : ndarray of shape (P, K, ...)
            Of the observed features' precisions; a missing one stands by itself, with variance 1.
        coefficients : ndarray of shape (P, K, D, D) or None
            Of the regression of all features on the observed ones: of an observed one, 1 for itself. None if features
            do not covary.
        left : ndarray of shape (P, K, ...)
            Second moments of the missing features that the regression leaves.
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

    def regressed(self, coefficients, rows):
        """Deviations of all features (..., D, n) that are expected of observed ones, by `given`."""
        return rows if self.diagonal else coefficients @ rows

    def lifted(self, coefficients, moments):
        """Second moments of such deviations, from those of observed ones; of features that covary."""
        return coefficients @ moments @ coefficients.swapaxes(-1, -2)

    def scaled_noise(self, moments, noise):
        """Give standard normal rows (..., D, n) the second moments, which may be singular.

        By the symmetric root: the signs of eigenvectors, and with them the draws, would differ between processors.
        """
        if self.diagonal:
            return np.sqrt(moments)[..., None] * noise
        sizes, directions = np.linalg.eigh(moments)
        return directions * np.sqrt(np.maximum(sizes, 0))[..., None, :] @ directions.swapaxes(-1, -2) @ noise

    def roots(self, moments):
        """Square roots of second moments, one a column; diagonal ones as they are."""
        if self.diagonal:
            return moments
        sizes, directions = np.linalg.eigh(moments)
        return directions * np.sqrt(np.maximum(sizes, 0))[..., None, :]

    def trace(self, factors, roots):
        """Traces of precision times second moment, given by its roots, as sums of squares, which lose no digits."""
        if self.diagonal:
            return (factors**2 * roots).sum(axis=-1)
        return (self.whiten(factors, roots) ** 2).sum(axis=(-1, -2))


class _Types(dict):
    def __missing__(self, name):
        raise ValueError(f"covariance_type must be one of {list(self)}, not {name!r}")


COVARIANCE_TYPES = _Types(
    full=CovarianceType(diagonal=False, shared=False),
    tied=CovarianceType(diagonal=False, shared=True),
    diag=CovarianceType(diagonal=True, shared=False),
    spherical=CovarianceType(diagonal=True, shared=True),
)
