"""EM implementations in files: each runs in its own process, which may fail, return nonsense or never end."""

import json
import os
import re
import subprocess
import sys
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import Pipe
from pathlib import Path
from threading import Timer

import numpy as np

from em_study.errors import StudyError
from em_study.fits.available import OURS, implementation_file, tolerance_of
from em_study.fits.runner import LARGEST
from em_study.fits.runs import PARAMETERS, Run, inverse_covariances
from emgmm import MixtureParameters

START_LIMIT = 120.0  # seconds until it is imported
# Lines that faulthandler writes
DUMPED = r'Fatal Python error: |Timeout \(|(Current t|T)hread 0x|  File "|  \.\.\.$|Extension modules: '
SUM_TOLERANCE, ASYMMETRY = 1e-6, 1e-8


@contextmanager
def running(name: str, time_limit: float):
    """Give the function that runs an implementation: from samples, initial parameters and settings to a `Run`."""
    if name == "sklearn":
        from em_study.fits import sklearn_adapter  # slow to import

        yield sklearn_adapter.fit
        return
    with Implementation(implementation_file(name) or OURS / "ours.py", time_limit) as implementation:
        yield implementation.run


class Implementation(AbstractContextManager):
    """A running implementation from a file; close it, or use it in a `with`.

    Parameters
    ----------
    file : path-like
        It has a function `fit` as docs/implementations.md describes.
    time_limit : float
        Seconds that a run may take.
    """

    def __init__(self, file, time_limit: float = 60.0):
        self.file, self.time_limit, self.process = Path(file), time_limit, None
        self.useless = ""  # why it cannot be imported
        self.tolerance_of = "mean"  # its TOLERANCE_OF, once it is imported
        self.changed_inputs = []  # names of the arrays that the last call changed in place

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End its process, and all processes that this has started."""
        if self.process is not None:
            self.process.stdin.close()  # which ends the process
            self._end(0)

    def start(self) -> str:
        """Import it, if it is not running. Return why that failed; empty if it did not."""
        if self.process is not None or self.useless:
            return self.useless
        if not self.file.is_file():
            return f"there is no file {self.file}"
        self.pipe, theirs = Pipe()
        words = ["em_study.fits.runner", os.path.abspath(self.file), str(theirs.fileno()), str(START_LIMIT)]
        folder = os.path.realpath(self.file.parent)
        # A file with the name of a module must not be imported in its place.
        places = [place for place in sys.path if place and os.path.realpath(place) != folder]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", *words],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
                start_new_session=True,
            )
        self.useless = self._answer(None, START_LIMIT, "cannot be imported: ")[1]
        try:
            if not self.useless:
                self.tolerance_of = tolerance_of(self.file)
        except StudyError as error:
            self.useless = self._sentence(0, str(error))
        if self.useless:
            self.close()
        return self.useless

    def run(
        self,
        X,
        start: MixtureParameters,
        *,
        tol: float,
        max_iter: int,
        reg_covar: float,
        precisions_are_covariances: bool = False,
        labels=None,
    ) -> Run:
        """Run it from initial parameters. Whatever goes wrong becomes the `failure` of the run.

        `precisions_are_covariances` passes the initial parameters that article A's mistake gives to scikit-learn: the
        inverses of the covariances in place of these. `labels` (N,) are the components of the samples to clamp, -1 for
        none.
        """
        arrays = {"X": X, **{name: getattr(start, name) for name in PARAMETERS}}
        if precisions_are_covariances:
            arrays["covariances"] = inverse_covariances(start)
        if labels is not None:
            arrays["labels"] = labels
        settings = {"covariance_type": start.covariance_type, "tol": tol, "max_iter": max_iter, "reg_covar": reg_covar}
        found, problem = self.call(arrays, settings)
        try:
            if not problem:
                return checked(found, start, max_iter)
        except ValueError as error:
            problem = self._sentence(0, str(error))
        return Run(start, failure=problem)

    def call(self, arrays: dict, settings: dict) -> tuple[dict, str]:
        """Return the arrays that its function returns, by name, unchecked, and an error message; empty if none."""
        if problem := self.start():
            return {}, problem
        return self._answer((arrays, settings, self.time_limit), self.time_limit)

    def _answer(self, question, limit: float, prefix: str = "") -> tuple[dict, str]:
        """Return the answer of the process, and an error message; end the process if it does not answer in time."""
        process, found, self.changed_inputs = self.process, None, []
        timer = Timer(limit, process.stdin.close)  # which ends the process, so that waiting ends too
        timer.start()
        try:
            if question is not None:
                self.pipe.send(question)
            line, problem, self.changed_inputs, arrays = json.loads(self.pipe.recv_bytes(3 * LARGEST))
            found = {name: np.ndarray(*of, bytearray.fromhex(data)) for name, (*of, data) in arrays.items()}
        except (EOFError, ConnectionError):  # the process has ended, or will
            line, problem = self._end(limit)
        except Exception:
            line, problem = 0, "its process sent something that is not an answer"
        finally:
            timer.cancel()
            if found is None or process.stdin.closed:
                self.close()
        return found or {}, problem and self._sentence(line, prefix + problem)

    def _end(self, limit: float) -> tuple[int, str]:
        """Wait for the end of the process; return the line of the file that ran then, 0 if unknown, and the reason."""
        with self.pipe, self.process as process:
            self.process = None
            how, _, written = process.stdout.read().decode(errors="replace").partition("\n")
            if not how and not process.stdin.closed:
                how = "and its watcher have ended"
        _, dumped, dump = written.rpartition("Fatal Python error: " if how else "Timeout (")
        file = re.escape(os.path.abspath(self.file).encode("ascii", "backslashreplace").decode())
        place = dumped and re.search(rf'File "{file}", line (\d+)', dump)
        problem = f"its process {how}" if how else f"it does not end within {limit:g} s"
        words = [line for line in written.splitlines() if line.strip() and not re.match(DUMPED, line)]
        if how and words:
            problem += f"; its last output: {' | '.join(words[-3:])[-500:]}"
        return int(place[1]) if place else 0, problem

    def _sentence(self, line: int, text: str) -> str:
        """Write a message with its place on one line, without control characters."""
        text = f"{self.file.name}{f', line {line}' if line else ''}: {text[:800]}"
        return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


@np.errstate(all="ignore")
def checked(found: dict, start: MixtureParameters, max_iter: int) -> Run:
    """Check what an implementation returned, and make a run of it.

    Raises
    ------
    ValueError
        If the values are not a valid mixture or not valid steps; the text says why.
    """
    for name in PARAMETERS:
        if name not in found:
            raise ValueError(f"it does not return {name}")
        array, shape = found[name], getattr(start, name).shape
        if array.dtype.kind not in "fiu" or array.shape != shape:
            raise ValueError(f"{name} must be numbers of shape {shape}, not {array.dtype} {array.shape}")
        if not np.isfinite(array.astype(float)).all():
            raise ValueError(f"{name} are not finite")
    weights, means, covariances = (found[name].astype(float) for name in PARAMETERS)
    if (weights <= 0).any() or abs(weights.sum() - 1) > SUM_TOLERANCE:
        raise ValueError(f"weights must be positive with sum 1, not {weights.tolist()}")
    if not start.type.diagonal:
        turned = covariances.swapaxes(-1, -2)
        if not np.allclose(covariances, turned, rtol=ASYMMETRY, atol=ASYMMETRY * np.abs(covariances).max()):
            raise ValueError("covariances must be symmetric")
        covariances = 0.5 * (covariances + turned)
    end = MixtureParameters(weights, means, covariances, start.covariance_type)
    trace, n_iter, converged = (found.get(name) for name in ("trace", "n_iter", "converged"))
    if n_iter is not None and (n_iter.shape or n_iter.dtype.kind not in "iu" or not 0 <= n_iter <= max_iter):
        raise ValueError(f"n_iter must be a whole number from 0 to max_iter = {max_iter}, not {n_iter}")
    if converged is not None and (converged.shape or converged.dtype.kind not in "biu"):
        raise ValueError(f"converged must be true or false, not {converged}")
    if trace is not None and (trace.ndim != 1 or trace.dtype.kind not in "fiu" or not np.isfinite(trace).all()):
        raise ValueError("trace must be finite numbers, one per step")
    if trace is not None and len(trace) > max_iter + 1:
        raise ValueError(f"trace has {len(trace)} values for max_iter = {max_iter} steps")
    steps = -1 if n_iter is None else int(n_iter)
    if converged is None:
        converged = 0 <= steps < max_iter
    return Run(start, end, () if trace is None else tuple(map(float, trace)), steps, bool(converged), n_iter=steps)
