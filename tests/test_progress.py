"""Output of a run: progress, failures and outcome."""

import io
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from project import ROOT
from snakemake_interface_logger_plugins.common import LogEvent

from em_study.audit.outcome import outcome
from em_study.claims.verdicts import EXPLAINED
from em_study.plan.environment import set_home
from em_study.plan.resources import PASSES, Cost
from snakemake_logger_plugin_bar import WIDTH, LogHandler, LogHandlerSettings, Work, clock, shortened


def record(event=None, level=logging.INFO, msg="", **more):
    made = logging.LogRecord("snakemake", level, "", 0, msg, (), None)
    vars(made).update(more, event=event)
    return made


def begin(jobid, rule="fit"):
    return record(LogEvent.JOB_INFO, jobid=jobid, rule_name=rule, rule_msg=f"Do {rule} {jobid}")


def end(jobid, done, total):
    return record(LogEvent.JOB_FINISHED, job_id=jobid), record(LogEvent.PROGRESS, done=done, total=total)


def the_work(seconds, n_cores=2):
    total = len(seconds)
    stats = record(LogEvent.RUN_INFO, stats={"fit": total, "total": total})
    return stats, record(msg=f"{total} jobs, about 1 min", seconds_of_jobs=seconds, n_cores=n_cores)


def handler(monkeypatch, brief=True, dryrun=False):
    """Return a handler that writes to a text, as without a terminal."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    made = LogHandler(SimpleNamespace(stdout=False, dryrun=dryrun), LogHandlerSettings(brief=brief))
    return made, stream


def test_progress_goes_by_the_seconds_of_the_jobs_and_not_by_their_number():
    work = Work()
    for each in (*the_work({1: 90.0, 2: 5.0, 3: 5.0}), begin(2), *end(2, 1, 3)):
        work.count(each)
    assert work.share == pytest.approx(0.05)
    for each in (begin(1), *end(1, 2, 3)):
        work.count(each)
    assert work.share == pytest.approx(0.95)
    for each in (begin(3), *end(3, 3, 3)):
        work.count(each)
    assert work.share == 1


def test_the_time_left_is_what_is_expected_as_many_times_too_long_as_what_is_done(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    work = Work()
    for each in the_work({1: 1000.0, 2: 1000.0}, n_cores=2):
        work.count(each)
    assert work.seconds_left == pytest.approx(1000)
    now[0] = 1530.0  # of 500 expected
    for each in (begin(1), *end(1, 1, 2)):
        work.count(each)
    assert work.share == 0.5
    assert work.seconds_left == pytest.approx(500 * (1530 + 30) / (500 + 30))


def test_without_expected_seconds_it_goes_by_the_jobs():
    work = Work()
    for each in (begin(1), *end(1, 1, 4)):
        work.count(each)
    assert work.share == 0.25


def test_a_brief_run_has_a_line_now_and_then(monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 7.0)
    made, stream = handler(monkeypatch)
    for each in the_work(dict.fromkeys(range(200), 1.0)):
        made.emit(each)
    for job in range(200):
        for each in (begin(job), record(msg="Select jobs to execute..."), *end(job, job + 1, 200)):
            made.emit(each)
    made.close()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "200 jobs, about 1 min"
    assert len(lines) == 11  # of what takes no time, one for each tenth of the work
    assert lines[-1].startswith("100% after ")
    assert all(len(line) <= WIDTH for line in lines)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_needs_its_library_only_where_it_is_drawn():
    program = "import sys; sys.modules['rich'] = None; import snakemake_logger_plugin_bar"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_on_a_terminal_everything_is_printed_above_a_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", Terminal())
    made = LogHandler(SimpleNamespace(stdout=False, dryrun=False), None)
    for each in (*the_work({1: 30.0, 2: 10.0}), begin(1), begin(2), *end(1, 1, 2), begin(3, "data")):
        made.emit(each)
    task = made.bar.bar.tasks[0]
    assert (task.completed, task.total, task.fields["rules"]) == (0.75, 1, "fit 1/2, data 0/?")
    made.emit(record(LogEvent.JOB_ERROR, logging.ERROR, "Error [in] rule", jobid=3))
    assert "Error [in] rule" in made.stream.getvalue()
    made.close()


def test_a_failed_job_is_named_with_the_end_of_its_log(monkeypatch, tmp_path):
    log = tmp_path / "fit.log"
    log.write_text("".join(f"line {number}\n" for number in range(40)) + "row 3: must be a number\n")
    made, stream = handler(monkeypatch)
    for each in (*the_work({1: 1.0, 2: 1.0, 3: 1.0}), begin(1), *end(1, 1, 3), begin(2)):
        made.emit(each)
    failure = {"jobid": 2, "rule_name": "fit", "rule_msg": None, "log": [str(log)]}
    made.emit(record(LogEvent.JOB_ERROR, logging.ERROR, **failure))
    made.emit(record(None, logging.ERROR, "Exiting because a job execution failed. Look above for error messages"))
    made.emit(record(LogEvent.ERROR, logging.ERROR, "WorkflowError:\nAt least one job did not complete successfully."))
    made.close()
    lines = stream.getvalue().splitlines()
    begun = lines.index("FAILED: Do fit 2 (rule fit)")
    assert lines[begun + 1] == f"  {log} ends with:"
    assert lines[-2] == "    row 3: must be a number"
    assert "    line 20" not in lines
    assert lines[-1] == "1 of 3 jobs failed; 1 are done and will not run again, 1 were not started."


def test_other_errors_and_warnings_are_shown_whole(monkeypatch):
    made, stream = handler(monkeypatch)
    made.emit(record(LogEvent.ERROR, logging.ERROR, "WorkflowError: no such key " + "x" * 200))
    made.emit(record(None, logging.WARNING, "take care"))
    made.emit(record(None, msg="Nothing to be done (all requested files are present and up to date)."))
    made.emit(record(None, msg="Building DAG of jobs..."))
    text = stream.getvalue()
    assert "x" * 200 in text
    assert text.splitlines()[1:] == [
        "take care",
        "Nothing to be done (all requested files are present and up to date).",
    ]


def test_a_run_goes_on_when_nobody_reads_it(monkeypatch):
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        made = LogHandler(SimpleNamespace(stdout=False, dryrun=False), None)
        monkeypatch.setattr(made, "handleError", lambda record: pytest.fail("nobody should be notified"))
        for _ in range(2):
            made.emit(record(msg="Building DAG of jobs..."))


@pytest.mark.parametrize("dryrun", [False, True])
def test_overlong_lines_are_cut_where_a_log_has_them_whole(monkeypatch, dryrun):
    made, stream = handler(monkeypatch, brief=False, dryrun=dryrun)
    reason = "Reason: " + ", ".join(f"results/file_{number}.csv" for number in range(500))
    made.emit(record(LogEvent.JOB_INFO, msg=f"Job 1: Put together\n{reason}", jobid=1, rule_name="tables", rule_msg=""))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Job 1: Put together"
    assert lines[1] == (reason if dryrun else shortened(reason))
    assert len(shortened(reason)) <= WIDTH
    assert shortened(reason).endswith(f" ... ({len(reason):,} characters)")


def test_a_time_is_written_for_people():
    assert [clock(s) for s in (0, 59.6, 61, 3599, 5999, 7260)] == [
        "0:00",
        "1:00",
        "1:01",
        "59:59",
        "99:59",
        "2 h 01 min",
    ]


def test_every_rule_is_expected_to_take_some_time():
    for rule in (*PASSES, "sweep_part", "sweep", "figure", "tables", "manifest"):
        assert Cost(0.0).seconds_expected(rule) > 0
    assert Cost(10.0).seconds_expected("fit") > Cost(10.0).seconds_expected("evaluate")


def tables(folder, claims, fits):
    (folder / "results/tables").mkdir(parents=True)
    (folder / "results/tables/claims.csv").write_text("claim,verdict,basis\n" + claims)
    (folder / "results/tables/fits.csv").write_text("fit,failure\n" + fits)
    return {"outputs": {f"results/tables/{name}.csv": "" for name in ("claims", "fits")}}


def test_the_outcome_counts_the_verdicts_and_what_has_failed(tmp_path):
    claims = "A1,replicated,verbatim\nA2,explained,figure\nA3,replicated,inferred\n"
    claims += "A4,not_replicated,question\nA5,checked,verbatim\nA6,replicated,verbatim\nA7,not_tested,verbatim\n"
    manifest = tables(tmp_path, claims, "a,\nb,its covariance is singular\n")
    manifest["configuration"] = {"claims": {"A6": {"by_construction": True}}}
    assert [*outcome(tmp_path, manifest)] == [
        "Stated by the sources, decided by data: 3",
        f"    1  {EXPLAINED.words}: A2",
        "    2  replicated: A1, A3",
        "Asked by this study, decided by data: 1",
        "    1  no: A4",
        "Follows from how the data are made: 1",
        "    1  replicated: A6",
        "Decided by mathematics or argument: 1",
        "    1  agrees with mathematics; checked: A5",
        "Not tested: 1",
        "    1  not tested: A7",
        "Rows without a result, because a fit failed (the reason is in the column failure):",
        "    1  of 2 in results/tables/fits.csv",
    ]


def test_the_outcome_of_a_run_without_claims_and_failures(tmp_path):
    assert [*outcome(tmp_path, tables(tmp_path, "", "a,\n"))] == ["No claim is configured."]


@pytest.mark.parametrize("place", ["/proc/none", ""])
def test_caches_have_a_place_where_there_is_no_home(monkeypatch, tmp_path, place):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/proc/none")
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("MPLCONFIGDIR", "mine")
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)  # of nobody
    monkeypatch.delenv("LOGNAME", raising=False)
    set_home()
    assert os.environ["XDG_CACHE_HOME"] == str(tmp_path / ".snakemake/cache")
    assert os.environ["MPLCONFIGDIR"] == "mine"
    assert os.environ["LOGNAME"] == str(2**31 - 7)


def test_caches_stay_where_they_can_be(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    set_home()
    assert os.environ["XDG_CACHE_HOME"] == str(tmp_path / "new")


def test_make_starts_programs_as_modules():
    """A script of an environment that was moved leads nowhere."""
    for line in (ROOT / "Makefile").read_text().splitlines():
        words = line.removeprefix("\t").lstrip("@-").split()
        if line.startswith("\t") and words:
            assert words[0] not in ("snakemake", "pytest", "ruff", "snakefmt", "python", "pip"), line
