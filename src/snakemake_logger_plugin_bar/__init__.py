"""Snakemake's own output, with a bar below it: jobs done, the time left, and the rules at work. `--logger bar`.

Of the plugins there are, none draws a bar with the time left. It has one row, so that what a job writes to the
terminal past Snakemake is not painted over.
"""

import logging
from collections import Counter

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


class LogHandler(LogHandlerBase):
    """Print what Snakemake's default handler prints, above the bar."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False  # Snakemake's own
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self):
        # Not at the top: Snakemake imports every plugin it finds, also where rich is not installed.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        logging.Handler.__init__(self)  # which older interfaces leave out
        self.console = Console(stderr=not self.common_settings.stdout, highlight=False)
        self.bar = Progress(
            TextColumn("{task.fields[rules]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("jobs,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self.console,
            transient=True,
            redirect_stdout=False,
        )
        self.task = self.bar.add_task("", total=None, rules="")
        self.jobs, self.total, self.done = {}, {}, Counter()

    def emit(self, record):
        """Print a record, and move the bar."""
        from rich.text import Text

        try:
            if text := self.format(record):
                self.console.print(Text(text, STYLES.get(record.levelname, "")), soft_wrap=True)
            self._count(record)
        except Exception:
            self.handleError(record)

    def _count(self, record):
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.stats
            self.bar.update(self.task, total=record.stats["total"])
        elif event == LogEvent.JOB_INFO:
            self.jobs[record.jobid] = record.rule_name
            if not self.common_settings.dryrun:
                self.bar.start()
        elif event == LogEvent.JOB_ERROR:
            self.jobs.pop(record.jobid, None)
        elif event == LogEvent.JOB_FINISHED:
            self.done[self.jobs.pop(record.job_id, None)] += 1
        elif event == LogEvent.PROGRESS:
            self.bar.update(self.task, completed=record.done, total=record.total)
        rules = [f"{rule} {self.done[rule]}/{self.total.get(rule, '?')}" for rule in dict.fromkeys(self.jobs.values())]
        self.bar.update(self.task, rules=", ".join(rules[:3]))

    def close(self):
        """Take the bar away."""
        self.bar.stop()
        super().close()
