"""Many small fits at once: the EM loop, with the fits as a leading dimension of every array."""

from functools import partial
from itertools import chain

import numpy as np

from emgmm.checks import checked_reg_covar, checked_samples
from emgmm.complete import CompleteSamples, natural_parameters, statistics_from
from emgmm.e_step import FAR, log_likelihoods, posteriors
from emgmm.em import EMResult, expectation_maximization, steps
from emgmm.parameters import MixtureParameters
from emgmm.statistics import SufficientStatistics, complete_log_likelihoods, estimates, has_missing, normalize
from emgmm.threads import CHUNK_WORK, Threads, one_thread

GROUP_VALUES = 2**19  # features held for a group of fits: 4 MiB
GROUPS, GROUP_WORK = 8, 2**21  # of fits, for numba's kernel: at most 8, of at least some milliseconds


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of samples far out, which are reported below
def fit_many(X, starts, stopping, *, labeled=None, reg_covar=0.0, acceleration="none", kernel="numpy", n_jobs=None):
    """Fit many small Gaussian mixtures by EM, faster than one call of `expectation_maximization` for each.

    The fits of a group share Python's overhead of a step, which dominates for a thousand samples. The result of a fit
    does not depend on the others. With missing values (NaN) or acceleration the fits are made one by one.
    There is no penalty here: use `expectation_maximization`.

    Parameters
    ----------
    X : ndarray of shape (R, N, D) or (1, N, D)
        Unlabeled samples of each of R fits, or the same ones for all.
    starts : sequence of R MixtureParameters
        Initial parameters of each fit, with the same covariance type, components and features.
    stopping : StoppingRule
        When EM stops.
    labeled : sequence of R SufficientStatistics or IncompleteRows, optional
        For each fit the statistics of its labeled samples, from `labeled_statistics`. They stay in the likelihood, with
        their posteriors clamped to their labels.
    reg_covar : float, default=0
        Covariance regularization: added to each variance, in squared units of the features.
    acceleration : {"none", "anderson"}, default="none"
        As in `expectation_maximization`.
    kernel : {"numpy", "numba", "auto"}, default="numpy"
        As in `expectation_maximization`.
    n_jobs : int, optional
        Number of threads that share the fits, as in `expectation_maximization`.

    Returns
    -------
    list of R EMResult
        One result for each fit, as from `expectation_maximization`.

    Raises
    ------
    ValueError
        If the shapes do not agree, or X contains infinite values or a feature without any observed value; if `n_jobs`
        is 0 or not an integer.

    See Also
    --------
    expectation_maximization : One fit, with the equations.
    judge_many : Posteriors and log-likelihoods of many mixtures.

    Examples
    --------
    >>> import numpy as np
    >>> from emgmm import MixtureParameters, fit_many, sklearn_stopping
    >>> start = MixtureParameters.checked([1.0], [[0.0]], [[[1.0]]])
    >>> X = np.array([[[0.0], [2.0]], [[4.0], [6.0]]])  # two data sets of two samples
    >>> [result.parameters.means.item() for result in fit_many(X, [start, start], sklearn_stopping())]
    [1.0, 5.0]
    """
    if not starts:
        return []
    checked_reg_covar(reg_covar)
    X = checked_samples(X, starts[0].n_features, n_dimensions=3)
    if len(X) not in (1, len(starts)) or not X.shape[1]:
        raise ValueError(f"X must have shape (1, N, D) or ({len(starts)}, N, D) with N > 0, not {X.shape}")
    if len({(start.covariance_type, start.means.shape) for start in starts}) > 1:
        raise ValueError("starts must all have the same covariance_type, components and features")
    labeled = [None] * len(starts) if labeled is None else labeled
    if len(labeled) != len(starts) or len({known is None for known in labeled}) > 1:
        raise ValueError(f"labeled must have statistics for each of the {len(starts)} fits, or be None")
    summed = all(known is None or isinstance(known, SufficientStatistics) for known in labeled)
    n_values = X.shape[1] * (1 + X.shape[2] + starts[0].type.n_products(X.shape[2]))
    size = max(1, GROUP_VALUES // n_values)
    if kernel == "numba":  # it stores no features: its groups are for the threads to share
        work = n_values * starts[0].n_components
        size = max(-(-len(starts) // GROUPS), GROUP_WORK // work) if work < 2 * CHUNK_WORK else 1
    size = 1 if has_missing(X) or not summed or acceleration != "none" else size
    begins = range(0, len(starts), size)
    settings = {"reg_covar": reg_covar, "acceleration": acceleration, "kernel": kernel}
    settings["n_jobs"] = n_jobs if len(begins) == 1 else 1  # of each fit that is not in a group
    alone = partial(expectation_maximization, stopping=stopping, **settings)

    def fitted(begin):
        group = slice(begin, begin + size)
        samples = X if len(X) == 1 else X[group]
        found = [None] * len(starts[group])
        if size > 1:
            found = _fit_group(samples, starts[group], labeled[group], stopping, reg_covar, kernel)
        return [
            result or alone(samples[i % len(samples)], start, labeled=known)
            for i, (start, known, result) in enumerate(zip(starts[group], labeled[group], found, strict=True))
        ]

    return [*chain.from_iterable(Threads(n_jobs).map(fitted, begins))]


def _fit_group(X, starts, labeled, stopping, reg_covar, kernel):
    """Fit a group; the result is None for a fit that loses digits or collapses, and so needs the accurate loop."""
    kind, samples = starts[0].type, CompleteSamples(X, starts[0].covariance_type, None, kernel, X.shape[1], len(starts))
    names = "weights", "means", "covariances", "precisions_cholesky"
    results, traces, known = [None] * len(starts), [[] for _ in starts], _stacked(labeled)
    n_samples = np.full(len(starts), X.shape[1]) + (0 if known is None else known.mass.sum(axis=-1))

    def take(group):
        weights, means, _, factors = group
        updated, log_likelihood, usable = (
            samples.step(weights, means, factors, reg_covar) if known is None else [None] * 3
        )
        if updated is None:
            expanded = kind.expand(factors, *means.shape[1:])
            natural = natural_parameters(kind, weights, means - samples.center[:, None], expanded)
            sums, log_likelihood = samples.sums(natural)
            statistics, exact = statistics_from(sums, natural, samples)
            if known is not None:
                statistics += known
                log_likelihood += complete_log_likelihoods(known, weights, means, expanded)
            weights, covariances, proper = estimates(statistics, reg_covar)
            factors, singular = kind.precision_factors(covariances)
            updated = [weights, statistics.means, covariances, factors]
            usable = exact & proper.all(axis=1) & ~singular.reshape(len(weights), -1).any(axis=1)
        return log_likelihood / n_samples, updated, ~usable

    active = np.arange(len(starts))
    group = [np.stack([getattr(start, name) for start in starts]) for name in names]
    for step, current, means, image, unusable in steps(take, group, stopping.max_iter):
        for i, value in zip(active, means.tolist(), strict=True):
            traces[i].append(value)
        met = np.array([stopping.is_met(traces[i]) for i in active])
        ended = met | (step == stopping.max_iter)
        for j in np.flatnonzero(ended & ~unusable):
            skips = bool(met[j] and stopping.before_maximization)
            arrays = (array[j].copy() for array in (current if skips else image)[:3])
            parameters, trace = MixtureParameters(*arrays, starts[0].covariance_type), tuple(traces[active[j]])
            results[active[j]] = EMResult(parameters, trace, step - skips, step, bool(met[j]), None)
        going = ~(unusable | ended)
        if not going.any():
            break
        if not going.all():
            active, n_samples = active[going], n_samples[going]
            samples.keep(going)
            image[:] = [array[going] for array in image]
            known = _stacked([labeled[i] for i in active])
    return results


def _stacked(all_statistics):
    """Stack statistics of one shape along a new leading dimension; return None if there are none."""
    if all_statistics[0] is None:
        return None
    arrays = (np.stack([getattr(one, name) for one in all_statistics]) for name in ("mass", "means", "scatter"))
    return SufficientStatistics(*arrays, all_statistics[0].covariance_type)


def judge_many(X, mixtures):
    """Yield posteriors and log-likelihoods of data sets, each under its own mixture.

    It is faster than calls of `posteriors` and `log_likelihoods` for each of many small data sets.

    Parameters
    ----------
    X : ndarray of shape (R, N, D) or (1, N, D)
        Samples for each of R mixtures, or the same ones for all. NaN is a missing value.
    mixtures : sequence of R MixtureParameters
        With the same covariance type, K components and D features.

    Yields
    ------
    posteriors : ndarray of shape (N, K)
        p(k | x) for each sample, as from `posteriors`.
    log_likelihoods : ndarray of shape (N,)
        log p(x) of each sample's observed values in nats, as from `log_likelihoods`.

    Raises
    ------
    ValueError
        If the shapes do not agree, or X contains infinite values.

    See Also
    --------
    fit_many : Fits many mixtures.

    Examples
    --------
    >>> from emgmm import MixtureParameters, judge_many
    >>> mixtures = [MixtureParameters.checked([0.5, 0.5], [[0.0], [m]], [[[1.0]], [[1.0]]]) for m in (2.0, 4.0)]
    >>> for shares, log_likelihoods in judge_many([[[1.0]]], mixtures):  # one sample, two mixtures
    ...     print(shares.round(2), log_likelihoods.round(2))
    [[0.5 0.5]] [-1.42]
    [[0.98 0.02]] [-2.09]
    """
    if not mixtures:
        return
    X = checked_samples(X, mixtures[0].n_features, n_dimensions=3)
    if len(X) not in (1, len(mixtures)) or len({(each.covariance_type, each.means.shape) for each in mixtures}) > 1:
        raise ValueError(
            f"X must have shape (1, N, D) or ({len(mixtures)}, N, D), not {X.shape}, "
            "and mixtures must all have the same covariance_type, components and features"
        )
    kind, incomplete = mixtures[0].type, has_missing(X)
    X = np.broadcast_to(X, (len(mixtures), *X.shape[1:]))
    values = 2 * max(1, X.shape[1]) * mixtures[0].means.size
    size = 1 if incomplete else max(1, GROUP_VALUES // values)
    for begin in range(0, len(mixtures), size):
        samples, group = X[begin : begin + size], mixtures[begin : begin + size]
        found, totals = [None] * len(group), np.full((len(group), 1), -np.inf)
        if not incomplete and values <= GROUP_VALUES:  # else the samples do not fit, and go in blocks
            names = "weights", "means", "factors"
            weights, means, factors = (np.stack([getattr(each, name) for each in group]) for name in names)
            deviations = samples.swapaxes(-1, -2)[:, None] - means[..., None]
            with np.errstate(over="ignore", invalid="ignore"):
                found = kind.log_joint(kind.log_constants(weights, factors), factors, deviations)
                totals = normalize(found)
        for x, mixture, one, total in zip(samples, group, found, totals, strict=True):
            if (total > FAR).all():
                yield one.T, total
            else:  # with samples too far out to square, too
                yield posteriors(x, mixture), log_likelihoods(x, mixture)
