"""Tell why jobs wait in Slurm, while a run goes on: the executor itself does not."""

import threading
import time

from em_study.cluster.slurm import SlurmError, jobs_of

EVERY = 30.0  # seconds
PATIENCE = 60.0  # seconds that a job may wait without a word


class Waiting:
    """What has been told of the jobs in a folder.

    Parameters
    ----------
    folder : path-like
    tell : callable
        Called with a line for the user: one a reason for which jobs wait, and one when Slurm does not answer.
    """

    def __init__(self, folder, tell):
        self.folder = folder
        self.tell = tell
        self.since: dict[tuple[str, str], float] = {}  # when a job was first seen to wait for a reason
        self.told: set[str] = set()

    def look(self, now: float):
        """Ask Slurm, and tell what is new.

        Parameters
        ----------
        now : float
            Seconds of a clock that never goes back.
        """
        try:
            waiting = {(job.number, job.reason): job for job in jobs_of(self.folder) if job.state == "PENDING"}
        except SlurmError as error:
            self._tell_once({"": f"Slurm does not answer ({error}). The run goes on when it does."})
            return
        self.since = {key: self.since.get(key, now) for key in waiting}
        found: dict[str, list] = {}
        for key, job in waiting.items():
            if now - self.since[key] >= PATIENCE:
                found.setdefault(job.reason, []).append(job)
        self._tell_once({reason: _line(reason, jobs) for reason, jobs in found.items()})

    def _tell_once(self, lines):
        for reason in lines.keys() - self.told:
            self.tell(lines[reason])
        self.told |= lines.keys()


def _line(reason, jobs):
    count = "1 job waits" if len(jobs) == 1 else f"{len(jobs)} jobs wait"
    return f"{count} in Slurm for {reason}: {jobs[0].number}, {jobs[0].task}. docs/cluster.md tells what that means."


def watch(folder, tell):
    """Look now and then, beside all else, as long as this process lives."""
    waiting = Waiting(folder, tell)

    def look_on():
        while True:
            time.sleep(EVERY)
            waiting.look(time.monotonic())

    threading.Thread(target=look_on, daemon=True).start()
