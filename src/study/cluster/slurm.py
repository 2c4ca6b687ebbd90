"""Slurm's commands: whether jobs can be submitted, and which of ours there are."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass

from study.configuration.errors import StudyError

NAME = "em-study"  # begins our jobs' names, by profiles/slurm; without it a job is not known as ours
COMMANDS = ("sbatch", "squeue", "scancel", "scontrol", "sacct")
NAMED = ("partition", "account")
FORMAT = "%i|%T|%r|%j|%k|%Z"  # number, state, reason, name, comment, folder
LONGEST_POLL = 180  # seconds between the executor's looks at its jobs, when none has ended for long
PATIENCE = 120  # seconds for jobs to end that are cancelled


class SlurmError(StudyError):
    """Slurm refuses, or does not answer; the text is what it says."""


@dataclass(frozen=True)
class Job:
    """A job of ours that waits or runs.

    Attributes
    ----------
    number : str
    state : str
        As Slurm calls it: PENDING, RUNNING, ...
    reason : str
        Why it waits, as Slurm calls it.
    task : str
        What it does, as the executor calls it.
    """

    number: str
    state: str
    reason: str
    task: str


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


def check(named: dict[str, str]):
    """Find out before anything is submitted what would leave a run waiting for ever.

    Parameters
    ----------
    named : dict
        The options among `NAMED` that the jobs will have.

    Raises
    ------
    SlurmError
    """
    if missing := [name for name in COMMANDS if shutil.which(name) is None]:
        raise SlurmError(f"{', '.join(missing)} not found: start this where Slurm's commands are, on a login node")
    settings = ask("scontrol", "show", "config")
    age = re.search(r"^MinJobAge\s*=\s*(\d+)", settings, re.MULTILINE)
    if "accounting_storage/none" in settings and age and int(age[1]) <= LONGEST_POLL:
        raise SlurmError(
            f"this cluster keeps no accounts of jobs, and forgets one {age[1]} s after its end (MinJobAge), but is "
            f"asked only every {LONGEST_POLL} s: an ended job could be missed. Ask for a longer MinJobAge or accounting"
        )
    ask("sbatch", "--test-only", "--time=1", *(f"--{name}={value}" for name, value in named.items()), "--wrap=true")


def jobs_of(folder) -> list[Job]:
    """List the jobs of this user that belong to a study in a folder, whichever run has submitted them."""
    found = []
    for line in ask("squeue", "--noheader", f"--user={os.getuid()}", f"--format={FORMAT}").splitlines():
        number, state, reason, name, task, place = line.split("|", 5)
        if name.startswith(f"{NAME}_") and os.path.realpath(place) == os.path.realpath(folder):
            found.append(Job(number, state, reason, task))
    return found


def known_jobs(name: str) -> set[str]:
    """Give the numbers of all jobs of a name that Slurm remembers, also those that have ended."""
    return set(ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i").split())


def jobs_if_any(folder) -> list[Job]:
    """List them as `jobs_of` does; none where there is no Slurm."""
    return jobs_of(folder) if shutil.which("squeue") else []


def cancel_left_over(folder, tell):
    """Cancel what a killed run has left, and wait for its end: else a job would run twice into the same file.

    Parameters
    ----------
    folder : path-like
    tell : callable
        Called with a line for the user.

    Raises
    ------
    SlurmError
    """
    if not (left := jobs_of(folder)):
        return
    numbers = [job.number for job in left]
    listed = ", ".join(numbers)
    tell(f"A killed run has left Slurm jobs here ({listed}). They are cancelled; the cells that they did are kept.")
    ask("scancel", *numbers)
    end = time.monotonic() + PATIENCE
    while still := [job.number for job in jobs_of(folder)]:
        if time.monotonic() > end:
            raise SlurmError(f"Slurm has not ended job {', '.join(still)} of a killed run yet: try again later")
        time.sleep(1)
