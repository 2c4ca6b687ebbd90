"""Our EM compared with other libraries: same start, same number of iterations, same log-likelihood, interleaved runs.

    python benchmarks/speed.py [--repeats 7] [--quick]

Writes benchmarks/RESULTS.md: ratios of times measured side by side in this run, peak memory, versions and machine.
pomegranate and OpenCV are compared where they are installed (the extra "implementations").
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from results import machine, row, write_section

HERE = Path(__file__).parent
OURS = ("numpy", "numba")  # kernels of our EM
OTHERS = {
    "sklearn": "scikit-learn",
    "pomegranate": "pomegranate",
    "opencv": "opencv-python-headless",
    "gmmx": "gmmx",
}
KINDS = {"pomegranate": ("full", "diag"), "opencv": ("full", "diag"), "gmmx": ("full",)}
SHAPES = [  # samples, features, components, covariance type, iterations, ratio to scikit-learn aimed at
    (1_000, 2, 2, "full", 500, 20),
    (10_000, 2, 2, "full", 100, 25),
    (12_000, 1, 2, "full", 100, ""),
    (1_000_000, 2, 2, "full", 5, 40),
    (1_000_000, 8, 4, "full", 3, 18),
    (100_000, 8, 8, "full", 5, 13),
    (100_000, 32, 16, "full", 3, 5),
    (50_000, 64, 4, "full", 3, 2.7),
    (1_000_000, 8, 4, "diag", 3, 12),
]
MANY = {"problem": (1000, 2, 2, "full"), "fits": 1000}
MANY_AIM = 50
HEADER = (
    *("samples", "features", "components", "covariance", "compared with", "numba, ms per iteration", "NumPy", "theirs"),
    *("ratio by numba (min - max)", "by NumPy", "aim", "difference"),
)
SLOWEST_OTHER = 20_000_000  # samples x components x iterations x features above which only scikit-learn is compared


class Library:
    """A library in its own process, with one thread."""

    def __init__(self, name, shape):
        pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(HERE / "libraries.py"), name, json.dumps(shape)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | pools,
        )

    def ask(self, command):
        """Return the numbers that the process answers."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"{' '.join(self.process.args)} ended without an answer")
        return [float(word) for word in answer]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def compare(shape, others, repeats):
    """Run our EM by each kernel and others in turn: seconds (repeats, libraries), and final log-likelihoods."""
    with ExitStack() as stack:
        libraries = [stack.enter_context(Library(name, shape)) for name in (*OURS, *others)]
        for library in libraries:
            library.ask("run")  # imports, pools, pages
        runs = np.array([[library.ask("run") for library in libraries] for _ in range(repeats)])
    return runs[:, :, 0], runs[0, :, 1]


def versions():
    """Name the machine and what runs on it."""
    packages = ["numpy", "scipy", "numba", *OTHERS.values()]
    found = [f"{name} {importlib.metadata.version(name)}" for name in packages if is_installed(name)]
    return f"{machine()}, {', '.join(found)}."


def is_installed(package):
    """Return whether a package is installed."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def formatted(ratios):
    """Format the median of ratios, with the smallest and the largest."""
    return f"**{np.median(ratios):.1f}** ({ratios.min():.1f} - {ratios.max():.1f})"


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="small shapes only; nothing is written")
    arguments = parser.parse_args()
    lines = []

    def report(*text):
        lines.extend(text)
        print("\n".join(text), flush=True)

    report(
        f"Written by `python benchmarks/speed.py`. {versions()}",
        f"One thread. Medians of {arguments.repeats} interleaved runs; a ratio is that of two "
        "consecutive runs, with the",
        "smallest and the largest. Initial parameters and iterations are the same; the difference is "
        "the relative one of the",
        "log-likelihoods. gmmx computes in single precision. mlpack's Python interface accepts no initial parameters.",
        "",
        row(HEADER),
        row(["---"] * len(HEADER)),
    )
    others = [name for name, package in OTHERS.items() if is_installed(package)]
    for *problem, n_iter, aim in SHAPES[:3] if arguments.quick else SHAPES:
        few = np.prod(problem[:3]) * n_iter <= SLOWEST_OTHER
        compared = [name for name in others if name == "sklearn" or (few and problem[3] in KINDS[name])]
        seconds, ends = compare({"problem": problem, "n_iter": n_iter}, compared, arguments.repeats)
        for number, other in enumerate(compared, start=len(OURS)):
            times = [f"{1000 * np.median(seconds[:, i]) / n_iter:.3f}" for i in (1, 0, number)]
            ratios = [formatted(seconds[:, number] / seconds[:, i]) for i in (1, 0)]
            difference = np.abs(ends[: len(OURS)] / ends[number] - 1).max()
            aimed = aim if other == "sklearn" else ""
            report(row([f"{problem[0]:,}", *problem[1:], OTHERS[other], *times, *ratios, aimed, f"{difference:.0e}"]))
    many = {**MANY, "fits": 100} if arguments.quick else MANY
    seconds, ends = compare(many, ["sklearn"], 3)
    report(
        "",
        f"{many['fits']} fits of 1,000 samples, 2 features, 2 components, to tol 1e-6, in seconds: `fit_many` by numba "
        f"{np.median(seconds[:, 1]):.2f} and by NumPy {np.median(seconds[:, 0]):.2f}, scikit-learn in a loop "
        f"{np.median(seconds[:, 2]):.2f}, ratios {formatted(seconds[:, 2] / seconds[:, 1])} and "
        f"{formatted(seconds[:, 2] / seconds[:, 0])}, aim {MANY_AIM}; log-likelihoods differ by "
        f"{np.abs(ends[:2] / ends[2] - 1).max():.0e}.",
        "",
        "Peak memory in addition to the data, which are a read-only memory map (2 features, 2 components):",
        "",
        row(["samples", "data, MB", "numba, MB", "NumPy, MB", "scikit-learn, MB"]),
        row(["---"] * 5),
    )
    for n_samples in (100_000,) if arguments.quick else (100_000, 10_000_000):
        peaks = []
        for name in ("numba", "numpy", "sklearn"):
            with Library(name, {"problem": (n_samples, 2, 2, "full"), "n_iter": 2}) as library:
                peaks += library.ask("peak")
        report(row([f"{n_samples:,}", f"{16 * n_samples / 1e6:.1f}", *(f"{peak:.1f}" for peak in peaks)]))
    if not arguments.quick:
        write_section("The library", lines)


if __name__ == "__main__":
    main()
