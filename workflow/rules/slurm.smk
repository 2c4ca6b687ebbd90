# On a cluster: what the executor for Slurm leaves to others. It is asked for by `--profile profiles/slurm`.
from snakemake.logging import logger
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from study.cluster import slurm
from study.cluster.waiting import watch


def begin_on_slurm():
    """Begin a run whose jobs go to Slurm: once, in the main process."""
    asked = workflow.resource_settings._parsed_default_resources
    slurm.check(
        {
            name: asked[f"slurm_{name}"].raw
            for name in slurm.NAMED
            if f"slurm_{name}" in asked
        }
    )
    slurm.cancel_left_over(".", logger.warning)
    watch(".", logger.warning)
    lose_no_job(workflow.scheduler._executor)


def lose_no_job(executor):
    """Mend two ways in which the executor (2.8.0) forgets a job, and waits for it for ever.

    Where Slurm does not answer it takes no job for active any more; and where the submission of a group fails before
    `sbatch` does, as for an account that is not the user's, it fails to tell.
    """
    ask, submit = executor.check_active_jobs, executor.run_job
    reported = set()

    def noted(tell):
        def tell_and_note(job, *arguments, **named):
            reported.add(id(job))
            tell(job, *arguments, **named)

        return tell_and_note

    async def check_active_jobs(active_jobs):
        reported.clear()
        async for job in ask(active_jobs):
            reported.add(id(job))
            yield job
        for job in active_jobs:
            if id(job) not in reported:
                yield job

    def run_job(job):
        try:
            submit(job)
        except Exception as error:
            executor._report_job_error_threadsafe(SubmittedJobInfo(job), str(error))

    executor.report_job_success = noted(executor.report_job_success)
    executor.report_job_error = noted(executor.report_job_error)
    executor.check_active_jobs, executor.run_job = check_active_jobs, run_job
