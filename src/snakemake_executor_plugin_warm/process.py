"""A warm process: it runs the scripts that come by its standard input, and answers 1 or 0 to a file descriptor."""

import os
import pickle
import sys
import threading
import traceback
import warnings
from pathlib import Path
from queue import Queue


def read_requests(requests: Queue):
    """Take what comes; end with who sends it, in the midst of a script if need be."""
    while True:
        try:
            requests.put(pickle.load(sys.stdin.buffer))  # noqa: S301 (from Snakemake's own process)
        except EOFError:
            os._exit(0)


def run_script(script: str, given) -> bool:
    """Run a script with what Snakemake gives it as `snakemake`; tell whether it ended well."""
    try:
        with warnings.catch_warnings():  # a warning that another job had is told again
            code = compile(Path(script).read_bytes(), script, "exec")
            exec(code, {"__name__": "__main__", "__file__": script, "snakemake": given})  # noqa: S102
    except SystemExit as end:
        return not end.code
    except KeyboardInterrupt:
        return False
    except Exception:
        traceback.print_exc(file=sys.__stderr__)
        return False
    return True


def main():
    """Run scripts until nobody sends any."""
    sys.path.pop(0)  # the folder of this file
    requests: Queue = Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    try:
        while True:
            os.write(int(sys.argv[1]), b"1" if run_script(*requests.get()) else b"0")
    except KeyboardInterrupt:  # while it waits
        os._exit(0)


if __name__ == "__main__":
    main()
