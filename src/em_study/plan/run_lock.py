"""Lock of a run: one run at a time in a folder. The kernel releases it with the process, also if that is killed."""

import fcntl
import json
import os
import platform
from pathlib import Path

from em_study.errors import StudyError

PLACE = Path(".snakemake/run.lock")


def hold(folder: Path, about: dict | None = None):
    """Lock a folder until the returned file is closed.

    `about` is a description of the run, which `last_run` returns later.

    Raises
    ------
    StudyError
        If another process has locked the folder, or the file system has no locks.
    """
    (folder / PLACE).parent.mkdir(exist_ok=True)
    lock = open(folder / PLACE, "a+", encoding="utf-8")  # noqa: SIM115 (it stays open)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        last = last_run(folder)
        who = f" (process {last['process']} on {last['host']})" if last else ""
        raise StudyError(f"another snakemake is running in this folder{who}; wait for it, or stop it") from None
    except OSError as error:
        lock.close()
        raise StudyError(
            f"{PLACE} cannot be locked ({error}): this file system does not support flock, so concurrent runs "
            "cannot be excluded"
        ) from None
    if about is not None:
        lock.truncate(0)
        json.dump({"host": platform.node(), "process": os.getpid(), **about}, lock)
        lock.flush()
    return lock


def last_run(folder: Path) -> dict:
    """Return the description of the last run: host, process, executor, configuration_files; empty if there is none."""
    try:
        return json.loads((folder / PLACE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
