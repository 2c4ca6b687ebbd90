"""Run jobs in warm processes, one a core: Python and its libraries start once, not once a job. `--executor warm`.

What is no plain Python script of this machine runs as Snakemake's local executor runs it, and nothing else differs.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from queue import LifoQueue

from snakemake.exceptions import SpawnedJobError, WorkflowError
from snakemake.executors.local import Executor as LocalExecutor
from snakemake.executors.local import common_settings
from snakemake.iocontainers import Snakemake

from snakemake_executor_plugin_warm.process import end_with_parent, run_script

__all__ = ["Executor", "common_settings"]

SPAWN = multiprocessing.get_context("spawn")


class Executor(LocalExecutor):
    """The local executor, with processes that stay for the next Python script."""

    def __post_init__(self):
        super().__post_init__()
        self.idle = LifoQueue()  # the one that ran last has most of its imports behind it; None is one not yet started
        for _ in range(self.cores):
            self.idle.put(None)

    def run_single_job(self, job):
        """Run a job in an idle process; return its future."""
        settings = self.workflow.deployment_settings, self.workflow.workflow_settings
        plain = not (settings[0].deployment_method or settings[1].cache or job.is_shadow or job.benchmark)
        if not plain or not job.rule.script or Path(job.rule.script).suffix != ".py":
            return super().run_single_job(job)
        self.workflow.async_run(job.prepare())
        script = job.rule.basedir.join(job.rule.script)
        given = Snakemake(
            job.input,
            job.output,
            job.params,
            job.wildcards,
            job.threads,
            job.resources,
            job.log,
            self.workflow.globals["config"],
            job.rule.name,
            None,
            script.get_basedir().get_path_or_uri(secret_free=True),
        )
        return self.pool.submit(self._run, script.get_path_or_uri(secret_free=True), given)

    def _run(self, script, given):
        process = self.idle.get() or ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), initializer=end_with_parent
        )
        try:
            if not process.submit(run_script, script, given).result():
                raise SpawnedJobError  # the script has told why
        except BrokenProcessPool:
            process = None
            text = f"rule {given.rule}: its process was ended from outside; was there memory enough?"
            raise WorkflowError(text) from None
        finally:
            self.idle.put(process)

    def shutdown(self):
        """End the processes, after the jobs that they run."""
        super().shutdown()
        while not self.idle.empty():
            if process := self.idle.get():
                process.shutdown()

    cancel = shutdown
