"""Checks of printed numbers: false alarms on this library's own fits, and planted errors.

    python benchmarks/printed.py [--fits 10000]

Ten minutes on one core. Writes the section "Printed numbers" of benchmarks/RESULTS.md.
"""

import argparse
import math
import warnings
from collections import Counter, defaultdict
from decimal import Decimal

import numpy as np

from em_study.printed.checks import IMPOSSIBLE, all_checks, covariance_parameters
from em_study.printed.settings import MODELS, PrintedFit
from emgmm import GaussianMixtureEM
from results import machine, row, write_section

DIGITS = (2, 3, 4)
WITH_SAMPLES = 10  # every tenth fit is checked against its samples too


def decimals(value, digits):
    """Write a number with some decimals."""
    return Decimal(f"{value:.{digits}f}")


def significant(value, digits):
    """Write a number with some significant digits, without an exponent."""
    return decimals(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else digits)


def exponent(value, digits):
    """Write a number with an exponent, such as 1.2e-05."""
    return Decimal(f"{value:.{digits - 1}e}")


def written(values, way, digits):
    """Write nested arrays."""
    if np.ndim(values):
        return [written(value, way, digits) for value in values]
    return way(float(values), digits)


def own_fit(generator, scale=1.0, offset=0.0, largest=4):
    """Fit a mixture to random samples; return the samples, the numbers before they are rounded, and the sign of BIC.

    None if a component collapses.
    """
    D, K, n = (int(generator.integers(*ends)) for ends in ((1, largest + 1), (1, largest + 1), (40, 600)))
    means = generator.normal(size=(K, D)) * generator.choice([1, 3]) + generator.choice([0, 10, 100])
    mixing = np.tril(generator.normal(size=(D, D))) * generator.choice([0.1, 1, 10])
    X = offset + scale * (means[generator.integers(K, size=n)] + generator.normal(size=(n, D)) @ mixing)
    kind, start = str(generator.choice([*MODELS])), str(generator.choice(["kmeans", "random_from_data"]))
    tol = generator.choice([1e-3, 1e-5, 1e-8])
    try:
        model = GaussianMixtureEM(
            K, covariance_type=kind, reg_covar=0, tol=tol, max_iter=2000, random_state=0, init_params=start
        ).fit(X)
    except ValueError:
        return None
    covariances = np.asarray(model.covariances_)
    if kind == "full":
        variances = np.diagonal(covariances, axis1=1, axis2=2)
    else:
        found = {"tied": covariances.diagonal, "diag": lambda: covariances, "spherical": lambda: covariances[:, None]}
        variances = np.broadcast_to(found[kind](), (K, D))
    covariances = covariances[:, None] if kind == "spherical" else covariances
    sample = np.cov(X.T, bias=bool(generator.integers(2))).reshape(D, D)
    sign, p = int(generator.choice([1, -1])), K - 1 + K * D + covariance_parameters(K, D)[MODELS[kind]]
    L = model.score(X) * n
    numbers = {
        "weights": model.weights_,
        "means": model.means_,
        "sample_mean": X.mean(axis=0),
        "sample_covariance": sample if generator.integers(2) else sample.diagonal(),
        "log_likelihood": L,
        "bic": sign * (p * np.log(n) - 2 * L),
        "aic": sign * (2 * p - 2 * L),
        "icl": sign * model.icl(X),
    }
    numbers |= {"covariances": covariances} if generator.integers(3) else {"standard_deviations": np.sqrt(variances)}
    sizes = np.bincount(model.predict(X), minlength=K)
    exact = {"n_samples": n, "n_features": D, "n_components": K, "covariance_type": kind, "n_parameters": p}
    return X, exact | {"sizes": [Decimal(int(size)) for size in sizes]}, numbers, sign


def printed(fit, way, digits):
    """Write all numbers of a fit."""
    _, exact, numbers, _ = fit
    return exact | {name: written(value, way, digits) for name, value in numbers.items()}


def impossible(numbers, X=None):
    """Make the checks; return those that are impossible."""
    return [check for check in all_checks(PrintedFit.model_validate(numbers), X) if check.outcome == IMPOSSIBLE]


def planted(numbers, sign, generator):
    """Yield the name of each error that suits a fit, and the numbers with it."""
    K, D, n, p = (numbers[name] for name in ("n_components", "n_features", "n_samples", "n_parameters"))
    L, digits = float(numbers["log_likelihood"]), -numbers["bic"].as_tuple().exponent

    def bic(count, size=n):
        return {"bic": decimals(sign * (count * np.log(size) - 2 * L), digits)}

    only_bic = {name: value for name, value in numbers.items() if name not in ("aic", "n_parameters")}
    yield "one parameter too many in the BIC", only_bic | bic(p + 1)
    if numbers["covariance_type"] in ("full", "tied") and D > 1:
        matrices = K if numbers["covariance_type"] == "full" else 1
        yield "covariances counted d^2 in the BIC", only_bic | bic(K - 1 + K * D + matrices * D * D)
    yield "BIC with 10 % fewer samples", only_bic | bic(p, int(0.9 * n))
    place = int(generator.integers(digits + 2)) - digits
    yield (
        "one digit of the log-likelihood",
        numbers | {"log_likelihood": numbers["log_likelihood"] + Decimal(1).scaleb(place)},
    )
    if "standard_deviations" in numbers:
        squares = [[decimals(float(v) ** 2, digits) for v in r] for r in numbers["standard_deviations"]]
        yield "variances for standard deviations", numbers | {"standard_deviations": squares}
    elif numbers["covariance_type"] in ("diag", "spherical"):
        roots = [[decimals(float(v) ** 0.5, digits) for v in r] for r in numbers["covariances"]]
        yield "standard deviations for variances", numbers | {"covariances": roots}
    means = [list(r) for r in numbers["means"]]
    means[0][0] += Decimal(1).scaleb(int(generator.integers(digits + 1)) - digits)
    yield "one digit of a mean", numbers | {"means": means}
    if K > 1:
        weights, sizes = list(numbers["weights"]), list(numbers["sizes"])
        if weights[0] != weights[1]:
            yield "two weights swapped", numbers | {"weights": [weights[1], weights[0], *weights[2:]]}
        weights[0] += Decimal(1).scaleb(-int(generator.integers(1, digits + 1)))
        yield "one digit of a weight", numbers | {"weights": weights}
        sizes[0] += 10
        yield "ten too many in a size", numbers | {"sizes": sizes}


def main():
    """Check, and write the section."""
    given = argparse.ArgumentParser()
    given.add_argument("--fits", type=int, default=10_000)
    n_fits, generator = given.parse_args().fits, np.random.default_rng(37)
    warnings.simplefilter("ignore")
    alarms, outcomes, found, total = Counter(), Counter(), defaultdict(Counter), Counter()
    while total["fits"] < n_fits:
        fit = own_fit(generator)
        if fit is None:
            continue
        total["fits"] += 1
        digits = DIGITS[total["fits"] % len(DIGITS)]
        with_samples = fit[0] if total["fits"] % WITH_SAMPLES == 0 else None
        total["with samples"] += with_samples is not None
        numbers = printed(fit, decimals, digits)
        false = impossible(numbers, with_samples)
        total["false alarms"] += bool(false)
        alarms.update(check.name for check in false)
        outcomes.update((check.name, check.outcome) for check in all_checks(PrintedFit.model_validate(numbers)))
        for error, wrong in planted(numbers, fit[3], generator):
            ways = {error: None, f"{error}, with the samples": with_samples}
            for way, X in ways.items() if with_samples is not None and "mean" in error else [(error, None)]:
                checks = impossible(wrong, X)
                found[way].update({"n": 1, "found": bool(checks), "reading": any(check.reading for check in checks)})
    by_check = f" ({', '.join(f'{name} {count}' for name, count in alarms.items())})" if alarms else ""
    lines = [
        "Written by `python benchmarks/printed.py`.",
        f"{machine()}. {n_fits:,} fits of this library: 40 to 600 samples, 1 to 4 features and",
        "components, four covariance types, tolerances of 1e-3 to 1e-8 nats per sample. Their numbers are rounded to",
        "2, 3 or 4 decimals; every tenth is checked against its samples too.",
        "",
        f"False alarms: {total['false alarms']}{by_check}.",
        "",
        row(["check", "consistent", "undecided"]),
        row(["---"] * 3),
    ]
    names = dict.fromkeys(name for name, _ in outcomes)
    lines += [row([name, outcomes[name, "consistent"], outcomes[name, "undecided"]]) for name in names]
    lines += ["", row(["planted error", "fits", "found", "with an explanation"]), row(["---"] * 4)]
    for error, counts in found.items():
        shares = [f"{100 * counts[name] / counts['n']:.1f} %" for name in ("found", "reading")]
        lines.append(row([error, counts["n"], *shares]))
    write_section("Printed numbers", lines)
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
