"""The study on a real Slurm, with faults: `make test-cluster`, which brings the cluster up and takes it down.

Each test runs the one command of the README in a project of its own; they share the cluster. What they make must be the
bytes of a local run.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import ClassVar

import pytest
from project import FAULT, SNAKEMAKE, TINY, make_project
from slurm import Cluster, wait_until

CLUSTER = Cluster(os.environ["EM_STUDY_TEST_CLUSTER"])
TABLE = "results/tables/sweeps/slow.csv"
SLOW = {
    **TINY,
    "sweeps": {
        **TINY["sweeps"],
        "slow": {
            "experiment": "mine",
            "vary": {"fits.start.tol": [1.0e-2, 1.0e-3, 1.0e-4]},
            "replicates": 1,
            "cells_per_job": 1,
            "protocols": [],
        },
    },
}
SLOW["experiments"] = {**TINY["experiments"], "mine": dict(TINY["experiments"]["mine"])}
SLOW["experiments"]["mine"]["fits"] = {
    "start": {
        "initialization": "labels",
        "semi_supervised": "init_only",
        "implementation": "slow",
        "time_limit": 3600.0,
    }
}
SLEEPER = '''
import os
import time


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Sleep until the file named by the environment exists; if it names a mark, only if that does not exist yet."""
    until, mark = os.environ.get("SLEEP_UNTIL"), os.environ.get("SLEEP_ONCE")
    if until and not (mark and os.path.exists(mark)):
        if mark:
            open(mark, "w").close()
        while not os.path.exists(until):
            time.sleep(0.1)
    return {
        "weights": weights, "means": means, "covariances": covariances, "n_iter": 0, "converged": True, "trace": None
    }
'''


class Run:
    """The main process of a run, in a project of its own."""

    begun: ClassVar[list] = []

    def __init__(self, folder, *arguments, profile="profiles/slurm", **environment):
        self.begun.append(self)
        self.folder = folder
        self.output = folder / "output.txt"
        where = (
            ["--profile", profile, "--slurm-init-seconds-before-status-checks", "3"] if profile else ["--cores", "2"]
        )
        with open(self.output, "a") as file:
            self.process = subprocess.Popen(
                [*SNAKEMAKE, *where, "--configfile", "small.yaml", *arguments],
                cwd=folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **{name: str(value) for name, value in environment.items()}},
                # A shell that runs the tests in the background has Ctrl-C ignored, by all that they start.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def ends(self, seconds=2 * FAULT):
        """Wait for its end; return whether it succeeded."""
        return self.process.wait(seconds) == 0

    @property
    def text(self):
        return self.output.read_text()

    def jobs(self, states="all"):
        """Numbers and states of its jobs in Slurm."""
        lines = CLUSTER.run("squeue", "-h", "-t", states, "-o", "%i %T %N %Z").splitlines()
        return [line.split()[:3] for line in lines if line.split()[-1] == str(self.folder)]

    def wait_for_running(self, n=1):
        wait_until(lambda: len(self.jobs("running")) >= n, FAULT, f"{n} jobs do not run: {self.text}")
        return self.jobs("running")


@pytest.fixture(autouse=True)
def nothing_goes_on():
    """End what a failed test has left."""
    yield
    while Run.begun:
        run = Run.begun.pop()
        run.process.kill()
        run.process.wait()
        for job, *_ in run.jobs("pending,running"):
            CLUSTER.run("scancel", job, check=False)


@pytest.fixture
def folder(tmp_path):
    made = make_project(tmp_path / "project", SLOW)
    (made / "implementations/slow.py").write_text(SLEEPER)
    return made


@pytest.fixture(scope="session")
def expected(tmp_path_factory):
    """Return the table of a local run."""
    folder = make_project(tmp_path_factory.mktemp("local") / "project", SLOW)
    (folder / "implementations/slow.py").write_text(SLEEPER)
    run = Run(folder, "--", TABLE, profile=None)
    assert run.ends(), run.text
    return (folder / TABLE).read_bytes()


def results(folder):
    files = (path for path in (folder / "results").rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if "logs" not in path.parts and path.name != "run.json"
    }


def test_a_job_over_its_time_is_run_again_with_more(folder, tmp_path, expected):
    asked = "--set-resources", "sweep_part:runtime=attempt"
    run = Run(folder, *asked, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    assert run.ends(), run.text
    assert "TIMEOUT" in run.text
    assert (folder / TABLE).read_bytes() == expected
    jobs = CLUSTER.run("squeue", "-h", "-t", "all", "-o", "%l %Z").splitlines()
    assert {line.split()[0] for line in jobs if line.endswith(f" {folder}")} >= {"1:00", "2:00"}


def test_complete_study_is_the_bytes_of_a_local_run(tmp_path):
    local, remote = (make_project(tmp_path / name, TINY) for name in ("local", "remote"))
    runs = Run(local, profile=None), Run(remote)
    assert all(run.ends() for run in runs), runs[1].text
    assert results(local).keys() == results(remote).keys()
    for path, content in results(local).items():
        assert content == results(remote)[path], path
    assert len(runs[1].jobs()) == 3  # one the experiment, two parts of the sweep
    record = json.loads((remote / "results/run.json").read_text())
    assert record["executor"] == "slurm"
    assert "snakemake-executor-plugin-slurm" in record["plugins"]
    on_nodes = [job for job in record["jobs"] if job["slurm_job"]]
    assert {job["node"] for job in on_nodes} <= {"node1", "node2"}
    assert {job["rule"] for job in on_nodes} >= {"data", "fit", "measure", "sweep_part"}
    assert [job for job in record["jobs"] if not (job["seconds"] >= 0 and job["peak_memory_mb"] > 10)] == []


def test_progress_is_reported_while_it_goes_on(folder, tmp_path, expected):
    run = Run(folder, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    run.wait_for_running()
    command = [sys.executable, "-m", "em_study.cli", "progress"]
    environment = {**os.environ, "PYTHONPATH": "src"}

    def progress():
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout

    wait_until(lambda: "slow: 2 of 3 cells done, 1 left" in progress(), FAULT, "no progress is reported", every=2)
    # A job has written its cells some seconds before Slurm counts it as ended.
    wait_until(lambda: "Slurm: 1 job running" in progress(), FAULT, "ended jobs are reported as running", every=2)
    (tmp_path / "go").touch()
    assert run.ends(), run.text
    assert "slow: 3 of 3 cells done, 0 left" in progress()


def test_a_cancelled_job_is_run_again(folder, tmp_path, expected):
    run = Run(folder, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    wait_until((tmp_path / "mark").exists, FAULT, "no job runs")
    wait_until(lambda: len(run.jobs("running")) == 1, FAULT, "others do not end")
    CLUSTER.run("scancel", run.jobs("running")[0][0])
    assert run.ends(), run.text
    assert (folder / TABLE).read_bytes() == expected
    assert len(run.jobs()) == 4


def test_the_controller_is_away_for_a_while(folder, tmp_path, expected, monkeypatch):
    """On a cluster of its own, because the other tests use theirs."""
    path = os.environ["PATH"].replace(f"{CLUSTER.bin}{os.pathsep}", "")
    monkeypatch.setenv("PATH", path)
    with tempfile.TemporaryDirectory(prefix="slurm") as place:
        cluster = Cluster(place)
        cluster.start()
        try:
            own = {"PATH": f"{cluster.bin}{os.pathsep}{path}", "SLEEP_ONCE": tmp_path / "mark"}
            own["SLEEP_UNTIL"] = tmp_path / "go"
            run = Run(folder, "--jobs", "1", "--", TABLE, **own)  # two are yet to be submitted
            wait_until((tmp_path / "mark").exists, FAULT, "no job runs")
            cluster.kill_controller()
            (tmp_path / "go").touch()
            time.sleep(40)  # longer than between two looks at the jobs; no check depends on it
            cluster.start_controller()
            assert run.ends(), run.text
            assert (folder / TABLE).read_bytes() == expected
        finally:
            cluster.stop()


def test_what_a_killed_run_left_is_cancelled_by_the_next(folder, tmp_path, expected):
    run = Run(folder, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    wait_until((tmp_path / "mark").exists, FAULT, "no job runs")
    run.process.kill()
    run.process.wait()
    wait_until(lambda: len(run.jobs("pending,running")) == 1, FAULT, "others do not end")
    left = run.jobs("pending,running")[0][0]
    again = Run(folder, "--", TABLE, SLEEP_ONCE=tmp_path / "mark")
    assert again.ends(), again.text
    assert f"A killed run has left Slurm jobs here ({left})" in again.text
    assert {number: state for number, state, *_ in again.jobs()}[left] == "CANCELLED"
    assert (folder / TABLE).read_bytes() == expected


def test_what_ended_after_the_main_process_is_not_taken_for_another_configuration_s(folder):
    unseen = "--slurm-init-seconds-before-status-checks", "100"
    run = Run(folder, *unseen, "--", TABLE)
    wait_until(lambda: len(list((folder / "results/sweeps/slow").glob("part_*.csv"))) == 3, FAULT, "no job ends")
    wait_until(lambda: not run.jobs("pending,running"), FAULT, "jobs go on")
    run.process.kill()
    run.process.wait()
    text = (folder / "small.yaml").read_text()
    assert "- 0.0001\n" in text
    (folder / "small.yaml").write_text(text.replace("- 0.0001\n", "- 0.00003\n"))
    again = Run(folder, "--", TABLE)
    assert again.ends(), again.text
    table = (folder / TABLE).read_text()
    assert "3e-05" in table
    assert "\n0.0001," not in table


def test_a_second_run_in_the_folder_is_refused(folder, tmp_path, expected):
    run = Run(folder, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    wait_until((tmp_path / "mark").exists, FAULT, "no job runs")
    second = Run(folder, "--", TABLE)
    assert not second.ends()
    assert f"another snakemake is running in this folder (process {run.process.pid} on " in second.text
    (tmp_path / "go").touch()
    assert run.ends(), run.text
    assert (folder / TABLE).read_bytes() == expected
    assert len(run.jobs()) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_reported_and_the_same_command_goes_on(folder, expected):
    disk = folder / "results/sweeps"
    disk.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        run = Run(folder, "--retries", "0", "--", TABLE)
        assert not run.ends()
        assert "The disk is full" in run.text
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        again = Run(folder, "--", TABLE)
        assert again.ends(), again.text
        assert (folder / TABLE).read_bytes() == expected
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_ctrl_c_cancels_the_jobs(folder, tmp_path):
    run = Run(folder, "--", TABLE, SLEEP_UNTIL=tmp_path / "never")
    run.wait_for_running(3)
    run.process.send_signal(signal.SIGINT)
    assert not run.ends()
    wait_until(lambda: not run.jobs("pending,running"), FAULT, "jobs go on")


def test_a_job_that_no_node_can_run_is_reported(folder):
    run = Run(folder, "--set-resources", "sweep_part:runtime=10000", "--", TABLE)
    wait_until(lambda: "3 jobs wait in Slurm for PartitionTimeLimit" in run.text, FAULT, "nothing is reported")
    run.process.send_signal(signal.SIGINT)
    assert not run.ends()
    wait_until(lambda: not run.jobs("pending,running"), FAULT, "jobs go on")


def test_what_slurm_refuses_is_reported(folder):
    run = Run(folder, "--retries", "0", "--set-resources", "sweep_part:mem_mb=100000", "--", TABLE)
    assert not run.ends()
    assert "Memory specification can not be satisfied" in run.text


def test_a_group_that_cannot_be_submitted_is_reported(folder, tmp_path):
    """Here the executor looks up the account by a command that is not there."""
    (tmp_path / "bin").mkdir()
    for command in CLUSTER.bin.iterdir():
        if command.name != "sacctmgr":
            (tmp_path / "bin" / command.name).symlink_to(command)
    path = os.environ["PATH"].replace(str(CLUSTER.bin), str(tmp_path / "bin"))
    account = "--default-resources", "slurm_account=nobody"
    run = Run(folder, *account, "--retries", "0", "--", "results/evaluation/mine/measurements.csv", PATH=path)
    assert not run.ends()
    assert "It could not be submitted: [Errno 2] No such file or directory: 'sacctmgr'" in run.text


def test_a_node_dies(folder, tmp_path, expected):
    where = "--default-resources", "slurm_partition=frail"
    run = Run(folder, *where, "--", TABLE, SLEEP_UNTIL=tmp_path / "go", SLEEP_ONCE=tmp_path / "mark")
    wait_until((tmp_path / "mark").exists, FAULT, "no job runs")
    wait_until(lambda: len(run.jobs("running")) == 1, FAULT, "others do not end")
    assert run.jobs("running")[0][2] == "node3"  # which Slurm prefers there
    CLUSTER.kill_node("node3")
    assert run.ends(), run.text
    assert "NODE_FAIL" in run.text
    assert (folder / TABLE).read_bytes() == expected
