"""Passes over the rows of plain and accelerated EM, until within 1e-9 nats per sample of its own limit.

    python benchmarks/acceleration.py [--draws 10]

Writes the section "Acceleration" of benchmarks/RESULTS.md.
"""

import argparse

import numpy as np

from emgmm import (
    MixtureParameters,
    StoppingRule,
    aitken_stopping,
    article_stopping,
    expectation_maximization,
    parameters_from_labels,
)
from emgmm.complete import has_numba
from results import machine, row, write_section

NEAR = 1e-9  # nats per sample from the limit
SETTINGS = [  # features, components, distance in standard deviations
    *((2, 2, distance) for distance in (3.0, 2.0, 1.5, 1.0)),
    (1, 2, 1.5),
    (8, 4, 2.0),
    (2, 5, 2.0),
]
EASY = (3.0, 4.0, 6.0, 12.0)
N_ROWS = 1000
LONGEST = 200_000
KERNEL = "numba" if has_numba() else "numpy"


def draw(n_features, n_components, distance, seed):
    """Draw samples (two components at a distance along the first axis, or more about random means) and components."""
    generator = np.random.default_rng([seed, n_features, n_components, int(10 * distance)])
    means = np.zeros((2, n_features))
    means[1, 0] = distance
    if n_components > 2:
        means = distance / np.sqrt(2) * generator.standard_normal((n_components, n_features))
    y = generator.integers(n_components, size=N_ROWS)
    return means[y] + generator.standard_normal((N_ROWS, n_features)), y, generator


def from_rows(X, n_components, generator):
    """Return initial parameters: means at random samples, and the covariance of all samples for each component."""
    covariance = np.cov(X.T, bias=True).reshape(X.shape[1], X.shape[1])
    means = X[generator.choice(len(X), n_components, replace=False)]
    return MixtureParameters.checked(np.full(n_components, 1 / n_components), means, [covariance] * n_components)


def run(X, start, rule, acceleration):
    """Run EM."""
    return expectation_maximization(X, start, rule, acceleration=acceleration, kernel=KERNEL)


def passes_to_its_limit(X, start, acceleration):
    """Count the passes until within 1e-9 nats per sample of the limit; return both, or None after a collapse."""
    whole = run(X, start, article_stopping(1e-15, LONGEST), acceleration)
    if whole.collapse:
        return None
    steps = 1 + int(np.argmax(np.array(whole.trace) >= whole.trace[-1] - NEAR))
    low, high = steps, whole.n_passes  # some passes before that step may have been rejected
    while acceleration != "none" and low < high:
        middle = (low + high) // 2
        found = len(run(X, start, StoppingRule(0.0, middle, True, 2), acceleration).trace) >= steps
        low, high = (low, middle) if found else (middle + 1, high)
    return low, whole.trace[-1]


def below_its_limit(X, generator, acceleration):
    """Return how far below its limit EM ends by Aitken's rule, in nats per sample; None after a collapse."""
    result = run(X, from_rows(X, 2, generator), aitken_stopping(1e-6, LONGEST), acceleration)
    limit = run(X, result.parameters, article_stopping(1e-15, LONGEST), "anderson")
    return None if result.collapse or limit.collapse else limit.trace[-1] - result.trace[-1]


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    n_draws = parser.parse_args().draws
    lines = [
        f"Written by `python benchmarks/acceleration.py`. {machine()}.",
        f"Passes over {N_ROWS:,} samples until within {NEAR:g} nats per sample of the run's own limit, "
        "medians (largest) of",
        f"{n_draws} replicates. The initial means are random samples. Above, below: replicates in which "
        "accelerated EM ends",
        "more than 1e-6 nats per sample above or below EM.",
        "",
        row(("features", "components", "distance", "EM", "accelerated", "above", "below", "collapsed")),
        row(["---"] * 8),
    ]
    print("\n".join(lines), flush=True)

    def report(cells):
        lines.append(row(cells))
        print(lines[-1], flush=True)

    for setting in SETTINGS:
        found = []
        for seed in range(n_draws):
            X, _, generator = draw(*setting, seed)
            start = from_rows(X, setting[1], generator)
            found.append([passes_to_its_limit(X, start, acceleration) for acceleration in ("none", "anderson")])
        whole = [pair for pair in found if None not in pair]
        passes, ends = np.array(whole).transpose(2, 0, 1)
        gap = ends[:, 1] - ends[:, 0]
        counts = (f"{np.median(each):,.0f} ({each.max():,.0f})" for each in passes.T)
        report((*setting, *counts, (gap > 1e-6).sum(), (gap < -1e-6).sum(), len(found) - len(whole)))
    more = ["", "Easy data: passes from 20 labels per component until the change is below 1e-6.", ""]
    lines += [*more, row(("distance", "EM", "accelerated", "ratio, median (largest)")), row(["---"] * 4)]
    print("\n".join(lines[-5:]), flush=True)
    for distance in EASY:
        passes = []
        for seed in range(3 * n_draws):
            X, y, _ = draw(2, 2, distance, seed)
            known = np.concatenate([np.flatnonzero(y == k)[:20] for k in range(2)])
            start = parameters_from_labels(X[known], y[known], 2)
            ways = ("none", "anderson")
            passes.append([run(X, start, article_stopping(1e-6, 1000), way).n_passes for way in ways])
        plain, fast = np.transpose(passes)
        ratio = f"{np.median(fast / plain):.2f} ({(fast / plain).max():.2f})"
        report((distance, f"{np.median(plain):.0f}", f"{np.median(fast):.0f}", ratio))
    more = [
        "",
        "Stopped by `aitken_stopping(1e-6)`: nats per sample below the limit that EM reaches from there.",
        "",
    ]
    names = ("distance", "EM: replicates beyond 1e-6", "largest", "accelerated: replicates beyond 1e-6", "largest")
    lines += [*more, row(names), row(["---"] * 5)]
    print("\n".join(lines[-5:]), flush=True)
    for distance in (1.0, 1.5, 2.0, 3.0, 4.0):
        cells = []
        for way in ("none", "anderson"):
            left = [below_its_limit(*draw(2, 2, distance, seed)[::2], way) for seed in range(3 * n_draws)]
            left = np.array([each for each in left if each is not None])
            cells += [f"{(left > 1e-6).sum()} of {len(left)}", f"{left.max():.0e}"]
        report((distance, *cells))
    write_section("Acceleration", lines)


if __name__ == "__main__":
    main()
