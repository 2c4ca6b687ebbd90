"""Slurm's commands: check whether jobs can be submitted, list and cancel ours."""

import os
import platform
import re
import shutil
import subprocess
import time
from typing import NamedTuple

from em_study.errors import StudyError

NAME = "em-study"  # prefix of our jobs' names, set by profiles/slurm; jobs without it are not ours
COMMANDS = ("sbatch", "squeue", "scancel", "scontrol", "sacct")
NAMED = ("partition", "account")
FORMAT = "%i|%T|%r|%j|%k|%Z"  # number, state, reason, name, comment, folder
LONGEST_POLL = 240  # seconds: a margin above the executor's longest polling interval
PATIENCE = 120  # seconds for cancelled jobs to end


class SlurmError(StudyError):
    """Slurm refuses, or does not answer; the message is Slurm's."""


class Job(NamedTuple):
    """A job of ours that waits or runs."""

    number: str
    state: str  # Slurm's word: PENDING, RUNNING, ...
    reason: str  # why it waits, Slurm's word
    task: str  # the executor's name of its task


def ask(*command) -> str:
    """Run one of Slurm's commands; return its output.

    Raises
    ------
    SlurmError
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlurmError(f"{command[0]}: {error}") from None
    if done.returncode:
        raise SlurmError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout


def check(status_command: str, named: dict[str, str]):
    """Before anything is submitted, raise a SlurmError for whatever would make a run wait forever.

    The executor uses the status command; `named` are the options among `NAMED` that the jobs will have.
    """
    if missing := [name for name in COMMANDS if shutil.which(name) is None]:
        raise SlurmError(
            f"{', '.join(missing)} not found: start this on a login node, where Slurm's commands are installed"
        )
    settings = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", ask("scontrol", "show", "config"), re.MULTILINE))
    if "slurmdbd" not in settings.get("AccountingStorageType", ""):
        if status_command != "squeue":
            raise SlurmError("this cluster has no accounting: add --slurm-status-command squeue")
        age = int(settings.get("MinJobAge", "0"))  # 0: forever
        if 0 < age < LONGEST_POLL:
            raise SlurmError(
                f"this cluster has no accounting, and forgets a job {age} s after its end (MinJobAge), but is queried "
                "only every 180 s: the end of a job could be missed. Ask for a longer MinJobAge or accounting"
            )
    options = [f"--{name}={value}" for name, value in named.items() if re.fullmatch(r"[\w.-]+", value)]
    tried = subprocess.run(  # noqa: S603
        ["sbatch", "--test-only", "--time=1", *options, "--wrap=true"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode and re.search(
        "partition|account", tried.stderr
    ):  # other missing options may be set by the jobs
        raise SlurmError(f"Slurm refuses what profiles/slurm/config.yaml or the command names: {tried.stderr.strip()}")


def jobs_of(folder) -> list[Job]:
    """List this user's jobs that belong to a study in a folder, of any run."""
    found = []
    for line in ask("squeue", "--noheader", f"--user={os.getuid()}", f"--format={FORMAT}").splitlines():
        number, state, reason, name, task, place = line.split("|", 5)
        if name.startswith(f"{NAME}_") and os.path.realpath(place) == os.path.realpath(folder):
            found.append(Job(number, state, reason, task))
    return found


def known_jobs(name: str) -> dict[str, str] | None:
    """Return the state of every job of a name, by number, also of recently ended ones; None without an answer."""
    try:
        lines = ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i|%T").splitlines()
    except SlurmError:
        return None
    return dict(line.split("|") for line in lines)


def cancel_left_over(folder, host: str | None, report):
    """Cancel the jobs of a killed run, and wait for their end: otherwise two jobs could write the same file.

    Parameters
    ----------
    folder : path-like
    host : str or None
        Host of that run: from another host it cannot be checked whether that run has ended.
    report : callable
        Called with a line for the user.

    Raises
    ------
    SlurmError
    """
    if not (left := jobs_of(folder)):
        return
    numbers = [job.number for job in left]
    if host not in (None, platform.node()):
        raise SlurmError(
            f"Slurm jobs of a run that was started on {host} are running here. If that run has ended, cancel them: "
            f"scancel {' '.join(numbers)}"
        )
    listed = ", ".join(numbers)
    report(f"A killed run has left Slurm jobs here ({listed}). They are cancelled; the cells that they did are kept.")
    ask("scancel", *numbers)
    end = time.monotonic() + PATIENCE
    while still := jobs_of(folder):
        if time.monotonic() > end:
            if all(job.state == "COMPLETING" for job in still):  # its node does not answer
                return
            listed = ", ".join(job.number for job in still)
            raise SlurmError(f"Slurm has not yet ended job {listed} of a killed run: try again later")
        time.sleep(1)
