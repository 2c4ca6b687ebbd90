"""One library in a process of its own: reads commands, runs EM, answers with seconds and the end's log-likelihood.

    python benchmarks/libraries.py LIBRARY SHAPE

Its first line is the library's version. Commands, one a line: `run STEPS` (answers seconds), `end` (the mean
log-likelihood of the last run's parameters, by ours) and `peak` (megabytes allocated beyond the data).

A library of another language is a program in the folder `league`: PROGRAM PROBLEM. The file PROBLEM holds int32 numbers
(samples, features, components, 1 if the covariances are diagonal), then doubles (samples, weights, means, covariances;
one sample, mean or matrix after the other). The program prints its version, then reads numbers of steps, one a line,
and answers each by a line of numbers: the seconds of its EM without any conversion, weights, means, covariances.
"""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from functools import partial
from pathlib import Path

import numpy as np

import emgmm

OURS = ("numpy", "numba")  # kernels of our EM
HERE = Path(__file__).parent
LEAGUE = HERE / "league"
FILES = {"sklearn": "scikit_learn"}  # of `implementations` or `league`; the others are called as the library
PACKAGES = {  # of Python, as they are installed
    "sklearn": "scikit-learn",
    "opencv": "opencv-python-headless",
    "onedal": "scikit-learn-intelex",
}
COMMANDS = {
    **{name: ["Rscript", "--vanilla", str(LEAGUE / "packages.R"), name] for name in ("mclust", "flexmix", "mixtools")},
    "octave": ["octave-cli", "--no-init-file", str(LEAGUE / "fitgmdist.m")],
}
COMPILED = {"armadillo": ["-larmadillo"], "mlpack": ["-larmadillo"], "vlfeat": ["-lvl"]}
OPTIONS = ("-std=c++17", "-O3", "-march=native", "-fopenmp")


def problem(n_samples, n_features, n_components, covariance_type):
    """Draw samples of overlapping components, and a start near them, from which each step of EM changes something."""
    draw = np.random.default_rng(0)
    means = 3 / np.sqrt(2 * n_features) * draw.standard_normal((n_components, n_features))  # a distance of about 3
    X = draw.standard_normal((n_samples, n_features))
    X += means[draw.integers(n_components, size=n_samples)]
    kind = emgmm.COVARIANCE_TYPES[covariance_type]
    shape = kind.shape(n_components, n_features)
    return X, emgmm.MixtureParameters.checked(
        np.full(n_components, 1 / n_components),
        means + 0.8 * draw.standard_normal(means.shape),
        np.full(shape, 1.5) if kind.diagonal else np.broadcast_to(1.5 * np.eye(n_features), shape),
        covariance_type,
    )


def implementation(library):
    """Import a file of `implementations` or `league`, and return its function."""
    name = f"{FILES.get(library, library)}.py"
    (file,) = (path for path in (HERE.parent / "implementations" / name, LEAGUE / name) if path.exists())
    spec = importlib.util.spec_from_file_location("implementation", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fit


def python_library(library, threads):
    """Return the version of a library of Python, and a function that runs it and returns the final parameters."""
    version = importlib.metadata.version(PACKAGES.get(library, library))
    if library in OURS:
        options = {"kernel": library, "n_jobs": threads}

        def ours(X, start, steps):
            rule = emgmm.sklearn_stopping(0.0, steps)
            return emgmm.expectation_maximization(X, start, rule, **options).parameters

        return version, ours
    fit = implementation(library)

    def run(X, start, steps, tol=0.0):
        given = {"covariance_type": start.covariance_type, "tol": tol, "max_iter": steps, "reg_covar": 0.0}
        found = fit(X, start.weights, start.means, start.covariances, **given)
        ends = (np.array(found[name]) for name in ("weights", "means", "covariances"))
        return emgmm.MixtureParameters(*ends, start.covariance_type)

    return version, run


def command_of(library, folder):
    """Return the command that starts the program of a library; compile it into a folder, if it is not there."""
    if library in COMMANDS:
        return COMMANDS[library]
    program = Path(folder) / library
    if not program.exists():
        headers = importlib.util.find_spec("mlpack") if library == "mlpack" else None  # its package brings them
        include = [f"-I{Path(headers.origin).parent / 'include'}"] if headers else []
        command = ["g++", *OPTIONS, *include, str(LEAGUE / f"{library}.cpp"), "-o", str(program), *COMPILED[library]]
        compiler = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if compiler.returncode != 0:
            raise RuntimeError(next(line for line in compiler.stderr.splitlines() if "error" in line))
    return [str(program)]


class Program:
    """A library in a program of another language, with a problem."""

    def __init__(self, command, X, start):
        self.start, self.errors = start, tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        sizes = np.array([*X.shape, len(start.weights), start.covariance_type == "diag"], dtype="<i4")
        with tempfile.NamedTemporaryFile() as file:
            for array in (sizes, X, start.weights, start.means, start.covariances):
                file.write(np.ascontiguousarray(array).tobytes())
            file.flush()
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors, "text": True}
            # Octave would stop at the terminal of another session.
            self.process = subprocess.Popen([*command, file.name], start_new_session=True, **pipes)  # noqa: S603
            self.version = self.line().strip()

    def line(self):
        """Return the next line of output."""
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").split("\n")
            raise RuntimeError(" ".join(" ".join(said).split())[-200:])
        return line

    def run(self, steps):
        """Run EM; return seconds and the final parameters."""
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        seconds, *numbers = map(float, self.line().split())
        K, D = self.start.means.shape
        weights, means, covariances = np.split(np.array(numbers), [K, K + K * D])
        ends = (weights, means.reshape(K, D), covariances.reshape(self.start.covariances.shape))
        return seconds, emgmm.MixtureParameters(*ends, self.start.covariance_type)


def many(library, run, X, start):
    """Fit many small data sets: by ours at once, by others in a loop."""
    if library in OURS:
        rule = emgmm.sklearn_stopping(1e-6, 1000)
        return [r.parameters for r in emgmm.fit_many(X, [start] * len(X), rule, kernel=library)]
    return [run(x, start, 1000, tol=1e-6) for x in X]


def timed(function, *arguments):
    """Return the seconds that a function takes, and its result."""
    begin = time.perf_counter()
    found = function(*arguments)
    return time.perf_counter() - begin, found


def peak_memory(run, X, start):
    """Return the megabytes that EM allocates in addition to the data, a memory map."""
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, X)
        rows = np.load(file.name, mmap_mode="r")
        del X
        run(rows[:1000], start, 1)  # imports
        tracemalloc.start()
        run(rows, start, 2)
        return tracemalloc.get_traced_memory()[1] / 1e6


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
    if library in COMMANDS or library in COMPILED:
        program = Program(command_of(library, shape["folder"]), X, start)
        version, run = program.version, program.run
    else:
        version, fit = python_library(library, shape["threads"])
        run = partial(timed, lambda steps: many(library, fit, X, start) if fits else fit(X, start, steps))
    print(version, flush=True)
    for line in sys.stdin:
        match line.split():
            case ["run", steps]:
                seconds, end = run(int(steps))
                print(repr(seconds), flush=True)
            case ["end"]:
                pairs = zip(X, end, strict=True) if fits else [(X, end)]
                print(repr(float(np.mean([emgmm.log_likelihoods(*pair).mean() for pair in pairs]))), flush=True)
            case ["peak"]:
                print(peak_memory(fit, X, start), flush=True)
                return


if __name__ == "__main__":
    main()
