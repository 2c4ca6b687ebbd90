"""Checks of printed numbers against identities that every fit by EM fulfils. Each number stands for its interval."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np

from em_study.intervals import MOST, Interval
from em_study.printed.settings import DEPARTURES, FAMILIES, UNBROKEN, PrintedFit

CONSISTENT, IMPOSSIBLE, UNKNOWN = "consistent", "impossible", "undecided"
GAIN = 1e-3  # nats per sample: the largest gain of the last step after which EM has stopped
FEW = 3  # whole numbers, up to which they say something
LOG_2_PI_E = math.log(2 * math.pi * math.e)
# The part of the sample covariance that the mixture has after every M-step, by the structure of the covariances
PARTS = {"VVV": "matrix", "EEE": "matrix", "VVI": "diagonal", "EEI": "diagonal", "VII": "trace", "EII": "trace"}


@dataclass(frozen=True)
class Check:
    """The outcome of one check, the sentence that says why, and a possible explanation."""

    name: str
    outcome: str
    text: str
    reading: str = ""


def all_checks(fit: PrintedFit) -> list[Check]:
    """Make every check for which the numbers are printed."""
    makers = (_weights, _parameters, _icl, _sizes, _spread, _moments, _likelihood)
    return [unless_broken(check, fit) for make in makers for check in make(fit)]


def unless_broken(check: Check, fit: PrintedFit) -> Check:
    """Weaken an impossible check that a departure from plain EM breaks."""
    found = [DEPARTURES[name] for name in fit.departures or () if name not in UNBROKEN.get(check.name, ())]
    if check.outcome != IMPOSSIBLE or not found:
        return check
    return replace(check, outcome=UNKNOWN, text=f"{check.text} With {' and '.join(found)} this need not hold.")


def _weights(fit) -> Iterator[Check]:
    if fit.weights is not None:
        weights, total = Interval.of(fit.weights), Interval.of(fit.weights).total()
        right, text = total.meets(1.0), f"The sum of the weights is {_ends(total)}"
        reading = "they are percentages" if total.meets(100.0) else ""
        yield Check("weights", CONSISTENT if right else IMPOSSIBLE, f"{text}{'' if right else ', not 1'}.", reading)
        for k in np.flatnonzero(weights.high < 0):
            yield Check("weights", IMPOSSIBLE, f"Weight {k + 1} is negative: {fit.weights[k]}.")


def covariance_parameters(K: int, D: int) -> dict[str, int]:
    """Count the free parameters of the covariances of mclust's 14 models (Scrucca et al., 2016, table 3)."""
    times, turns = {"I": 0, "E": 1, "V": K}, D * (D - 1) // 2
    return {name: times[name[0]] + times[name[1]] * (D - 1) + times[name[2]] * turns for name in FAMILIES}


def parameter_counts(fit: PrintedFit) -> dict[str, dict[tuple[int, int], Interval]]:
    """Return the numbers of parameters p that pairs of printed numbers imply, by the signs of BIC and AIC.

    BIC = p log n - 2 L and AIC = 2 p - 2 L; with a sign of -1 the negatives are printed.
    """
    penalties, L, found = {"BIC": math.log(fit.n_samples or 1), "AIC": 2.0}, _of(fit, "log_likelihood"), {}
    for signs in product((1, -1), repeat=2):
        given = {name: _of(fit, name) * sign for name, sign in zip(penalties, signs, strict=True) if _of(fit, name)}
        for name, value in given.items() if L else ():
            if penalties[name]:
                found.setdefault(f"{name} and the log-likelihood", {})[signs] = (value + L * 2) * (1 / penalties[name])
        if len(given) == 2 and penalties["BIC"]:
            count = (given["BIC"] - given["AIC"]) * (1 / (penalties["BIC"] - 2))
            found.setdefault("BIC and the AIC", {})[signs] = count
    return found


def _parameters(fit) -> Iterator[Check]:
    pairs, name, printed, common = parameter_counts(fit), "number of parameters", fit.n_parameters, set()
    every = {pair: sorted({p for count in counts.values() for p in count.whole()}) for pair, counts in pairs.items()}
    for pair, numbers in every.items():
        if numbers:
            outcome = CONSISTENT if len(numbers) <= FEW else UNKNOWN
            yield Check(name, outcome, f"By the {pair} there are {_listed(numbers)} parameters.")
        else:
            yield Check(name, IMPOSSIBLE, *_no_whole_number(fit, pair, pairs[pair]))
    for signs in product((1, -1), repeat=2):
        counts = [counts[signs] for counts in pairs.values()] + [Interval(printed, printed)] * bool(printed)
        if counts:
            common |= {*Interval(max(each.low for each in counts), min(each.high for each in counts)).whole()}
    if pairs and all(every.values()) and not common:
        said = [f"{_listed(numbers)} by the {pair}" for pair, numbers in every.items()]
        said += [f"{printed} as printed"] * bool(printed)
        yield Check(name, IMPOSSIBLE, f"The numbers of parameters differ: {', '.join(said)}.")
    numbers = sorted(common) or next(filter(None, every.values()), [])
    if 0 < len(numbers) < MOST and fit.components and fit.features:
        yield _family(fit, numbers)


def _no_whole_number(fit, pair, counts) -> tuple[str, str]:
    """Say what a pair of numbers implies, and the nearest numbers that would agree."""
    known = _expected(fit) or fit.n_parameters
    signs, count = min(counts.items(), key=lambda each: (each[1].high < 0, abs(each[1].middle - (known or 0))))
    text, p = f"The {pair} imply {_ends(count)} parameters.", known or max(1, round(float(count.middle)))
    if "log-likelihood" not in pair:
        return text, ""
    name, L = pair[:3], float(fit.log_likelihood)
    sign, penalty = (signs[0], math.log(fit.n_samples)) if name == "BIC" else (signs[1], 2.0)
    least, printed = sign * float(_of(fit, name).middle), getattr(fit, name.lower())
    places = [min(max(0, -number.as_tuple().exponent), 30) for number in (fit.log_likelihood, printed)]
    reading = f"{p} parameters belong to a log-likelihood of {(p * penalty - least) / 2:.{places[0]}f} with this {name}"
    reading += f", or to {name} {sign * (p * penalty - 2 * L):.{places[1]}f} with this log-likelihood"
    if Interval(count.low - count.half, count.high + count.half).whole():
        reading = f"a last digit was cut off instead of rounded; or {reading}"
    n = math.exp(min(50, (2 * L + least) / p)) if name == "BIC" else 0
    reading += f", or both to about {n:.4g} samples" * (0.005 < abs(n / (fit.n_samples or 1) - 1) < 0.5)
    return text, reading


def _expected(fit) -> int | None:
    K, D = fit.components, fit.features
    return K - 1 + K * D + covariance_parameters(K, D)[fit.model] if K and D and fit.model else None


def _family(fit, numbers) -> Check:
    K, D, expected = fit.components, fit.features, _expected(fit)
    others, counts, said = K - 1 + K * D, covariance_parameters(K, D), f"{_listed(numbers)} parameters"
    families = [name for name, count in counts.items() if others + count in numbers]
    model = f"{K} components of {D} features" + f" with {fit.covariance_type} covariances" * bool(expected)
    if expected in numbers or (families and not expected):
        kinds = f", covariances {', '.join(families)}" * (not expected)
        return Check("covariance family", CONSISTENT, f"{said} suit {model}{kinds}.")
    entries = f"all {D * D} entries of each symmetric {D} x {D} matrix were counted"
    ways = {entries: others + (1 if fit.model == "EEE" else K) * D * D}
    if expected:
        ways |= {f"the covariances are {name}": others + counts[name] for name in families}
        ways |= {"one too many was counted": expected + 1, "one too few was counted": expected - 1}
        ways |= {"the weights were not counted": expected - K + 1}
    reading, outcome = next((way for way, p in ways.items() if p in numbers), ""), IMPOSSIBLE if expected else UNKNOWN
    text = f"{model} have {expected} parameters" if expected else f"None of mclust's 14 models of {model} suits"
    return Check("covariance family", outcome, f"{text}; the numbers imply {said}.", reading)


def _icl(fit) -> Iterator[Check]:
    """Check that the ICL is the BIC plus at most 2 n log K: twice the entropy of the posteriors."""
    if fit.icl is None or fit.bic is None:
        return
    most = 2 * fit.n_samples * math.log(fit.components) if fit.n_samples and fit.components else np.inf
    icl, bic = _of(fit, "icl"), _of(fit, "bic")
    signs = {signs[0] for counts in parameter_counts(fit).values() for signs, count in counts.items() if count.whole()}
    right = any(((icl - bic) * sign).meets(Interval(0.0, most)) for sign in signs or (1, -1))
    opposite = any(((-icl - bic) * sign).meets(Interval(0.0, most)) for sign in signs or (1, -1))
    bound = f"of at most {most:.5g}" if math.isfinite(most) else "that is not negative"
    text = f"The ICL is the BIC plus a penalty {bound}; the printed ones differ by {_ends(icl - bic)}."
    text += " They agree if only one has the opposite sign." * (opposite and not right)
    yield Check("ICL", CONSISTENT if right else UNKNOWN if opposite else IMPOSSIBLE, text)


def _sizes(fit) -> Iterator[Check]:
    """Check sizes: the largest posterior of a sample is at least 1 / K, and any other at most 1 / 2.

    The weights are mean posteriors of the step before. Those of two steps differ by at most sqrt(`GAIN` / 2) on average
    (Pinsker's inequality), because their mean divergence is at most the gain.
    """
    n, sizes = fit.n_samples, fit.sizes
    if None in (n, sizes):
        return
    shares = Interval.of(sizes) * (1 / n)
    if all(size == int(size) for size in sizes):
        shares = Interval(shares.middle, shares.middle)
    total = shares.total() * n
    text = f"The sizes sum to {_ends(total)}, and there are {n} samples."
    yield Check("sizes", CONSISTENT if total.meets(n) else IMPOSSIBLE, text)
    if fit.weights is not None and total.meets(n):
        slack = math.sqrt(GAIN / 2)
        bounds = Interval(shares.low / len(sizes) - slack, (1 + shares.high) / 2 + slack)
        wrong = ~_of(fit, "weights").meets(bounds)
        k, outcome = int(wrong.argmax()), IMPOSSIBLE if wrong.any() else CONSISTENT
        text = f"With {sizes[k]} of {n} samples a weight is {_ends(bounds[k])}; here it is {fit.weights[k]}."
        yield Check("sizes and weights", outcome, text, "they are in different orders" if wrong.any() else "")


def second_moments(fit) -> Interval | None:
    """Return covariance matrices (K, D, D), or variances (K, D) by the covariances or else by the deviations."""
    K, D, moments = fit.components, fit.features, _of(fit, "covariances")
    matrix = moments and (moments.low.ndim == 3 or (fit.model == "EEE" and D != 1))
    if moments is None and (deviations := _of(fit, "standard_deviations")):
        moments = deviations.positive() * deviations.positive()
    if not (K and D and moments):
        return None
    return moments.each(lambda end: np.broadcast_to(end, (K, D, D) if matrix else (K, D)))


def _part(moments, part) -> Interval:
    """Take the part of matrices (K, D, D) or variances (K, D) to which an identity applies."""
    if part != "matrix" and moments.low.ndim == 3:
        moments = moments.each(lambda end: end.diagonal(axis1=1, axis2=2))
    return moments.each(lambda end: end.sum(axis=1, keepdims=True)) if part == "trace" else moments


def _spread(fit) -> Iterator[Check]:
    """Check that covariances are symmetric and positive definite, and deviations the roots of variances."""
    moments, deviations = second_moments(fit), _of(fit, "standard_deviations")
    if fit.covariances is None or moments is None:
        return
    symmetric = moments.low.ndim == 2 or moments.meets(moments.each(lambda end: end.swapaxes(1, 2))).all()
    right = symmetric and (_eigenvalues(moments).high > 0).all()
    text = f"The covariances are {'not ' * (not right)}symmetric and positive definite within the rounding."
    yield Check("covariances", CONSISTENT if right else IMPOSSIBLE, text)
    if deviations:
        deviations, variances = deviations.positive(), _part(moments, "diagonal")
        right = (deviations * deviations).meets(variances).all()
        text = f"The standard deviations are {'not ' * (not right)}the roots of the variances."
        reading = "they are variances" if not right and deviations.meets(variances).all() else ""
        yield Check("standard deviations", CONSISTENT if right else IMPOSSIBLE, text, reading)


def _moments(fit) -> Iterator[Check]:
    """Check the mean and the covariance of the mixture.

    sum_k w_k m_k = m and sum_k w_k (S_k + (m_k - m)(m_k - m)^T) = S, with the divisor n. All of S holds with full and
    tied covariances, its diagonal with diag, its trace with spherical. As the weights sum to 1, any origin will do:
    near the means their rounding matters least.
    """
    weights, means, center = _of(fit, "weights"), _of(fit, "means"), _of(fit, "sample_mean")
    if not (weights and means):
        return
    origin = means.middle.mean(axis=0)
    means = means - origin
    if center:
        yield _identity("mean", weights, means, [center - origin], {}, origin)
    center = center - origin if center else (weights[:, None] * means).total()
    moments, sample = second_moments(fit), _sample(fit)
    part = PARTS.get(fit.model) if fit.features > 1 else "diagonal"
    if not (sample and moments and part):
        return
    part = "diagonal" if part == "matrix" and 2 in (sample.low.ndim, moments.low.ndim) else part
    between = (means - center)[:, :, None] * (means - center)[:, None, :]
    for d in range(fit.features):
        between.low[:, d, d] = between.low[:, d, d].clip(0)  # a square
    between, inside, sample = _part(between, part), _part(moments, part), _part(sample, part)[0]
    others = {"the standard deviations are variances": moments.positive().each(np.sqrt)}
    if fit.covariances is not None:
        others = {"the variances are standard deviations": moments.positive() * moments.positive()}
    others = {reading: _part(each, part) + between for reading, each in others.items() if moments.low.ndim == 2}
    divisor = Interval(*[1 - 1 / fit.n_samples] * 2) if fit.n_samples else Interval(0.5, 1.0)  # n - 1
    yield _identity("covariance", weights, inside + between, [sample, sample * divisor], others)


def _identity(name, weights, values, samples, others, origin=0.0) -> Check:
    """Check whether the weighted sum of the components' values is one of the samples' values."""

    def total(w, values):
        return (w.positive().each(lambda end: end.reshape(-1, *[1] * (values.low.ndim - 1))) * values).total()

    def suits(w, values):
        return any(total(w, values).meets(sample).all() for sample in samples)

    if suits(weights, values):
        return Check(name, CONSISTENT, f"The {name} of the mixture is that of the samples, within the rounding.")
    found, sample = total(weights, values), samples[0]
    at = np.unravel_index(int((~found.meets(sample)).argmax()), found.low.shape)
    ends = _ends((found + origin)[at]), _ends((sample + origin)[at])
    place = ", ".join(str(i + 1) for i in at)
    text = f"The {name} (entry {place}) is {ends[0]} in the mixture, and {ends[1]} in the samples."
    readings = [reading for reading, other in others.items() if suits(weights, other)]
    orders = permutations(range(len(weights.low))) if len(weights.low) <= 2 * FEW else ()
    readings += ["the weights are in another order"] * any(suits(weights[list(order)], values) for order in orders)
    return Check(name, IMPOSSIBLE, text, " or ".join(readings))


def _sample(fit) -> Interval | None:
    """Return the covariance of the samples as that of one component: (1, D, D), or variances (1, D)."""
    sample = _of(fit, "sample_covariance")
    square = sample and sample.low.shape == (fit.features, fit.features)
    return sample and (sample[None] if square else sample.each(np.transpose))


def _likelihood(fit) -> Iterator[Check]:
    """Check the log-likelihood L against the parameters, and against that of one Gaussian.

    Let A = -n/2 sum_k w_k (D log 2 pi + log det S_k + D), and H the entropy of the weights. After an M-step from
    responsibilities r, the evidence bound is A - n H plus the entropy of r: sum_k tr(S_k^-1 scatter_k) = n D for every
    structure that contains its multiples. That entropy is between 0 and n H, and L exceeds the bound by the divergence
    of r from the new posteriors, which is at most what the step gained: A - n H <= L <= A + n gain.

    A fit may be less likely than one Gaussian: 400 samples at -1, 400 at 1, one at -13.8 and one at 13.8 have a maximum
    with two components that is 0.04 nats per sample below.
    """
    n, moments, sample = fit.n_samples, second_moments(fit), _sample(fit)
    if None in (n, fit.features, fit.log_likelihood):
        return
    L, diagonal = _of(fit, "log_likelihood"), fit.features == 1 or (fit.model or "___")[2] == "I"
    if fit.weights is not None and moments and (diagonal or moments.low.ndim == 3):
        weights = _of(fit, "weights").positive()
        A, likeliest = _complete(n, weights, moments, diagonal), np.clip(1 / math.e, weights.low, weights.high)
        bounds = Interval(A.low + n * (likeliest * np.log(np.maximum(likeliest, 1e-300))).sum(), A.high + n * GAIN)
        outcome = CONSISTENT if L.meets(bounds) else IMPOSSIBLE
        text = f"With these parameters EM ends at a log-likelihood of {_ends(bounds)}; {fit.log_likelihood} is printed."
        if not np.isfinite(bounds.half):
            outcome, text = UNKNOWN, "The covariances are too coarsely rounded to bound the log-likelihood."
        yield Check("log-likelihood", outcome, text)
    if sample:
        divisor = Interval(0.0, -n / 2 * fit.features * math.log1p(-1 / max(n, 2)))  # n or n - 1
        one = _complete(n, Interval(np.ones(1), np.ones(1)), sample, diagonal) + divisor
        text = f"One Gaussian with these moments of the samples has a log-likelihood of {_ends(one)}."
        if L.high < one.low:
            yield Check("one Gaussian", UNKNOWN, f"{text} It is likelier, but EM can end below it, at a poor maximum.")
        elif np.isfinite(one.half):
            yield Check("one Gaussian", CONSISTENT, f"{text} The fit is no less likely.")


def _complete(n, weights, moments, diagonal) -> Interval:
    """Bound A by the logarithms of the eigenvalues."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of variances that are rounded to 0
        values = _eigenvalues(_part(moments, "diagonal") if diagonal else moments).positive()
        volumes, D = values.each(np.log).each(np.transpose).total(), values.low.shape[1]
        origin = volumes.middle.mean() if np.isfinite(volumes.middle).all() else 0.0  # as in `_moments`
        return ((weights * (volumes - origin)).total() + origin + D * LOG_2_PI_E) * (-n / 2)


def _eigenvalues(moments) -> Interval:
    """Bound numbers whose product is the determinant of a symmetric matrix; variances are such numbers.

    They are the eigenvalues of the correlation matrix (Weyl's inequality for the rounding) times the variances.
    """
    if moments.low.ndim == 2:
        return moments
    scale = moments.middle.diagonal(axis1=1, axis2=2)
    scale = np.where(scale > 0, scale, 1.0)
    moments = moments * (scale[:, :, None] * scale[:, None, :]) ** -0.5
    values = np.linalg.eigvalsh(0.5 * (moments.middle + moments.middle.swapaxes(1, 2)))
    size = np.linalg.norm(moments.half, axis=(1, 2))[:, None]
    return Interval(values - size, values + size) * scale


def _of(fit, name) -> Interval | None:
    value = getattr(fit, name.lower())
    return None if value is None else Interval.of(value)


def _ends(interval) -> str:
    """Write an interval with the digits that its ends have in common, and two more."""
    low, high = float(interval.low), float(interval.high)
    width = (high - low) / max(abs(low), abs(high), 1e-300)
    digits = min(12, max(4, 2 - math.floor(math.log10(width)))) if 0 < width < np.inf else 6
    first, last = f"{low:.{digits}g}", f"{high:.{digits}g}"
    return first if first == last else f"{first} to {last}"


def _listed(numbers) -> str:
    last = numbers[-1] if len(numbers) < MOST else "many more"
    return " or ".join(map(str, numbers)) if len(numbers) <= FEW else f"{numbers[0]} to {last}"
