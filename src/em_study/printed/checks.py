"""Checks of printed numbers against identities that every fit by EM fulfils.

After an M-step the mean of the mixture is the sample mean, and its covariance is the sample covariance; the criteria are
the log-likelihood plus a known penalty. Each printed number stands for the interval of what rounds to it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from em_study.printed.intervals import Interval
from em_study.printed.settings import DEPARTURES, PrintedFit

CONSISTENT, IMPOSSIBLE, UNKNOWN = "consistent", "impossible", "cannot be told"
CRITERIA = {1: "the lower, the better", -1: "the higher, the better"}  # sign conventions
TOL = 1e-3  # nats per sample: the largest change at which EM is taken to have stopped
MANY = 3  # whole numbers beyond which an interval says nothing
LOG_2_PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Check:
    """The outcome of one check, the sentence that says why, and the nearest reading that would be consistent."""

    name: str
    outcome: str
    text: str
    reading: str = ""


def all_checks(fit: PrintedFit) -> list[Check]:
    """Make every check for which the numbers are printed."""
    return [check for make in CHECKS for check in make(fit)]


def covariance_parameters(K: int, D: int) -> dict[str, int]:
    """Number of free parameters of the covariances, by the 14 models of mclust (Scrucca et al., 2016)."""
    pairs, shapes = D * (D - 1) // 2, D - 1
    found = {"EII": 1, "VII": K}
    for name, orientations in (("I", 0), ("E", pairs), ("V", K * pairs)):
        for volume, n_volumes in (("E", 1), ("V", K)):
            for shape, n_shapes in (("E", shapes), ("V", K * shapes)):
                found[volume + shape + name] = n_volumes + n_shapes + orientations
    return found


MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}


def _weights(fit) -> Iterator[Check]:
    if fit.weights is None:
        return
    weights = Interval.of(fit.weights)
    total = weights.total()
    if (weights.high < 0).any() or (weights.low > 1).any():
        yield Check("weights", IMPOSSIBLE, "A weight is not between 0 and 1.")
    elif "trimming" in fit.departures:
        yield Check("weights", UNKNOWN, "The weights need not sum to 1, for there are trimmed samples.")
    elif total.meets(Interval.exact(1.0)):
        yield Check("weights", CONSISTENT, f"The weights sum to 1 within their rounding ({_ends(total)}).")
    else:
        reading = "as percentages they sum to 100" if total.meets(Interval.exact(100.0)) else ""
        yield Check("weights", IMPOSSIBLE, f"The weights sum to {_ends(total)}, and not to 1.", reading)


def parameter_counts(fit: PrintedFit) -> dict[str, dict[int, Interval]]:
    """Return the number of parameters that pairs of printed numbers imply, by sign convention of the criteria."""
    given = {name: Interval.of(value) for name in ("log_likelihood", "bic", "aic") if (value := getattr(fit, name)) is not None}
    log_n, found = math.log(fit.n_samples) if fit.n_samples else 0.0, {}
    twice = given["log_likelihood"] + given["log_likelihood"] if "log_likelihood" in given else None
    signed = {name: {1: value, -1: -value} for name, value in given.items()}
    if twice and "bic" in given and log_n:
        found["the BIC and the log-likelihood"] = {s: (twice + signed["bic"][s]) / log_n for s in CRITERIA}
    if twice and "aic" in given:
        found["the AIC and the log-likelihood"] = {s: (twice + signed["aic"][s]) / 2 for s in CRITERIA}
    if "bic" in given and "aic" in given and fit.n_samples:
        found["the BIC and the AIC"] = {s: (signed["bic"][s] - signed["aic"][s]) / (log_n - 2) for s in CRITERIA}
    return found


def _number_of_parameters(fit) -> Iterator[Check]:
    left = None  # (sign, number) that all pairs allow
    for names, by_sign in parameter_counts(fit).items():
        allowed = {(s, p) for s, count in by_sign.items() for p in _whole(count)}
        of = f"By {names} there are"
        if not allowed:
            yield Check("number of parameters", IMPOSSIBLE, *_no_whole_number(fit, names, by_sign))
            continue
        numbers = sorted({p for _, p in allowed})
        what = f"{_listed(numbers)} parameters" if len(numbers) <= MANY else f"{numbers[0]} to {numbers[-1]} parameters"
        if left is not None and not left & allowed:
            text = f"{of} {what}, and by other printed numbers {_listed(sorted({p for _, p in left}))}."
            yield Check("number of parameters", IMPOSSIBLE, text)
        else:
            yield Check("number of parameters", CONSISTENT if len(numbers) == 1 else UNKNOWN, f"{of} {what}.")
        left = allowed if left is None else left & allowed
    numbers = sorted({p for _, p in left or ()})
    if fit.n_parameters is not None and numbers and fit.n_parameters not in numbers:
        text = f"{fit.n_parameters} parameters are printed, and the criteria were computed with {_few(numbers)}."
        yield Check("number of parameters", IMPOSSIBLE, text)
    numbers = numbers or ([fit.n_parameters] if fit.n_parameters else [])
    if numbers and fit.components and fit.features:
        yield _family(fit, numbers)


def _whole(count: Interval) -> list[int]:
    found = [p for p in count.whole()[:1000] if p >= 1]
    return found


def _no_whole_number(fit, names, by_sign) -> tuple[str, str]:
    """Say what the numbers imply, and the nearest numbers that would agree."""
    likely = {s: count for s, count in by_sign.items() if count.high > 0} or by_sign
    known = _expected(fit) or fit.n_parameters
    sign, count = min(likely.items(), key=lambda each: abs(each[1].middle - (known or round(float(each[1].middle)))))
    nearest = known or max(1, round(float(count.middle)))
    text = f"{names[0].upper()}{names[1:]} imply {_ends(count)} parameters, which is no whole number."
    readings = []
    if "log-likelihood" in names:
        name, factor = ("bic", math.log(fit.n_samples)) if "BIC" in names else ("aic", 2.0)
        criterion, likelihood = float(getattr(fit, name)), float(fit.log_likelihood)
        readings.append(
            f"{nearest} parameters belong to a log-likelihood of {(nearest * factor - sign * criterion) / 2:.2f} with this "
            f"{name.upper()}, or to a {name.upper()} of {sign * (nearest * factor - 2 * likelihood):.2f} with this log-likelihood"
        )
        other = Interval.of(fit.log_likelihood)
        swapped = {s: (-(other + other) + (Interval.of(getattr(fit, name)) if s > 0 else -Interval.of(getattr(fit, name)))) / factor for s in CRITERIA}
        if any(_whole(each) for each in swapped.values()):
            readings.append("with the opposite sign of the log-likelihood the number would be whole")
        if name == "bic":
            n = math.exp((2 * likelihood + sign * criterion) / nearest)
            if 1 < n < 10**9 and abs(n / fit.n_samples - 1) < 0.5:
                readings.append(f"{nearest} parameters belong to about {n:,.4g} samples with these two numbers")
    return text, "; ".join(readings)


def _expected(fit) -> int | None:
    """Number of parameters of the printed model, if it is known."""
    if not (fit.components and fit.features and fit.covariance_type):
        return None
    K, D = fit.components, fit.features
    return K - 1 + K * D + covariance_parameters(K, D)[MODELS[fit.covariance_type]]


def _family(fit, numbers) -> Check:
    K, D, expected = fit.components, fit.features, _expected(fit)
    others = K - 1 + K * D
    model = f"{K} components of {D} feature{'s' if D > 1 else ''}"
    families = [name for name, count in covariance_parameters(K, D).items() if others + count in numbers]
    ways = {
        f"all {D * D} entries of each symmetric matrix were counted": others + K * D * D,
        "the weights were not counted": (expected or 0) - (K - 1),
        f"all {K} weights were counted, though they sum to 1": (expected or 0) + 1,
        "the means were not counted": (expected or 0) - K * D,
        "one parameter more was counted (a noise component, or the weights' sum)": (expected or 0) + 1,
        "one parameter fewer was counted": (expected or 0) - 1,
    }
    reading = next((way for way, count in ways.items() if count in numbers and count != expected), "")
    if expected is None:
        if families:
            return Check("covariance family", CONSISTENT, f"{_few(numbers)} parameters suit {model}, covariances {', '.join(families)}.")
        text = f"{_few(numbers)} parameters suit none of mclust's 14 models of {model}."
        return Check("covariance family", UNKNOWN, text, reading)
    if expected in numbers:
        return Check("covariance family", CONSISTENT, f"{model} with {fit.covariance_type} covariances have {expected} parameters.")
    text = f"{model} with {fit.covariance_type} covariances have {expected} parameters, and the numbers imply {_few(numbers)}."
    reading = reading or (f"the covariances are {' or '.join(families)}" if families else "")
    return Check("covariance family", IMPOSSIBLE, text, reading)


def _icl(fit) -> Iterator[Check]:
    if fit.icl is None or fit.bic is None:
        return
    difference = Interval.of(fit.icl) - Interval.of(fit.bic)
    most = 2 * fit.n_samples * math.log(fit.components) if fit.n_samples and fit.components else np.inf
    signs = {s for by_sign in parameter_counts(fit).values() for s, count in by_sign.items() if _whole(count)} or {*CRITERIA}
    possible = [s for s in signs if difference.meets(Interval(*sorted((0.0, s * most))))]
    bound = "" if most == np.inf else f", by at most {most:.5g}"
    rule = f"The ICL is worse than the BIC{bound}"
    if possible:
        yield Check("ICL", CONSISTENT, f"{rule}; the printed ones differ by {_ends(difference)}.")
    else:
        reading = "the signs of the two are of different conventions" if difference.meets(Interval(-most, most)) else ""
        yield Check("ICL", IMPOSSIBLE, f"{rule}; here it is {_ends(difference)} above.", reading)


def _sizes(fit) -> Iterator[Check]:
    if fit.sizes is None:
        return
    sizes = Interval.of(fit.sizes)
    if all(size == int(size) for size in fit.sizes):
        sizes = Interval.exact(sizes.middle)
    total = sizes.total()
    if fit.n_samples and not total.meets(Interval.exact(fit.n_samples)):
        outcome = UNKNOWN if "trimming" in fit.departures else IMPOSSIBLE
        yield Check("sizes", outcome, f"The sizes sum to {_ends(total)}, and there are {fit.n_samples} samples.")
    elif fit.n_samples:
        yield Check("sizes", CONSISTENT, f"The sizes sum to the {fit.n_samples} samples.")
    if fit.n_samples and fit.weights is not None and not {"weights", "trimming"} & {*fit.departures}:
        weights, K = Interval.of(fit.weights) * Interval.exact(fit.n_samples), len(fit.weights)
        # A sample's largest posterior is at least 1 / K, and any other at most 1 / 2.
        bounds = Interval(sizes.low / K, sizes.high + (fit.n_samples - sizes.low) / 2)
        wrong = np.flatnonzero(~weights.meets(bounds))
        if len(wrong):
            k = wrong[0]
            text = (
                f"Component {k + 1} has {_ends(sizes[k])} samples by their largest posterior; its weight is then "
                f"{_ends(bounds[k] / fit.n_samples)}, and {fit.weights[k]} is printed."
            )
            reading = "sizes and weights are in different orders" if (np.sort(fit.sizes) != np.asarray(fit.sizes)).any() else ""
            yield Check("sizes and weights", IMPOSSIBLE, text, reading)
        else:
            yield Check("sizes and weights", CONSISTENT, "The sizes are possible with the weights.")


def _deviations(fit) -> Iterator[Check]:
    variances = _variances(fit)
    if fit.standard_deviations is None or fit.covariances is None or variances is None:
        return
    deviations = Interval.of(fit.standard_deviations).positive()
    if deviations.squared().meets(variances).all():
        yield Check("standard deviations", CONSISTENT, "The standard deviations are the roots of the variances.")
    else:
        same = deviations.meets(variances).all()
        text = "The squares of the standard deviations are not the variances."
        yield Check("standard deviations", IMPOSSIBLE, text, "the standard deviations are the variances" if same else "")


def _matrices(fit) -> Interval | None:
    """Return the covariance matrices (K, D, D), if the covariances are printed as matrices."""
    if fit.covariances is None or not (fit.components and fit.features):
        return None
    given, K, D = Interval.of(fit.covariances), fit.components, fit.features
    if given.low.shape == (K, D, D):
        return given
    if given.low.shape == (D, D) and (fit.covariance_type == "tied" or (fit.covariance_type is None and K != D)):
        return Interval(*(np.broadcast_to(end, (K, D, D)) for end in (given.low, given.high)))
    return None


def _variances(fit) -> Interval | None:
    """Return the variances (K, D) by the covariances; None if they are not printed, or may be of two kinds."""
    matrices = _matrices(fit)
    if matrices is not None:
        return Interval(*(np.diagonal(end, axis1=1, axis2=2) for end in (matrices.low, matrices.high)))
    if fit.covariances is None or not (fit.components and fit.features):
        return None
    given = Interval.of(fit.covariances)
    K, D = fit.components, fit.features
    if given.low.ndim != 2 or given.low.shape[0] != K or (fit.covariance_type is None and K == D > 1):
        return None
    return Interval(*(np.broadcast_to(end, (K, D)) for end in (given.low, given.high)))


def _definite(fit) -> Iterator[Check]:
    matrices, variances = _matrices(fit), _variances(fit)
    if variances is not None and (variances.high <= 0).any():
        yield Check("covariances", IMPOSSIBLE, "A variance is not positive.")
    elif matrices is not None:
        least = np.linalg.eigvalsh(0.5 * (matrices.middle + matrices.middle.swapaxes(1, 2)))[:, 0]
        least = least + np.linalg.norm(matrices.half, axis=(1, 2))
        symmetric = matrices.meets(Interval(matrices.low.swapaxes(1, 2), matrices.high.swapaxes(1, 2))).all()
        if not symmetric:
            yield Check("covariances", IMPOSSIBLE, "A covariance matrix is not symmetric.")
        elif (least <= 0).any():
            text = f"The covariance matrix of component {int(least.argmin()) + 1} is not positive definite."
            yield Check("covariances", IMPOSSIBLE, text)
        else:
            yield Check("covariances", CONSISTENT, "The covariance matrices can be symmetric and positive definite.")


def _broken(fit, names) -> str:
    """Say which departures break an identity."""
    found = [DEPARTURES[name] for name in fit.departures if name in names]
    return f"The fit had {' and '.join(found)}: this identity need not hold." if found else ""


def _moments(fit) -> Iterator[Check]:
    if fit.weights is None or fit.means is None:
        return
    weights, means = Interval.of(fit.weights).positive()[:, None], Interval.of(fit.means)
    broken = _broken(fit, ("prior", "trimming", "weights"))
    if fit.sample_mean is not None:
        total, sample = (weights * means).total(), Interval.of(fit.sample_mean)
        if broken:
            yield Check("mean", UNKNOWN, broken)
        elif total.meets(sample).all():
            yield Check("mean", CONSISTENT, "The mean of the mixture is the sample mean, within the rounding.")
        else:
            d = int(np.flatnonzero(~total.meets(sample))[0])
            text = f"The mean of the mixture is {_ends(total[d])} in feature {d + 1}, and the sample mean {fit.sample_mean[d]}."
            yield Check("mean", IMPOSSIBLE, text, _by_order(weights, lambda w: (w * means).total().meets(sample).all()))
    if fit.sample_covariance is None:
        return
    broken = broken or _broken(fit, ("ridge",))
    center = Interval.of(fit.sample_mean) if fit.sample_mean is not None else (weights * means).total()
    found = _second_moments(fit, means - center)
    if broken or found is None:
        yield Check("covariance", UNKNOWN, broken or "The printed covariances do not say which kind they are.")
        return
    moments, sample = found
    ways = {"": sample}
    if fit.n_samples:
        ways["; the sample covariance has the divisor n - 1"] = sample * Interval.exact(1 - 1 / fit.n_samples)
    for how, of_sample in ways.items():
        if moments(weights, False).meets(of_sample).all():
            text = f"The covariance of the mixture is the sample covariance, within the rounding{how}."
            yield Check("covariance", CONSISTENT, text)
            return
    total = moments(weights, False)
    where = np.unravel_index(int((~total.meets(sample)).argmax()), total.low.shape)
    entry = f" in entry {tuple(int(i) + 1 for i in where)}" if total.low.size > 1 else ""
    text = f"The covariance of the mixture is {_ends(total[where])}{entry}, and the sample covariance {_ends(sample[where])}."
    reading = _by_order(weights, lambda w: any(moments(w, False).meets(each).all() for each in ways.values()))
    if not reading and any(moments(weights, True).meets(each).all() for each in ways.values()):
        of_deviations = fit.covariances is None
        reading = f"the printed {'standard deviations are variances' if of_deviations else 'variances are standard deviations'}"
    yield Check("covariance", IMPOSSIBLE, text, reading)


def _second_moments(fit, deviations):
    """Return a function of weights that gives the mixture's second moments about a center, and those of the sample.

    The second argument of the function reads standard deviations as variances, or the other way round.
    """
    sample, matrices, D = Interval.of(fit.sample_covariance), _matrices(fit), fit.features
    of_deviations = fit.covariances is None and fit.standard_deviations is not None
    variances = Interval.of(fit.standard_deviations).positive() if of_deviations else _variances(fit)
    if variances is None:
        return None
    variances = Interval(*(np.broadcast_to(end, deviations.low.shape) for end in (variances.low, variances.high)))
    is_matrix = sample.low.shape == (D, D) and D > 1
    if is_matrix and matrices is not None:
        left, right = (Interval(*(end[at] for end in (deviations.low, deviations.high))) for at in (np.s_[:, :, None], np.s_[:, None]))
        products = left * right
        squares, diagonal = deviations.squared(), np.arange(D)
        for end, of_squares in ((products.low, squares.low), (products.high, squares.high)):
            end[:, diagonal, diagonal] = of_squares
        return lambda weights, other: (weights[:, :, None] * ((matrices.positive().squared() if other else matrices) + products)).total(), sample
    sample = Interval(*(np.diagonal(end) if is_matrix else end[:, 0] for end in (sample.low, sample.high)))

    def moments(weights, other):
        inside = variances if of_deviations == other else variances.positive().squared()
        found = (weights * (inside + deviations.squared())).total()
        return found.total() if trace else found

    trace = fit.covariance_type == "spherical" and D > 1
    return moments, sample.total() if trace else sample


def _by_order(weights, fits) -> str:
    """Return whether the weights in another order would be consistent, in words."""
    K = len(weights.low)
    orders = permutations(range(K)) if K <= 6 else ()
    return "the weights belong to the components in another order" if any(fits(weights[list(order)]) for order in orders) else ""


def _likelihood(fit) -> Iterator[Check]:
    """Check the log-likelihood against the parameters.

    With A = -1/2 sum_k n_k (D log 2 pi + log det Sigma_k + D) and H the entropy of the weights, an M-step gives a
    log-likelihood of at least A - n H, and EM's limit one of at most A: the expected complete-data log-likelihood is A
    - n H, and the entropy of the posteriors is at most n H.
    """
    matrices, variances = _matrices(fit), _variances(fit)
    if fit.log_likelihood is None or fit.n_samples is None or fit.weights is None or not fit.features:
        return
    if variances is None and fit.standard_deviations is not None and fit.covariance_type in ("diag", "spherical"):
        deviations = Interval.of(fit.standard_deviations).positive().squared()
        variances = Interval(*(np.broadcast_to(end, (fit.components, fit.features)) for end in (deviations.low, deviations.high)))
    if fit.features > 1 and matrices is None and fit.covariance_type not in ("diag", "spherical"):
        return
    if variances is None or (variances.low <= 0).any():
        return
    if broken := _broken(fit, DEPARTURES):
        yield Check("log-likelihood", UNKNOWN, broken)
        return
    n, D = fit.n_samples, fit.features
    determinants = _log_determinants(matrices) if matrices is not None and D > 1 else Interval(*(np.log(end).sum(axis=1) for end in (variances.low, variances.high)))
    weights = Interval.of(fit.weights).positive()
    A = -(weights * (determinants + Interval.exact(D * LOG_2_PI + D))).total() * Interval.exact(n / 2)
    ends = np.stack([weights.low, weights.high, np.clip(1 / math.e, weights.low, weights.high)])
    entropy = -(ends * np.log(np.maximum(ends, 1e-300))).max(axis=0).clip(0) if False else (-(ends * np.log(np.maximum(ends, 1e-300)))).max(axis=0).sum()
    printed = Interval.of(fit.log_likelihood)
    low, high = float(A.low - n * entropy), float(A.high + n * TOL)
    if math.isfinite(low) and math.isfinite(high):
        text = f"With these parameters the log-likelihood is between {low:.6g} and {high:.6g} when EM has converged; {fit.log_likelihood} is printed."
        yield Check("log-likelihood", CONSISTENT if printed.meets(Interval(low, high)) else IMPOSSIBLE, text)


def _log_determinants(matrices) -> Interval:
    """Bound log det of all matrices in the intervals, by the eigenvalues of the perturbations relative to the middle."""
    middle = 0.5 * (matrices.middle + matrices.middle.swapaxes(1, 2))
    values = np.linalg.eigvalsh(middle)
    size = np.linalg.norm(matrices.half, axis=(1, 2)) / np.maximum(values[:, 0], 1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        own, D = np.log(values).sum(axis=1), values.shape[1]
        low = np.where(size < 1, own + D * np.log1p(-np.minimum(size, 1)), -np.inf)
        return Interval(low, np.where(values[:, 0] > 0, own + D * np.log1p(size), np.inf))


CHECKS = (_weights, _number_of_parameters, _icl, _sizes, _deviations, _definite, _moments, _likelihood)


def _ends(interval) -> str:
    """Write an interval with the digits that its ends have in common, and two more."""
    low, high = float(interval.low), float(interval.high)
    width = high - low
    decimals = 3 if width <= 0 else min(9, max(0, 1 - math.floor(math.log10(width))))
    first, last = f"{low:.{decimals}f}", f"{high:.{decimals}f}"
    return first if first == last else f"{first} to {last}"


def _few(numbers) -> str:
    return _listed(numbers) if len(numbers) <= MANY else f"{numbers[0]} to {numbers[-1]}"


def _listed(numbers) -> str:
    return " or ".join(map(str, numbers))
