"""Readable output of Snakemake: progress by work, time left, shortened lines. `--logger bar`.

On a terminal it is a bar below Snakemake's own output. No other plugin draws one with the time left. It has a single
line, so that output that a job writes directly to the terminal is not overwritten. With `--logger-bar-brief` (`make
reproduce`) only warnings, errors and failed jobs are printed; without a terminal, lines of progress replace the bar.
Snakemake's own log, in .snakemake/log, holds everything.
"""

import logging
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
WIDTH = 120  # largest width of a line that lists files
LAST_LINES = 12  # number of lines of a failed job's log
AS_EXPECTED = 30  # seconds of a run that count as if their speed was as expected, because the first jobs vary
EVERY = 0.1, 60  # share of the work, and seconds: after either of them a line is printed
SUMMED_UP = "Exiting because a job execution failed", "At least one job did not complete successfully"
LISTS = ("    input: ", "    output: ")  # in the description of a failed job


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Settings of the plugin."""

    brief: bool = field(default=False, metadata={"help": "Print warnings, failures and the progress only"})


class LogHandler(LogHandlerBase):
    """Print Snakemake's records, and the progress."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False  # uses Snakemake's own
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self):
        logging.Handler.__init__(self)  # older interfaces omit this
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.brief = bool(self.settings and self.settings.brief)
        self.work = Work()
        self.failed = []
        is_terminal = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.bar = Bar(self.stream) if is_terminal else None
        self.said = 0.0, time.monotonic()  # share of the work and time at the last line of progress

    def emit(self, record):
        """Print a record if it is to be shown, and the progress."""
        try:
            if text := self._text(record):
                self._print(text, STYLES.get(record.levelname, ""))
            if self.work.count(record) and not self.common_settings.dryrun:
                self._progress()
        except Exception:
            self.handleError(record)

    def _text(self, record) -> str:
        event = getattr(record, "event", None)
        if self.brief:
            return self._brief(record, event)
        text = self.format(record) or ""
        if self.common_settings.dryrun:  # a dry run has no log with the full lines
            return text
        cut = {LogEvent.JOB_INFO: "", LogEvent.JOB_ERROR: LISTS}.get(event)  # prefix of lines that are shortened
        if cut is None:
            return text
        return "\n".join(shortened(line) if line.startswith(cut) else line for line in text.splitlines())

    def _brief(self, record, event) -> str:
        if event == LogEvent.JOB_ERROR:
            name = self.work.names.get(record.jobid, f"rule {record.rule_name}")
            self.failed.append(name)
            return "\n".join([f"FAILED: {name}", *last_lines(record.log)])
        if event is None and hasattr(record, "seconds_of_jobs"):
            return self.format(record)
        if event is None and record.levelno == logging.INFO:
            return record.msg if str(record.msg).startswith("Nothing to be done") else ""
        text = self.format(record) if record.levelno >= logging.WARNING else ""
        return "" if self.failed and any(words in text for words in SUMMED_UP) else text

    def _progress(self):
        if self.bar:
            self.bar.move(self.work)
        elif self.brief:
            share, now = self.work.share, time.monotonic()
            if share - self.said[0] >= EVERY[0] or now - self.said[1] >= EVERY[1] or share == 1 > self.said[0]:
                self._print(self.work.line())
                self.said = share, now

    def _print(self, text, style=""):
        if self.bar:
            self.bar.print(text, style)
            return
        try:
            print(text, file=self.stream, flush=True)
        except BrokenPipeError:  # the reader has closed the pipe, as with `| head`; the run continues
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)

    def close(self):
        """Remove the bar; after a failure, print how many jobs remain."""
        if self.bar:
            self.bar.stop()
        if self.brief and self.failed and self.work.total:
            n_jobs, n_failed, n_done = len(self.work.total), len(self.failed), self.work.n_done
            left = f"{n_done:,} are done and will not run again, {n_jobs - n_done - n_failed:,} were not started"
            self._print(f"{n_failed:,} of {n_jobs:,} jobs failed; {left}.")
        self.failed = []
        super().close()


class Work:
    """Work of a run and its progress: in expected seconds, otherwise in jobs.

    Attributes
    ----------
    total : dict
        The weight of each job, by its number.
    names : dict
        Names of the jobs that have started.
    """

    def __init__(self):
        self.total, self.names, self.running, self.rules, self.done = {}, {}, {}, Counter(), Counter()
        self.n_jobs = self.n_done = 0
        self.seconds, self.n_cores = 0.0, 1
        self.started = time.monotonic()

    def count(self, record) -> bool:
        """Update the progress from a record; return whether it changed."""
        event = getattr(record, "event", None)
        if hasattr(record, "seconds_of_jobs"):
            self.total, self.n_cores, self.started = record.seconds_of_jobs, record.n_cores, time.monotonic()
        elif event == LogEvent.RUN_INFO:
            self.rules, self.n_jobs = record.stats, record.stats["total"]
        elif event == LogEvent.JOB_INFO:
            self.running[record.jobid] = record.rule_name
            self.names[record.jobid] = f"{record.rule_msg or 'rule'} (rule {record.rule_name})"
        elif event == LogEvent.JOB_ERROR:
            self.running.pop(record.jobid, None)
        elif event == LogEvent.JOB_FINISHED:
            self.done[self.running.pop(record.job_id, None)] += 1
            self.seconds += self.total.get(record.job_id, 0.0)
        elif event == LogEvent.PROGRESS:
            self.n_done, self.n_jobs = record.done, record.total
        else:
            return False
        return True

    @property
    def share(self) -> float:
        """Share of the work that is done, from 0 to 1."""
        if self.n_done == self.n_jobs:
            return 1.0 if self.n_jobs else 0.0
        expected = sum(self.total.values())
        return min(self.seconds / expected, 0.99) if expected else self.n_done / self.n_jobs

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds of the remaining work, scaled by the speed so far; None if unknown."""
        elapsed, expected = time.monotonic() - self.started, sum(self.total.values()) / self.n_cores
        if not expected:
            return elapsed * (1 - self.share) / self.share if self.share > 0 else None
        slowness = (elapsed + AS_EXPECTED) / (self.share * expected + AS_EXPECTED)
        return (1 - self.share) * expected * slowness

    @property
    def running_rules(self) -> str:
        """The running rules, with the number of their finished jobs."""
        rules = dict.fromkeys(self.running.values())
        return ", ".join(f"{rule} {self.done[rule]}/{self.rules.get(rule, '?')}" for rule in [*rules][:3])

    def line(self) -> str:
        """Return a line of progress."""
        text = f"{self.share:4.0%} after {clock(time.monotonic() - self.started)}"
        if self.share < 1 and (left := self.seconds_left) is not None:
            text += f", about {clock(left)} left"
        return f"{text}: {self.running_rules}" if self.running else text


class Bar:
    """The bar of a terminal."""

    def __init__(self, stream):
        # Imported here, because Snakemake imports every plugin, also where rich is not installed.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self.console = Console(file=stream, highlight=False)
        rules, left = TextColumn("{task.fields[rules]}"), TextColumn("{task.fields[left]}")
        settings = {"console": self.console, "transient": True, "redirect_stdout": False}
        self.bar = Progress(rules, BarColumn(), TaskProgressColumn(), left, **settings)
        self.task = self.bar.add_task("", total=1.0, rules="", left="")

    def move(self, work: Work):
        """Draw the present progress."""
        self.bar.start()
        left = "" if work.seconds_left is None else f"{clock(work.seconds_left)} left"
        self.bar.update(self.task, completed=work.share, rules=work.running_rules, left=left)

    def print(self, text: str, style: str):
        """Print above the bar."""
        from rich.text import Text

        self.console.print(Text(text, style), soft_wrap=True)

    def stop(self):
        """Remove the bar."""
        self.bar.stop()


def clock(seconds: float) -> str:
    """Write a time in minutes and seconds, or hours and minutes."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def shortened(line: str) -> str:
    """Shorten a long line, and state its full length."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 24]} ... ({len(line):,} characters)"


def last_lines(logs):
    """Yield the last lines of a failed job's logs, with their paths."""
    for log in logs:
        try:
            with open(log, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError as error:
            yield f"  {log}: {error.strerror}"
            continue
        yield f"  {log} ends with:" if lines else f"  {log} is empty."
        yield from (f"    {line}" for line in lines[-LAST_LINES:])
