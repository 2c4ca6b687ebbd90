"""Jobs that Snakemake's executor for Slurm (2.8.0) forgets, and would wait for as long as it is left alone."""

import time

from study.cluster.slurm import SlurmError, known_jobs

PATIENCE = 90.0  # seconds that Slurm may not know a job


def lose_no_job(executor, submitted, tell):
    """Let an executor lose none of its jobs.

    It takes no job for active any more when Slurm has not answered; waits for a job that Slurm has forgotten, as a
    controller does that fails soon after it took one; dies in silence where it cannot submit a group of jobs; and does
    not say why a group has failed.

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
        known, now = _known(executor.run_uuid), time.monotonic()
        for info in (info for info in active_jobs if id(info) not in settled):
            if known is None or info.external_jobid in known:
                unknown_since.pop(info.external_jobid, None)
            elif now - unknown_since.setdefault(info.external_jobid, now) > PATIENCE:
                executor.report_job_error(info, msg=f"Slurm does not know job {info.external_jobid} any more.")
                continue
            yield info

    def run_job(job):
        try:
            submit(job)
        except Exception as error:
            cause = error.__context__ or error  # the executor fails once more when it would tell of a group
            executor._report_job_error_threadsafe(submitted(job), f"It could not be submitted: {cause}.")

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.run_job = check_active_jobs, run_job


def _known(name) -> set[str] | None:
    try:
        return known_jobs(name)
    except SlurmError:
        return None
