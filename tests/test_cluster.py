"""What a run asks of Slurm, answered by stand-ins for Slurm's commands; tests/cluster has the real ones."""

import asyncio
import json
import platform
import sys
from types import SimpleNamespace

import pytest
import yaml
from project import ROOT, ask

from em_study.audit.progress import lines_of_jobs
from em_study.cluster import slurm, upstream
from em_study.cluster.slurm import SlurmError, cancel_left_over, check, jobs_of
from em_study.cluster.upstream import lose_no_job
from em_study.cluster.waiting import PATIENCE, Waiting
from em_study.errors import StudyError
from em_study.plan.run_lock import hold, last_run

SETTINGS = "AccountingStorageType   = {store}\nMinJobAge               = {age} sec\n"
NONE, SOME = "accounting_storage/none", "accounting_storage/slurmdbd"


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Put stand-ins on PATH, alone: each prints a file, and keeps what it was called with."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def make(**answers):
        for name, answer in answers.items():
            (tmp_path / f"{name}.txt").write_text(answer)
            text = f'#!/bin/sh\necho "$@" >> {tmp_path}/{name}.called\n/bin/cat {tmp_path}/{name}.txt\n'
            (tmp_path / "bin" / name).write_text(text)
            (tmp_path / "bin" / name).chmod(0o755)
        return tmp_path

    return make


def line(folder, number="7", state="PENDING", reason="Resources", name="em-study_1"):
    return f"{number}|{state}|{reason}|{name}|rule_fit|{folder}\n"


def every(**answers):
    return dict.fromkeys(slurm.COMMANDS, "") | answers


def test_missing_commands_are_named(commands):
    commands(squeue="", sbatch="")
    with pytest.raises(SlurmError, match=r"^scancel, scontrol, sacct not found: start this on a login node"):
        check("squeue", {})


@pytest.mark.parametrize(
    ("store", "age", "good"),
    [(NONE, 300, True), (NONE, 120, False), (SOME, 10, True), ("(null)", 120, False), (NONE, 0, True)],
)
def test_a_cluster_that_forgets_jobs_too_soon_is_refused(commands, store, age, good):
    commands(**every(scontrol=SETTINGS.format(store=store, age=age)))
    if good:
        check("squeue", {})
    else:
        with pytest.raises(SlurmError, match="forgets a job 120 s after its end"):
            check("squeue", {})


@pytest.mark.parametrize("store", [NONE, "(null)"])
def test_sacct_is_refused_without_accounts(commands, store):
    commands(**every(scontrol=SETTINGS.format(store=store, age=300)))
    with pytest.raises(SlurmError, match="add --slurm-status-command squeue"):
        check("sacct", {})


def test_partition_and_account_are_tried_before_anything_is_submitted(commands):
    folder = commands(**every(scontrol=SETTINGS.format(store=NONE, age=300)))
    check("squeue", {"partition": "short", "account": "mine or yours"})  # an expression is not tried
    assert (folder / "sbatch.called").read_text() == "--test-only --time=1 --partition=short --wrap=true\n"
    for refusal, good in (("invalid partition specified: short", False), ("a reservation is needed", True)):
        (folder / "bin/sbatch").write_text(f"#!/bin/sh\necho {refusal} >&2\nexit 1\n")
        if good:
            check("squeue", {"partition": "short"})
        else:
            with pytest.raises(SlurmError, match=r"^Slurm refuses what .* names: invalid partition"):
                check("squeue", {"partition": "short"})


def test_only_our_jobs_in_the_folder_count(commands, tmp_path):
    lines = line(tmp_path), line(tmp_path, name="other"), line("/elsewhere"), line(tmp_path, "8", "RUNNING", "None")
    commands(squeue="".join(lines))
    assert [(job.number, job.state) for job in jobs_of(tmp_path)] == [("7", "PENDING"), ("8", "RUNNING")]


def test_jobs_of_a_killed_run_are_cancelled(commands, tmp_path):
    commands(squeue=line(tmp_path), scancel="")
    (tmp_path / "bin/scancel").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/cancelled\n: > {tmp_path}/squeue.txt\n')
    reported = []
    with pytest.raises(SlurmError, match=r"started on elsewhere are running here.* scancel 7$"):
        cancel_left_over(tmp_path, "elsewhere", reported.append)
    assert reported == []
    cancel_left_over(tmp_path, platform.node(), reported.append)
    assert (tmp_path / "cancelled").read_text() == "7\n"
    assert reported == [
        "A killed run has left Slurm jobs here (7). They are cancelled; the cells that they did are kept."
    ]
    cancel_left_over(tmp_path, "elsewhere", reported.append)
    assert len(reported) == 1


def test_a_reason_is_reported_once_after_a_while(commands, tmp_path):
    reported = []
    waiting = Waiting(tmp_path, reported.append)
    commands(squeue=line(tmp_path) + line(tmp_path, "8"))
    for now in (0.0, PATIENCE - 1):
        waiting.look(now)
        assert reported == []
    for now in (PATIENCE, 2 * PATIENCE):
        waiting.look(now)
        assert reported == ["2 jobs wait in Slurm for Resources: 7, rule_fit. docs/cluster.md explains this."]
    commands(squeue=line(tmp_path, reason="PartitionTimeLimit"))
    for now in (2.5 * PATIENCE, 3 * PATIENCE, 4 * PATIENCE):
        waiting.look(now)
    assert reported[1:] == ["1 job waits in Slurm for PartitionTimeLimit: 7, rule_fit. docs/cluster.md explains this."]


def test_a_controller_that_is_away_is_reported_once(commands, tmp_path):
    commands(squeue="")
    (tmp_path / "bin/squeue").write_text("#!/bin/sh\necho no contact >&2\nexit 1\n")
    reported = []
    waiting = Waiting(tmp_path, reported.append)
    for now in (0.0, 30.0):
        waiting.look(now)
    assert reported == ["Slurm does not answer (squeue: no contact). The run continues when it does."]


class Executor:
    """What the executor for Slurm does with its jobs, as far as it matters here."""

    run_uuid = "em-study_1"
    _submitted_job_clusters = frozenset()

    def __init__(self, ends=(), gives_back=True):
        self.ends, self.gives_back, self.failed, self.succeeded = ends, gives_back, [], []

    async def check_active_jobs(self, active_jobs):
        for info in active_jobs:
            if info.external_jobid in self.ends:
                self.report_job_success(info)
            elif self.gives_back:
                yield info

    def report_job_success(self, info):
        self.succeeded.append(info.external_jobid)

    def report_job_error(self, info, msg=None):
        self.failed.append((info.external_jobid, msg))

    _report_job_error_threadsafe = report_job_error

    def run_job(self, job):
        raise OSError("no sacct")


def submitted(number, is_group=False):
    return SimpleNamespace(external_jobid=number, job=SimpleNamespace(is_group=lambda: is_group))


def look(executor, jobs):
    async def still_active():
        return [info.external_jobid async for info in executor.check_active_jobs(jobs)]

    return asyncio.run(still_active())


@pytest.mark.parametrize("gives_back", [True, False])
def test_a_job_stays_active_whether_slurm_answers_or_not(monkeypatch, gives_back):
    monkeypatch.setattr(upstream, "known_jobs", lambda name: {"1": "RUNNING", "2": "RUNNING"})
    executor = Executor(ends=["1"], gives_back=gives_back)
    lose_no_job(executor, submitted, print)
    assert look(executor, [submitted("1"), submitted("2")]) == ["2"]
    assert executor.succeeded == ["1"]


def test_a_job_that_slurm_has_forgotten_fails_after_a_while(monkeypatch):
    monkeypatch.setattr(upstream, "known_jobs", lambda name: {})
    executor, jobs, reported = Executor(), [submitted("1"), submitted("2", is_group=True)], []
    lose_no_job(executor, submitted, reported.append)
    assert look(executor, jobs) == ["1", "2"]
    monkeypatch.setattr(upstream, "PATIENCE", -1.0)
    assert look(executor, jobs) == []
    assert [number for number, _ in executor.failed] == ["1", "2"]
    assert reported == ["Slurm no longer knows job 2."]  # Snakemake reports the others


def test_while_slurm_does_not_answer_no_job_counts_as_forgotten(monkeypatch):
    monkeypatch.setattr(upstream, "PATIENCE", -1.0)
    executor = Executor(gives_back=False)
    lose_no_job(executor, submitted, print)
    monkeypatch.setattr(slurm, "ask", away)
    assert look(executor, [submitted("1")]) == ["1"]


def away(*command):
    raise SlurmError("away")


def test_a_job_that_gave_way_is_run_again(monkeypatch):
    monkeypatch.setattr(upstream, "known_jobs", lambda name: {"1": "PREEMPTED"})
    executor = Executor()
    lose_no_job(executor, submitted, print)
    assert look(executor, [submitted("1")]) == []
    assert executor.failed == [("1", "Slurm job 1 was preempted by another job (PREEMPTED).")]


def test_jobs_of_other_clusters_are_left_to_the_executor(monkeypatch):
    monkeypatch.setattr(upstream, "known_jobs", lambda name: {})
    monkeypatch.setattr(upstream, "PATIENCE", -1.0)
    executor = Executor()
    executor._submitted_job_clusters = {"other"}
    lose_no_job(executor, submitted, print)
    assert look(executor, [submitted("1")]) == ["1"]


def test_a_submission_waits_for_slurm(monkeypatch):
    answers = iter([None, {}])
    waited = []
    monkeypatch.setattr(upstream, "known_jobs", lambda name: next(answers))
    monkeypatch.setattr(upstream.time, "sleep", waited.append)
    executor = Executor()
    lose_no_job(executor, submitted, print)
    executor.run_job("3")
    assert waited == [upstream.EVERY]


def test_all_jobs_of_a_run_are_cancelled_by_its_name(commands, tmp_path):
    commands(scancel="")
    executor = Executor()
    lose_no_job(executor, submitted, print)
    executor.cancel_jobs([])
    assert (tmp_path / "scancel.called").read_text() == "--name=em-study_1\n"


def test_a_failed_submission_is_reported(monkeypatch):
    monkeypatch.setattr(upstream, "known_jobs", lambda name: {})
    executor = Executor()
    lose_no_job(executor, lambda job: submitted(job), print)
    executor.run_job("3")
    assert executor.failed == [("3", "It could not be submitted: no sacct.")]


class Persistence:
    def has_metadata(self, job):
        return False

    def params_changed(self, job, file=None):
        return f"Snakemake of {job}, {file}"

    async def finished(self, job):
        raise AssertionError


class Inherits(Persistence):
    pass


def test_every_rule_of_an_experiment_is_in_its_job():
    # A rule that is neither local nor of a sweep's part would be a job of its own for each experiment.
    rules = "".join(file.read_text() for file in sorted((ROOT / "workflow/rules").glob("*.smk"))).split("\nrule ")[1:]
    submitted = {rule.partition(":")[0] for rule in rules if "    localrule: True" not in rule}
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert {*profile["groups"]} == submitted - {"sweep_part"}


def test_records_are_asked_of_our_jobs_and_snakemake_of_others():
    module = SimpleNamespace(Base=type("Base", (Persistence,), dict(vars(Persistence))), Inherits=Inherits, other=1)
    assert upstream.ask_records(module, lambda job: job == "ours", lambda job: f"records of {job}")
    kept = module.Base()
    assert [kept.has_metadata(job) for job in ("ours", "theirs")] == [True, False]
    assert kept.params_changed("ours", file="a") == "records of ours"
    assert kept.params_changed("theirs", file="a") == "Snakemake of theirs, a"
    assert not upstream.ask_records(SimpleNamespace(Inherits=Inherits), None, None)
    upstream.leave_marked(module)
    assert asyncio.run(kept.finished("ours")) is None


def test_jobs_are_counted_by_state_and_reason():
    jobs = [slurm.Job(str(i), "RUNNING", "None", "") for i in range(2)] + [slurm.Job("3", "PENDING", "Priority", "")]
    assert list(lines_of_jobs(jobs)) == ["Slurm: 1 job pending (Priority)", "Slurm: 2 jobs running"]


def test_one_run_holds_the_lock_and_is_named(tmp_path):
    with hold(tmp_path, {"executor": "warm"}):
        with pytest.raises(StudyError, match=r"another snakemake is running in this folder \(process \d+ on "):
            hold(tmp_path, {"executor": "slurm"})
        assert last_run(tmp_path)["executor"] == "warm"
    hold(tmp_path).close()
    assert last_run(tmp_path)["executor"] == "warm"


def test_progress_of_a_run_is_reported_without_slurm(tiny, tmp_path):
    reported = ask(tiny, "progress", PATH=str(tmp_path)).stdout
    assert reported == "tolerances: 2 of 2 cells done, 0 left\n"


def test_each_job_leaves_a_record(tiny):
    record = json.loads((tiny / "results/run.json").read_text())
    assert record["executor"] == "warm"
    assert sum(stage["jobs"] for stage in record["stages"].values()) == len(record["jobs"])
    assert record["stages"]["fit"]["seconds"] > 0
    for job in record["jobs"]:
        assert job["seconds"] >= 0  # of the shortest, half a millisecond is rounded to none
        assert job["node"] == record["host"]
        assert job["peak_memory_mb"] > 10 or sys.platform != "linux"
        assert (tiny / job["log"]).exists()
