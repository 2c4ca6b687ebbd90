"""EM implementations in files: each in a process of its own, which may fail, lie or never end."""

import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import Pipe
from pathlib import Path

import numpy as np

from em_study.fits.available import OURS, implementation_file
from em_study.fits.runs import PARAMETERS, Run, inverse_covariances
from emgmm import MixtureParameters

START_LIMIT = 120.0  # seconds until it is imported
SUM_TOLERANCE, ASYMMETRY = 1e-6, 1e-8


@contextmanager
def running(name: str, time_limit: float):
    """Give the function that runs an implementation: from rows, a start and settings to a `Run`."""
    if name == "sklearn":
        from em_study.fits import sklearn_adapter  # scikit-learn takes a second to import

        yield sklearn_adapter.fit
        return
    with Implementation(implementation_file(name) or OURS / "ours.py", time_limit) as implementation:
        yield implementation.run


class Implementation(AbstractContextManager):
    """A file with an EM, at work; close it, or use it in a `with`.

    Parameters
    ----------
    file : path-like
        Its function `fit` is the contract of docs/implementations.md.
    time_limit : float
        Seconds that a run may take.
    """

    def __init__(self, file, time_limit: float = 60.0):
        self.file, self.time_limit, self.process = Path(file), time_limit, None
        self.useless = ""  # why it cannot even be imported

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End its process, with all that it has started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.pipe.close()
        self.process = None

    def run(
        self,
        X,
        start: MixtureParameters,
        *,
        tol: float,
        max_iter: int,
        reg_covar: float,
        precisions_are_covariances: bool = False,
    ) -> Run:
        """Run it from a start. What it cannot do, and whatever goes wrong, is the run's `failure`.

        `precisions_are_covariances` starts it where article A's mistake starts scikit-learn: with covariances whose
        inverses are the start's covariances.
        """
        arrays = {"X": X, **{name: getattr(start, name) for name in PARAMETERS}}
        if precisions_are_covariances:
            arrays["covariances"] = inverse_covariances(start)
        settings = {"covariance_type": start.covariance_type, "tol": tol, "max_iter": max_iter, "reg_covar": reg_covar}
        found, problem = self.call(arrays, settings)
        try:
            if not problem:
                return checked(found, start, max_iter)
        except ValueError as error:
            problem = error
        return Run(start, failure=f"{self.file.stem}: {problem}")

    def call(self, arrays: dict, settings: dict) -> tuple[dict, str]:
        """Give what its function returns, arrays by name; and what went wrong, empty if nothing did."""
        if self.process is None and not self.useless:
            self._start()
        if self.useless:
            return {}, self.useless
        return self._answer((arrays, settings), self.time_limit, "it does not end within")

    def _start(self):
        self.pipe, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "em_study.fits.runner", str(self.file), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # what it prints is no result
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        _, self.useless = self._answer(None, START_LIMIT, "it is not imported within")
        if self.useless:
            self.close()

    def _answer(self, question, limit: float, too_long: str) -> tuple[dict, str]:
        """Return what the process answers; if it does not, or not in time, it is ended."""
        try:
            if question is not None:
                self.pipe.send(question)
            if self.pipe.poll(limit):
                return self.pipe.recv()
            problem = f"{too_long} {limit:g} s"
        except (EOFError, OSError):
            problem = f"its process ended with exit status {self.process.wait()}"
        self.close()
        return {}, problem


def checked(found: dict, start: MixtureParameters, max_iter: int) -> Run:
    """Make a run of what an implementation returned.

    Raises
    ------
    ValueError
        If it is no mixture, or its steps are none; the text says why.
    """
    for name in PARAMETERS:
        if name not in found:
            raise ValueError(f"it returns no {name}")
        array, shape = found[name], getattr(start, name).shape
        if array.dtype.kind not in "fiu" or array.shape != shape:
            raise ValueError(f"{name} must be numbers of shape {shape}, not {array.dtype} {array.shape}")
        if not np.isfinite(array).all():
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
        raise ValueError("trace must be finite numbers, one a step")
    if trace is not None and len(trace) > max_iter + 1:
        raise ValueError(f"trace has {len(trace)} values for max_iter = {max_iter} steps")
    steps = -1 if n_iter is None else int(n_iter)
    if converged is None:
        converged = 0 <= steps < max_iter
    return Run(start, end, () if trace is None else tuple(map(float, trace)), steps, bool(converged), n_iter=steps)
