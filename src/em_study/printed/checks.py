"""Checks of printed numbers against identities that every fit by EM fulfils. Each number stands for its interval."""

import math
from collections import Counter
from decimal import Decimal
from inspect import signature
from itertools import chain, combinations, permutations, product
from typing import NamedTuple

import numpy as np

from em_study.intervals import interval, mean, meets, times, whole, written
from em_study.printed.settings import DEPARTURES, FAMILIES, MODELS, PrintedFit
from emgmm import COVARIANCE_TYPES, MixtureParameters, expectation, maximization

CONSISTENT, IMPOSSIBLE, UNKNOWN = "consistent", "impossible", "undecided"
GAIN = 1e-3  # nats per sample: the largest gain of the last step after which EM has stopped
FEW, MOST = 3, 1000  # numbers of parameters: so few say something, and so many nothing
LARGEST, COARSE = 10**8, 0.1  # values times parameters; nats per sample by rounding, beyond which first order fails
TWICE = 2  # times the effect of rounding, for what is not linear in it
# The part of the sample covariance that the mixture has after every M-step, in the notation of einsum
MATRIX, DIAGONAL, TRACE = "...ij->...ij", "...ii->...i", "...ii->..."
PARTS = {"VVV": MATRIX, "EEE": MATRIX, "VVI": DIAGONAL, "EEI": DIAGONAL, "VII": TRACE, "EII": TRACE}
# How many of DEPARTURES, from the first on, leave a check as it is; none if it is not listed
LEAVE = {"covariances": 7, "standard deviations": 7, "ICL": 5, "sizes": 5, "mean": 2, "covariance": 1}
LEAVE |= dict.fromkeys(("weights", "number of parameters", "covariance family"), 4)


class Check(NamedTuple):
    """The outcome of one check, the sentence that says why, and a possible explanation."""

    name: str
    outcome: str
    text: str
    reading: str = ""


def all_checks(fit: PrintedFit, X=None) -> list[Check]:
    """Make every check whose parameters are printed, but for those with the default None; and those of samples X."""
    given, found = _given(fit, X), []
    for make in (_weights, _parameters, _icl, _sizes, _spread, _moments, _likelihood, _samples):
        wanted = signature(make).parameters
        if all(name in given or each.default is None for name, each in wanted.items()):
            found += make(**{name: given[name] for name in wanted if name in given})
    for i, check in enumerate(found):
        breaking = [name for name in [*DEPARTURES][LEAVE.get(check.name, 0) :] if name in (fit.departures or ())]
        if check.outcome == IMPOSSIBLE and breaking:
            text = f"{check.text} With {' and '.join(map(DEPARTURES.get, breaking))} this need not hold."
            found[i] = check._replace(outcome=UNKNOWN, text=text)
    return found


def _given(fit, X) -> dict:
    """Return what is printed: numbers as intervals, second moments as matrices, with NaN for unknown covariances."""
    K, D = fit.components, fit.features
    given = {name: interval(value) for name, value in fit if isinstance(value, Decimal | list) and name != "departures"}
    given |= {"fit": fit, "X": X, "n": fit.n_samples, "K": K, "D": D}

    def matrices(values, are_complete):
        values = values if are_complete else np.where(np.eye(D, dtype=bool), values[..., None], np.nan)
        return values.reshape(2, -1, D, D)

    if fit.standard_deviations:
        given["standard_deviations"] = given["standard_deviations"].clip(0)
    if D and (fit.covariances or fit.standard_deviations):
        squares = given["covariances"] if fit.covariances else given["standard_deviations"] ** 2
        is_tied = bool(fit.covariances) and fit.model == "EEE" and D > 1
        given["moments"] = matrices(squares, squares.ndim == 4 or is_tied)
    if D and fit.sample_covariance:
        values, is_square = given["sample_covariance"], len(fit.sample_covariance[0]) == D
        given["sample"] = matrices(values if is_square else values[..., 0], is_square)
    return {name: value for name, value in given.items() if value is not None}


def _check(name, holds, text, reading="") -> Check:
    return Check(name, CONSISTENT, text) if holds else Check(name, IMPOSSIBLE, text, reading)


def _weights(fit, weights):
    total = weights.sum(axis=1)
    right, reading = meets(total, (1, 1)), "they are percentages" * bool(meets(total, (100, 100)))
    yield _check("weights", right, f"The sum of the weights is {written(total)}{', not 1' * (not right)}.", reading)
    for k in np.flatnonzero(weights[1] < 0):
        yield _check("weights", False, f"Weight {k + 1} is negative: {fit.weights[k]}.")


def covariance_parameters(K: int, D: int) -> dict[str, int]:
    """Count the free parameters of the covariances of mclust's 14 models (Scrucca et al., 2016, table 3)."""
    times, turns = {"I": 0, "E": 1, "V": K}, D * (D - 1) // 2
    return {name: times[name[0]] + times[name[1]] * (D - 1) + times[name[2]] * turns for name in FAMILIES}


def parameter_counts(n=None, log_likelihood=None, bic=None, aic=None) -> dict[str, dict[tuple[int, int], np.ndarray]]:
    """Return the numbers of parameters p that pairs of printed numbers imply, by the signs of BIC and AIC.

    BIC = p log n - 2 L and AIC = 2 p - 2 L; with a sign of -1 the negatives are printed.
    """
    found, penalty = {}, math.log(n or 1)
    for signs in product((1, -1), repeat=2):
        criteria = [("log-likelihood", log_likelihood, -2, 0), ("BIC", bic if penalty else None, signs[0], penalty)]
        for (one, a, s, c), (other, b, t, d) in combinations([*criteria, ("AIC", aic, signs[1], 2)], 2):
            if a is not None and b is not None:
                count = times(times(b, [t]) - times(a, [s])[::-1], [1 / (d - c)])
                found.setdefault(f"{other} and the {one}", {})[signs] = count
    return {pair: counts for pair, counts in found.items() if np.ptp(counts[1, 1]) < MOST}


def _parameters(fit, n=None, K=None, D=None, log_likelihood=None, bic=None, aic=None):
    """Check that the number of parameters is that of the model, or else the printed one, or the same by all pairs."""
    pairs, printed = parameter_counts(n, log_likelihood, bic, aic), fit.n_parameters
    covariances = covariance_parameters(K, D) if K and D and (pairs or printed) else {}
    totals = {name: K - 1 + K * D + count for name, count in covariances.items()}
    expected, model = totals.get(fit.model), f"{K} components of {D} features"
    every = {pair: {p for count in counts.values() for p in whole(count)} for pair, counts in pairs.items()}
    suited = Counter(chain(*every.values()))
    allowed = {expected or printed} - {None} or {p for p in suited if suited[p] == max(suited.values())}
    for pair, numbers in every.items():
        if allowed & numbers:
            outcome, said = CONSISTENT if len(numbers) <= FEW else UNKNOWN, _listed(numbers)
            yield Check("number of parameters", outcome, f"By the {pair} there are {said} parameters.")
        else:
            yield _wrong_count(fit, pair, pairs[pair], allowed, totals)
    implied = [{printed}] if printed else [numbers for numbers in every.values() if numbers]
    if expected and implied:
        right = all(expected in numbers for numbers in implied)
        text = f"{model} with {fit.covariance_type} covariances have {expected} parameters"
        text += f"; {printed} are printed" if printed else "; the criteria imply another number" * (not right)
        yield _check("covariance family", right, f"{text}.")
    elif totals and allowed and not expected:
        suitable = [name for name, total in totals.items() if total in allowed]
        text = f"{_listed(allowed)} parameters suit {model}, covariances {', '.join(suitable) or 'none of 14 models'}."
        yield Check("covariance family", CONSISTENT if suitable else UNKNOWN, text)


def _listed(numbers) -> str:
    few = " or ".join(map(str, sorted(numbers)))
    return few if len(numbers) <= FEW else f"{min(numbers)} to {max(numbers)}"


def _wrong_count(fit, pair, counts, allowed, totals) -> Check:
    """Say what a pair implies, and explain it: by what may have been counted, or by the nearest numbers that agree."""
    known, K, D = min(allowed, default=0), fit.components or 1, fit.features or 1
    signs, count = min(counts.items(), key=lambda each: (each[1][1] < 0, abs(each[1].mean() - known)))
    implied, reading = float(count.mean()), ""
    p = known or max(1, round(implied))
    if numbers := whole(count):
        entries = f"all {D * D} entries of each symmetric {D} x {D} matrix were counted"
        slips = {entries: K - 1 + K * D + (1 if fit.model == "EEE" else K) * D * D}
        slips |= {f"the covariances are {name}": total for name, total in totals.items()}
        slips |= {"one too many was counted": p + 1, "one too few was counted": p - 1}
        reading = next((slip for slip, number in slips.items() if number in numbers), "")
    elif "log-likelihood" in pair:
        name, n, L = pair[:3], fit.n_samples or 1, fit.log_likelihood
        criterion, sign, penalty = (fit.bic, signs[0], math.log(n)) if name == "BIC" else (fit.aic, signs[1], 2)
        gap, other_n = penalty * (p - implied), n ** min(2, implied / p)
        digits = [len(number.as_tuple().digits) for number in (L, criterion)]
        reading = f"{p} parameters belong to a log-likelihood of {float(L) + gap / 2:.{digits[0]}g} with this {name}"
        reading += f", or to {name} {float(criterion) + sign * gap:.{digits[1]}g} with this log-likelihood"
        reading += f", or both to about {other_n:.4g} samples" * (name == "BIC" and 0.005 < abs(other_n / n - 1) < 0.5)
        if (wider := set(whole(1.5 * count - 0.5 * count[::-1]))) & (allowed or wider):
            reading = f"a last digit was cut off instead of rounded; or {reading}"
    text = f"The {pair} imply {written(count)} parameters{f', not {_listed(allowed)}' * bool(allowed)}."
    return Check("number of parameters", IMPOSSIBLE, text, reading)


def _icl(icl, bic, n=None, K=None, log_likelihood=None, aic=None):
    """Check that the ICL is the BIC plus at most 2 n log K: twice the entropy of the posteriors."""
    most = 2 * n * math.log(K) if n and K else 1e300
    counts = parameter_counts(n, log_likelihood, bic, aic).values()
    signs = {signs[0] for each in counts for signs, count in each.items() if whole(count)} or (1, -1)
    right, opposite = (any(meets(times(x - bic[::-1], [s]), (0, most)) for s in signs) for x in (icl, -icl[::-1]))
    bound = f"of at most {most:.5g}" if n and K else "that is not negative"
    text = f"The ICL is the BIC plus a penalty {bound}; the printed ones differ by {written(icl - bic[::-1])}."
    text += " They agree if only one has the opposite sign." * (opposite and not right)
    yield Check("ICL", CONSISTENT if right else UNKNOWN if opposite else IMPOSSIBLE, text)


def _sizes(fit, n, sizes, weights=None):
    """Check sizes: the largest posterior of a sample is at least 1 / K, and any other at most 1 / 2.

    The weights are mean posteriors of the step before. Those of two steps differ by at most sqrt(`GAIN` / 2) on average
    (Pinsker's inequality), because their mean divergence is at most the gain.
    """
    if all(size == int(size) for size in fit.sizes):  # counts are not rounded
        sizes = np.array([sizes.mean(axis=0)] * 2)
    right, (low, high), slack = meets(sizes.sum(axis=1), (n, n)), sizes / n, math.sqrt(GAIN / 2)
    yield _check("sizes", right, f"The sizes sum to {sum(fit.sizes)}, and there are {n} samples.")
    if weights is not None and right:
        bounds = np.array([low / len(low) - slack, (1 + high) / 2 + slack])
        suits = meets(weights, bounds)
        k = int(suits.argmin())
        text = f"With {fit.sizes[k]} of {n} samples a weight is {written(bounds[:, k])}; here it is {fit.weights[k]}."
        yield _check("sizes and weights", suits.all(), text, "they are in different orders")


def _spread(covariances, moments, standard_deviations=None):
    """Check that covariances are symmetric and positive definite, and deviations the roots of variances."""
    symmetric = meets(moments, moments.swapaxes(-1, -2)).all()
    right = symmetric and np.isfinite(_log_determinants(moments)[1]).all()
    text = f"The covariances are {'not ' * (not right)}symmetric and positive definite within the rounding."
    yield _check("covariances", right, text)
    if standard_deviations is not None:
        variances = np.einsum(DIAGONAL, moments)
        right = meets(standard_deviations**2, variances).all()
        text = f"The standard deviations are {'not ' * (not right)}the roots of the variances."
        reading = "they are variances" * bool(meets(standard_deviations, variances).all())
        yield _check("standard deviations", right, text, reading)


def _moments(fit, D, weights, means, moments=None, sample_mean=None, sample=None, n=None):
    """Check the mean and the covariance of the mixture.

    sum_k w_k m_k = m and sum_k w_k (S_k + (m_k - m)(m_k - m)^T) = S, with the divisor n or n - 1. All of S holds with
    full and tied covariances, its diagonal with diag, its trace with spherical.
    """
    origin = means.mean(axis=(0, 1))  # any will do, as the weights sum to 1: here their rounding matters least
    means, center = means - origin, None if sample_mean is None else sample_mean - origin
    if center is not None:
        yield _same("mean", weights, means, [center], {}, origin)
    part = PARTS.get(fit.model) if D > 1 else DIAGONAL
    if moments is None or sample is None or part is None:
        return
    apart = means - (mean(weights, means) if center is None else center)[::-1, None]
    between = times(apart[..., :, None], apart[..., None, :]).clip(np.where(np.eye(D), 0, -np.inf))  # squares
    slip, other = "the standard deviations are variances", moments.clip(0) ** 0.5
    if fit.covariances:
        slip, other = "the variances are standard deviations", moments.clip(0) ** 2
    values, other, sample = (np.einsum(part, each) for each in (moments + between, other + between, sample[:, 0]))
    samples = [sample, times(sample, [1 - 1 / n] if n else [0.5, 1])]
    yield _same("covariance", weights, values, samples, {slip: other})


def _same(name, weights, values, samples, others, origin=0.0) -> Check:
    """Check whether the weighted mean of the components' values is one of the samples' values."""

    def suits(weights, values):
        return any(meets(mean(weights, values), sample).all() for sample in samples)

    if suits(weights, values):
        return Check(name, CONSISTENT, f"The {name} of the mixture is that of the samples, within the rounding.")
    found, sample, K = mean(weights, values), samples[0], weights.shape[1]
    at = (slice(None), *np.argwhere(~meets(found, sample))[0])
    entry = f"entry {', '.join(str(i + 1) for i in at[1:])}" if at[1:] else "trace"
    ends = [written((each + origin)[at]) for each in (found, sample)]
    text = f"The {name} ({entry}) is {ends[0]} in the mixture, and {ends[1]} in the samples."
    readings = [reading for reading, other in others.items() if suits(weights, other)]
    orders = permutations(range(K)) if K <= 2 * FEW else ()
    readings += ["the weights are in another order"] * any(suits(weights[:, order], values) for order in orders)
    return Check(name, IMPOSSIBLE, text, " or ".join(readings))


def _likelihood(fit, n, D, log_likelihood, weights=None, moments=None, sample=None):
    """Check the log-likelihood L against the parameters, and against that of one Gaussian.

    EM ends with A - n H <= L <= A + n gain. H is the entropy of the weights, and A = -n/2 sum_k w_k (D log 2 pi +
    log det S_k + D). docs/printed.md says why, and why a fit may be less likely than one Gaussian.
    """
    diagonal = D == 1 or (fit.model or "___")[2] == "I"

    def complete(weights, moments):
        volumes = _log_determinants(moments, diagonal)
        origin = volumes.mean() if np.isfinite(volumes).all() else 0.0  # as in `_moments`
        return -n / 2 * (mean(weights, volumes - origin) + origin + D * math.log(2 * math.pi * math.e))[::-1]

    if weights is not None and moments is not None and (diagonal or not np.isnan(moments).any()):
        likeliest = np.clip(1 / math.e, *weights.clip(0))
        entropy = -(likeliest * np.log(likeliest.clip(1e-300))).sum()
        bounds = complete(weights, moments) + np.array([-n * entropy, n * GAIN])
        if np.isfinite(bounds).all():
            text = f"With these parameters EM ends at a log-likelihood of {written(bounds)}"
            yield _check("log-likelihood", meets(log_likelihood, bounds), f"{text}; {fit.log_likelihood} is printed.")
        else:
            text = "The covariances are too coarsely rounded to bound the log-likelihood."
            yield Check("log-likelihood", UNKNOWN, text)
    if sample is not None:
        other_divisor = n * D / 2 * math.log(max(n, 2) / max(n - 1, 1))
        low, high = one = complete(np.ones((2, 1)), sample) + np.array([0, other_divisor])
        text = f"One Gaussian with these moments of the samples has a log-likelihood of {written(one)}."
        if log_likelihood[1] < low:
            yield Check("one Gaussian", UNKNOWN, f"{text} It is likelier, but EM can end below it, at a poor maximum.")
        elif np.isfinite(high - low):
            yield Check("one Gaussian", CONSISTENT, f"{text} The fit is no less likely.")


def _log_determinants(moments, diagonal=False):
    """Bound them by eigenvalues: those of the correlations (Weyl's inequality) times variances, or the variances."""
    values = np.einsum(DIAGONAL, moments)
    if not diagonal and not np.isnan(moments).any():
        scale = np.where(values.mean(axis=0) > 0, values.mean(axis=0), 1.0)
        low, high = moments / np.sqrt(scale[..., :, None] * scale[..., None, :])
        middle = np.linalg.eigvalsh((low + high + (low + high).swapaxes(-1, -2)) / 4)
        size = np.linalg.norm(high - low, axis=(-1, -2))[..., None] / 2
        values = np.array([middle - size, middle + size]) * scale
    with np.errstate(divide="ignore"):  # of what is rounded to 0
        return np.log(values.clip(0)).sum(axis=-1)


def _samples(fit, X, K, D, weights, means, covariances, sample_mean=None, log_likelihood=None):
    """Check the log-likelihood of the samples, and that one more step of EM would not gain more than `GAIN` per sample.

    The rounding of each parameter changes the log-likelihood; the sum of these changes is allowed.
    """
    n, kind = len(X), next((name for name, model in MODELS.items() if model == fit.model), None)
    shapes = [(K,), (K, D), COVARIANCE_TYPES[kind].shape(K, D)] if kind else []
    if not kind or covariances[0].size != np.prod(shapes[2]):
        return
    ends = np.concatenate([each.reshape(2, -1) for each in (weights, means, covariances)], axis=1)
    middle, change = ends.mean(axis=0), np.diag(TWICE / 2 * np.ptp(ends, axis=0))

    def expected(values):
        """Take the E-step from parameters in one row: statistics, and the log-likelihood."""
        w, m, S = (part.reshape(shape) for part, shape in zip(np.split(values, [K, K + K * D]), shapes, strict=True))
        S = S if COVARIANCE_TYPES[kind].diagonal else 0.5 * (S + S.swapaxes(-1, -2))
        return expectation(X, MixtureParameters.checked(w / w.sum(), m, S, kind))

    if sample_mean is not None and not meets(sample_mean, [X.mean(axis=0)] * 2).all():
        yield Check("mean of data", IMPOSSIBLE, "The mean of the samples is not the printed sample mean.")
    if middle.size * X.size > LARGEST:
        text = "There are too many samples to compute what the rounding of each parameter does."
        yield Check("EM step", UNKNOWN, text)
        return
    try:
        statistics, L = expected(middle)
        changes = [expected(values)[1] - L for values in (*(middle + change), *(middle - change))]
        slack = abs(np.reshape(changes, (2, -1))).max(axis=0).sum()
        coarse = slack > COARSE * n
        if log_likelihood is not None:
            right, early = (meets(log_likelihood, (L - slack - lost, L + slack)) for lost in (0, GAIN * n))
            outcome = UNKNOWN if coarse else CONSISTENT if right else UNKNOWN if early else IMPOSSIBLE
            text = f"With the printed parameters the samples have a log-likelihood of {L:.6g}, give or take {slack:.2g}"
            reading = "it is the mean per sample" * bool(meets(log_likelihood * n, (L - slack, L + slack)))
            yield Check("log-likelihood of data", outcome, f"{text}; {fit.log_likelihood} is printed.", reading)
        gain = expectation(X, maximization(statistics))[1] - L
    except ValueError as error:  # a component that collapses, too
        yield Check("EM step", UNKNOWN, f"The printed parameters cannot be used: {error}.")
        return
    outcome = UNKNOWN if coarse else CONSISTENT if gain <= GAIN * n + slack else IMPOSSIBLE
    text = f"One more step of EM gains {gain / n:.2g} nats per sample; rounding changes it by up to {slack / n:.2g}."
    yield Check("EM step", outcome, text)
