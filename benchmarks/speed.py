"""Our EM beside scikit-learn: same start, same number of iterations, one thread, interleaved runs.

    python benchmarks/speed.py [--repeats 5]

Prints a row a shape: medians, their ratio with its spread, and how far the log-likelihoods differ. The last lines
show peak memory beyond the data, each measured in a process of its own.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import platform
import resource
import subprocess
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import emgmm

SHAPES = [  # rows, features, components, iterations
    (1_000, 2, 2, 50),
    (10_000, 2, 2, 50),
    (1_000_000, 2, 2, 5),
    (12_000, 1, 2, 50),
    (1_000_000, 8, 4, 3),
    (100_000, 8, 8, 5),
    (100_000, 32, 16, 3),
]


def problem(n_samples, n_features, n_components):
    """Draw rows about random means, and a start near them."""
    draw = np.random.default_rng(0)
    means = 3 * draw.standard_normal((n_components, n_features))
    X = draw.standard_normal((n_samples, n_features))
    X += means[draw.integers(n_components, size=n_samples)]
    start = emgmm.MixtureParameters.checked(
        np.full(n_components, 1 / n_components),
        means + 0.3 * draw.standard_normal(means.shape),
        np.stack([1.5 * np.eye(n_features)] * n_components),
    )
    return X, start


def run_ours(X, start, n_iter):
    """Return the log-likelihood of the last step."""
    return emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0.0, n_iter)).trace[-1]


def run_sklearn(X, start, n_iter):
    """Return the log-likelihood of the last step."""
    model = GaussianMixture(
        start.n_components,
        tol=0.0,
        max_iter=n_iter,
        reg_covar=0.0,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=np.linalg.inv(start.covariances),
    )
    return model.fit(X).lower_bounds_[-1]


def seconds(run, *arguments):
    """Time one run."""
    begin = time.perf_counter()
    result = run(*arguments)
    return time.perf_counter() - begin, result


def compare(repeats):
    """Print a row a shape."""
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__},", end=" ")
    print(f"scikit-learn {sklearn.__version__}, 1 thread, {repeats} interleaved runs")
    print("rows features components | ours ms  sklearn ms (an iteration) | ratio (min - max) | log-likelihood differs")
    for n_samples, n_features, n_components, n_iter in SHAPES:
        X, start = problem(n_samples, n_features, n_components)
        runs = []
        for _ in range(repeats):
            ours, our_end = seconds(run_ours, X, start, n_iter)
            theirs, their_end = seconds(run_sklearn, X, start, n_iter)
            runs.append((ours, theirs))
        ours, theirs = 1000 * np.median(runs, axis=0) / n_iter
        ratios = [b / a for a, b in runs]
        print(
            f"{n_samples:>9,} {n_features:>2} {n_components:>2} | {ours:9.3f} {theirs:9.3f} | "
            f"{np.median(ratios):5.1f} ({min(ratios):.1f} - {max(ratios):.1f}) | {abs(our_end - their_end):.0e}",
            flush=True,
        )


def peak_beyond_data(name, n_samples):
    """Megabytes by which a run raises the process's peak memory."""
    X, start = problem(n_samples, 2, 2)
    run = {"ours": run_ours, "sklearn": run_sklearn}[name]
    run(X[:1000].copy(), start, 2)  # imports and pools
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(X, start, 3)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    if arguments.peak:
        print(f"{peak_beyond_data(arguments.peak[0], int(arguments.peak[1])):.0f}")
        return
    compare(arguments.repeats)
    for n_samples in (100_000, 1_000_000, 4_000_000):
        for name in ("ours", "sklearn"):
            command = [sys.executable, __file__, "--peak", name, str(n_samples)]
            peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
            print(f"peak memory beyond the data, {n_samples:>9,} rows, {name:>7}: {peak:>4} MB", flush=True)


if __name__ == "__main__":
    main()
