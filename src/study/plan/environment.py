"""The environment of every job. It imports nothing, for NumPy reads it when it is imported."""

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def set_environment(src: str):
    """Let jobs run the code in `src`, whatever else is installed, by one thread each.

    Snakemake runs jobs side by side, and so the numbers do not depend on the machine's cores.
    """
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (src, os.environ.get("PYTHONPATH"))))
    os.environ.update(dict.fromkeys(THREADS, "1"))
