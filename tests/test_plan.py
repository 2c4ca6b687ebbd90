"""Which files a study makes, told without Snakemake."""

import os
import re
import shutil
import subprocess
import sys
from modulefinder import ModuleFinder
from pathlib import Path

import pandas as pd
import pytest

from em_study.configuration.loading import load
from em_study.evaluation.measurements import MEASUREMENTS
from em_study.figures.catalogue import FIGURES
from em_study.figures.shown import Shown
from em_study.plan.results import Plan
from em_study.plan.sources import Code, all_code

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


def test_planning_imports_no_large_library():
    """Each inner Snakemake of a cluster's job plans too."""
    common = (ROOT / "workflow/rules/common.smk").read_text()
    lines = [*re.findall(r"^from em_study\..+$", common, flags=re.MULTILINE), "import sys; print(*sys.modules)"]
    found = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"pandas", "scipy", "sklearn", "matplotlib"} & {*found.stdout.split()}


def test_parts_hold_every_cell_once(plan):
    parts = plan.parts("labels")
    assert parts == [f"results/sweeps/labels/part_{part}.csv" for part in range(1)]
    assignments = [values for part in range(len(parts)) for values in plan.assignments_of_part("labels", part)]
    assert assignments == [cell.assignment for cell in plan.cells["labels"]]
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
        assert "See " in figure.caption, name


def test_no_figure_and_no_measurement_is_forgotten():
    measuring = {found.function.__module__.rpartition(".")[2] for found in MEASUREMENTS}
    for room, mark, found in (("figures", "@drawn", {*FIGURES}), ("evaluation/measurements", "@measured", measuring)):
        files = (ROOT / "src/em_study" / room).glob("*.py")
        assert {file.stem for file in files if f"\n{mark}(" in file.read_text()} == found


CODE = Code(ROOT)


@pytest.mark.parametrize("script", sorted(CODE.scripts))
def test_code_of_a_script_is_what_it_imports(script):
    finder = ModuleFinder(path=[str(ROOT / "src")])
    finder.run_script(str(CODE.scripts[script]))
    assert CODE.of(script) - {script} == {name for name in finder.modules if name in CODE.modules}
    assert {os.path.relpath(CODE.modules[name]) for name in CODE.of(script) - {script}} < {
        os.path.relpath(file) for file in all_code(ROOT)
    }


def test_an_edit_changes_the_checksum_of_what_uses_it(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    (tmp_path / "src/em_study/figures/optima.py").write_text("EDITED = 1\n")
    edited = Code(tmp_path)

    def changed(*used):
        return edited.made_of(*used) != CODE.made_of(*used)

    assert [kind for kind in FIGURES if changed("figure.py", f"em_study.figures.{kind}")] == ["optima"]
    assert [script for script in CODE.scripts if changed(script)] == ["page.py"]  # which knows of every file


def test_figures_of_what_failed_say_so():
    nothing = pd.DataFrame(columns=["experiment", "fit", "replicate", "measurement", "setting", "value"])
    shown = Shown("toy", measurements=nothing)
    assert "every start failed" in FIGURES["optima"].draw(shown).axes[0].get_title()
    assert FIGURES["convergence"].draw(shown).axes[0].texts
