"""Run jobs in reused processes, one per core: Python and its libraries start once, not once per job. `--executor warm`.

Jobs other than plain Python scripts on this machine run as with Snakemake's local executor; nothing else differs.
"""

import pickle
import re
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from queue import LifoQueue

from snakemake.exceptions import SpawnedJobError, WorkflowError
from snakemake.executors.local import Executor as LocalExecutor
from snakemake.executors.local import common_settings
from snakemake.script import Snakemake
from snakemake.sourcecache import LocalSourceFile

__all__ = ["Executor", "common_settings"]

PROGRAM = Path(__file__).with_name("process.py")


class Executor(LocalExecutor):
    """The local executor, with processes that are reused for the next Python script."""

    def __post_init__(self):
        super().__post_init__()
        self.idle = LifoQueue()  # the last used process has imported most; None is a process not yet started
        for _ in range(self.cores):
            self.idle.put(None)

    def run_single_job(self, job):
        """Run a job in an idle process; return its future."""
        settings = self.workflow.deployment_settings, self.workflow.workflow_settings
        plain = not (settings[0].deployment_method or settings[1].cache or job.is_shadow or job.benchmark)
        script = job.rule.basedir.join(job.rule.script) if job.rule.script else None
        if not plain or not isinstance(script, LocalSourceFile) or not re.fullmatch(r"[^{]+\.py", str(script)):
            return super().run_single_job(job)
        self.job_args_and_prepare(job)  # prepares the job; the arguments are not used here
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
            str(Path(str(script)).parent),
        )
        return self.pool.submit(self._run, pickle.dumps((str(script), given)), job.rule.name)

    def _run(self, request, rule):
        process = self.idle.get()
        try:
            process = process or WarmProcess()
            if not process.run(request):
                raise SpawnedJobError  # its log says why
        except EOFError:
            process.end()
            process = None
            text = f"rule {rule}: its process was killed from outside, perhaps because memory was short"
            raise WorkflowError(text) from None
        finally:
            self.idle.put(process)

    def shutdown(self):
        """End the processes after their current jobs."""
        super().shutdown()
        while not self.idle.empty():
            if process := self.idle.get():
                process.end()

    cancel = shutdown


class WarmProcess:
    """A process that runs scripts, one after the other; it ends whenever the parent process ends."""

    def __init__(self):
        self.pipe, theirs = Pipe()
        with theirs:
            command, fds = [sys.executable, str(PROGRAM), str(theirs.fileno())], [theirs.fileno()]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=fds)  # noqa: S603

    def run(self, request: bytes) -> bool:
        """Run a script; return whether it succeeded. Raises `EOFError` if the process ends."""
        try:
            self.pipe.send_bytes(request)
            return self.pipe.recv()
        except OSError:
            raise EOFError from None

    def end(self):
        """End the process."""
        self.pipe.close()
        self.process.wait()
