"""A process of R that serves any number of calls of the functions of a script, by binary frames."""

import ctypes
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Timer

import numpy as np

from em_study.data.checksums import sha256_of
from em_study.errors import StudyError

HERE = Path(__file__).parent
LONGEST = 3600.0  # seconds
KINDS = ("<f8", "<i4")  # of arrays; 2 is text
PACKAGES = ("mclust", "flexmix", "mixtools", "mvtnorm")
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")


class RError(StudyError):
    """R, or one of its packages, is not installed, or a call failed; the text says why."""


class R(AbstractContextManager):
    """A script of this folder in a process of R, started by the first call, and again after it ended; close it.

    Parameters
    ----------
    script : str
        Its name, without `.R`.
    time_limit : float
        Seconds that a call may take.
    """

    def __init__(self, script: str, time_limit: float = LONGEST):
        self.script, self.time_limit, self.process = script, time_limit, None

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End the process, and all processes that it has started."""
        if self.process is not None:
            with suppress(BrokenPipeError, ProcessLookupError, PermissionError), self.written, self.process as process:
                self.process = None
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self):
        command = [_rscript(), "--vanilla", str(HERE / "serve.R"), str(HERE / f"{self.script}.R")]
        self.written = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.written,
            env=os.environ | ONE_THREAD,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    def call(self, function: str, **given) -> dict:
        """Call a function of the script with arrays, numbers and text; return its results, of the same kinds.

        Raises
        ------
        RError
            If R is not installed, the call fails, or R ends or exceeds the time limit; the text says why.
        """
        if self.process is None:
            self._start()
        frame = b"".join(_packed(name, value) for name, value in {"call": function, **given}.items())
        timer = Timer(self.time_limit, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(struct.pack("<i", 1 + len(given)) + frame)
            self.process.stdin.flush()
            (count,) = struct.unpack("<i", self._read(4))
            found = dict(self._array() for _ in range(count))
        except (BrokenPipeError, EOFError):
            raise RError(self._ended()) from None
        except BaseException:
            self.close()  # else a late answer would be taken for that of the next call
            raise
        finally:
            timer.cancel()
        if "error" in found:
            raise RError(found["error"])
        return found

    def _read(self, size: int) -> bytes:
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def _array(self) -> tuple:
        n_name, kind, n_dims = struct.unpack("<3i", self._read(12))
        shape = struct.unpack(f"<{n_dims}i", self._read(4 * n_dims))
        name, size = self._read(n_name).decode(), int(np.prod(shape))
        if kind == 2:
            return name, self._read(size).decode(errors="replace")
        data = self._read(size * np.dtype(KINDS[kind]).itemsize)
        return name, np.frombuffer(data, KINDS[kind]).reshape(shape, order="F")

    def _ended(self) -> str:
        """Say why the process has ended."""
        status = self.process.wait()
        self.written.seek(0)
        words = [line.strip() for line in self.written.read().decode(errors="replace").splitlines() if line.strip()]
        self.close()
        if status == -signal.SIGKILL:
            return f"R does not answer within {self.time_limit:g} s"
        return f"R has ended with exit status {status}{': ' * bool(words)}{' '.join(words[-3:])[-500:]}"


def _packed(name: str, value) -> bytes:
    if isinstance(value, str):
        kind, data = 2, value.encode()
        shape = (len(data),)
    else:
        value = np.asarray(value)
        kind = int(value.dtype.kind in "biu")
        shape, data = value.shape, np.asarray(value, KINDS[kind]).tobytes(order="F")
    head = struct.pack(f"<{3 + len(shape)}i", len(name), kind, len(shape), *shape)
    return head + name.encode() + data


def _end_with_parent():
    """Ask Linux to kill this process when its parent ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def _rscript() -> str:
    found = shutil.which("Rscript")
    if found is None:
        raise RError("R is not installed (Rscript is not on the path; Debian: apt install r-base-core)")
    return found


@lru_cache
def versions() -> dict[str, str]:
    """Return the versions of R, its BLAS and the installed packages among `PACKAGES`; empty if R does not work."""
    with suppress(RError), R("versions", 60) as r:
        return json.loads(r.call("versions", packages=" ".join(PACKAGES))["found"])
    return {}


def lacking(*packages: str) -> str:
    """Say that R, or one of its packages, is not installed, as the end of a sentence; empty if all are."""
    if shutil.which("Rscript") is None:
        return "needs R, which is not installed (Rscript is not on the path)"
    absent = [name for name in packages if name not in versions()]
    return f"needs R's package {absent[0]}, which is not installed" if absent else ""


def made_by_r(*scripts: str) -> dict[str, str]:
    """Return versions of R and its packages, and checksums of the scripts; nothing without any script."""
    files = [HERE / f"{name}.R" for name in ("serve", "mixture", *sorted({*scripts}))] if scripts else []
    return {**(versions() if scripts else {}), **{file.name: sha256_of(file) for file in files}}
