# On a cluster: what the executor for Slurm leaves to others. It is asked for by `--profile profiles/slurm`.
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from snakemake_executor_plugin_warm import Executor as WarmExecutor
from study.cluster.executor import lose_no_job
from study.cluster.waiting import watch


def begin_on_slurm():
    """Begin a run whose jobs go to Slurm: once, in the main process."""
    asked = workflow.resource_settings._parsed_default_resources
    named = {
        name: str(asked[f"slurm_{name}"].raw).strip("'\"")
        for name in slurm.NAMED
        if f"slurm_{name}" in asked
    }
    slurm.check(workflow.executor_settings.status_command, named)
    watch(".", logger.warning)
    lose_no_job(workflow.scheduler._executor, SubmittedJobInfo, logger.error)
    # What is made here is made in processes that stay, as in a local run; a profile cannot say so.
    workflow.scheduler._local_executor = WarmExecutor(workflow, logger)
