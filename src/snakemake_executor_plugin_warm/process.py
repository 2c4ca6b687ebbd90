"""A reused process: it runs the scripts received through a pipe, and answers whether they succeeded."""

import os
import sys
import threading
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Queue


def read_requests(pipe: Connection, requests: Queue):
    """Receive requests; end this process when the sender ends, even during a script."""
    while True:
        try:
            requests.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(0)


def run_script(script: str, given) -> bool:
    """Run a script with its `snakemake` object; return whether it succeeded."""
    try:
        with warnings.catch_warnings():  # show warnings again that another job has shown
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
    """Run scripts until the sender ends."""
    sys.path.pop(0)  # the folder of this file
    pipe, requests = Connection(int(sys.argv[1])), Queue()
    threading.Thread(target=read_requests, args=(pipe, requests), daemon=True).start()
    try:
        while True:
            pipe.send(run_script(*requests.get()))
    except KeyboardInterrupt:  # while waiting
        os._exit(0)


if __name__ == "__main__":
    main()
