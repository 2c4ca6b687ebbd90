"""A pass of our EM compared with other libraries: same start, same number of steps, same end, interleaved runs.

    apt install r-cran-mclust r-cran-flexmix r-cran-mvtnorm r-cran-mixtools libopenblas0-pthread g++ libarmadillo-dev \
        libcereal-dev libvlfeat-dev octave-statistics
    make league                                           # makes .venv-league, and runs the next line
    python benchmarks/speed.py [--repeats 5] [--quick] [--avx2]

It takes about a quarter of an hour on two quiet cores, and writes benchmarks/RESULTS.md: ratios of times measured side
by side in this run, peak memory, versions and machine. What is not installed is left out, and the text says so.
Packages of Python are those of .venv-league, where it has been made, else those of this environment.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from results import machine, row, write_section

HERE = Path(__file__).parent
OURS = {"numba": "emgmm, numba", "numpy": "emgmm, NumPy"}
OTHERS = {
    "sklearn": "scikit-learn",
    "onedal": "oneDAL",
    "pomegranate": "pomegranate",
    "tgmm": "tgmm",
    "torchgmm": "torchgmm",
    "gmmx": "gmmx",
    "opencv": "OpenCV",
    "armadillo": "Armadillo",
    "mlpack": "mlpack",
    "vlfeat": "VLFeat",
    "mclust": "mclust (R)",
    "flexmix": "flexmix (R)",
    "mixtools": "mixtools (R)",
    "octave": "Octave's statistics",
}
ONLY = {"gmmx": "full", "mlpack": "full", "mixtools": "full", "octave": "full", "vlfeat": "diag"}
PARALLEL = ("onedal", "pomegranate", "tgmm", "torchgmm", "gmmx", "opencv", "armadillo", "vlfeat")
PARALLEL_AT = [[1_000_000, 2, 2, "full"]]  # where these are also timed with two threads
ONLY_SKLEARN_AT = [[1_000_000, 8, 4, "full"], [50_000, 64, 4, "full"]]
DIFFERS = {  # why a library may end elsewhere
    "gmmx": "single precision",
    "torchgmm": "sums in single precision",
    "flexmix": "covariances with the divisor of R's cov.wt",
    "mixtools": "a second E-step between means and variances",
    "vlfeat": "omits small posterior probabilities",
}
NOT_TIMED = """\
- The Python interface of mlpack, StepMix and Weka take no initial parameters. mlpack is timed in C++, with full
  covariances: those of its DiagonalGMM are Armadillo's.
- Octave's `fitgmdist` refuses initial parameters with diagonal covariances. gmmx is called with full
  covariances; VLFeat has only diagonal ones. mixtools is timed with one feature: with more, a step takes 0.6 ms
  per sample.
- Rmixmod, EMCluster, GMKMcharlie, bgmm and ClusterR (R), GaussianMixtures.jl (Julia) and linfa (Rust) are in
  none of the package registries at hand: Debian's, PyPI and npm. Spark's MLlib was not tried.
- cuML needs a GPU, MATLAB's `fitgmdist` a licence.
- With 8 features, 4 components and full covariances, and with 64 features, only scikit-learn is timed."""
INTRODUCTION = """\
One thread, where no other number is named; a process is bound to as many processors as it has threads. Medians
of {repeats} interleaved runs (of 3, where a run takes more than {slow:g} s) of some steps, each an E-step and
an M-step, from the same initial parameters; a ratio is that of two runs of the same round, with the smallest
and the largest. The difference is the relative one to the log-likelihood by numba, both computed by emgmm from
the final parameters; where it is above {same:g}, the last column says why. Armadillo, mlpack and VLFeat are
compiled by `g++ -O3 -march=native`; packages of R and Octave are timed inside R and Octave."""
SHAPES = [  # samples, features, components, covariance type, steps, ratio of scikit-learn to numba aimed at
    (1_000, 2, 2, "full", 100, 20),
    (10_000, 2, 2, "full", 30, 25),
    (12_000, 1, 2, "full", 15, ""),
    (1_000_000, 2, 2, "full", 4, 40),
    (1_000_000, 8, 4, "full", 3, 18),
    (100_000, 8, 8, "full", 5, 13),
    (100_000, 32, 16, "full", 3, 5),
    (50_000, 64, 4, "full", 3, 2.7),
    (1_000_000, 8, 4, "diag", 3, 12),
]
LONGEST = 10.0  # seconds of a run, above which a library is left out of a shape
SLOW, FEWEST = 1.5, 3  # seconds of a run from which on a library takes part in the first rounds only, and their number
MANY = {"problem": (1000, 2, 2, "full"), "fits": 1000}
MANY_AIM = 50
HEADER = (
    *("samples", "features", "components", "covariance", "library", "ms per pass", "time / that by numba (min - max)"),
    *("time / that by NumPy", "aim", "difference", "why"),
)
SAME = 1e-8  # largest relative difference of log-likelihoods that is none
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
# As on a processor without AVX-512: of numba, of NumPy (as its releases name the instructions), and of OpenBLAS.
AVX2 = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx2,+fma",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


class MissingError(Exception):
    """A library does not run here; the text says why."""


class Library:
    """A library in its own process, bound to as many processors as it has threads."""

    def __init__(self, name, shape, threads=1, environment=None):
        league = HERE.parent / ".venv-league/bin/python"
        python = str(league) if league.exists() and name not in (*OURS, "sklearn") else sys.executable
        settings = dict.fromkeys(POOLS, str(threads)) | (environment or {})
        settings["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")])
        cores = sorted(os.sched_getaffinity(0))[-threads:]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (as long as the process)
        self.process = subprocess.Popen(  # noqa: S603
            [python, str(HERE / "libraries.py"), name, json.dumps({**shape, "threads": threads})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | settings,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    def line(self):
        """Return the next line of the answer."""
        line = self.process.stdout.readline().strip()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise MissingError(self.errors.read().strip().split("\n")[-1])
        return line

    def ask(self, command):
        """Return the number that the process answers."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return float(self.line())

    def __enter__(self):
        self.version = self.line()
        return self

    def __exit__(self, *error):
        self.process.stdin.close()  # which ends it
        self.process.stdout.close()
        self.process.wait()


def find(folder):
    """Return the version of each library that runs here, by name and threads, and why others do not."""
    found, missing = {}, {}
    several = (1, 2) if len(os.sched_getaffinity(0)) > 1 else (1,)
    for name in (*OURS, *OTHERS):
        shape = {"problem": (100, 1, 2, ONLY.get(name, "full")), "folder": folder}
        for threads in several if name in (*OURS, *PARALLEL) else (1,):
            try:
                with Library(name, shape, threads) as library:
                    library.ask("run 1")
                    found[name, threads] = library.version
            except (MissingError, OSError) as error:
                missing[name, threads] = str(error)
                break
    return found, missing


def label(name, threads=1, more=""):
    """Name a line of the table."""
    return (OURS | OTHERS)[name] + (f", {threads} threads" if threads > 1 else "") + more


def interleaved(libraries, command, repeats):
    """Run libraries in turn; return the seconds of each line, in fewer rounds for slow ones."""
    seconds = {line: [] for line in libraries}
    for number in range(repeats):
        for line, library in libraries.items():
            if number < FEWEST or seconds[line][0] < SLOW:
                seconds[line].append(library.ask(command))
    return {line: np.array(runs) for line, runs in seconds.items()}


def compare(shape, steps, lines, repeats, environment=None):
    """Compare lines of the table at a shape; the first is the one that the others are compared with.

    Returns
    -------
    seconds, ends, slow : dict
        By line: seconds of each run, the final log-likelihood, and seconds of one step where a run would take longer
        than `LONGEST`.
    by_a_step : float
        How much the last step changes the log-likelihood, relative.
    """
    slow, libraries = {}, {}
    with ExitStack() as stack:
        for line in lines:
            library = stack.enter_context(Library(line[0], shape, line[1], environment))
            library.ask("run 1")  # imports, pools, pages
            step = library.ask("run 1")
            if step * steps > LONGEST > 10 * step:
                step = library.ask("run 2") - step  # without what is done once a run
            if step * steps > LONGEST and line[0] not in (*OURS, "sklearn"):
                slow[line] = step
                library.process.stdin.close()
            else:
                libraries[line] = library
                if step * steps < SLOW:
                    library.ask(f"run {steps}")  # JAX compiles it for this number
        seconds = interleaved(libraries, f"run {steps}", repeats)
        ends = {line: library.ask("end") for line, library in libraries.items()}
        first = libraries[lines[0]]
        first.ask(f"run {steps - 1}")
        by_a_step = abs(first.ask("end") / ends[lines[0]] - 1)
    return seconds, ends, slow, by_a_step


def fit_many(fits, repeats):
    """Return the seconds of many small fits, and their mean log-likelihood, by our kernels and scikit-learn."""
    with ExitStack() as stack:
        libraries = {name: stack.enter_context(Library(name, fits)) for name in (*OURS, "sklearn")}
        interleaved(libraries, "run 1", 1)  # imports
        seconds = interleaved(libraries, "run 1", repeats)
        return seconds, {name: library.ask("end") for name, library in libraries.items()}


def formatted(ratios):
    """Format the median of ratios, with the smallest and the largest."""
    digits = 1 if np.median(ratios) >= 2 else 2
    return f"**{np.median(ratios):.{digits}f}** ({ratios.min():.{digits}f} - {ratios.max():.{digits}f})"


def rows_of(problem, steps, seconds, ends, aim, more=""):
    """Return the lines of the table for a shape."""
    numba, numpy = (seconds[name, 1] for name in OURS)
    lines = []
    for (name, threads), times in seconds.items():
        difference = abs(ends[name, threads] / ends["numba", 1] - 1)
        why = "" if difference <= SAME else DIFFERS.get(name, "not known")
        aimed = aim if name == "sklearn" else ""
        ratios = [formatted(times[: len(ours)] / ours[: len(times)]) for ours in (numba, numpy)]
        cells = (f"{problem[0]:,}", *problem[1:], label(name, threads, more), f"{1000 * np.median(times) / steps:.3f}")
        lines.append(row([*cells, *ratios, aimed, f"{difference:.0e}", why]))
    return lines


def versions():
    """Name the machine and what runs on it."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "numba")]
    return f"{machine()}, {', '.join(found)}"


def main():
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small shapes only; nothing is written")
    parser.add_argument("--avx2", action="store_true", help="also our EM and scikit-learn without AVX-512")
    arguments = parser.parse_args()
    shapes = [shape for shape in SHAPES if np.prod(shape[:3]) < 1e5] if arguments.quick else SHAPES
    lines = []

    def report(*text):
        lines.extend(text)
        print("\n".join(text), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        found, missing = find(folder)
        others = ", ".join(f"{label(name)} {found[name, 1]}" for name in OTHERS if (name, 1) in found)
        report(
            f"Written by `python benchmarks/speed.py`. {versions()}; {others}.",
            *INTRODUCTION.format(repeats=arguments.repeats, slow=SLOW, same=SAME).split("\n"),
            "",
            row(HEADER),
            row(["---"] * len(HEADER)),
        )
        slow, by_a_step = [], []
        for *problem, steps, aim in shapes:
            compared = [
                (name, threads)
                for name, threads in found
                if ONLY.get(name, problem[3]) == problem[3]
                and (threads == 1 or name in OURS or problem in PARALLEL_AT)
                and (name in (*OURS, "sklearn") or problem not in ONLY_SKLEARN_AT)
                and (name != "mixtools" or problem[1] == 1)
            ]
            shape = {"problem": problem, "folder": folder}
            seconds, ends, left, step = compare(shape, steps, compared, arguments.repeats)
            report(*rows_of(problem, steps, seconds, ends, aim))
            by_a_step.append(step)
            where = f"{problem[0]:,} samples, {problem[1]} features, {problem[2]} components, {problem[3]}"
            slow += [f"{label(*line)} at {where}: {once:.1f} s per pass" for line, once in left.items()]
        report(
            "",
            f"The last step changes the log-likelihood by {min(by_a_step):.0e} or more (relative), so that equal "
            "log-likelihoods are",
            "those after equally many steps. Not in the table:",
            "",
            *(f"- {label(*line)}: {why}" for line, why in missing.items()),
            *(f"- {text}; a run would take longer than {LONGEST:g} s" for text in slow),
            *NOT_TIMED.split("\n"),
        )
    if arguments.avx2:
        report(
            "",
            "The same as on a processor with AVX2 and without AVX-512 (settings of numba, NumPy and OpenBLAS):",
            "",
            row(HEADER),
            row(["---"] * len(HEADER)),
        )
        for *problem, steps, _ in shapes:
            compared = [(name, 1) for name in (*OURS, "sklearn")]
            seconds, ends, *_ = compare({"problem": problem}, steps, compared, arguments.repeats, AVX2)
            report(*rows_of(problem, steps, seconds, ends, "", ", AVX2"))
    fits = {**MANY, "fits": 100} if arguments.quick else MANY
    seconds, ends = fit_many(fits, 3)
    numba, numpy, sklearn = seconds.values()
    report(
        "",
        f"{fits['fits']} fits of 1,000 samples, 2 features, 2 components, to tol 1e-6, in seconds: `fit_many` by numba "
        f"{np.median(numba):.2f} and by NumPy {np.median(numpy):.2f}, scikit-learn in a loop "
        f"{np.median(sklearn):.2f}, ratios {formatted(sklearn / numba)} and "
        f"{formatted(sklearn / numpy)}, aim {MANY_AIM}; log-likelihoods differ by "
        f"{max(abs(end / ends['sklearn'] - 1) for end in ends.values()):.0e}.",
        "",
        "Peak memory in addition to the data, which are a read-only memory map (2 features, 2 components):",
        "",
        row(["samples", "data, MB", "numba, MB", "NumPy, MB", "scikit-learn, MB"]),
        row(["---"] * 5),
    )
    for n_samples in (100_000,) if arguments.quick else (100_000, 10_000_000):
        peaks = []
        for name in (*OURS, "sklearn"):
            with Library(name, {"problem": (n_samples, 2, 2, "full")}) as library:
                peaks.append(library.ask("peak"))
        report(row([f"{n_samples:,}", f"{16 * n_samples / 1e6:.1f}", *(f"{peak:.1f}" for peak in peaks)]))
    if not arguments.quick:
        write_section("The library", lines)


if __name__ == "__main__":
    main()
