"""What is mended here of Snakemake and its executor for Slurm: a patch goes when the issue that it waits for is closed.

Seen last on 2026-11-29, in the newest versions: Snakemake 9.27.1 and snakemake-executor-plugin-slurm 2.8.0. One patch
is elsewhere, for where it is needed no code of ours is found yet: profiles/default leaves overlays unread (no issue).
"""

import time

from em_study.cluster.slurm import SlurmError, ask, known_jobs

PATIENCE = 90.0  # seconds that Slurm may not know a job
OUTAGE, EVERY = 600.0, 5.0  # seconds that a submission waits for Slurm to answer, and between two looks


def lose_no_job(executor, submitted, tell):
    """Let the executor for Slurm lose none of its jobs.

    Parameters
    ----------
    executor : snakemake_executor_plugin_slurm.Executor
        Changed in place.
    submitted : callable
        Makes what the executor reports of a job.
    tell : callable
        Called with a line for the user.

    Notes
    -----
    It waits for these issues of snakemake/snakemake-executor-plugin-slurm, all open:

    - 207: when Slurm has not answered once, the executor asks after its jobs no more, and waits for ever.
    - 320: a job that is submitted while Slurm does not answer has failed.
    - 456: why a group of jobs has failed is not said.
    - No issue: it waits for ever for a job that Slurm has forgotten, as a controller does that fails soon after it took
      one; for one that gave way to another (PREEMPTED) and is not requeued; and for a group that it could not submit,
      where telling so fails. It does not cancel jobs that it is just asking about, or submitting.
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
            tell(msg)
        fail(info, msg=msg, **named)

    async def check_all_active_jobs(active_jobs):
        settled.clear()
        async for _ in check_active_jobs(active_jobs):  # what it gives back is a part of what it should
            pass
        of_several = executor._submitted_job_clusters  # Slurm is asked about one cluster
        known = None if of_several else known_jobs(executor.run_uuid)
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
            tell("The Slurm jobs of this run are cancelled. The same command goes on where they were.")
        except SlurmError as error:
            tell(f"The jobs could not be cancelled ({error}).")

    executor.report_job_success, executor.report_job_error = report_job_success, report_job_error
    executor.check_active_jobs, executor.run_job, executor.cancel_jobs = check_all_active_jobs, run_job, cancel_jobs


def run_local_jobs_by(workflow, executor):
    """Run by an executor what a run on a cluster makes in its own process; a profile cannot say so (no issue)."""
    workflow.scheduler._local_executor = executor


def leave_marked(persistence):
    """Leave what a job has made marked as incomplete, until the main process records by what it was made.

    A job's own Snakemake takes the mark away and records nothing. Should the main process be killed then, the next run
    would take the file for one that it wants, whatever the configuration is by now (snakemake/snakemake, 3197, open).
    """

    async def finished(self, job):
        pass

    for kind in _classes(persistence, "finished"):
        kind.finished = finished


def ask_records(persistence, is_ours, changes_of) -> bool:
    """Let Snakemake ask our records in place of its own memory whether a job must run again; tell whether it can.

    Its memory is in .snakemake, which a copy may lack, which --cleanup-metadata forgets, and which compares settings
    without their names (no issue). Of jobs that are not ours it is asked as before; of ours, `changes_of` says as a
    `ParamsChange` what they would do otherwise now.
    """
    kinds = _classes(persistence, "has_metadata", "params_changed")
    for kind in kinds:
        kind.has_metadata = _of_ours(is_ours, lambda job: True, kind.has_metadata)
        kind.params_changed = _of_ours(is_ours, changes_of, kind.params_changed)
    return bool(kinds)


def _of_ours(is_ours, ask_ours, ask_snakemake):
    return lambda self, job, **file: ask_ours(job) if is_ours(job) else ask_snakemake(self, job, **file)


def _classes(module, *methods) -> list[type]:
    """Classes of a module with these methods of their own: their names and number change from version to version."""
    return [kind for kind in vars(module).values() if isinstance(kind, type) and {*methods} <= vars(kind).keys()]
