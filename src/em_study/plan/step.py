"""Logging and records of every script of the workflow."""

import contextlib
import errno
import json
import os
import platform
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from em_study.data.checksums import file_state, sha256_of
from em_study.data.storage import write_text
from em_study.errors import StudyError
from em_study.places import Places
from em_study.plan.loaded import LOADED
from em_study.plan.provenance import record_of, write_record

DISK_FULL = "The disk is full. The incomplete file has been removed; free some space, and run the same command again."
PROCESS = Path("/proc/self")  # on Linux


@contextlib.contextmanager
def logged(job):
    """Send warnings to the job's log; show a `StudyError` without a traceback.

    A successful job leaves a record of its inputs and outputs, and another record next to the log, of when, where and
    how long it ran.

    Parameters
    ----------
    job : snakemake.script.Snakemake
        What Snakemake gives to a script.
    """
    try:
        with open(job.log[0], "w", encoding="utf-8") as file, contextlib.redirect_stderr(file):
            try:
                with _recorded(job):
                    yield
            except Exception as error:
                if not isinstance(error, StudyError) and not _is_disk_full(error):
                    traceback.print_exc(file=file)
                    raise
                # The log is small, and may be on another disk than the full one.
                print(error if isinstance(error, StudyError) else DISK_FULL, file=file, flush=True)
                sys.exit(1)
    except OSError as error:
        if not _is_disk_full(error):
            raise
        print(DISK_FULL, file=sys.__stderr__)  # the log cannot be written
        sys.exit(1)


def times_of(log) -> Path:
    """Return the path of the file with the time, place and duration of a job, by its log."""
    return Path(log).with_suffix(".json")


@contextlib.contextmanager
def _recorded(job):
    """Record the inputs and outputs of a job, and its time and place; raise an error if a file changes meanwhile."""
    log, name = job.log[0], Places().name
    for file in (record_of(log), times_of(log)):
        file.unlink(missing_ok=True)
    LOADED.check(job.params.get("code", {}))
    files = {str(file): file_state(file) for file in job.input}
    inputs = {name(file): sha256_of(file) for file in files}
    with contextlib.suppress(OSError):  # not Linux
        (PROCESS / "clear_refs").write_text("5")  # reset the peak of memory: the process may have run other jobs before
    began, clock = datetime.now(UTC), time.perf_counter()
    yield
    seconds = time.perf_counter() - clock
    for file, before in files.items():
        if file_state(file) != before:
            raise StudyError(f"{file} was changed while this job used it: run the same command again")
    LOADED.check_again()
    times = {
        "rule": job.rule,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "node": os.environ.get("SLURMD_NODENAME") or platform.node(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
        "peak_memory_mb": _peak_memory(),
        "inputs": sorted(inputs),
        "outputs": sorted(map(str, job.output)),
    }
    write_text(times_of(log), json.dumps(times))
    write_record(job, inputs)


def _peak_memory() -> int | None:
    """Return the peak memory of this process, in MB; None if the kernel does not report it."""
    with contextlib.suppress(OSError):
        for line in (PROCESS / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1000)
    return None


def _is_disk_full(error) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
