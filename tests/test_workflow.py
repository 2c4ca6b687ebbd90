"""The workflow end to end, on a small configuration."""

import filecmp
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parent.parent
PARTS = ("Snakefile", "config.yaml", "config", "profiles", "src", "workflow")
SMALL = {
    "experiments": {
        "customers": {"replicates": 3},
        "mine": {
            "data": {
                "source": "csv",
                "features": ["x1", "x2"],
                "unlabeled": {"path": "unlabeled.csv"},
                "labeled": {"path": "labeled.csv", "target": "y"},
            },
            "fits": {"start": {"initialization": "labels", "semi_supervised": "init_only"}},
            "protocols": {"fit": "start"},
        },
    }
}


def make_project(folder):
    """Copy what a run needs, with two CSV files of a user."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    draw = np.random.default_rng(0)
    for name, n_rows in (("unlabeled", 200), ("labeled", 40)):
        y = np.arange(n_rows) % 2
        rows = pd.DataFrame(draw.standard_normal((n_rows, 2)) + 3 * y[:, None], columns=["x1", "x2"])
        rows.assign(y=y).to_csv(folder / f"{name}.csv", index=False)
    (folder / "small.yaml").write_text(yaml.safe_dump(SMALL))
    return folder


def snakemake(folder, *arguments, cores=2):
    return subprocess.run(
        ["snakemake", *arguments, "--cores", str(cores), "--configfile", "small.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def files_below(folder):
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and "logs" not in p.parts)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = make_project(tmp_path_factory.mktemp("project"))
    run = snakemake(folder, cores=4)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def planned_rules(folder):
    """Rules that a dry run would run."""
    run = snakemake(folder, "--dry-run")
    assert run.returncode == 0, run.stderr
    _, found, statistics = (run.stdout + run.stderr).rpartition("Job stats:")
    words = [line.split() for line in statistics.splitlines()] if found else []
    return {line[0] for line in words if len(line) == 2 and line[1].isdigit()} - {"all", "total"}


def test_tables_have_the_contract(project):
    fits = pd.read_csv(project / "results/tables/fits.csv")
    agreement = pd.read_csv(project / "results/tables/agreement.csv")
    parameters = pd.read_csv(project / "results/tables/parameters.csv")
    assert fits.groupby("experiment").size().to_dict() == {"customers": 9, "mine": 1}
    assert len(agreement) == 5 * (3 + 1)
    assert len(parameters) == 2 * (1 + 2 + 4) * 4
    last = agreement[agreement["protocol"] == "same_regularization"]
    assert (last["agreement"] == 1).all()
    assert (last["max_abs_posterior_difference"] < 1e-9).all()
    dictionary = (project / "results/tables/README.md").read_text()
    for table in (fits, agreement, parameters):
        assert all(f"| {column} |" in dictionary for column in table.columns)


def test_second_run_has_nothing_to_do(project):
    assert planned_rules(project) == set()
    assert "Nothing to be done" in (run := snakemake(project, "--dry-run")).stdout + run.stderr


def test_one_core_gives_the_same_bytes_as_four(project, tmp_path):
    other = make_project(tmp_path)
    assert snakemake(other, cores=1).returncode == 0
    names = files_below(project / "results")
    assert names == files_below(other / "results")
    _, different, errors = filecmp.cmpfiles(project / "results", other / "results", names, shallow=False)
    assert (different, errors) == ([], [])


BUT_DATA = {
    *("fit", "sklearn", "compare", "evaluate", "tables"),
    *("plot_fits", "plot_disagreement", "plot_log_likelihood", "plot_ladder"),
}


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("src/study/figures/ladder.py", {"plot_ladder"}),
        ("src/study/tables.py", {"tables"}),
        ("src/study/configuration/loading.py", set()),
        ("src/study/sklearn_adapter.py", {"sklearn", "compare", "plot_disagreement", "plot_ladder", "tables"}),
        ("src/emgmm/em.py", BUT_DATA),
        ("src/study/figures/style.py", {"plot_ladder", "plot_fits", "plot_disagreement", "plot_log_likelihood"}),
    ],
)
def test_an_edited_module_reruns_its_dependents_only(project, module, rules):
    file = project / module
    before = file.read_text()
    file.write_text(before + "# edited\n")
    try:
        assert planned_rules(project) == rules
    finally:
        file.write_text(before)
    assert planned_rules(project) == set()  # touched, but the same


def test_reordered_fits_reorder_the_tables(project):
    config = project / "config.yaml"
    text = config.read_text()
    first = text[text.index("      unsupervised:") : text.index("      semi_supervised:")]
    clamped = text[text.index("      clamped:") : text.index("    protocols:")]
    config.write_text(text.replace(first, "").replace(clamped, clamped + first))
    try:
        assert "tables" in planned_rules(project)
    finally:
        config.write_text(text)


def test_two_runs_in_one_folder_are_kept_apart(tmp_path):
    folder = make_project(tmp_path)
    first = subprocess.Popen(
        ["snakemake", "--cores", "1", "--configfile", "small.yaml"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (folder / ".snakemake/run.lock").exists() and first.poll() is None:
        time.sleep(0.05)
    time.sleep(0.5)
    second = snakemake(folder)
    assert first.poll() is None
    assert second.returncode != 0
    assert "another snakemake is running in this folder" in second.stdout + second.stderr
    assert first.wait() == 0


def test_an_edited_fit_leaves_other_fits_alone(project):
    text = (project / "small.yaml").read_text()
    changed = {**SMALL, "experiments": {**SMALL["experiments"]}}
    changed["experiments"]["customers"] = {"replicates": 3, "fits": {"clamped": {"tol": 1.0e-6}}}
    (project / "small.yaml").write_text(yaml.safe_dump(changed))
    try:
        run = snakemake(project, "--dry-run")
        assert "Fit customers by EM: clamped" in run.stdout + run.stderr
        assert "Fit customers by EM: unsupervised" not in run.stdout + run.stderr
        assert "sklearn" not in planned_rules(project)
    finally:
        (project / "small.yaml").write_text(text)


def test_a_killed_run_is_taken_up_by_the_same_command(project, tmp_path):
    folder = make_project(tmp_path)
    run = subprocess.Popen(
        ["snakemake", "--cores", "2", "--configfile", "small.yaml"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (folder / "results/fits").exists() and run.poll() is None:
        time.sleep(0.05)
    assert run.poll() is None
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    again = snakemake(folder)
    assert again.returncode == 0, again.stderr
    for table in ("fits", "parameters", "agreement"):
        name = f"results/tables/{table}.csv"
        assert (folder / name).read_bytes() == (project / name).read_bytes()


def test_wrong_configuration_stops_before_any_job(tmp_path):
    folder = make_project(tmp_path)
    (folder / "small.yaml").write_text("experiments: {customers: {replicate: 3}}\n")
    run = snakemake(folder)
    assert run.returncode != 0
    output = run.stdout + run.stderr
    assert "small.yaml:1 experiments.customers.replicate: unknown key; did you mean 'replicates'?" in output
    assert "Traceback" not in output
    assert not (folder / "results").exists()


def test_command_line_values_are_refused_not_ignored(tmp_path):
    run = snakemake(make_project(tmp_path), "--config", "seed=5")
    assert run.returncode != 0
    assert "--config is not read" in run.stdout + run.stderr


def test_wrong_cell_gives_a_message_and_no_output(tmp_path):
    folder = make_project(tmp_path)
    (folder / "unlabeled.csv").write_text("x1,x2\n1,2\n3,many\n")
    run = snakemake(folder, "results/data/mine.npz")
    assert run.returncode != 0
    output = run.stdout + run.stderr
    assert "unlabeled.csv, row 3, column 'x2': must be a finite number, got 'many'" in output
    assert "Traceback" not in output
    assert files_below(folder / "results") == []
