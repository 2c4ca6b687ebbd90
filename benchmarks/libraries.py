"""One library in a process of its own: reads commands, runs EM, answers with seconds and the end's log-likelihood.

    python benchmarks/libraries.py LIBRARY SHAPE

Commands, one a line: `run` (answers "seconds log-likelihood") and `peak` (answers megabytes allocated beyond the data).
Pools of threads of two libraries in one process would spoil each other's timings.
"""

import importlib.util
import json
import sys
import tempfile
import time
import tracemalloc
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np

import emgmm

OURS = ("numpy", "numba")  # kernels of our EM
IMPLEMENTATIONS = Path(__file__).parents[1] / "implementations"
FILES = {"sklearn": "scikit_learn"}


def problem(n_samples, n_features, n_components, covariance_type):
    """Draw rows about random means, and a start near them."""
    draw = np.random.default_rng(0)
    means = 3 * draw.standard_normal((n_components, n_features))
    X = draw.standard_normal((n_samples, n_features))
    X += means[draw.integers(n_components, size=n_samples)]
    kind = emgmm.COVARIANCE_TYPES[covariance_type]
    shape = kind.shape(n_components, n_features)
    return X, emgmm.MixtureParameters.checked(
        np.full(n_components, 1 / n_components),
        means + 0.3 * draw.standard_normal(means.shape),
        np.full(shape, 1.5) if kind.diagonal else np.broadcast_to(1.5 * np.eye(n_features), shape),
        covariance_type,
    )


@lru_cache
def implementation(library):
    """Import a file of `implementations`, and return its function."""
    spec = importlib.util.spec_from_file_location(
        "implementation", IMPLEMENTATIONS / f"{FILES.get(library, library)}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fit


def run(library, X, start, n_iter, tol=0.0):
    """Run an implementation; return the parameters that it ends with."""
    if library in OURS:
        rule = emgmm.sklearn_stopping(tol, n_iter)
        return emgmm.expectation_maximization(X, start, rule, kernel=library).parameters
    given = {"covariance_type": start.covariance_type, "tol": tol, "max_iter": n_iter, "reg_covar": 0.0}
    found = implementation(library)(X, start.weights, start.means, start.covariances, **given)
    ends = (np.array(found[name]) for name in ("weights", "means", "covariances"))
    return emgmm.MixtureParameters(*ends, start.covariance_type)


def many(library, X, start):
    """Fit many small data sets: by ours at once, by others in a loop."""
    if library in OURS:
        rule = emgmm.sklearn_stopping(1e-6, 1000)
        return [r.parameters for r in emgmm.fit_many(X, [start] * len(X), rule, kernel=library)]
    return [run(library, x, start, 1000, tol=1e-6) for x in X]


def main():
    """Answer commands until the input ends."""
    warnings.simplefilter("ignore")
    library, shape = sys.argv[1], json.loads(sys.argv[2])
    n_samples, n_features, n_components, covariance_type = shape["problem"]
    fits = shape.get("fits")
    if fits:
        draw = np.random.default_rng(1)
        means = np.array([[-1.0] * n_features, [1.0] * n_features])
        X = draw.standard_normal((fits, n_samples, n_features))
        X += means[draw.integers(2, size=(fits, n_samples))]
        start = emgmm.MixtureParameters.checked([0.5, 0.5], 0.5 * means, [np.eye(n_features)] * 2)
    else:
        X, start = problem(n_samples, n_features, n_components, covariance_type)
    for line in sys.stdin:
        if line.strip() == "peak":
            with tempfile.NamedTemporaryFile(suffix=".npy") as file:
                np.save(file.name, X)
                rows = np.load(file.name, mmap_mode="r")
                del X
                run(library, rows[:1000], start, 1)  # imports
                tracemalloc.start()
                run(library, rows, start, 2)
                print(tracemalloc.get_traced_memory()[1] / 1e6, flush=True)
            return
        begin = time.perf_counter()
        if fits:
            ends = many(library, X, start)
            elapsed = time.perf_counter() - begin
            likelihood = np.mean([emgmm.log_likelihoods(x, end).mean() for x, end in zip(X, ends, strict=True)])
        else:
            end = run(library, X, start, shape["n_iter"])
            elapsed = time.perf_counter() - begin
            likelihood = emgmm.log_likelihoods(X, end).mean()
        print(repr(elapsed), repr(float(likelihood)), flush=True)


if __name__ == "__main__":
    main()
