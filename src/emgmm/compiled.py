"""The pass over complete samples, compiled by numba: `complete.fold` over all blocks, fused into one loop.

Importing this module compiles it, or loads it from the cache. It is optional: the extra `fast` installs numba, and
`complete.CompleteSamples` imports the module when that kernel is chosen.

The loop takes samples in tiles, stored feature by feature, that stay in the core's nearest cache: all loops but the
outer one run over contiguous memory, so that they vectorize. The exponential is a polynomial, because numba's own does
not vectorize. One logarithm is taken of the product of several normalizers, which lie between 1 and the number of
components.
"""

import math

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from emgmm.covariance import LOG_2_PI, SMALLEST_UNEXPLAINED_VARIANCE, TINY
from emgmm.statistics import LARGEST_CONDITION, ROUNDING_VARIANCE, TILE

NORMALIZERS = 32  # number in the product of which one logarithm is taken
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.4286068203094172e-06  # the first has so few digits that n times it is exact
ROUNDING = 6755399441055744.0  # 1.5 * 2^52: adding it rounds a number below 2^51 to the nearest integer
TAYLOR = tuple(1 / math.factorial(i) for i in range(13, -1, -1))
SMALLEST = -708.0  # below, the exponential is 0
# Sums may be reordered; NaN and infinity are respected. Functions are inlined into their caller: else the compiled copy
# that is called, and with it the last bits, would depend on whether this process compiled it or loaded it.
FAST = {"fastmath": {"reassoc", "contract", "nsz"}, "error_model": "numpy", "forceinline": True}


@intrinsic
def _power_of_two(_context, exponent):
    """Return 2**n, from ROUNDING + n."""

    def generate(_, builder, __, arguments):
        from llvmlite import ir

        bits = builder.bitcast(arguments[0], ir.IntType(64))
        biased = builder.add(bits, ir.Constant(ir.IntType(64), 1023))
        return builder.bitcast(builder.shl(biased, ir.Constant(ir.IntType(64), 52)), ir.DoubleType())

    return types.float64(types.float64), generate


@njit(fastmath={"contract"})
def _exponential(x):
    """Return the exponential of a number from SMALLEST to 0, within 2 units in the last place (Taylor polynomial)."""
    rounded = x * LOG2_E + ROUNDING
    n = rounded - ROUNDING
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = 0.0
    for coefficient in TAYLOR:
        p = p * r + coefficient
    return p * _power_of_two(rounded)


@njit(**FAST)
def _log_joint(z, n, natural, diagonal, half, out):
    """Write the log joint densities of n samples z (D, TILE): a quadratic form in their features."""
    n_features = len(z)
    first = z[0]
    if n_features == 1:
        for t in range(n):
            out[t] = natural[0] + first[t] * (natural[1] + natural[2] * first[t])
    elif n_features == 2 and not diagonal:
        second = z[1]
        c0, c1, c2, c11, c12, c22 = natural[0], natural[1], natural[2], natural[3], natural[4], natural[5]
        for t in range(n):
            out[t] = c0 + first[t] * (c1 + c11 * first[t] + c12 * second[t]) + second[t] * (c2 + c22 * second[t])
    else:
        out[:n] = natural[0]
        p = 1 + n_features
        for i in range(n_features):
            zi, ci = z[i], natural[1 + i]
            if diagonal:
                a = natural[p]
                for t in range(n):
                    out[t] += zi[t] * (ci + a * zi[t])
                p += 1
                continue
            half[:n] = ci
            j = i
            while j + 3 < n_features:  # four at a time, because each loop reads and writes `half` once
                a, b, c, d = natural[p], natural[p + 1], natural[p + 2], natural[p + 3]
                za, zb, zc, zd = z[j], z[j + 1], z[j + 2], z[j + 3]
                for t in range(n):
                    half[t] += a * za[t] + b * zb[t] + c * zc[t] + d * zd[t]
                j, p = j + 4, p + 4
            if j + 1 < n_features:
                a, b, za, zb = natural[p], natural[p + 1], z[j], z[j + 1]
                for t in range(n):
                    half[t] += a * za[t] + b * zb[t]
                j, p = j + 2, p + 2
            if j < n_features:
                a, za = natural[p], z[j]
                for t in range(n):
                    half[t] += a * za[t]
                p += 1
            for t in range(n):
                out[t] += zi[t] * half[t]


@njit(**FAST)
def _add_features(z, n, responsibilities, diagonal, half, sums):
    """Add responsibilities times the features of n samples z (D, TILE), and their products, to sums (1 + D + P,)."""
    n_features = len(z)
    s = 0.0
    if n_features == 2 and not diagonal:
        first, second = z[0], z[1]
        s1 = s2 = s11 = s12 = s22 = 0.0
        for t in range(n):
            a, b = responsibilities[t] * first[t], responsibilities[t] * second[t]
            s += responsibilities[t]
            s1 += a
            s2 += b
            s11 += a * first[t]
            s12 += a * second[t]
            s22 += b * second[t]
        for p, more in enumerate((s, s1, s2, s11, s12, s22)):
            sums[p] += more
        return
    for t in range(n):
        s += responsibilities[t]
    sums[0] += s
    p = 1 + n_features
    for i in range(n_features):
        zi, s = z[i], 0.0
        for t in range(n):
            half[t] = responsibilities[t] * zi[t]
            s += half[t]
        sums[1 + i] += s
        j, end = i, i + 1 if diagonal else n_features
        while j + 3 < end:
            za, zb, zc, zd = z[j], z[j + 1], z[j + 2], z[j + 3]
            a = b = c = d = 0.0
            for t in range(n):
                a += half[t] * za[t]
                b += half[t] * zb[t]
                c += half[t] * zc[t]
                d += half[t] * zd[t]
            sums[p] += a
            sums[p + 1] += b
            sums[p + 2] += c
            sums[p + 3] += d
            j, p = j + 4, p + 4
        if j + 1 < end:
            za, zb = z[j], z[j + 1]
            a = b = 0.0
            for t in range(n):
                a += half[t] * za[t]
                b += half[t] * zb[t]
            sums[p] += a
            sums[p + 1] += b
            j, p = j + 2, p + 2
        if j < end:
            za, a = z[j], 0.0
            for t in range(n):
                a += half[t] * za[t]
            sums[p] += a
            p += 1


@njit(**FAST)
def _fold(X, sample_weight, center, natural, diagonal, sums):
    """Fold the samples X (N, D) of one fit into sums (K, 1 + D + P); return their log-likelihood."""
    n_samples, n_features = X.shape
    n_components = len(natural)
    z, half = np.empty((n_features, TILE)), np.empty(TILE)
    joint, largest, normalizer = np.empty((n_components, TILE)), np.empty(TILE), np.empty(TILE)
    total = 0.0
    for begin in range(0, n_samples, TILE):
        n = min(TILE, n_samples - begin)
        rows = X[begin : begin + n]
        for d in range(n_features):
            zd, c = z[d], center[d]
            for t in range(n):
                zd[t] = rows[t, d] - c
        for k in range(n_components):
            _log_joint(z, n, natural[k], diagonal, half, joint[k])
        largest[:n] = joint[0, :n]
        for k in range(1, n_components):
            of = joint[k]
            for t in range(n):
                largest[t] = of[t] if of[t] > largest[t] else largest[t]
        normalizer[:n] = 0.0
        for k in range(n_components):
            of = joint[k]
            for t in range(n):
                x = of[t] - largest[t]
                e = _exponential(x if x > SMALLEST else SMALLEST)
                e = e if x > SMALLEST else 0.0
                of[t] = e
                normalizer[t] += e
        if len(sample_weight):
            weight = sample_weight[begin : begin + n]
            for t in range(n):
                total += weight[t] * (largest[t] + np.log(normalizer[t]))
                normalizer[t] = weight[t] / normalizer[t]
        else:
            s = 0.0
            for t in range(n):
                s += largest[t]
            total += s
            for first in range(0, n, NORMALIZERS):
                product = 1.0
                for t in range(first, min(first + NORMALIZERS, n)):
                    product *= normalizer[t]
                total += np.log(product)
            for t in range(n):
                normalizer[t] = 1 / normalizer[t]
        for k in range(n_components):
            of = joint[k]
            for t in range(n):
                of[t] *= normalizer[t]
            _add_features(z, n, of, diagonal, half, sums[k])
    return total


@njit(error_model="numpy")
def _natural(weights, means, factors, center, natural):
    """Write natural parameters (K, 1 + D + P), as `complete.natural_parameters` does; for full covariances."""
    n_components, n_features = means.shape
    deviation = np.empty(n_features)
    for k in range(n_components):
        constant = np.log(weights[k]) - 0.5 * n_features * LOG_2_PI
        for i in range(n_features):
            deviation[i] = means[k, i] - center[i]
            natural[k, 1 + i] = 0.0
        p = 1 + n_features
        for i in range(n_features):
            constant += np.log(factors[k, i, i])
            for j in range(i, n_features):
                precision = 0.0
                for m in range(j, n_features):
                    precision += factors[k, i, m] * factors[k, j, m]
                natural[k, 1 + i] += precision * deviation[j]
                if i < j:
                    natural[k, 1 + j] += precision * deviation[i]
                natural[k, p] = -precision if i < j else -0.5 * precision
                p += 1
        for i in range(n_features):
            constant -= 0.5 * deviation[i] * natural[k, 1 + i]
        natural[k, 0] = constant


@njit(error_model="numpy")
def _maximized(sums, natural, center, reg_covar, weights, means, covariances, factors):
    """Write the parameters of highest likelihood, as `complete.statistics_from` and `statistics.estimates` do.

    Return whether they are exact and proper; if not, the values written are invalid. For full covariances.
    """
    n_components, n_features = means.shape
    total, largest = 0.0, np.zeros(n_features)
    typical = np.zeros(n_features)
    for k in range(n_components):
        mass = sums[k, 0]
        if not mass >= TINY:
            return False
        total += mass
        p = 1 + n_features
        for i in range(n_features):
            shift = sums[k, 1 + i] / mass  # before the product, because a product of two sums may underflow
            means[k, i] = center[i] + shift
            for j in range(i, n_features):
                scatter = sums[k, p] - shift * sums[k, 1 + j]
                if i == j:
                    typical[i] += sums[k, p]
                    if not sums[k, p] <= LARGEST_CONDITION * scatter:
                        return False
                covariances[k, i, j] = covariances[k, j, i] = scatter / mass
                p += 1
            covariances[k, i, i] += reg_covar
            largest[i] = max(largest[i], covariances[k, i, i])
    for k in range(n_components):
        weights[k] = sums[k, 0] / total
        terms, p = 0.0, 1 + n_features
        for i in range(n_features):
            terms -= 2 * natural[k, p] * typical[i] / total
            p += n_features - i
            if reg_covar == 0 and not covariances[k, i, i] > ROUNDING_VARIANCE * (means[k, i] ** 2 + largest[i]):
                return False
        if not terms <= LARGEST_CONDITION or not _factored(covariances[k], factors[k]):
            return False
    return True


@njit(error_model="numpy")
def _factored(covariance, factor):
    """Write the factor U of a precision = U U^T; return whether the covariance is positive definite."""
    n_features = len(covariance)
    lower = np.zeros((n_features, n_features))
    for j in range(n_features):
        rest = covariance[j, j]
        for m in range(j):
            rest -= lower[j, m] ** 2
        if not rest > SMALLEST_UNEXPLAINED_VARIANCE * covariance[j, j]:
            return False
        lower[j, j] = np.sqrt(rest)
        for i in range(j + 1, n_features):
            rest = covariance[i, j]
            for m in range(j):
                rest -= lower[i, m] * lower[j, m]
            lower[i, j] = rest / lower[j, j]
        factor[j, j] = 1 / lower[j, j]
        for i in range(j):
            factor[j, i], rest = 0.0, 0.0
            for m in range(i, j):
                rest += lower[j, m] * factor[i, m]
            factor[i, j] = -rest * factor[j, j]
    return True


_FLOATS = {n: types.Array(types.float64, n, "C", readonly=True) for n in range(1, 5)}
_ROWS = _FLOATS[3], types.Array(types.int64, 1, "C", readonly=True), _FLOATS[1], _FLOATS[2]


def _compiled(*arguments):
    """Compile a function for these arguments, or load it from the cache."""

    def compile_now(function):
        try:
            return njit(types.void(*_ROWS, *arguments), error_model="numpy", nogil=True, cache=True)(function)
        except RuntimeError:  # no cache folder is writable: each process compiles for itself
            return njit(types.void(*_ROWS, *arguments), error_model="numpy", nogil=True)(function)

    return compile_now


@_compiled(_FLOATS[3], types.boolean, types.float64[:, :, ::1], types.float64[::1])
def fold_all(X, data_set, sample_weight, center, natural, diagonal, sums, log_likelihoods):
    """Fold the samples of R fits: X (M, N, D), where fit r has X[data_set[r]]; weights (N,), or (0,) if there are none.

    Features are deviations from `center` (R, D), a point among the samples; with `diagonal` their products are squares.
    `natural` (R, K, 1 + D + P) is `complete.natural_parameters`. Add to sums, of that shape, and log-likelihoods (R,).
    """
    for r in range(len(natural)):
        log_likelihoods[r] += _fold(X[data_set[r]], sample_weight, center[r], natural[r], diagonal, sums[r])


@_compiled(
    types.float64[:, :, ::1],
    types.float64,
    *(_FLOATS[n] for n in (2, 3, 4)),
    *(types.Array(types.float64, n, "C") for n in (2, 3, 4, 4, 1)),
    types.boolean[::1],
)
def step_all(
    X, data_set, sample_weight, center, sums, reg_covar, weights, means, factors,
    to_weights, to_means, to_covariances, to_factors, log_likelihoods, proper,
):  # fmt: skip
    """Take a step of R fits with full covariances: the E-step, added to `sums`, and the M-step with `reg_covar`.

    Read weights (R, K), means (R, K, D) and factors of precisions (R, K, D, D); write the new ones and covariances, and
    add to log-likelihoods (R,). A fit that is not `proper` (R,) lost digits or a component, and the accurate functions
    must be used. For the other arguments see `fold_all`.
    """
    natural = np.empty(sums.shape[1:])
    for r in range(len(means)):
        _natural(weights[r], means[r], factors[r], center[r], natural)
        log_likelihoods[r] += _fold(X[data_set[r]], sample_weight, center[r], natural, False, sums[r])
        to = to_weights[r], to_means[r], to_covariances[r], to_factors[r]
        proper[r] = _maximized(sums[r], natural, center[r], reg_covar, *to)
