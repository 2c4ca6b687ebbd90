"""A pass of EM (E-step and M-step) by one thread and by two, interleaved: medians, and the ratio.

    python benchmarks/threads.py

It takes three minutes on two quiet cores, and writes the section "Threads" of benchmarks/RESULTS.md. A pass is the
time from one step to the next, without what a fit prepares.
"""

import time

import numpy as np

from emgmm import Parts, expectation_maximization, fit_many, sklearn_stopping
from libraries import problem
from results import machine, row, write_section

SHAPES = [  # samples, features, components, steps, aim
    (1_000, 2, 2, 2000, "1.0"),
    (1_000_000, 2, 2, 40, "1.8"),
    (100_000, 8, 8, 30, ""),
    (100_000, 32, 16, 6, "1.5"),
    (50_000, 64, 4, 8, ""),
]
ROUNDS = 7


def pass_seconds(X, start, n_steps, **settings):
    """Return the median time of a pass."""
    times = []
    rule = sklearn_stopping(0.0, n_steps)
    expectation_maximization(X, start, rule, monitor=lambda *_: times.append(time.perf_counter()), **settings)
    return np.median(np.diff(times))


def fits_seconds(X, start, _, **settings):
    """Return the time of many small fits."""
    begin = time.perf_counter()
    fit_many(X, [start] * len(X), sklearn_stopping(1e-6, 1000), **settings)
    return time.perf_counter() - begin


def main():
    """Measure, print, and write the results."""
    cases = []
    for *shape, n_steps, aim in SHAPES:
        X, start = problem(*shape, "full")
        cases.append((f"{shape[0]:,} x {shape[1]}, {shape[2]} components", pass_seconds, X, start, n_steps, aim))
    X, start = problem(1_000_000, 2, 2, "full")
    parts = Parts(np.split(X, 2))
    cases.append(("two `Parts` of 500,000 x 2, 2 components", pass_seconds, parts, start, 20, ""))
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    cases.append(("1,000,000 x 2, 2 components, 20 % missing", pass_seconds, X, start, 8, ""))
    X, start = problem(1_000_000, 2, 2, "full")
    cases.append(
        ("`fit_many`: 1,000 fits of 1,000 x 2, 2 components", fits_seconds, X.reshape(1000, 1000, 2), start, 0, "")
    )
    lines = [
        f"Written by `python benchmarks/threads.py`. {machine()}.",
        f"Milliseconds of a pass (`fit_many`: of all fits) by one thread and by two, medians of {ROUNDS} interleaved",
        "rounds; ratios are medians, with the smallest and the largest. Samples with missing values have one kernel.",
        "",
        row(("samples x features", "kernel", "1 thread, ms", "2 threads, ms", "ratio (min - max)", "aim")),
        row(["---"] * 6),
    ]
    print("\n".join(lines), flush=True)
    for name, measure, X, start, n_steps, aim in cases:
        for kernel in ("numpy",) if "missing" in name else ("numba", "numpy"):
            measure(X, start, max(3, n_steps // 4), kernel=kernel, n_jobs=2)  # compiles, and allocates
            runs = np.array(
                [[measure(X, start, n_steps, kernel=kernel, n_jobs=n) for n in (1, 2)] for _ in range(ROUNDS)]
            )
            ratios, (one, two) = runs[:, 0] / runs[:, 1], 1000 * np.median(runs, axis=0)
            ratio = f"**{np.median(ratios):.2f}** ({ratios.min():.2f} - {ratios.max():.2f})"
            lines.append(row((name, kernel.replace("numpy", "NumPy"), f"{one:.3g}", f"{two:.3g}", ratio, aim)))
            print(lines[-1], flush=True)
    write_section("Threads", lines)


if __name__ == "__main__":
    main()
