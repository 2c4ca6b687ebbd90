"""Snakemake's output for people: how much of the work is done, the time left, no endless lines. `--logger bar`.

On a terminal it is a bar below Snakemake's own output. Of the plugins there are, none draws one with the time left. It
has one row, so that what a job writes to the terminal past Snakemake is not painted over. With `--logger-bar-brief`
(`make reproduce`) warnings, errors and failed jobs are all the output, and where there is no terminal now and then a
line stands for the bar. Snakemake's own log, in .snakemake/log, has everything.
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
WIDTH = 120  # of a line that names files
LAST_LINES = 12  # of the log of a failed job
AS_EXPECTED = 30  # seconds of a run that count as if they had gone as expected: the first jobs say little
EVERY = 0.1, 60  # of the work, and seconds: after either of them comes a line
SUMMED_UP = "Exiting because a job execution failed", "At least one job did not complete successfully"
LISTS = ("    input: ", "    output: ")  # in the description of a failed job


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """What may be asked for."""

    brief: bool = field(default=False, metadata={"help": "Print warnings, failures and the progress only"})


class LogHandler(LogHandlerBase):
    """Print what happens, and how far the run is."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False  # Snakemake's own
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self):
        logging.Handler.__init__(self)  # which older interfaces leave out
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.brief = bool(self.settings and self.settings.brief)
        self.work = Work()
        self.failed = []
        is_terminal = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.bar = Bar(self.stream) if is_terminal else None
        self.said = 0.0, time.monotonic()  # the work and the time of the last line of progress

    def emit(self, record):
        """Print a record if it is for people, and the progress."""
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
        if self.common_settings.dryrun:  # which has no log with the whole lines
            return text
        cut = {LogEvent.JOB_INFO: "", LogEvent.JOB_ERROR: LISTS}.get(event)  # what the lines to be cut begin with
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
        except BrokenPipeError:  # nobody reads on, as with `| head`; the run goes on
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)

    def close(self):
        """Take the bar away; say what is left to do after a failure."""
        if self.bar:
            self.bar.stop()
        if self.brief and self.failed and self.work.total:
            n_jobs, n_failed, n_done = len(self.work.total), len(self.failed), self.work.n_done
            left = f"{n_done:,} are done and will not run again, {n_jobs - n_done - n_failed:,} were not begun"
            self._print(f"{n_failed:,} of {n_jobs:,} jobs failed; {left}.")
        self.failed = []
        super().close()


class Work:
    """What a run has to do, and what of it is done: in seconds that are expected, else in jobs.

    Attributes
    ----------
    total : dict
        The weight of each job, by its number.
    names : dict
        Of the jobs that were begun.
    """

    def __init__(self):
        self.total, self.names, self.running, self.rules, self.done = {}, {}, {}, Counter(), Counter()
        self.n_jobs = self.n_done = 0
        self.seconds, self.n_cores = 0.0, 1
        self.begun = time.monotonic()

    def count(self, record) -> bool:
        """Take in what a record tells; say whether it changes what is shown."""
        event = getattr(record, "event", None)
        if hasattr(record, "seconds_of_jobs"):
            self.total, self.n_cores, self.begun = record.seconds_of_jobs, record.n_cores, time.monotonic()
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
        """What is done of the work, from 0 to 1."""
        if self.n_done == self.n_jobs:
            return 1.0 if self.n_jobs else 0.0
        whole = sum(self.total.values())
        return min(self.seconds / whole, 0.99) if whole else self.n_done / self.n_jobs

    @property
    def seconds_left(self) -> float | None:
        """What is expected of what is left, as many times too long as what is done took; None if nothing is known."""
        elapsed, whole = time.monotonic() - self.begun, sum(self.total.values()) / self.n_cores
        if not whole:
            return elapsed * (1 - self.share) / self.share if self.share > 0 else None
        slowness = (elapsed + AS_EXPECTED) / (self.share * whole + AS_EXPECTED)
        return (1 - self.share) * whole * slowness

    @property
    def at_work(self) -> str:
        """The rules that run, with how many of their jobs are done."""
        rules = dict.fromkeys(self.running.values())
        return ", ".join(f"{rule} {self.done[rule]}/{self.rules.get(rule, '?')}" for rule in [*rules][:3])

    def line(self) -> str:
        """Say how far the run is."""
        text = f"{self.share:4.0%} after {clock(time.monotonic() - self.begun)}"
        if self.share < 1 and (left := self.seconds_left) is not None:
            text += f", about {clock(left)} left"
        return f"{text}: {self.at_work}" if self.running else text


class Bar:
    """The bar of a terminal."""

    def __init__(self, stream):
        # Not at the top: Snakemake imports every plugin it finds, also where rich is not installed.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self.console = Console(file=stream, highlight=False)
        rules, left = TextColumn("{task.fields[rules]}"), TextColumn("{task.fields[left]}")
        settings = {"console": self.console, "transient": True, "redirect_stdout": False}
        self.bar = Progress(rules, BarColumn(), TaskProgressColumn(), left, **settings)
        self.task = self.bar.add_task("", total=1.0, rules="", left="")

    def move(self, work: Work):
        """Draw it as it is now."""
        self.bar.start()
        left = "" if work.seconds_left is None else f"{clock(work.seconds_left)} left"
        self.bar.update(self.task, completed=work.share, rules=work.at_work, left=left)

    def print(self, text: str, style: str):
        """Print above the bar."""
        from rich.text import Text

        self.console.print(Text(text, style), soft_wrap=True)

    def stop(self):
        """Take it away."""
        self.bar.stop()


def clock(seconds: float) -> str:
    """Write a time in minutes and seconds, or hours and minutes."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def shortened(line: str) -> str:
    """Cut a line that is too long to read, and say how much is left out."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 24]} ... ({len(line):,} characters)"


def last_lines(logs):
    """Give the ends of a failed job's logs, with their paths."""
    for log in logs:
        try:
            with open(log, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError as error:
            yield f"  {log}: {error.strerror}"
            continue
        yield f"  {log} ends with:" if lines else f"  {log} is empty."
        yield from (f"    {line}" for line in lines[-LAST_LINES:])
