"""Which files a study makes, told without Snakemake; and the bar, told without a terminal."""

import io
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_bar import LogHandler
from study.figures.catalogue import FIGURES
from study.plan.loading import load
from study.plan.results import Plan
from study.plan.sources import all_code, imported_by

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def plan():
    return Plan(load([ROOT / "config.yaml"]).study)


def test_results_are_those_of_experiments_and_sweeps(plan):
    published = plan.published
    assert len(published) == len(set(published))
    for path in (
        "results/tables/claims.csv",
        "results/predictions/customers/clamped.csv",
        "results/figures/customers/log_likelihood_unsupervised.png",
        "results/figures/customers/agreement_ladder.svg",
        "results/figures/processes/first_and_last.png",
        "results/figures/customer_starts/optima.png",
        "results/figures/labels/sweep.svg",
        "results/tables/sweeps/labels_summary.csv",
    ):
        assert path in published
    for path in ("results/figures/customers/optima.png", "results/figures/processes/agreement_ladder.png"):
        assert path not in published


def test_parts_hold_every_cell_once(plan):
    parts = plan.parts("labels")
    assert parts == [f"results/sweeps/labels/part_{part}.csv" for part in range(3)]
    cells = [cell for part in range(len(parts)) for cell in plan.cells_of_part("labels", part)]
    assert cells == plan.cells["labels"]
    assert set(parts) < set(plan.intermediates)


def test_a_data_file_of_a_cell_is_an_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("u.csv", "v.csv"):
        Path(name).write_text("x\n1\n")
    Path("config.yaml").write_text(
        "seed: 1\n"
        "experiments:\n"
        "  mine:\n"
        "    data: {source: csv, features: [x], unlabeled: {path: u.csv}}\n"
        "    fits: {f: {n_components: 1}}\n"
        "sweeps:\n"
        "  files: {experiment: mine, vary: {data.unlabeled.path: [u.csv, v.csv]}, cells_per_job: 1}\n"
    )
    plan = Plan(load(["config.yaml"]).study)
    assert plan.inputs == ["u.csv", "v.csv"]
    assert plan.files_of_part("files", 1) == ["v.csv"]


def test_every_figure_says_what_to_see():
    for name, figure in FIGURES.items():
        assert "See " in figure.CAPTION, name


def test_code_of_a_script_is_what_it_imports():
    found = imported_by(ROOT / "workflow/scripts/claims.py", ROOT / "src")
    assert any(file.endswith("src/study/claims/judge.py") for file in found)
    assert not any("study/figures" in file for file in found)
    assert set(found) < set(all_code(ROOT))


def test_figures_of_what_failed_say_so():
    nothing = pd.DataFrame(columns=["experiment", "fit", "replicate", "measurement", "setting", "value"])
    assert "every start collapsed" in FIGURES["optima"].draw(nothing, "toy").axes[0].get_title()
    assert FIGURES["convergence"].draw(nothing, "toy").axes[0].texts


def test_the_bar_needs_its_library_only_where_it_is_drawn():
    program = "import sys; sys.modules['rich'] = None; import snakemake_logger_plugin_bar"
    subprocess.run([sys.executable, "-c", program], check=True)


def record(message, level=logging.INFO, **fields):
    made = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    made.__dict__.update(fields)
    return made


def test_the_bar_prints_everything_and_counts_jobs():
    handler = LogHandler(SimpleNamespace(stdout=False, dryrun=True), None)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.bar.live.console = handler.console = Console(file=io.StringIO(), width=80)
    for told in (
        record("Job stats", event=LogEvent.RUN_INFO, stats={"fit": 3, "total": 4}),
        record("Job 1", event=LogEvent.JOB_INFO, jobid=1, rule_name="fit"),
        record("Job 2", event=LogEvent.JOB_INFO, jobid=2, rule_name="fit"),
        record("Finished", event=LogEvent.JOB_FINISHED, job_id=1),
        record("1 of 4", event=LogEvent.PROGRESS, done=1, total=4),
        record("Job 3", event=LogEvent.JOB_INFO, jobid=3, rule_name="data"),
        record("Error [in] rule", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=3),
    ):
        handler.emit(told)
    task = handler.bar.tasks[0]
    assert (task.completed, task.total, task.fields["rules"]) == (1, 4, "fit 1/3")
    assert handler.console.file.getvalue().split("\n")[-2] == "Error [in] rule"
    handler.close()
