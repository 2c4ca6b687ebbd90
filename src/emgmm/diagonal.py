"""The E-step with diag and spherical covariances by matrix products, over samples with or without missing values.

Log joint densities are linear in the features about a center, their squares, and indicators of missing values: two or
three matrix products compute them for all components. Their rounding error is that of their largest terms. If these are
too large, a density is computed again from deviations, unless its posterior is negligible. In separated clusters, where
terms are large, few densities remain to be computed: those of a sample under the components near it. Likewise, if a
component has few samples, or its statistics lost digits, they are computed from its own samples.
"""

import numpy as np

from emgmm.covariance import LOG_2_PI
from emgmm.parameters import MixtureParameters
from emgmm.statistics import LARGEST_CONDITION, SufficientStatistics, centered, has_missing, no_statistics, normalize

BLOCK_VALUES = 2**21  # values of a block: 16 MiB, for in smaller ones each component has too few samples
MAX_BLOCK_SAMPLES = 16_384
CHUNK_VALUES = 2**15  # values of samples of one component at a time: 256 KiB
KEPT_VALUES = 2**22  # values kept from step to step: 32 MiB
LARGEST_TERMS = 1e3  # sum of the terms of x^T precision x up to which the products are exact enough ...
TERMS_PER_FEATURE = 100  # ... and for each feature, whose own term has the size 1
NEGLIGIBLE = 70.0  # exp(-NEGLIGIBLE), 4e-31, adds no digit to sums of posteriors
ZERO = 745.0  # exp(-ZERO) is 0
ROUGH = 1e-6  # largest error with which negligible posteriors are kept
FEW = 0.25  # share of the samples up to which a component's statistics are computed from its own samples alone
ERROR = 8 * np.finfo(float).eps  # of the products, in units of the sum of their terms


class DiagonalSamples:
    """Samples (N, D) for E-steps; NaN is a missing value. Features of small data are kept from step to step."""

    def __init__(self, X, sample_weight=None, labels=None, keep=True):
        self.X, self.sample_weight, self.labels, self.keep = X, sample_weight, labels, keep
        self.incomplete = has_missing(X)
        self.center = self._kept = None
        self.exact = False  # components whose sums of products have lost digits
        self.needed = False  # whether products alone would have lost digits in the last E-step

    def joint_blocks(self, parameters: MixtureParameters):
        """Yield each block's indices; its features (n, D), squares and missingness; log joint densities (K, n)."""
        kind, means, factors = parameters.type, parameters.means, parameters.factors
        precisions = factors * factors
        if self.center is None:  # among the samples, even if there are outliers
            self.center = means[parameters.weights.argmax()]
        offsets = means - self.center
        linear = precisions * offsets
        own = 0.5 * np.einsum("kd,kd->k", linear, offsets)  # half the terms of the means
        self.needed = bool(np.any(self.exact))
        peak = kind.log_constants(parameters.weights, factors)
        limit = max(LARGEST_TERMS, TERMS_PER_FEATURE * means.shape[1])
        if self.incomplete:
            left_out = np.log(factors) - 0.5 * LOG_2_PI
            of_missing = 0.5 * linear * offsets - left_out
        for rows, features, squares, missing in self._blocks(len(means)):
            halved = -0.5 * precisions
            halves = np.multiply.outer(halved[:, 0], squares.sum(axis=1)) if kind.isotropic else halved @ squares.T
            log_joint = linear @ features.T
            log_joint += halves
            log_joint += (peak - own)[:, None]
            if self.incomplete:
                log_joint += of_missing @ missing.T
            if self.labels is not None:
                others = self.labels[rows] != np.arange(len(means))[:, None]
                log_joint[others] = -np.inf
            if not own.max() - halves.min(initial=0.0) <= 0.5 * limit:
                self.needed = True
                halves -= own[:, None]
                halves *= -2.0
                error = ERROR * halves.max()
                sure = log_joint < log_joint.max(axis=0) - (NEGLIGIBLE if error < ROUGH else ZERO) - 2 * error
                sure |= halves <= limit
                if self.labels is not None:
                    sure |= others
                for k, of, deviations in self._deviations(rows, ~sure, means, means):
                    np.multiply(deviations, deviations, out=deviations)
                    log_joint[k, of] = peak[k] - 0.5 * (deviations @ precisions[k])
                    if self.incomplete:
                        log_joint[k, of] -= missing[of] @ left_out[k]
            yield rows, features, squares, missing, log_joint

    def expectation(self, parameters: MixtureParameters):
        """Take the E-step: return expected sufficient statistics, and the log-likelihood of the observed values.

        A missing value is replaced by its expectation, the component's mean, and adds the component's variance.
        """
        shape, name, kind = parameters.means.shape, parameters.covariance_type, parameters.type
        total, log_likelihood = no_statistics(*shape, name), 0.0
        mass, first, second, absent = np.zeros(shape[0]), np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for rows, features, squares, missing, log_joint in self.joint_blocks(parameters):
            weight = None if self.sample_weight is None else self.sample_weight[rows]
            log_likelihood += float(normalize(log_joint, weight).sum())
            own = (np.count_nonzero(log_joint, axis=1) <= FEW * len(features)) | self.exact
            if self.incomplete:
                absent += log_joint @ missing
            if own.any():
                shares = log_joint if own.all() else log_joint * own[:, None]
                total = total + self._own_statistics(rows, shares, parameters)
            if not own.all():
                shared = log_joint if not own.any() else np.where(own[:, None], 0.0, log_joint)
                mass += shared.sum(axis=1)
                first += shared @ features
                second += shared @ squares
                if self.incomplete:
                    offsets, of_shared = parameters.means - self.center, shared @ missing
                    first += of_shared * offsets
                    second += of_shared * offsets**2
        shift, scatter = centered(kind, mass, first, second)
        total = total + SufficientStatistics(mass, self.center + shift, scatter, name)
        scatter = total.scatter + absent * parameters.variances if self.incomplete else total.scatter
        sums = (a.sum(axis=1, keepdims=True) if kind.isotropic else a for a in (second, scatter))
        lost = np.greater(next(sums), LARGEST_CONDITION * next(sums)).any(axis=1)
        if lost.any():
            self.exact = self.exact | lost
            return self.expectation(parameters)
        observed = np.maximum(total.mass[:, None] - absent, 0.0) if self.incomplete else None
        return SufficientStatistics(total.mass, total.means, scatter, name, observed), log_likelihood

    def _own_statistics(self, rows, shares, parameters):
        """Compute statistics of a block from deviations, by the shares (K, n) of its samples in the components."""
        means, largest = parameters.means, shares.argmax(axis=1)
        mass = shares.sum(axis=1)
        chosen = shares > np.exp(-NEGLIGIBLE) * shares[np.arange(len(means)), largest, None]
        about = self.X[rows][largest].astype(float)  # so that a constant feature has exactly its constant as the mean
        about = np.where(np.isnan(about), means, about)
        scatter = np.zeros(means.shape)
        for _ in range(2):
            first, second = np.zeros(means.shape), np.zeros(means.shape)
            for k, of, deviations in self._deviations(rows, chosen, about, means):
                share = shares[k, of]
                first[k] += share @ deviations
                np.multiply(deviations, deviations, out=deviations)
                second[k] += share @ deviations
            shift, found = centered(parameters.type, mass, first, second)
            about += shift
            scatter = np.where(chosen.any(axis=1)[:, None], found, scatter)
            chosen &= (second > LARGEST_CONDITION * scatter).any(axis=1)[:, None]
            if not chosen.any():
                break  # else the sample was an outlier: repeat about the mean
        about[mass == 0] = 0.0  # else the values added to it would be rounded
        return SufficientStatistics(mass, about, scatter, parameters.covariance_type)

    def _deviations(self, rows, chosen, about, means):
        """Yield deviations (n, D) of the chosen samples (K, n) of a block, as many at a time as fit the nearest cache.

        A missing value is replaced by the component's mean.
        """
        X, size = self.X[rows], max(8, CHUNK_VALUES // self.X.shape[1])
        components, every = chosen.nonzero()
        ends = np.searchsorted(components, np.arange(len(chosen) + 1))
        for k in np.flatnonzero(np.diff(ends)):
            for begin in range(ends[k], ends[k + 1], size):
                of = every[begin : min(begin + size, ends[k + 1])]
                deviations = X.take(of, axis=0).astype(float, copy=False)
                deviations -= about[k]
                if self.incomplete:
                    np.copyto(deviations, means[k] - about[k], where=np.isnan(deviations))
                yield k, of, deviations

    def _blocks(self, n_components):
        """Yield each block's indices, features about the center, their squares, and which are missing (0 or 1)."""
        if self._kept is not None:
            yield from self._kept
            return
        n_samples, n_features = self.X.shape
        arrays = 3 if self.incomplete else 2
        kept = [] if self.keep and arrays * self.X.size <= KEPT_VALUES else None
        size = max(256, min(n_samples, MAX_BLOCK_SAMPLES, BLOCK_VALUES // (arrays * n_features + 3 * n_components)))
        for begin in range(0, n_samples, size):
            rows = slice(begin, min(begin + size, n_samples))
            features, missing = np.subtract(self.X[rows], self.center, dtype=float), None
            if self.incomplete:
                missing = np.isnan(features).astype(float)
                np.copyto(features, 0.0, where=missing > 0)
            block = rows, features, features * features, missing
            if kept is not None:
                kept.append(block)
            yield block
        self._kept = kept
