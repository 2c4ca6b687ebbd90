"""The lock of a run: one at a time in a folder. The kernel drops it with the process: a killed run blocks no other."""

import fcntl
import json
import os
import platform
from pathlib import Path

from study.configuration.errors import StudyError

PLACE = Path(".snakemake/run.lock")


def hold(folder: Path, configuration_files=()):
    """Hold the lock of a folder until what is returned is closed.

    Parameters
    ----------
    folder : Path
    configuration_files : iterable of path-like
        Of the run, told to whoever asks what it does.

    Returns
    -------
    file

    Raises
    ------
    StudyError
        If another process holds it.
    """
    (folder / PLACE).parent.mkdir(exist_ok=True)
    lock = open(folder / PLACE, "a+", encoding="utf-8")  # noqa: SIM115 (it stays open)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        holder = holder_of(folder)
        who = f" (process {holder['process']} on {holder['host']})" if holder else ""
        raise StudyError(f"another snakemake is running in this folder{who}; wait for it, or stop it") from None
    lock.truncate(0)
    files = [str(file) for file in configuration_files]
    json.dump({"host": platform.node(), "process": os.getpid(), "configuration_files": files}, lock)
    lock.flush()
    return lock


def holder_of(folder: Path) -> dict | None:
    """Tell who held the lock last: host, process and the files of its configuration."""
    try:
        return json.loads((folder / PLACE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
