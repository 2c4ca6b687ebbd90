"""Report why jobs wait in Slurm during a run, which the executor does not."""

import threading
import time

from em_study.cluster.slurm import SlurmError, jobs_of

EVERY = 30.0  # seconds
PATIENCE = 60.0  # seconds that a job waits before it is reported


class Waiting:
    """Reports the waiting jobs in a folder.

    Parameters
    ----------
    folder : path-like
    report : callable
        Called with a line for the user: one per reason why jobs wait, and one when Slurm does not answer.
    """

    def __init__(self, folder, report):
        self.folder = folder
        self.report = report
        self.since: dict[tuple[str, str], float] = {}  # time at which a job was first seen waiting for a reason
        self.reported: set[str] = set()

    def look(self, now: float):
        """Query Slurm, and report new reasons, at a time in seconds of a monotonic clock."""
        try:
            waiting = [job for job in jobs_of(self.folder) if job.state == "PENDING"]
        except SlurmError as error:
            self._report_once("", f"Slurm does not answer ({error}). The run continues when it does.")
            return
        keys = {(job.number, job.reason) for job in waiting}
        self.since = {key: self.since.get(key, now) for key in keys}
        long = [job for job in waiting if now - self.since[job.number, job.reason] >= PATIENCE]
        for reason in {job.reason for job in long}:
            jobs = [job for job in long if job.reason == reason]
            count = "1 job waits" if len(jobs) == 1 else f"{len(jobs)} jobs wait"
            which = f"{jobs[0].number}, {jobs[0].task}"
            self._report_once(reason, f"{count} in Slurm for {reason}: {which}. docs/cluster.md explains this.")

    def _report_once(self, reason, line):
        if reason not in self.reported:
            self.report(line)
        self.reported.add(reason)


def watch(folder, report):
    """Query Slurm regularly in a thread of this process, until it ends."""
    waiting = Waiting(folder, report)

    def look_on():
        while True:
            time.sleep(EVERY)
            waiting.look(time.monotonic())

    threading.Thread(target=look_on, daemon=True).start()
