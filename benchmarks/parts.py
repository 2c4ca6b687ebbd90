"""EM over parts on a local Dask cluster of two workers: what the tasks cost, and what a worker holds.

    python benchmarks/parts.py [--files 100]

Writes the section "Parts" of benchmarks/RESULTS.md.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster

from emgmm import MixtureParameters, Parts, expectation_maximization, sklearn_stopping
from results import machine, row, write_section

N_WORKERS = 2
SHAPES = [(1_000_000, 2, 2, 8), (4_000_000, 8, 4, 4)]  # samples per part, features, components, parts
PASSES = 9


def start_of(n_features, n_components):
    """Return initial parameters."""
    means = 2.0 * np.arange(n_components)[:, None] * np.ones(n_features)
    return MixtureParameters.checked(
        np.full(n_components, 1 / n_components), means, [1.5 * np.eye(n_features)] * n_components
    )


def make(n_rows, n_features, n_components, seed):
    """Draw the samples of a part."""
    draw = np.random.default_rng(seed)
    return draw.standard_normal((n_rows, n_features)) + 2.0 * draw.integers(n_components, size=(n_rows, 1))


def fit(X, start, n_passes, **options):
    """Run EM; return the result and seconds."""
    begin = time.perf_counter()
    result = expectation_maximization(X, start, sklearn_stopping(0.0, n_passes), **options)
    return result, time.perf_counter() - begin


def seconds_a_pass(X, start, **options):
    """Time a pass: the median of those after the first two, from one step to the next."""
    ends = []
    fit(X, start, 3 + PASSES, monitor=lambda *_: ends.append(time.perf_counter()), **options)
    return np.median(np.diff(ends)[2:])


def difference(one, other):
    """Return how far two fits are apart, relative to the largest entry of each array."""
    names = ("weights", "means", "covariances")
    pairs = [(getattr(one.parameters, name), getattr(other.parameters, name)) for name in names]
    return max(np.abs(a - b).max() / np.abs(a).max() for a, b in pairs)


def peak():
    """Return the peak memory of a process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def on_workers(client, report):
    """Time passes over parts that lie in the workers' memory."""
    import dask.array

    report(
        ("samples per part", "features", "components", "parts", "one part alone, ms", "pass, ms", "ideal, ms", "ratio")
    )
    report(("---",) * 8)
    for n_rows, n_features, n_components, n_parts in SHAPES:
        start = start_of(n_features, n_components)
        alone = seconds_a_pass(make(n_rows, n_features, n_components, 0), start)
        delayed = [dask.delayed(make)(n_rows, n_features, n_components, i) for i in range(n_parts)]
        shape = n_rows, n_features
        collection = dask.array.concatenate([dask.array.from_delayed(part, shape, float) for part in delayed])
        whole = seconds_a_pass(Parts(collection), start, map=client.get_executor().map)
        ideal = alone * n_parts / N_WORKERS
        figures = (f"{1000 * seconds:.0f}" for seconds in (alone, whole, ideal))
        report((f"{n_rows:,}", n_features, n_components, n_parts, *figures, f"**{whole / ideal:.2f}**"))


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100)
    n_files = parser.parse_args().files
    lines = []

    def report(*cells):
        for each in cells:
            lines.append(each if isinstance(each, str) else row(each))
            print(lines[-1], flush=True)

    report(
        f"Written by `python benchmarks/parts.py`. {machine()}; {N_WORKERS} workers of one thread.",
        "Ideal: the arithmetic of all parts by the workers, without a task's cost. The aim: a ratio of at most 1.1",
        "where a part alone takes 300 ms.",
        "",
    )
    settings = {"n_workers": N_WORKERS, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        on_workers(client, report)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"rows_{i}.npy" for i in range(n_files)]
        for i, path in enumerate(paths):
            np.save(path, make(1_000_000, 2, 2, i))
        start = start_of(2, 2)
        with LocalCluster(**settings) as cluster, Client(cluster) as client:
            before = max(client.run(peak).values())
            found, seconds = fit(Parts(paths), start, PASSES, map=client.get_executor().map)
            held = max(client.run(peak).values())
        one, alone = fit(Parts(paths), start, PASSES)
    report(
        "",
        f"{1_000_000 * n_files:,} samples of 2 features in {n_files} files of 16 MB, a scan and {PASSES} passes: "
        f"{seconds:.1f} s on the workers, {alone:.1f} s in one process, files read at each pass. A worker used at most "
        f"{held:.0f} MB, {before:.0f} before. Parameters differ by {difference(found, one):.0e}.",
    )
    write_section("Parts", lines)


if __name__ == "__main__":
    main()
