"""The process of an implementation: reads questions, calls its function, answers.

python -m em_study.fits.runner FILE

A question is a line of JSON: a file of arrays, and settings. The answer is another line, and a file of arrays.
"""

import importlib.util
import json
import os
import sys
import threading
import time

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


def told(error: BaseException) -> str:
    """Say in a line what went wrong."""
    text = " ".join(str(error).split())[:500]
    if isinstance(error, NotImplementedError):
        return f"it cannot do this: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def end_with(parent: int):
    """End this process when the one that asks has gone, whatever is being computed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main():
    """Answer until the questions end."""
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    folder = os.path.realpath(os.path.dirname(sys.argv[1]))
    # A file that is called like what it wraps must not be found in its place.
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != folder]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what it prints is no answer

    def answer(**what):
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    try:
        fit = load(sys.argv[1])
    except BaseException as error:
        answer(problem=f"cannot be imported: {told(error)}")
        return
    answer()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            with np.load(question["given"], allow_pickle=False) as arrays:
                given = {name: arrays[name] for name in arrays.files}
            found = fit(given.pop("X"), **given, **question["settings"])
            if not isinstance(found, dict):
                raise TypeError(f"it must return a dict of arrays and numbers, not {type(found).__name__}")
            arrays = {name: np.asarray(value) for name, value in found.items() if value is not None}
            if any(array.dtype.hasobject for array in arrays.values()):
                raise TypeError("it must return a dict of arrays and numbers")
            np.savez(question["taken"], **arrays)
        except BaseException as error:
            answer(problem=told(error))
        else:
            answer()


if __name__ == "__main__":
    main()
