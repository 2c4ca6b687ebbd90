"""Many small fits at once: the steps of the EM loop, with the fits as a leading dimension of every array."""

from functools import partial

import numpy as np

from emgmm.checks import checked_reg_covar, checked_rows
from emgmm.complete import Rows, natural_parameters, statistics_from
from emgmm.e_step import FAR, log_likelihoods, posteriors
from emgmm.em import EMResult, expectation_maximization, steps
from emgmm.one_thread import one_thread
from emgmm.parameters import MixtureParameters
from emgmm.statistics import SufficientStatistics, complete_log_likelihoods, estimates, has_missing, normalize

GROUP_VALUES = 2**19  # features held for a group of fits: 4 MiB


@one_thread()
@np.errstate(over="ignore", invalid="ignore")  # of rows far out, which are told of
def fit_many(X, starts, stopping, *, labeled=None, reg_covar=0.0, acceleration="none", kernel="numpy"):
    """Give an EMResult of each of many Gaussian mixtures, as `expectation_maximization` does, in less time.

    Python's own cost of a step, which is most of it for a thousand rows, is shared by a group of fits. What a fit
    gives does not depend on the others. With missing values (NaN), or accelerated, they are made one by one.

    Parameters
    ----------
    X : ndarray of shape (R, N, D)
        Rows of each fit; or (1, N, D), for all.
    starts : sequence of R MixtureParameters
        Of one shape and covariance type.
    labeled : sequence of R SufficientStatistics or IncompleteRows, optional
        Of labeled rows of each fit that stay in the likelihood (`labeled_statistics`).
    stopping, reg_covar, acceleration, kernel
        As of `expectation_maximization`.

    Raises
    ------
    ValueError
        If the shapes do not go together, or X has infinite values, or a feature without any value.
    """
    if not starts:
        return []
    checked_reg_covar(reg_covar)
    X = checked_rows(X, starts[0].n_features, n_dimensions=3)
    if len(X) not in (1, len(starts)) or not X.shape[1]:
        raise ValueError(f"X must hold rows for one fit, or for each of the {len(starts)}; its shape is {X.shape}")
    if len({(start.covariance_type, start.means.shape) for start in starts}) > 1:
        raise ValueError("the starts must have one covariance_type and one shape")
    labeled = [None] * len(starts) if labeled is None else labeled
    if len(labeled) != len(starts) or len({known is None for known in labeled}) > 1:
        raise ValueError(f"labeled must hold statistics for each of the {len(starts)} fits, or for none")
    summed = all(known is None or isinstance(known, SufficientStatistics) for known in labeled)
    n_values = X.shape[1] * (1 + X.shape[2] + starts[0].type.n_products(X.shape[2]))
    size = len(starts) if kernel == "numba" else max(1, GROUP_VALUES // n_values)  # which holds no features
    size = 1 if has_missing(X) or not summed or acceleration != "none" else size
    results = []
    for begin in range(0, len(starts), size):
        group = slice(begin, begin + size)
        rows = X if len(X) == 1 else X[group]
        alone = partial(expectation_maximization, stopping=stopping, reg_covar=reg_covar, acceleration=acceleration)
        found = [None] * len(starts[group])
        if size > 1:
            found = _fit_group(rows, starts[group], labeled[group], stopping, reg_covar, kernel)
        results += [
            result or alone(rows[i % len(rows)], start, labeled=known, kernel=kernel)
            for i, (start, known, result) in enumerate(zip(starts[group], labeled[group], found, strict=True))
        ]
    return results


def _fit_group(X, starts, labeled, stopping, reg_covar, kernel):
    """Results of a group of fits; None for one that loses digits or collapses, and so needs the careful loop."""
    kind, rows = starts[0].type, Rows(X, starts[0].covariance_type, None, kernel, X.shape[1], len(starts))
    names = "weights", "means", "covariances", "precisions_cholesky"
    results, traces, known = [None] * len(starts), [[] for _ in starts], _stacked(labeled)
    n_rows = np.full(len(starts), X.shape[1]) + (0 if known is None else known.mass.sum(axis=-1))

    def take(group):
        weights, means, _, factors = group
        updated, log_likelihood, usable = rows.step(weights, means, factors, reg_covar) if known is None else [None] * 3
        if updated is None:
            expanded = kind.expand(factors, *means.shape[1:])
            natural = natural_parameters(kind, weights, means - rows.center[:, None], expanded)
            sums, log_likelihood = rows.sums(natural)
            statistics, exact = statistics_from(sums, natural, rows)
            if known is not None:
                statistics += known
                log_likelihood += complete_log_likelihoods(known, weights, means, expanded)
            weights, covariances, proper = estimates(statistics, reg_covar)
            factors, singular = kind.precision_factors(covariances)
            updated = [weights, statistics.means, covariances, factors]
            usable = exact & proper.all(axis=1) & ~singular.reshape(len(weights), -1).any(axis=1)
        return log_likelihood / n_rows, updated, ~usable

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
            active, n_rows = active[going], n_rows[going]
            rows.keep(going)
            image[:] = [array[going] for array in image]
            known = _stacked([labeled[i] for i in active])
    return results


def _stacked(all_statistics):
    """Put statistics of one shape into one, with a leading dimension; None if there are none."""
    if all_statistics[0] is None:
        return None
    arrays = (np.stack([getattr(one, name) for one in all_statistics]) for name in ("mass", "means", "scatter"))
    return SufficientStatistics(*arrays, all_statistics[0].covariance_type)


def judge_many(X, mixtures):
    """Yield `posteriors` (N, K) and `log_likelihoods` (N,) of data sets, each under its own mixture, in less time.

    X (R, N, D) holds the rows of each of R mixtures, of one shape and covariance type; or (1, N, D) those of all.
    """
    if not mixtures:
        return
    X = checked_rows(X, mixtures[0].n_features, n_dimensions=3)
    if len(X) not in (1, len(mixtures)) or len({(each.covariance_type, each.means.shape) for each in mixtures}) > 1:
        raise ValueError(f"X must hold rows for one mixture, or for each of the {len(mixtures)}, all of one shape")
    kind, incomplete = mixtures[0].type, has_missing(X)
    X = np.broadcast_to(X, (len(mixtures), *X.shape[1:]))
    values = 2 * max(1, X.shape[1]) * mixtures[0].means.size
    size = 1 if incomplete else max(1, GROUP_VALUES // values)
    for begin in range(0, len(mixtures), size):
        rows, group = X[begin : begin + size], mixtures[begin : begin + size]
        found, totals = [None] * len(group), np.full((len(group), 1), -np.inf)
        if not incomplete and values <= GROUP_VALUES:  # else of many rows, blocks
            names = "weights", "means", "factors"
            weights, means, factors = (np.stack([getattr(each, name) for each in group]) for name in names)
            deviations = rows.swapaxes(-1, -2)[:, None] - means[..., None]
            with np.errstate(over="ignore", invalid="ignore"):
                found = kind.log_joint(kind.log_constants(weights, factors), factors, deviations)
                totals = normalize(found)
        for x, mixture, one, total in zip(rows, group, found, totals, strict=True):
            if (total > FAR).all():
                yield one.T, total
            else:  # rows too far out to square, too
                yield posteriors(x, mixture), log_likelihoods(x, mixture)
