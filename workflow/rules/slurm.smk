# On a cluster: what the executor for Slurm leaves to others. It is asked for by `--profile profiles/slurm`.
from snakemake import persistence
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from snakemake_executor_plugin_warm import Executor as WarmExecutor
from em_study.cluster.upstream import lose_no_job
from em_study.cluster.waiting import watch


def check_slurm():
    """Find out whether a run can begin: before it is recorded as one whose jobs the next must look for."""
    asked = workflow.resource_settings._parsed_default_resources
    named = {
        name: str(asked[f"slurm_{name}"].raw).strip("'\"")
        for name in slurm.NAMED
        if f"slurm_{name}" in asked
    }
    slurm.check(workflow.executor_settings.status_command, named)


def begin_on_slurm():
    """Begin a run whose jobs go to Slurm: once, in the main process."""
    watch(".", logger.warning)
    lose_no_job(workflow.scheduler._executor, SubmittedJobInfo, logger.error)
    # What is made here is made in processes that stay, as in a local run; a profile cannot say so.
    workflow.scheduler._local_executor = WarmExecutor(workflow, logger)


async def leave_marked(self, job):
    """Leave what a job has made marked as incomplete, until the main process records by what it was made."""


if workflow.remote_exec:
    # A job's own Snakemake takes the mark away and records nothing. Should the main process be killed then, the next
    # run would take the file for one that it wants, whatever the configuration is by now.
    for found in vars(persistence).values():
        if isinstance(found, type) and "finished" in vars(found):
            found.finished = leave_marked
