"""The process of an implementation, and its watcher, which ends all processes that the implementation has started.

python -m em_study.fits.runner FILE PIPE SECONDS

The watcher ends when its standard input is closed, or the implementation ends. Then it writes how the implementation
ended, and below that the end of what the implementation wrote to stderr.
"""

import ctypes
import faulthandler
import json
import os
import select
import signal
import sys
import time
import traceback
import types
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

PARENT_DEATH_SIGNAL, CHILD_SUBREAPER = (1, signal.SIGKILL, 0, 0, 0), (36, 1, 0, 0, 0)
set_process = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_: None
KEPT = 32_768  # bytes of stderr; less than a pipe holds
PATIENCE = 10  # seconds in which killed processes must end
LARGEST, LARGEST_FILE = 2**29, 10**7  # bytes of the returned arrays, and of a file
RETURNED = ("weights", "means", "covariances", "n_iter", "converged", "trace")  # other returned values are ignored


def main():
    """Wait until the implementation ends or is no longer needed; end all processes that it has started."""
    asker, asked_to_end, last = os.getppid(), [], bytearray()
    set_process(*CHILD_SUBREAPER)  # orphaned descendants become children of this process
    reads, writes = os.pipe()
    if not (leader := os.fork()):
        _lead(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), writes)
    os.close(int(sys.argv[2]))
    os.close(writes)

    def end_when_asked():
        while not select.select([0], [], [], 1)[0] and os.getppid() == asker:
            pass
        asked_to_end.append(True)
        os.kill(leader, signal.SIGKILL)

    def keep_the_last():
        while data := os.read(reads, KEPT):
            last[:] = (last + data)[-KEPT:]

    Thread(target=end_when_asked, daemon=True).start()
    (listener := Thread(target=keep_the_last, daemon=True)).start()
    status = os.waitpid(leader, 0)[1]
    _end_all(leader)
    listener.join(1)
    with suppress(BrokenPipeError):  # the reader has ended
        os.write(1, (_how(status) if status and not asked_to_end else b"") + b"\n" + last)
    os._exit(0)


def _lead(file: str, pipe: int, limit: float, stderr: int):
    """Lead a process group for the implementation: a signal to its parent or its group ends only this process."""
    os.setsid()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, the kernel ends this process first
    set_process(*PARENT_DEATH_SIGNAL)
    if process := os.fork():
        os.close(pipe)
        os.write(1, _how(os.waitpid(process, 0)[1]))
        os._exit(0)
    try:
        set_process(*PARENT_DEATH_SIGNAL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (nothing, 1), (stderr, 2)):  # printed text is not a result
            os.dup2(source, target)
        work(file, Connection(pipe), limit)
    except BaseException as error:
        os.write(2, f"\n{type(error).__name__}: {error}".encode(errors="replace"))
    finally:
        os._exit(1)


def _how(status: int) -> bytes:
    code = os.waitstatus_to_exitcode(status)
    how = f"ended with exit status {code}" if code >= 0 else f"was ended by signal {-code}, {signal.strsignal(-code)}"
    return how.encode()


def _end_all(leader: int):
    """Kill the leader's group and, on Linux, all descendants in any session, until none is left."""
    end = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    with suppress(ChildProcessError):  # none is left
        while time.monotonic() < end:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            for stat in Path("/proc").glob("[0-9]*/stat"):
                with suppress(OSError):  # the process has ended, or belongs to another user
                    if int(stat.read_bytes().rpartition(b")")[2].split()[1]) == os.getpid():
                        os.kill(int(stat.parent.name), signal.SIGKILL)
            time.sleep(0.001)


def work(file: str, pipe: Connection, limit: float):
    """Import a file, and answer calls: the line of an error, its text, inputs changed in place, and returned arrays."""
    process, fit, arrays, given, settings = os.getpid(), None, {}, {}, {}
    faulthandler.enable(file=2)
    while True:
        faulthandler.dump_traceback_later(
            0.3 * limit, repeat=True, file=2
        )  # reports the line, if a call takes too long
        line, problem, found = 0, "", {}
        try:
            if fit is None:
                fit = load(file)
            else:
                found = called(fit, **arrays, **settings)
        except BaseException as error:
            line, problem = describe_error(error, file, fit)
        if os.getpid() != process:
            return  # a fork of this process must not continue here
        faulthandler.cancel_dump_traceback_later()
        changed = [name for name, array in arrays.items() if array.tobytes() != given[name]]
        pipe.send_bytes(json.dumps((line, problem, changed, found)).encode())
        arrays, settings, limit = pipe.recv()
        given = {name: array.tobytes() for name, array in arrays.items()}


def load(file: str):
    """Run a file with any name, and return its function `fit`. Nothing is written next to the file."""
    import numpy  # noqa: F401 (in this process only)

    if (size := os.path.getsize(file)) > LARGEST_FILE:
        raise ValueError(f"it has {size:,} bytes, more than {LARGEST_FILE:,}")
    code = compile(Path(file).read_bytes(), file, "exec", dont_inherit=True)
    # multiprocessing finds the module by this name.
    module = sys.modules["__main__"] = sys.modules["__mp_main__"] = types.ModuleType("__mp_main__")
    module.__file__, sys.argv[:] = file, [file]
    exec(code, module.__dict__)  # noqa: S102
    if not callable(getattr(module, "fit", None)):
        raise AttributeError("it has no function fit")
    return module.fit


def called(fit, X, **given) -> dict:
    """Call the function; return the shape, dtype and bytes of each array that it returns."""
    import numpy as np

    found = fit(X, **given)
    if not isinstance(found, dict):
        raise TypeError(f"it must return a dict of arrays and numbers, not {type(found).__name__}")
    arrays = {}
    for name in RETURNED:
        if (value := found.get(name)) is not None:
            try:
                arrays[name] = np.asarray(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}").with_traceback(error.__traceback__) from None
            if arrays[name].dtype.hasobject or np.ma.is_masked(value):
                raise TypeError(f"it must return a dict of arrays and numbers; {name} has others, or masked values")
    if (size := sum(array.nbytes for array in arrays.values())) > LARGEST:
        raise ValueError(f"it returns {size:,} bytes, more than {LARGEST:,}")
    return {name: (array.shape, array.dtype.str, array.tobytes().hex()) for name, array in arrays.items()}


def describe_error(error: BaseException, file: str, fit) -> tuple[int, str]:
    """Return the line of the file that raised an error (that of the function if none did), and a message."""
    try:
        lines = [n for frame, n in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
        line, text = (lines or [getattr(getattr(fit, "__code__", None), "co_firstlineno", 0)])[-1], str(error)
        if isinstance(error, SyntaxError) and error.filename == file:
            line, text = error.lineno or 0, error.msg
        text = " ".join(text[:2000].split())
    except BaseException:
        line, text = 0, "an error without a readable message"
    if isinstance(error, NotImplementedError):
        return 0, f"it cannot do this: {text}"
    return line, f"{type(error).__name__}: {text}" if text else type(error).__name__


if __name__ == "__main__":
    main()
