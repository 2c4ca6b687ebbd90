"""The process of an implementation: takes rows, starts and settings, calls its function, gives back what it returns.

python -m em_study.fits.runner FILE PIPE
"""

import importlib.util
import os
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np


def load(file: str):
    """Import a file, whatever it is called, and return its function `fit`."""
    spec = importlib.util.spec_from_file_location("implementation", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["implementation"] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "fit", None)):
        raise AttributeError("it has no function fit")
    return module.fit


def in_words(error: BaseException) -> str:
    """Say in a line what went wrong."""
    text = " ".join(str(error).split())[:500]
    if isinstance(error, NotImplementedError):
        return f"it cannot do this: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def called(fit, arrays: dict, settings: dict) -> dict[str, np.ndarray]:
    """Call the function; return what it returns as arrays."""
    found = fit(arrays.pop("X"), **arrays, **settings)
    if not isinstance(found, dict):
        raise TypeError(f"it must return a dict of arrays and numbers, not {type(found).__name__}")
    returned = {name: np.asarray(value) for name, value in found.items() if value is not None}
    if any(array.dtype.hasobject for array in returned.values()):
        raise TypeError("it must return a dict of arrays and numbers")
    return returned


def end_with(parent: int):
    """End this process when the one that asks has gone, whatever is being computed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main():
    """Answer until nobody asks."""
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    folder = os.path.realpath(os.path.dirname(sys.argv[1]))
    # A file that is called like what it wraps must not be found in its place.
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != folder]
    pipe = Connection(int(sys.argv[2]))
    try:
        fit = load(sys.argv[1])
    except BaseException as error:
        pipe.send(({}, f"cannot be imported: {in_words(error)}"))
        return
    pipe.send(({}, ""))
    with suppress(EOFError):  # nobody asks any more
        while True:
            question = pipe.recv()
            try:
                answer = called(fit, *question), ""
            except BaseException as error:
                answer = {}, in_words(error)
            pipe.send(answer)


if __name__ == "__main__":
    main()
