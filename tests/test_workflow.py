"""The workflow end to end, on a small configuration."""

import fcntl
import filecmp
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml
from project import SMALL, TINY, ask, held_in_a_fit, killed_at_the_end, make_project, snakemake, wait_for

from em_study.layout import FILES, LOGS, kind_of


def files_below(folder):
    """All results but times, host and logs."""
    files = [p for p in folder.rglob("*") if p.is_file() and "logs" not in p.parts and p.name != "run.json"]
    return sorted(p.relative_to(folder) for p in files)


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
    assert fits.groupby("experiment").size().to_dict() == {"customers": 9, "guide": 2, "incomplete": 6, "mine": 1}
    assert len(agreement) == 7 * (3 + 1)
    assert len(parameters) == 2 * (1 + 2 + 2 + 4) * 4 + 2 * 2 * 4 + 3 * 2 * (1 + 4 + 4 + 16)
    last = agreement[agreement["protocol"] == "same_regularization"]
    assert (last["agreement"] == 1).all()
    assert (last["max_abs_posterior_difference"] < 1e-9).all()
    dictionary = (project / "results/tables/README.md").read_text()
    claims = pd.read_csv(project / "results/tables/claims.csv")
    for table in (fits, agreement, parameters, claims):
        assert all(f"| {column} |" in dictionary for column in table.columns)
    for table in (fits, agreement, parameters):
        assert {*table.columns[table.isna().all()]} <= {"failure", "note"}, "each column is filled"


def test_claims_are_judged_by_the_tables(project):
    claims = pd.read_csv(project / "results/tables/claims.csv").set_index("claim")
    untested = ["A11", "A19", "A22", "B1", "B2b", "B4", "B5", "B7"]
    untested += [f"C{k}" for k in (2, 4, 10, 11, 12, 17, 20, 22, 23)]
    assert claims.index[claims["verdict"] == "not_tested"].tolist() == untested
    assert claims.loc["B1", "explanation"] == "Not tested: experiment processes is not part of this study."
    assert claims.loc["C1", ["observed", "verdict"]].tolist() == [6, "reproduced"]
    assert claims.loc["A6", "verdict"] == "undecided"  # three draws
    assert claims.loc["A9", "verdict"] == "checked"
    assert claims.loc["C9", "verdict"] == "not_replicated"
    assert claims.loc["C7", "observed"] == 5
    assert claims.loc["C6", "n_replicates"] == 2
    agreement = pd.read_csv(project / "results/tables/agreement.csv")
    published = agreement.query("experiment == 'customers' and protocol == 'as_published'")["agreement"]
    assert claims.loc["A5", "observed"] == published.median()
    low, high = published.min(), published.max()
    assert f"all runs lie between {100 * low:.3g} and {100 * high:.3g} %." in claims.loc["A5", "explanation"]


def test_articles_printed_numbers_come_out_by_both_implementations(project):
    parameters = pd.read_csv(project / "results/tables/parameters.csv")
    printed = parameters[parameters["published"].notna()]
    assert printed.groupby("fit")["agrees"].sum().to_dict() == {"ours": 6, "sklearn": 6}


def test_predictions_of_the_users_rows(project):
    predictions = pd.read_csv(project / "results/predictions/mine/start.csv")
    assert len(predictions) == 200
    assert set(predictions["predicted class"]) == {0, 1}
    np.testing.assert_allclose(predictions[["posterior of 0", "posterior of 1"]].sum(axis=1), 1)


def test_second_run_has_nothing_to_do(project):
    assert planned_rules(project) == set()
    assert "Nothing to be done" in (run := snakemake(project, "--dry-run")).stdout + run.stderr


def assert_same_results(one, other):
    names = files_below(one / "results")
    assert names == files_below(other / "results")
    _, different, errors = filecmp.cmpfiles(one / "results", other / "results", names, shallow=False)
    assert (different, errors) == ([], [])


def test_one_core_gives_the_same_bytes_as_four(tiny, tmp_path):
    other = make_project(tmp_path, TINY)
    # The first jobs each in a process of its own, as where the warm ones are not installed
    assert snakemake(other, "results/evaluation/mine/agreement.csv", "--executor", "local", cores=1).returncode == 0
    assert snakemake(other, cores=1).returncode == 0
    assert_same_results(tiny, other)


AUDIT = {"manifest", "pages"}  # they look at everything; the page at what it shows
FIGURES = {"figure", "sweep_figure", "report_image"}
EVERYTHING = FIGURES | {
    "data",
    "sweep_part",
    "sweep",
    "fit",
    "run_other",
    "compare",
    "evaluate",
    "predict",
    "impute",
    "diagnose",
    "measure",
    "own_data",
    "watch",
    "tables",
    "claims",
    "dictionary",
}


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("src/em_study/tables/collect.py", {"tables", "claims"}),
        ("src/em_study/configuration/loading.py", set()),
        ("src/em_study/claims/evaluate.py", {"claims"}),
        ("src/em_study/tables/dictionary.py", {"dictionary"}),
        ("src/em_study/plan/step.py", set()),  # it writes what is known of a job
        ("src/em_study/figures/sweep.py", {"sweep_figure", "report_image"}),
        ("src/emgmm/em.py", EVERYTHING),
        ("src/em_study/figures/style.py", FIGURES),
        ("src/em_study/watch/choose.py", {"watch"}),
    ],
)
def test_an_edited_module_reruns_its_dependents_only(project, module, rules):
    file = project / module
    before = file.read_text()
    file.write_text(before + "EDITED = 1\n")
    try:
        assert planned_rules(project) - {"page"} == rules | AUDIT
    finally:
        file.write_text(before)


def test_an_edited_figure_draws_no_other_kind(project):
    file = project / "src/em_study/figures/uncertainty.py"
    before = file.read_text()
    file.write_text(before + "EDITED = 1\n")
    try:
        run = snakemake(project, "--dry-run")
    finally:
        file.write_text(before)
    assert re.findall("Draw .*", run.stdout + run.stderr) == ["Draw uncertainty of guide"]


def test_other_words_rerun_nothing(project):
    settings = project / "src/em_study/fits/settings.py"
    assert 'description="' in settings.read_text()
    settings.write_text(settings.read_text().replace('description="', 'description="In other words. '))
    for path in ("src/emgmm/em.py", "src/em_study/settings.py", "workflow/scripts/fit.py"):
        file = project / path
        text = file.read_text()
        file.write_text(text.replace('"""', '"""In other words. ', 1) + "# edited\n")
    assert planned_rules(project) == set()


def test_every_file_is_of_the_layout_and_made_by_its_rule(project):
    for file in (project / "results").rglob("*"):
        path = str(file.relative_to(project))
        assert file.is_dir() or path.startswith(LOGS) or kind_of(path)[0], path
    for file in (project / "results/records").rglob("*.json"):
        record = json.loads(file.read_text())
        assert {FILES[kind_of(path)[0]].rule for path in record["outputs"]} == {record["rule"]}, file
    rules = [*(project / "workflow/rules").glob("*.smk"), project / "Snakefile"]
    assert not [file.name for file in rules if "results/" in file.read_text()]


def test_other_words_of_a_column_write_the_dictionary_alone(project):
    file = project / "src/em_study/columns.py"
    text = file.read_text()
    assert "unlabeled samples compared" in text
    file.write_text(text.replace("unlabeled samples compared", "so many samples"))
    try:
        assert planned_rules(project) == {"dictionary", "page"} | AUDIT
    finally:
        file.write_text(text)


def test_reordered_fits_reorder_the_tables(project):
    config = project / "articles/xu_2021.yaml"
    text = config.read_text()
    first = text[text.index("      unsupervised:") : text.index("      semi_supervised:")]
    clamped = text[text.index("      clamped:") : text.index("    protocols:")]
    config.write_text(text.replace(first, "").replace(clamped, clamped + first))
    try:
        assert "tables" in planned_rules(project)
    finally:
        config.write_text(text)


def test_two_runs_in_one_folder_are_kept_apart(tmp_path):
    folder = make_project(tmp_path, TINY)
    with held_in_a_fit(folder, "--", "results/fits/mine/start.npz") as first:
        with open(folder / ".snakemake/run.lock") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        second = snakemake(folder)
        assert first.poll() is None
    assert second.returncode != 0
    assert "another snakemake is running in this folder" in second.stdout + second.stderr


def test_an_added_value_of_a_sweep_leaves_experiments_alone(project):
    text = (project / "small.yaml").read_text()
    for change, rules in (
        ({"vary": {"data.n_unlabeled": [50, 65, 80]}}, {"sweep_part", "sweep", "sweep_figure", "report_image"}),
        ({"figure": {"x": "data.n_unlabeled", "y": "accuracy"}}, {"sweep_figure", "report_image"}),
    ):
        sizes = {**SMALL["sweeps"]["sizes"], **change}
        sizes["vary"] = {**SMALL["sweeps"]["sizes"]["vary"], **sizes["vary"]}
        changed = {**SMALL, "sweeps": {**SMALL["sweeps"], "sizes": sizes}}
        (project / "small.yaml").write_text(yaml.safe_dump(changed))
        try:
            assert planned_rules(project) - {"page"} == rules | AUDIT
        finally:
            (project / "small.yaml").write_text(text)


def test_an_edited_fit_leaves_other_fits_alone(project):
    text = (project / "small.yaml").read_text()
    changed = {**SMALL, "experiments": {**SMALL["experiments"]}}
    changed["experiments"]["customers"] = {"replicates": 3, "fits": {"clamped": {"tol": 1.0e-6}}}
    (project / "small.yaml").write_text(yaml.safe_dump(changed))
    try:
        run = snakemake(project, "--dry-run")
        assert "Fit customers by EM: clamped" in run.stdout + run.stderr
        assert "Fit customers by EM: unsupervised" not in run.stdout + run.stderr
        assert planned_rules(project).isdisjoint({"data", "run_other", "compare"})
    finally:
        (project / "small.yaml").write_text(text)


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(tiny, tmp_path):
    folder = make_project(tmp_path, TINY)
    # Each time while others are being made.
    for first in ("data/mine.npz", "evaluation/mine/agreement.csv", "tables/fits.csv"):
        with killed_at_the_end(folder) as run:
            assert wait_for((folder / "results" / first).exists, run)
    again = snakemake(folder)
    assert again.returncode == 0, again.stderr
    # A writer that is killed leaves its own temporary file, which `em-study clean --delete` deletes.
    assert ask(folder, "clean", "--delete").returncode == 0
    assert_same_results(tiny, folder)


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
    assert "--config is not supported" in run.stdout + run.stderr


def test_wrong_cell_gives_a_message_and_no_output(tmp_path):
    folder = make_project(tmp_path)
    (folder / "unlabeled.csv").write_text("x1,x2\n1,2\n3,many\n")
    run = snakemake(folder, "results/data/mine.npz")
    assert run.returncode != 0
    output = run.stdout + run.stderr
    assert "unlabeled.csv, row 3, column 'x2': must be a finite number, got 'many'" in output
    assert "Traceback" not in output
    assert files_below(folder / "results") == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk_is_told_and_leaves_nothing_half_written(tiny, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        folder = make_project(disk / "project", TINY)
        left = shutil.disk_usage(disk).used + 300_000  # bytes; Snakemake takes some of them
        subprocess.run(["mount", "-o", f"remount,size={left}", disk], check=True)
        run = snakemake(folder)
        assert run.returncode != 0
        assert "The disk is full" in run.stdout + run.stderr or "No space left on device" in run.stdout + run.stderr
        assert [file for file in files_below(folder / "results") if file.name.startswith(".")] == []
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        again = snakemake(folder)
        assert again.returncode == 0, again.stderr
        assert_same_results(tiny, folder)
    finally:
        subprocess.run(["umount", disk], check=True)
