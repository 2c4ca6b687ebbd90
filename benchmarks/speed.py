"""Our EM beside other libraries: same start, same number of iterations, same log-likelihood, interleaved runs.

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
from pathlib import Path

import numpy as np

from results import machine, row, write_section

HERE = Path(__file__).parent
OTHERS = {"sklearn": "scikit-learn", "pomegranate": "pomegranate", "opencv": "opencv-python-headless"}
SHAPES = [  # rows, features, components, covariance type, iterations, ratio to scikit-learn aimed at
    (1_000, 2, 2, "full", 500, 5),
    (10_000, 2, 2, "full", 100, 10),
    (12_000, 1, 2, "full", 100, None),
    (1_000_000, 2, 2, "full", 5, 14),
    (1_000_000, 8, 4, "full", 3, 9),
    (100_000, 8, 8, "full", 5, 6),
    (100_000, 32, 16, "full", 3, 3),
    (50_000, 64, 4, "full", 3, None),
    (1_000_000, 8, 4, "diag", 3, 8),
]
MANY = {"problem": (1000, 2, 2, "full"), "fits": 1000}
MANY_AIM = 15
HEADER = (
    *("rows", "features", "components", "covariance", "threads", "beside", "ours, ms an iteration", "theirs"),
    *("ratio (min - max)", "aim", "log-likelihoods differ"),
)
SLOWEST_OTHER = 20_000_000  # rows x components x iterations x features above which only scikit-learn is compared


class Library:
    """A library in a process of its own, with a number of threads."""

    def __init__(self, name, shape, threads):
        pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(HERE / "libraries.py"), name, json.dumps(shape)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | pools,
        )

    def ask(self, command):
        """Return the numbers that the process answers with."""
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


def compare(other, shape, threads, repeats):
    """Run both libraries in turn; return seconds (repeats, 2) and how far their log-likelihoods differ."""
    with Library("emgmm", shape, threads) as ours, Library(other, shape, threads) as theirs:
        for library in (ours, theirs):
            library.ask("run")  # imports, pools, pages
        runs = np.array([[ours.ask("run"), theirs.ask("run")] for _ in range(repeats)])
    return runs[:, :, 0], abs(runs[0, 0, 1] - runs[0, 1, 1])


def versions():
    """Name the machine and what runs on it."""
    packages = ["numpy", "scipy", *OTHERS.values()]
    found = [f"{name} {importlib.metadata.version(name)}" for name in packages if is_installed(name)]
    return f"{machine()}, {', '.join(found)}."


def is_installed(package):
    """Tell whether a package is installed."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="small shapes only; nothing is written")
    arguments = parser.parse_args()
    lines = []

    def tell(*text):
        lines.extend(text)
        print("\n".join(text), flush=True)

    tell(
        f"Written by `python benchmarks/speed.py`. {versions()}",
        f"Each number is the median of {arguments.repeats} interleaved runs; a ratio is of two runs side by side, with",
        "the smallest and the largest. Same start and iterations; the log-likelihoods (nats a row) differ as shown.",
        "",
        row(HEADER),
        row(["---"] * len(HEADER)),
    )
    others = [name for name, package in OTHERS.items() if is_installed(package)]
    for *problem, n_iter, aim in SHAPES[:3] if arguments.quick else SHAPES:
        shape = {"problem": problem, "n_iter": n_iter}
        work = np.prod(problem[:3]) * n_iter
        for other in others:
            if other != "sklearn" and work > SLOWEST_OTHER:
                continue
            for threads in (1, 2) if other == "sklearn" else (1,):
                seconds, difference = compare(other, shape, threads, arguments.repeats)
                ours, theirs = 1000 * np.median(seconds, axis=0) / n_iter
                ratios = seconds[:, 1] / seconds[:, 0]
                spread = f"**{np.median(ratios):.1f}** ({ratios.min():.1f} - {ratios.max():.1f})"
                aimed = aim if aim and threads == 1 and other == "sklearn" else ""
                where = [f"{problem[0]:,}", *problem[1:], threads, OTHERS[other]]
                tell(row([*where, f"{ours:.3f}", f"{theirs:.3f}", spread, aimed, f"{difference:.0e}"]))
    many = {**MANY, "fits": 100} if arguments.quick else MANY
    seconds, difference = compare("sklearn", many, 1, 3)
    ratios = seconds[:, 1] / seconds[:, 0]
    tell(
        "",
        f"{many['fits']} fits of 1,000 rows, 2 features, 2 components, to tol 1e-6, 1 thread: `fit_many` "
        f"{np.median(seconds[:, 0]):.2f} s, scikit-learn in a loop {np.median(seconds[:, 1]):.2f} s, ratio "
        f"**{np.median(ratios):.1f}** ({ratios.min():.1f} - {ratios.max():.1f}), aim {MANY_AIM}; "
        f"log-likelihoods differ by {difference:.0e}.",
        "",
        "Most memory allocated beyond the data, which are a read-only memory map (2 features, 2 components):",
        "",
        row(["rows", "data, MB", "ours, MB", "scikit-learn, MB"]),
        row(["---"] * 4),
    )
    for n_samples in (100_000,) if arguments.quick else (100_000, 10_000_000):
        peaks = []
        for name in ("emgmm", "sklearn"):
            with Library(name, {"problem": (n_samples, 2, 2, "full"), "n_iter": 2}, 1) as library:
                peaks += library.ask("peak")
        tell(row([f"{n_samples:,}", f"{16 * n_samples / 1e6:.1f}", *(f"{peak:.1f}" for peak in peaks)]))
    if not arguments.quick:
        write_section("The library", lines)


if __name__ == "__main__":
    main()
