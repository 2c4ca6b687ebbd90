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
        """Ask Slurm, and tell what is new, at a time in seconds by a clock that never goes back."""
        try:
            waiting = [job for job in jobs_of(self.folder) if job.state == "PENDING"]
        except SlurmError as error:
            self._tell_once("", f"Slurm does not answer ({error}). The run goes on when it does.")
            return
        keys = {(job.number, job.reason) for job in waiting}
        self.since = {key: self.since.get(key, now) for key in keys}
        long = [job for job in waiting if now - self.since[job.number, job.reason] >= PATIENCE]
        for reason in {job.reason for job in long}:
            jobs = [job for job in long if job.reason == reason]
            count = "1 job waits" if len(jobs) == 1 else f"{len(jobs)} jobs wait"
            which = f"{jobs[0].number}, {jobs[0].task}"
            self._tell_once(reason, f"{count} in Slurm for {reason}: {which}. docs/cluster.md tells what that means.")

    def _tell_once(self, reason, line):
        if reason not in self.told:
            self.tell(line)
        self.told.add(reason)


def watch(folder, tell):
    """Look now and then, beside all else, as long as this process lives."""
    waiting = Waiting(folder, tell)

    def look_on():
        while True:
            time.sleep(EVERY)
            waiting.look(time.monotonic())

    threading.Thread(target=look_on, daemon=True).start()
