"""The observed information: coverage of its intervals, EM's rate as it predicts it, Newton's steps, what it costs.

    python benchmarks/information.py [--draws 500] [--repeats 7]

Writes the section "Observed information" of RESULTS.md. Costs are ratios of processor time to an E-step's, in turn,
with one thread.
"""

import argparse
import os
import time
from functools import partial
from itertools import pairwise, product

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

import emgmm
from acceleration import LONGEST, SETTINGS, draw, from_rows
from libraries import problem
from results import machine, row, write_section

ARTICLE_A = emgmm.MixtureParameters.checked(
    [0.41, 0.59], [[-1.05, -1.03], [0.98, 1.00]], [[[0.36, 0.30], [0.30, 0.75]], [[0.72, 0.15], [0.15, 0.31]]]
)
N_ROWS = 1000
NAMES = ("weights", "means", "covariances")
FURTHEST = 0.02  # length of the vector from the limit to where the measured steps begin
LEAST_STEP = 1e-7  # length of a step, below which its ratio to the one before is rounding
OVERLAPPING = (1.0, 1.5, 1.75, 2.0, 2.25, 2.5)  # distances in standard deviations
RATIOS = (0, 2, 3, 4, 6, np.inf)
SHAPES = ((1_000, 2, 2), (100_000, 2, 2), (10_000, 8, 8))  # samples, features, components
MISSING = 0.2  # share of the cells
BEFORE, AFTER = 1e-6, 1e-12  # nats per sample below the maximum, between which Newton's steps could take over


def limit(X, start):
    """Fit to the limit; None if a component collapses."""
    rule = emgmm.article_stopping(1e-15, LONGEST)
    result = emgmm.expectation_maximization(X, start, rule, acceleration="anderson")
    return None if result.collapse else result.parameters


def coverage(n_draws):
    """Return the coverage of 95 % intervals, by information and by sandwich (2, parameters), and the number refused."""
    held, refused = [], 0
    for seed in range(n_draws):
        generator = np.random.default_rng(seed)
        y = (generator.random(N_ROWS) < ARTICLE_A.weights[1]).astype(int)
        noise = generator.standard_normal((N_ROWS, 2, 1))
        X = ARTICLE_A.means[y] + (np.linalg.cholesky(ARTICLE_A.covariances)[y] @ noise)[:, :, 0]
        found = emgmm.observed_information(X, limit(X, ARTICLE_A))
        if found.refusal:
            refused += 1
            continue
        ends = [found.intervals(sandwich=sandwich) for sandwich in (False, True)]
        held.append([np.concatenate([_within(*pair, name) for name in NAMES]) for pair in ends])
    return np.mean(held, axis=0), refused


def _within(low, high, name):
    truth = getattr(ARTICLE_A, name)
    inside = (getattr(low, name) <= truth) & (truth <= getattr(high, name))
    if name == "weights":
        return inside[:1]  # the other is 1 less it
    return inside[:, [0, 0, 1], [0, 1, 1]].ravel() if name == "covariances" else inside.ravel()


def coverage_by_weight(n_draws):
    """Return the coverage of 95 % intervals by the smallest weight in its standard errors, where components overlap."""
    ratios, held = [], []
    for distance, n_features, seed in product(OVERLAPPING, (1, 2), range(n_draws)):
        means = np.array([np.zeros(n_features), distance * np.eye(n_features)[0]])
        truth = emgmm.MixtureParameters.checked([0.4, 0.6], means, [np.eye(n_features)] * 2)
        generator = np.random.default_rng(seed)
        y = (generator.random(N_ROWS) < truth.weights[1]).astype(int)
        X = means[y] + generator.standard_normal((N_ROWS, n_features))
        end = limit(X, truth)
        found = end and emgmm.observed_information(X, end)
        if not found or not found.is_maximum:
            continue
        vars(found)["refusal"] = None  # to see what it keeps from us
        ratios.append((end.weights / found.standard_errors.weights).min())
        low, high = found.intervals()
        inside = [(getattr(low, n) <= getattr(truth, n)) & (getattr(truth, n) <= getattr(high, n)) for n in NAMES]
        held.append(np.mean([each.mean() for each in inside]))
    return np.array(ratios), np.array(held)


def measured_rate(X, end, seed):
    """Measure the factor by which EM's steps shrink, near the limit."""
    coordinates = emgmm.parameters.Coordinates(end)
    direction = np.random.default_rng(seed).standard_normal(len(coordinates.of(end)))
    place, lengths = FURTHEST * direction / np.linalg.norm(direction), [np.inf]
    place = coordinates.of(coordinates.mixture(place))
    rows = emgmm.e_step.samples_to_fit(X, end.covariance_type)
    while True:
        after = coordinates.of(emgmm.maximization(rows.expectation(coordinates.mixture(place))[0]))
        if (length := np.linalg.norm(after - place)) < LEAST_STEP:
            return lengths[-1] / lengths[-2]
        lengths.append(length)
        place = after


def finish(X, start):
    """Continue by Anderson's passes, or by Newton's steps; return their numbers and times, or None if they fail."""
    run = partial(emgmm.expectation_maximization, X, acceleration="anderson", kernel="numpy")
    near = run(start, stopping=emgmm.aitken_stopping(BEFORE, LONGEST))
    if near.collapse:
        return None
    parameters, steps, begun = near.parameters, 0, time.process_time()
    end = run(parameters, stopping=emgmm.aitken_stopping(AFTER, LONGEST))
    middle = time.process_time()
    while (found := emgmm.observed_information(X, parameters)).left_to_gain > AFTER * len(X):
        if not np.isfinite(found.left_to_gain):
            return None
        step, steps = np.linalg.solve(found.matrix, found.gradient), steps + 1
        parameters = emgmm.parameters.Coordinates(parameters).mixture(step)
    return None if end.collapse else (end.n_passes, steps, (time.process_time() - middle) / (middle - begun))


def cost(shape, missing, repeats):
    """Return ratios of the time to that of an E-step, and milliseconds."""
    X, parameters = problem(*shape, "full")
    X = np.where(np.random.default_rng(1).uniform(size=X.shape) < missing, np.nan, X)
    rows, times = emgmm.e_step.samples_to_fit(X, "full"), []
    for _ in range(repeats + 1):
        begun = time.process_time()
        rows.expectation(parameters)
        middle = time.process_time()
        emgmm.observed_information(X, parameters)
        times.append((middle - begun, time.process_time() - middle))
    step, whole = np.array(times[1:]).T
    return whole / step, 1000 * np.median(whole), parameters.n_parameters


def main():
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    lines = []

    def report(*more):
        lines.extend(more)
        print("\n".join(more), flush=True)

    (plain, sandwich), refused = coverage(arguments.draws)
    error = np.sqrt(0.95 * 0.05 / arguments.draws)
    report(
        f"Written by `python benchmarks/information.py`. {machine()}, NumPy {np.__version__}.",
        f"Coverage of 95 % intervals: {arguments.draws} replicates of {N_ROWS:,} samples of article A's "
        f"mixture, of which {refused}",
        "had no valid standard errors. The Monte Carlo standard error of a single parameter's coverage "
        f"is {error:.1%}.",
        "",
        row(("by", "mean of 11 parameters", "least", "most")),
        row(["---"] * 4),
        *(
            row((name, f"{held.mean():.1%}", f"{held.min():.1%}", f"{held.max():.1%}"))
            for name, held in (("information", plain), ("sandwich", sandwich))
        ),
        "",
        f"Where components overlap, {min(OVERLAPPING):g} to {max(OVERLAPPING):g} standard deviations apart, by",
        "the smallest weight in its standard errors: below 4 they are refused.",
        "",
        row(("weight in standard errors", "maxima", "coverage")),
        row(["---"] * 3),
    )
    ratios, held = coverage_by_weight(arguments.draws // 5)
    for low, high in pairwise(RATIOS):
        chosen = (ratios >= low) & (ratios < high)
        report(row((f"{low} to {high}", chosen.sum(), f"{held[chosen].mean():.1%}")))
    report(
        "",
        f"EM's rate, predicted and measured: the designs of `acceleration.py`, {N_ROWS:,} samples, the "
        "first replicate that",
        "ends at a maximum. Measured is the ratio of the lengths of EM's last two steps towards the limit.",
        "",
        row(("features", "components", "distance", "predicted", "measured", "difference")),
        row(["---"] * 6),
    )
    for setting in SETTINGS:
        for seed in range(100):
            X, _, generator = draw(*setting, seed)
            end = limit(X, from_rows(X, setting[1], generator))
            found = end and emgmm.observed_information(X, end)
            if found and found.is_maximum:
                break
        rate = measured_rate(X, end, seed)
        report(row((*setting, f"{found.rate:.5f}", f"{rate:.5f}", f"{found.rate / rate - 1:.1e}")))
    report(
        "",
        f"Newton's steps by the information in place of Anderson's passes (by NumPy), from {BEFORE:.0e} to {AFTER:.0e}",
        f"nats per sample below the maximum: {arguments.draws // 25} replicates of each design; medians. "
        "They fail where the",
        "information is not that of a maximum. The library has none: with many parameters they cost "
        "more than they save.",
        "",
        row(
            (
                "features",
                "components",
                "distance",
                "fails",
                "passes",
                "steps",
                "time of the steps by that of the passes",
            )
        ),
        row(["---"] * 7),
    )
    for setting in SETTINGS:
        found = []
        for seed in range(arguments.draws // 25):
            X, _, generator = draw(*setting, seed)
            found.append(finish(X, from_rows(X, setting[1], generator)))
        passes, steps, ratios = np.array([each for each in found if each]).T
        spread = f"**{np.median(ratios):.1f}** ({ratios.min():.1f} - {ratios.max():.1f})"
        report(row((*setting, found.count(None), f"{np.median(passes):.0f}", f"{np.median(steps):.0f}", spread)))
    report(
        "",
        f"Cost: number of E-steps (by NumPy) that take as long as a call, medians of {arguments.repeats} "
        "(least - most).",
        "",
        row(("samples", "features", "components", "parameters", "missing", "ms", "E-steps")),
        row(["---"] * 7),
    )
    for shape in SHAPES:
        for missing in (0.0, MISSING):
            ratios, ms, n_parameters = cost(shape, missing, arguments.repeats)
            spread = f"**{np.median(ratios):.0f}** ({ratios.min():.0f} - {ratios.max():.0f})"
            report(row((f"{shape[0]:,}", *shape[1:], n_parameters, f"{missing:.0%}", f"{ms:,.1f}", spread)))
    write_section("Observed information", lines)


if __name__ == "__main__":
    main()
