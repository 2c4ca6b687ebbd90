"""Jobs that Snakemake's executor for Slurm (2.8.0) forgets, and would wait for as long as it is left alone."""

import time

from em_study.cluster.slurm import SlurmError, known_jobs
from em_study.cluster.slurm import ask as ask_slurm

PATIENCE = 90.0  # seconds that Slurm may not know a job
OUTAGE, EVERY = 600.0, 5.0  # seconds that a submission waits for Slurm to answer, and between two looks


def lose_no_job(executor, submitted, tell):
    """Let an executor lose none of its jobs.

    It takes no job for active any more when Slurm has not answered; waits for a job that Slurm has forgotten, as a
    controller does that fails soon after it took one, or for one that gave way to another; lets a job fail because
    Slurm does not answer; dies in silence where it cannot submit a group of jobs; does not say why a group has failed;
    and does not cancel what it is just asking about.

    Parameters
    ----------
    executor : snakemake_executor_plugin_slurm.Executor
        Changed in place.
    submitted : callable
        Makes what the executor reports of a job.
    tell : callable
        Called with a line for the user.
    """
    ask, submit = executor.check_active_jobs, executor.run_job
    succeed, fail = executor.report_job_success, executor.report_job_error
    settled: set[int] = set()
    unknown_since: dict[str, float] = {}

    def report_job_success(info):
        settled.add(id(info))
        succeed(info)

    def report_job_error(info, msg=None, **named):
        settled.add(id(info))
        if msg and info.job.is_group():
            tell(msg)
        fail(info, msg=msg, **named)

    async def check_active_jobs(active_jobs):
        settled.clear()
        async for _ in ask(active_jobs):  # what it gives back is a part of what it should
            pass
        known = None if executor._submitted_job_clusters else _known(executor)  # it is asked about one cluster
        now = time.monotonic()
        for info in (info for info in active_jobs if id(info) not in settled):
            number = info.external_jobid
            if known is not None and known.get(number) == "PREEMPTED":
                executor.report_job_error(info, msg=f"Slurm job {number} gave way to another (PREEMPTED).")
            elif known is None or number in known:
                unknown_since.pop(number, None)
                yield info
            elif now - unknown_since.setdefault(number, now) > PATIENCE:
                executor.report_job_error(info, msg=f"Slurm does not know job {number} any more.")
            else:
                yield info

    def run_job(job):
        end = time.monotonic() + OUTAGE
        while _known(executor) is None and time.monotonic() < end:  # submitted now, it would count as failed
            time.sleep(EVERY)
        try:
            submit(job)
        except Exception as error:
            cause = error.__context__ or error  # the executor fails once more when it would tell of a group
            executor._report_job_error_threadsafe(submitted(job), f"It could not be submitted: {cause}.")

    def cancel_jobs(active_jobs):  # those too that it is just asking about, or submitting
        try:
            ask_slurm("scancel", f"--name={executor.run_uuid}")
            tell("The Slurm jobs of this run are cancelled. The same command goes on where they were.")
        except SlurmError as error:
            tell(f"The jobs could not be cancelled ({error}).")

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.run_job, executor.cancel_jobs = check_active_jobs, run_job, cancel_jobs


def _known(executor) -> dict[str, str] | None:
    """Ask which jobs there are; None if Slurm does not answer."""
    try:
        return known_jobs(executor.run_uuid)
    except SlurmError:
        return None
