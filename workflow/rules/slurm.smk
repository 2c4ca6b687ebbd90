# For clusters: additions to the Slurm executor, which `--profile profiles/slurm` selects.
from snakemake import persistence
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from snakemake_executor_plugin_warm import Executor as WarmExecutor
from em_study.cluster import upstream
from em_study.cluster.waiting import watch


def check_slurm():
    """Check whether a run can begin, before it is recorded as one whose jobs the next run must look for."""
    asked = workflow.resource_settings._parsed_default_resources
    named = {name: str(asked[f"slurm_{name}"].raw).strip("'\"") for name in slurm.NAMED if f"slurm_{name}" in asked}
    slurm.check(workflow.executor_settings.status_command, named)


def begin_on_slurm():
    """Begin a run on Slurm: once, in the main process."""
    watch(".", logger.warning)
    upstream.lose_no_job(workflow.scheduler._executor, SubmittedJobInfo, logger.error)
    upstream.run_local_jobs_by(workflow, WarmExecutor(workflow, logger))


if workflow.remote_exec:
    upstream.leave_marked(persistence)
