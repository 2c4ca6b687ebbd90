"""The E-step over samples without missing values: posteriors, summed at once into sufficient statistics.

It is one pass over blocks of samples. A block is stored transposed (features x samples), so that every operation runs
over contiguous memory, and its memory is reused; memory in addition to the data does not grow with their number.

There are two methods. The fast one writes the log-densities as an exponential family, as a linear function of the
centered features and their products: for all components together, two matrix products are needed in each block. Its
rounding error grows with the spread of the data in units of the components' own. Beyond `LARGEST_CONDITION`, and if the
statistics show that digits were lost, the accurate method is used: deviations from each component's own mean, whitened
by its Cholesky factor.
"""

import importlib
import importlib.util
from functools import lru_cache, partial

import numpy as np

from emgmm.covariance import COVARIANCE_TYPES, TINY
from emgmm.diagonal import TERMS_PER_FEATURE
from emgmm.incomplete import IncompleteRows, careful_expectation
from emgmm.statistics import LARGEST_CONDITION, TILE, SufficientStatistics, centered, normalize, samples_per_block
from emgmm.threads import Threads, chunks

SMALL = 20_000  # samples x features x components up to which products save nothing
MANY_FEATURES = 4  # features per component beyond which their products cost more than they save
MANY_VALUES = 1024  # features and products beyond which the smallest block does not fit the cache
CENTER_SAMPLES = 16_384  # samples that give the center
# Numba's kernel saves about 0.2 ns for each sample, component and feature of a pass (2 and 8 features). Its import
# takes half a second. The count of them decides, not a clock, so that the same data and settings give the same bytes.
REPAID = 2_500_000_000
COPIED_SAMPLES = 65_536  # samples for numba's kernel at a time, if they must be copied for it
KERNELS = ("numpy", "numba", "auto")


@lru_cache
def has_numba() -> bool:
    """Return whether numba is installed, without importing it."""
    return importlib.util.find_spec("numba") is not None


@lru_cache
def _is_compiled() -> bool:
    """Return whether the compiled kernel can be imported, by importing it (half a second; more the first time)."""
    try:
        importlib.import_module("emgmm.compiled")
    except ImportError:  # numba is installed, but not for this Python or NumPy
        return False
    return True


def kernel_for(kernel, work) -> str:
    """Choose NumPy or numba, by the amount of work so far (`REPAID`)."""
    if kernel != "auto":
        return kernel
    return "numba" if work > REPAID and has_numba() and _is_compiled() else "numpy"


def checked_kernel(kernel):
    """Return a kernel's name, after checking that it can run here."""
    if kernel not in KERNELS:
        raise ValueError(f"kernel must be one of {list(KERNELS)}, not {kernel!r}")
    if kernel == "numba" and not (has_numba() and _is_compiled()):
        raise ValueError("kernel='numba' needs numba, which cannot be imported here: pip install 'emgmm[fast]'")
    return kernel


def natural_parameters(covariance_type, weights, deviations, factors):
    """Return the coefficients (..., K, 1 + D + P) of log joint densities in 1, centered features and their P products.

    They follow from weights (..., K), deviations of the means from the center (..., K, D), and each component's factor.
    """
    n_features = deviations.shape[-1]
    linear, quadratic = covariance_type.quadratic_form(factors, deviations)
    constant = covariance_type.log_constants(weights, factors)
    natural = np.empty((*weights.shape, 1 + n_features + quadratic.shape[-1]))
    natural[..., 0] = constant - 0.5 * np.add.reduce(deviations * linear, axis=-1)
    natural[..., 1 : 1 + n_features] = linear
    np.multiply(quadratic, -0.5, out=natural[..., 1 + n_features :])
    return natural


def fold(natural, features, sample_weight=None, scratch=(None, None)):
    """Sum responsibilities times features (..., F, n) over a block: return (..., K, F), and the log-likelihood.

    `scratch` are arrays to overwrite, (..., K, n) and (2, ..., n): to allocate them for each block may take as long as
    the rest.
    """
    log_joint = np.matmul(natural, features, out=scratch[0])
    log_likelihood = normalize(log_joint, sample_weight, scratch[1])
    # For a small result, only `dot` lets other threads run; but it copies a block that is not full.
    product = np.dot if natural.ndim == 2 and features.flags.c_contiguous else np.matmul
    return product(log_joint, features.swapaxes(-1, -2)), np.add.reduce(log_likelihood, axis=-1)


def statistics_from(sums, natural, samples):
    """Turn sums of responsibilities times features (..., K, F) into statistics; return whether they are exact, too.

    They are not exact if the terms of a typical sample's log-density are too large, or a component's variance is too
    small compared with its distance from the center.
    """
    kind, n_features, mass = COVARIANCE_TYPES[samples.covariance_type], samples.center.shape[-1], sums[..., 0]
    moments = kind.from_products(sums[..., 1 + n_features :], n_features)
    shift, scatter = centered(kind, mass, sums[..., 1 : 1 + n_features], moments)
    squares = kind.variances(moments)
    if samples.squares is None:  # the posteriors of a sample have sum 1
        samples.squares = np.add.reduce(squares, axis=-2) / np.add.reduce(np.maximum(mass, TINY), axis=-1)[..., None]
    minus_half_precisions = natural[..., 1 + n_features :].take(kind.squares(n_features), axis=-1)
    terms = np.minimum.reduce(minus_half_precisions @ samples.squares[..., None], axis=-2)[..., 0]
    variances, largest = kind.variances(scatter), LARGEST_CONDITION
    if kind.diagonal:
        largest = max(largest, TERMS_PER_FEATURE * n_features)
        if kind.isotropic:
            squares, variances = (a.sum(axis=-1, keepdims=True) for a in (squares, variances))
    kept = squares <= LARGEST_CONDITION * variances
    exact = (terms >= -0.5 * largest) & np.logical_and.reduce(kept, axis=(-1, -2))
    return SufficientStatistics(mass, samples.center[..., None, :] + shift, scatter, samples.covariance_type), exact


class CompleteSamples:
    """Samples (..., N, D) to fit, without missing values; each step is one pass over them, by one of two kernels.

    NumPy's kernel goes through blocks of features, which are kept from step to step if there is only one. Numba's is
    compiled. "auto" begins with NumPy's, and changes to numba's, if it is installed, once that repays its import.

    For several fits at once X contains their data sets (M, N, D), one for each of the `n_fits` or one for all.
    `block_samples` defaults to as many samples as fit the cache. Threads share the chunks of samples.
    """

    def __init__(
        self, X, covariance_type, sample_weight=None, kernel="numpy", block_samples=None, n_fits=None, n_jobs=None
    ):
        self.X, self.covariance_type, self.sample_weight = X, covariance_type, sample_weight
        n_samples, n_features = X.shape[-2:]
        self.n_values = 1 + n_features + COVARIANCE_TYPES[covariance_type].n_products(n_features)
        self.block_samples = block_samples or samples_per_block(n_samples, self.n_values)
        # Any point among the data is suitable: the mean of some thousand samples.
        some = X[..., :: max(1, n_samples // CENTER_SAMPLES), :]
        self.center = some.mean(axis=-2, dtype=float) if n_samples else np.zeros((*X.shape[:-2], n_features))
        self.data_set = np.zeros(1, dtype=np.int64) if n_fits is None else np.arange(n_fits) % len(X)
        if n_fits is not None:
            self.center = self.center[self.data_set]
        self.squares = None  # mean of each feature's square, about the center: known after the first step
        self.threads, self._divided = Threads(n_jobs), {}
        self.kernel, self._work, self._kept = checked_kernel(kernel), 0, None
        # Takes the E-step while the fast method does not suit, or loses digits.
        self._careful = None

    def keep(self, chosen):
        """Keep only some of several fits."""
        self.center, self.data_set = self.center[chosen], self.data_set[chosen]
        self.squares, self._kept = (None if a is None else a[chosen] for a in (self.squares, self._kept))

    def sums(self, natural):
        """Sum responsibilities times features over all samples, (..., K, F), and log-likelihoods (...)."""
        compiled, n_values = self._kernel(natural.size) == "numba", natural.shape[-2] * natural.shape[-1]
        if self._kept is not None and not compiled:
            return fold(natural, self._kept, self.sample_weight)
        sums_of = self._compiled_sums if compiled else self._sums_by_numpy
        return self._added(sums_of, natural, self._chunks(n_values, compiled))

    def _chunks(self, n_values, compiled):
        if (n_values, compiled) not in self._divided:
            block = TILE if compiled else self.block_samples
            self._divided[n_values, compiled] = chunks(self.X.shape[-2], n_values, block)
        return self._divided[n_values, compiled]

    def _added(self, sums_of, natural, parts):
        found = self.threads.map(partial(sums_of, natural), parts)
        sums, log_likelihood = next(found)
        for more, more_likelihood in found:
            sums += more
            log_likelihood += more_likelihood
        return sums, log_likelihood

    def _sums_by_numpy(self, natural, chunk):
        sums, log_likelihood = np.zeros_like(natural), 0.0
        batch = natural.shape[:-2]
        scratch = np.empty((*natural.shape[:-1], self.block_samples)), np.empty((2, *batch, self.block_samples))
        for features, sample_weight in self._blocks(chunk):
            is_full = features.shape[-1] == self.block_samples
            part, part_likelihood = fold(natural, features, sample_weight, scratch if is_full else (None, None))
            sums += part
            log_likelihood += part_likelihood
        return sums, log_likelihood

    def _kernel(self, n_values) -> str:
        self._work += n_values * self.X.shape[-2]
        return kernel_for(self.kernel, self._work) if self._work else "numpy"

    def _blocks(self, chunk):
        """Yield the features (..., F, n) of each block of a chunk, and its sample weights; the next overwrites them."""
        n_samples, n_features = self.X.shape[-2:]
        buffer = np.empty((*self.center.shape[:-1], self.n_values, self.block_samples))
        for begin in range(chunk.start, chunk.stop, self.block_samples):
            block = slice(begin, min(begin + self.block_samples, chunk.stop))
            features = buffer[..., : block.stop - begin]
            features[..., 0, :] = 1.0
            centered, products = features[..., 1 : 1 + n_features, :], features[..., 1 + n_features :, :]
            np.subtract(self.X[..., block, :].swapaxes(-1, -2), self.center[..., None], out=centered)
            COVARIANCE_TYPES[self.covariance_type].products(centered, products)
            if self.block_samples == n_samples:
                self._kept = features
            yield features, None if self.sample_weight is None else self.sample_weight[block]

    def _compiled_sums(self, natural, chunk):
        from emgmm.compiled import fold_all

        sums, log_likelihoods = np.zeros((len(self.data_set), *natural.shape[-2:])), np.zeros(len(self.data_set))
        diagonal = COVARIANCE_TYPES[self.covariance_type].diagonal
        for samples in self._compiled_samples(chunk):
            fold_all(*samples, natural.reshape(sums.shape), diagonal, sums, log_likelihoods)
        return (sums, log_likelihoods) if self.center.ndim > 1 else (sums[0], log_likelihoods[0])

    def _compiled_samples(self, chunk):
        """Yield arguments of compiled functions: a chunk at once, or copies of some of its samples at a time."""
        X, center = self.X.reshape(-1, *self.X.shape[-2:]), self.center.reshape(-1, self.center.shape[-1])
        size = max(1, chunk.stop - chunk.start) if self._as_they_are else COPIED_SAMPLES
        for begin in range(chunk.start, max(chunk.stop, 1), size):
            block = slice(begin, min(begin + size, chunk.stop))
            weight = np.empty(0) if self.sample_weight is None else np.ascontiguousarray(self.sample_weight[block])
            yield np.ascontiguousarray(X[:, block], dtype=float), self.data_set, weight, center

    @property
    def _as_they_are(self):
        return self.X.dtype == float and self.X.flags.c_contiguous and self.X.flags.aligned

    def step(self, weights, means, factors, reg_covar):
        """Take complete steps of EM by numba, of fits with full covariances: (R, K), (R, K, D) and (R, K, D, D).

        Return new weights, means, covariances and factors, or None if the kernel is not numba, or the samples must be
        copied for it; log-likelihoods (R,); and which fits are proper (R,). A fit is improper if digits were lost or a
        component collapsed: `expectation` and `maximization` then find out which.
        """
        can = COVARIANCE_TYPES[self.covariance_type].compiled and self._as_they_are
        if not can or self._kernel(weights.size * self.n_values) != "numba":
            return None, None, None
        from emgmm.compiled import step_all

        after = [np.empty(shape) for shape in (weights.shape, means.shape, factors.shape, factors.shape)]
        log_likelihoods, proper = np.zeros(len(weights)), np.zeros(len(weights), dtype=bool)
        sums = np.zeros((*weights.shape, self.n_values))
        parts = self._chunks(weights.shape[-1] * self.n_values, True)
        chunk = parts[0]
        if len(parts) > 1:
            natural = natural_parameters(COVARIANCE_TYPES["full"], weights, means - self.center[..., None, :], factors)
            sums[:], log_likelihoods[:] = self._added(self._compiled_sums, natural, parts)
            chunk = slice(0, 0)
        samples = next(self._compiled_samples(chunk))
        step_all(*samples, sums, reg_covar, weights, means, factors, *after, log_likelihoods, proper)
        return after, log_likelihoods, proper

    def expectation(self, parameters):
        """Take the E-step: expected sufficient statistics, and the log-likelihood."""
        if parameters.type.diagonal:
            many_products = self.n_values > MANY_VALUES
        else:
            many_products = parameters.n_features > MANY_FEATURES * parameters.n_components
        slow = self._careful is not None or (many_products and self.kernel == "numpy")
        if not slow and (found := _fast_expectation(self, parameters)):
            return found
        if parameters.type.diagonal and self.X.size * parameters.n_components <= SMALL:
            return careful_expectation(self.X, parameters, self.sample_weight)
        settings = self.covariance_type, self.sample_weight
        careful = self._careful or IncompleteRows(self.X, *settings, n_jobs=self.threads.number)
        found = careful.expectation(parameters)
        kept = (slow and many_products) or (parameters.type.diagonal and careful.needed)
        self._careful = careful if kept else None
        return found


def _fast_expectation(samples, parameters):
    """Return None if digits were lost."""
    deviations = parameters.means - samples.center
    natural = natural_parameters(parameters.type, parameters.weights, deviations, parameters.factors)
    sums, log_likelihood = samples.sums(natural)
    statistics, exact = statistics_from(sums, natural, samples)
    return (statistics, float(log_likelihood)) if exact else None
