"""Which files a study makes, reported without Snakemake."""

import ast
import os
import re
import shutil
import subprocess
import sys
from modulefinder import ModuleFinder
from pathlib import Path

import pandas as pd
import pytest

from em_study.columns import COLUMNS
from em_study.configuration.loading import load
from em_study.evaluation.measurements import MEASUREMENTS
from em_study.figures.catalogue import FIGURES
from em_study.figures.shown import Shown
from em_study.layout import FILES, LEFT, kind_of, table_file
from em_study.plan.results import TABLES, Plan
from em_study.plan.sources import AS_ONE, BOOKKEEPING, Code, all_code

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


EVERYTHING = """
seed: 1
experiments:
  drawn:
    data: {source: gaussian_mixture, n_unlabeled: 9, n_labeled: 9, weights: [1.0], means: [[0.0, 0.0]],
           covariances: [[[1.0, 0.0], [0.0, 1.0]]], holes: {fraction: 0.1, mechanism: mcar}}
    fits: {f: {}, a_name_of_as_many_letters_as_a_name_in_a_configuration_may_have_: {}}
  mine:
    data: {source: csv, features: [x], unlabeled: {path: u.csv}}
    fits: {f: {n_components: 1}, other: {n_components: 1, implementation: opencv}}
    predictions: parquet
  compared:
    data: {source: sklearn, dataset: iris, labeled_fraction: 0.1}
    fits: {f: {}}
    protocols: {fit: f}
    released: {file: {path: released.csv}, by: package, packages: {theirs: Theirs}, replicates: 9,
               weights: [w, w, w], means: [[a, a, a, a], [a, a, a, a], [a, a, a, a]],
               standard_deviations: [[s, s, s, s], [s, s, s, s], [s, s, s, s]]}
sweeps:
  s: {experiment: drawn, vary: {fits.f.tol: [0.1, 0.2]}, figure: {x: fits.f.tol, y: n_iter}}
"""


def test_what_is_left_of_every_experiment_and_sweep_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("u.csv").write_text("x\n1\n")
    shutil.copytree(ROOT / "implementations", "implementations")
    Path("config.yaml").write_text(EVERYTHING)
    plan = Plan(load(["config.yaml"]).study)
    made = [*plan.published, *plan.intermediates, *plan.table_pages.values(), *plan.report_images]
    made += [FILES["download"].of(sha256="0" * 64, ending="csv")]
    kinds = {path: kind_of(path)[0] for path in made}
    assert {path for path, kind in kinds.items() if kind not in LEFT} == {
        *(table_file(name) for name in (*TABLES, "claims")),
        "results/tables/README.md",
        "results/index.html",
    }
    others = {"cell", "manifest", "opening", "report", "run", "record"}
    assert {*kinds.values()} == FILES.keys() - others - {"summary"}  # which has the form of another sweep's table


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
    parts = plan.files("part", "labels")
    assert parts == [f"results/sweeps/labels/part_{part}.csv" for part in range(1)]
    assignments = [values for part in plan.parts["labels"] for values in part.assignments]
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
    assert plan.parts["files"][1].files == ["v.csv"]


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
    finder = ModuleFinder(path=[str(ROOT / "src")], excludes=[BOOKKEEPING])
    finder.run_script(str(CODE.scripts[script]))
    found = {AS_ONE if name.split(".")[0] == AS_ONE else name for name in finder.modules}
    assert CODE.of(script) - {script} == found & CODE.files.keys()
    assert {file for name in CODE.of(script) for file in CODE.files[name]} < {*all_code(ROOT)}


def test_a_job_imports_little_more_than_it_computes_with():
    assert len(CODE.of("fit.py")) <= 24
    # With the measurements, whose units its sentences have, and the checks of printed numbers.
    assert len(CODE.of("claims.py")) <= 57


def test_bookkeeping_computes_nothing():
    """What runs around a script is no part of its code: so it hands the script nothing else."""
    names = {
        alias.name
        for file in CODE.scripts.values()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == BOOKKEEPING
        for alias in node.names
    }
    assert names == {"logged", "LOADED"}


def test_an_edit_changes_the_checksum_of_what_uses_it(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow")
    (tmp_path / "src/em_study/figures/optima.py").write_text("EDITED = 1\n")

    def changed(*used):
        return Code(tmp_path).made_of(*used) != CODE.made_of(*used)

    assert [kind for kind in FIGURES if changed("figure.py", f"em_study.figures.{kind}")] == ["optima"]
    assert [script for script in CODE.scripts if changed(script)] == ["page.py"]  # which knows of every file
    assert not changed("fit.py")
    with open(tmp_path / "src/em_study/data/r/mclust.R", "a") as file:
        file.write("# edited\n")
    assert changed("fit.py")
    assert not changed("dictionary.py")


def test_figures_of_what_failed_say_so():
    nothing = pd.DataFrame(columns=["experiment", "fit", "replicate", "measurement", "setting", "value"])
    shown = Shown("toy", measurements=nothing, evaluations=pd.DataFrame(columns=[*COLUMNS["fits"]]))
    assert "every run failed" in FIGURES["optima"].draw(shown).axes[0].get_title()
    assert FIGURES["convergence"].draw(shown).axes[0].texts
