"""What happens in a warm process."""

import multiprocessing
import os
import sys
import threading
import traceback
import warnings
from pathlib import Path


def end_with_parent():
    """Let this process end when Snakemake does, however that ends."""

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
