"""Slurm's commands: whether jobs can be submitted, and which of ours there are."""

import os
import platform
import re
import shutil
import subprocess
import time
from typing import NamedTuple

from em_study.errors import StudyError

NAME = "em-study"  # begins our jobs' names, by profiles/slurm; without it a job is not known as ours
COMMANDS = ("sbatch", "squeue", "scancel", "scontrol", "sacct")
NAMED = ("partition", "account")
FORMAT = "%i|%T|%r|%j|%k|%Z"  # number, state, reason, name, comment, folder
LONGEST_POLL = 240  # seconds between the executor's looks at its jobs, when none has ended for long, and some to spare
PATIENCE = 120  # seconds for jobs to end that are cancelled


class SlurmError(StudyError):
    """Slurm refuses, or does not answer; the text is what it says."""


class Job(NamedTuple):
    """A job of ours that waits or runs."""

    number: str
    state: str  # as Slurm calls it: PENDING, RUNNING, ...
    reason: str  # why it waits, as Slurm calls it
    task: str  # what it does, as the executor calls it


def ask(*command) -> str:
    """Run one of Slurm's commands; return what it prints.

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
    """Find out before anything is submitted what would leave a run waiting for ever, and raise it as a SlurmError.

    The executor asks by the status command; `named` are the options among `NAMED` that the jobs will have.
    """
    if missing := [name for name in COMMANDS if shutil.which(name) is None]:
        raise SlurmError(f"{', '.join(missing)} not found: start this where Slurm's commands are, on a login node")
    settings = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", ask("scontrol", "show", "config"), re.MULTILINE))
    if "slurmdbd" not in settings.get("AccountingStorageType", ""):
        if status_command != "squeue":
            raise SlurmError("this cluster keeps no accounts of jobs: add --slurm-status-command squeue")
        age = int(settings.get("MinJobAge", "0"))  # 0: for ever
        if 0 < age < LONGEST_POLL:
            raise SlurmError(
                f"this cluster keeps no accounts of jobs, and forgets one {age} s after its end (MinJobAge), but is "
                "asked only every 180 s: an ended job could be missed. Ask for a longer MinJobAge or accounting"
            )
    options = [f"--{name}={value}" for name, value in named.items() if re.fullmatch(r"[\w.-]+", value)]
    tried = subprocess.run(  # noqa: S603
        ["sbatch", "--test-only", "--time=1", *options, "--wrap=true"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode and re.search("partition|account", tried.stderr):  # what else it lacks, the jobs may name
        raise SlurmError(f"Slurm refuses what profiles/slurm/config.yaml or the command names: {tried.stderr.strip()}")


def jobs_of(folder) -> list[Job]:
    """List the jobs of this user that belong to a study in a folder, whichever run has submitted them."""
    found = []
    for line in ask("squeue", "--noheader", f"--user={os.getuid()}", f"--format={FORMAT}").splitlines():
        number, state, reason, name, task, place = line.split("|", 5)
        if name.startswith(f"{NAME}_") and os.path.realpath(place) == os.path.realpath(folder):
            found.append(Job(number, state, reason, task))
    return found


def known_jobs(name: str) -> dict[str, str] | None:
    """Give the state of every job of a name that Slurm remembers, by its number, ended ones too; None if it is away."""
    try:
        lines = ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i|%T").splitlines()
    except SlurmError:
        return None
    return dict(line.split("|") for line in lines)


def cancel_left_over(folder, host: str | None, tell):
    """Cancel what a killed run has left, and wait for its end: else a job would run twice into the same file.

    Parameters
    ----------
    folder : path-like
    host : str or None
        Where that run was: from elsewhere nobody can tell whether it is gone.
    tell : callable
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
            f"Slurm jobs of a run that was begun on {host} are at work here. If that run is gone, cancel them: "
            f"scancel {' '.join(numbers)}"
        )
    listed = ", ".join(numbers)
    tell(f"A killed run has left Slurm jobs here ({listed}). They are cancelled; the cells that they did are kept.")
    ask("scancel", *numbers)
    end = time.monotonic() + PATIENCE
    while still := jobs_of(folder):
        if time.monotonic() > end:
            if all(job.state == "COMPLETING" for job in still):  # its node does not answer
                return
            listed = ", ".join(job.number for job in still)
            raise SlurmError(f"Slurm has not ended job {listed} of a killed run yet: try again later")
        time.sleep(1)
