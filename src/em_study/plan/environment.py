"""Environment variables of every job and of Snakemake. They must be set before NumPy is imported."""

import os
import pwd

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def set_environment(src: str):
    """Let jobs run the code in `src`, whatever else is installed, with one thread each.

    Snakemake runs jobs in parallel, and with one thread the numbers do not depend on the number of cores.
    """
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (src, os.environ.get("PYTHONPATH"))))
    os.environ.update(dict.fromkeys(THREADS, "1"))


def set_home():
    """Give Snakemake and matplotlib a folder for caches and a user name, if the account has none.

    In a container, a user may have no name, no home, or a home that cannot be written to.
    """
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    try:
        os.makedirs(caches if os.path.isabs(caches) else os.devnull, exist_ok=True)  # without a home it begins with ~
        is_usable = os.access(caches, os.W_OK)
    except OSError:
        is_usable = False
    if not is_usable:
        os.environ["XDG_CACHE_HOME"] = os.path.abspath(".snakemake/cache")
        os.environ.setdefault("MPLCONFIGDIR", os.path.abspath(".snakemake/cache/matplotlib"))
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        os.environ.setdefault("LOGNAME", str(os.getuid()))
