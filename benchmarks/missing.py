"""A step of EM on samples with missing values, compared with one on complete samples and a loop over samples.

    python benchmarks/missing.py [--repeats 7]

Writes the section "Missing values" of RESULTS.md. All run in turn, in one process with one thread.
"""

import argparse
import os
import time
import tracemalloc

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

import emgmm
from libraries import problem
from results import machine, row, write_section

SHAPE = 100_000, 8, 4  # samples, features, components
MISSING = 0.2  # share of the cells
LOOP_ROWS = 500  # that the loop takes; its time is scaled
AIMS = {"full": (8, 50)}
HEADER = (
    *("covariance", "patterns", "complete, ms", "missing values, ms", "ratio (min - max)", "aim"),
    *("loop over samples, ms", "ratio", "aim", "memory, MB"),
)


def loop_over_rows(X, parameters):
    """Take an E-step sample by sample, and component by component: log-likelihood, and sums of two moments."""
    n_components, n_features = parameters.means.shape
    first, second = np.zeros((n_components, n_features)), np.zeros((n_components, n_features, n_features))
    total, covariances = 0.0, parameters.covariance_matrices
    for x in X:
        missing = np.isnan(x)
        o, m = np.flatnonzero(~missing), np.flatnonzero(missing)
        log_joint, found = np.empty(n_components), []
        for k in range(n_components):
            inside = covariances[k][np.ix_(o, o)]
            slope = np.linalg.solve(inside, covariances[k][np.ix_(o, m)]).T
            deviation = x[o] - parameters.means[k][o]
            distance = deviation @ np.linalg.solve(inside, deviation)
            log_determinant = np.linalg.slogdet(2 * np.pi * inside)[1]
            log_joint[k] = np.log(parameters.weights[k]) - 0.5 * (distance + log_determinant)
            filled, left = x.copy(), np.zeros((n_features, n_features))
            filled[m] = parameters.means[k][m] + slope @ deviation
            left[np.ix_(m, m)] = covariances[k][np.ix_(m, m)] - slope @ covariances[k][np.ix_(o, m)]
            found.append((filled, left))
        total += np.logaddexp.reduce(log_joint)
        for k, share in enumerate(np.exp(log_joint - np.logaddexp.reduce(log_joint))):
            filled, left = found[k]
            first[k] += share * filled
            second[k] += share * (np.outer(filled, filled) + left)
    return total


def seconds(function, *arguments):
    """Time one call."""
    begun = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begun


def measure(kind, repeats):
    """Return a row of the table."""
    n_rows, n_features, n_components = SHAPE
    X, parameters = problem(n_rows, n_features, n_components, kind)
    holed = np.where(np.random.default_rng(1).uniform(size=X.shape) < MISSING, np.nan, X)
    some = holed[:LOOP_ROWS]
    expected, found = loop_over_rows(some, parameters), emgmm.expectation(some, parameters)[1]
    assert abs(found - expected) < 1e-9 * abs(expected), "both take the same step"
    whole = emgmm.e_step.samples_to_fit(X, kind)
    times = []
    for _ in range(repeats + 1):
        of_loop = seconds(loop_over_rows, some, parameters) * n_rows / LOOP_ROWS
        times.append((seconds(whole.expectation, parameters), seconds(emgmm.expectation, holed, parameters), of_loop))
    complete, incomplete, loop = 1000 * np.array(times[1:]).T
    tracemalloc.start()
    emgmm.expectation(holed, parameters)
    memory = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    ratios, to_loop = incomplete / complete, np.median(loop / incomplete)
    spread = f"**{np.median(ratios):.1f}** ({ratios.min():.1f} - {ratios.max():.1f})"
    most, least = AIMS.get(kind, ("", ""))
    n_patterns = len(np.unique(np.isnan(holed), axis=0))
    steps = [f"{np.median(of):,.1f}" for of in (complete, incomplete)]
    loops = f"{np.median(loop):,.0f}", f"**{to_loop:.0f}**", least
    return row([kind, n_patterns, *steps, spread, most, *loops, f"{memory:.1f}"])


def main():
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    lines = [
        f"Written by `python benchmarks/missing.py`. {machine()}, NumPy {np.__version__}.",
        f"An E-step on {SHAPE[0]:,} samples of {SHAPE[1]} features, {SHAPE[2]} components, without and "
        f"with {MISSING:.0%}",
        f"of the values missing at random: medians of {arguments.repeats} interleaved runs, 1 thread. "
        "The step on complete data",
        f"reuses what it keeps between steps; the loop over samples is timed on {LOOP_ROWS} and scaled. "
        "Memory is the peak in addition",
        "to the data in a step with missing values. The aims: a ratio of at most 8 to a step on "
        "complete data, and of at",
        "least 50 to the loop.",
        "",
        row(HEADER),
        row(["---"] * len(HEADER)),
    ]
    print("\n".join(lines), flush=True)
    for kind in emgmm.COVARIANCE_TYPES:
        lines.append(measure(kind, arguments.repeats))
        print(lines[-1], flush=True)
    write_section("Missing values", lines)


if __name__ == "__main__":
    main()
