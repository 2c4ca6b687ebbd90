"""Patches of Snakemake and its executor for Slurm; each is removed when the issue that it waits for is closed.

Last checked on 2026-11-29 with the newest versions: Snakemake 9.27.1 and snakemake-executor-plugin-slurm 2.8.0. One
patch is elsewhere, because our code cannot be imported there: profiles/default leaves overlays unread (no issue).
"""

import time

from em_study.cluster.slurm import SlurmError, ask, known_jobs

PATIENCE = 90.0  # seconds for which Slurm may not know a job
OUTAGE, EVERY = 600.0, 5.0  # seconds that a submission waits for Slurm to answer, and between two queries


def lose_no_job(executor, submitted, report):
    """Patch the executor for Slurm so that it loses no job.

    Parameters
    ----------
    executor : snakemake_executor_plugin_slurm.Executor
        Changed in place.
    submitted : callable
        Makes the record by which the executor reports a job.
    report : callable
        Called with a line for the user.

    Notes
    -----
    The patch waits for these issues of snakemake/snakemake-executor-plugin-slurm, all open. Unpatched, the executor

    - 207: stops querying its jobs after Slurm has once not answered, and waits forever;
    - 320: counts a job as failed that is submitted while Slurm does not answer;
    - 456: does not report why a group of jobs has failed;
    - no issue: waits forever for a job that Slurm has forgotten, as a controller does that fails soon after it accepted
      one; for a preempted job (PREEMPTED) that is not requeued; and for a group that it could not submit, because
      reporting this fails. It does not cancel jobs that it is just querying or submitting.
    """
    check_active_jobs, submit = executor.check_active_jobs, executor.run_job
    succeed, fail = executor.report_job_success, executor.report_job_error
    settled: set[int] = set()
    unknown_since: dict[str, float] = {}

    def report_job_success(info):
        settled.add(id(info))
        succeed(info)

    def report_job_error(info, msg=None, **named):
        settled.add(id(info))
        if msg and info.job.is_group():
            report(msg)
        fail(info, msg=msg, **named)

    async def check_all_active_jobs(active_jobs):
        settled.clear()
        async for _ in check_active_jobs(active_jobs):  # it yields only some of the active jobs
            pass
        of_several = executor._submitted_job_clusters  # the query is about a single cluster
        known = None if of_several else known_jobs(executor.run_uuid)
        now = time.monotonic()
        for info in (info for info in active_jobs if id(info) not in settled):
            number = info.external_jobid
            if known is not None and known.get(number) == "PREEMPTED":
                executor.report_job_error(info, msg=f"Slurm job {number} was preempted by another job (PREEMPTED).")
            elif known is None or number in known:
                unknown_since.pop(number, None)
                yield info
            elif now - unknown_since.setdefault(number, now) > PATIENCE:
                executor.report_job_error(info, msg=f"Slurm no longer knows job {number}.")
            else:
                yield info

    def run_job(job):
        end = time.monotonic() + OUTAGE
        while known_jobs(executor.run_uuid) is None and time.monotonic() < end:
            time.sleep(EVERY)
        try:
            submit(job)
        except Exception as error:
            cause = error.__context__ or error
            executor._report_job_error_threadsafe(submitted(job), f"It could not be submitted: {cause}.")

    def cancel_jobs(active_jobs):
        try:
            ask("scancel", f"--name={executor.run_uuid}")
            report("The Slurm jobs of this run are cancelled. The same command continues them.")
        except SlurmError as error:
            report(f"The jobs could not be cancelled ({error}).")

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.run_job, executor.cancel_jobs = check_all_active_jobs, run_job, cancel_jobs


def run_local_jobs_by(workflow, executor):
    """Run the local jobs of a run on a cluster by an executor; a profile cannot set this (no issue)."""
    workflow.scheduler._local_executor = executor


def leave_marked(persistence):
    """Keep the results of a job marked as incomplete until the main process has recorded their provenance.

    A job's own Snakemake removes the mark and records nothing. If the main process is killed then, the next run
    would accept the file, even if the configuration has changed (snakemake/snakemake, 3197, open).
    """

    async def finished(self, job):
        pass

    for kind in _classes(persistence, "finished"):
        kind.finished = finished


def ask_records(persistence, is_ours, changes_of) -> bool:
    """Make Snakemake decide by our records, not its own, whether a job must run again; return whether this is possible.

    Its own records are in .snakemake. A copy may lack them, --cleanup-metadata deletes them, and they compare settings
    without their names (no issue). Jobs that are not ours are decided as before; for ours, `changes_of` returns the
    differences as a `ParamsChange`.
    """
    kinds = _classes(persistence, "has_metadata", "params_changed")
    for kind in kinds:
        kind.has_metadata = _of_ours(is_ours, lambda job: True, kind.has_metadata)
        kind.params_changed = _of_ours(is_ours, changes_of, kind.params_changed)
    return bool(kinds)


def _of_ours(is_ours, ask_ours, ask_snakemake):
    return lambda self, job, **file: ask_ours(job) if is_ours(job) else ask_snakemake(self, job, **file)


def _classes(module, *methods) -> list[type]:
    """Classes of a module that define these methods; their names and number differ between versions."""
    return [kind for kind in vars(module).values() if isinstance(kind, type) and {*methods} <= vars(kind).keys()]
