"""Ways to use the study: as a module of another workflow, from another folder, on a terminal."""

import os
import pty
import subprocess

import yaml
from project import ROOT, SNAKEMAKE, ask, make_project

SMALL = {
    "articles": {"xu_2021": None, "goeduhub": None, "analytics_vidhya": None},
    "experiments": {
        **dict.fromkeys(["iris", "wine", "random_mixtures"]),
        "mine": {
            "data": {"source": "gaussian_mixture", "n_unlabeled": 50, "n_components": 2, "n_features": 2},
            "fits": {"one": {"initialization": "kmeans"}},
        },
    },
    "sweeps": {"components_and_features": None},
}
CALLER = """
config.update({config!r})

module em_study:
    snakefile: "{snakefile}"
    config: config

use rule * from em_study as em_*

rule mine:
    default_target: True
    input: rules.em_all.input
    output: "mine.txt"
    shell: "wc -l results/tables/fits.csv > {{output}}"
"""


def run(folder, *arguments):
    return subprocess.run([*SNAKEMAKE, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_as_a_module(tmp_path):
    text = CALLER.format(config=SMALL, snakefile=ROOT / "Snakefile")
    (tmp_path / "Snakefile").write_text(text)
    made = run(tmp_path, "--cores", "2", "results/data/mine.npz")  # a process for each job, as a user has it
    assert made.returncode == 0, made.stderr
    made = run(tmp_path, "--cores", "2", "--executor", "warm")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "mine.txt").read_text().split()[0] == "2"
    assert not (tmp_path / "results/run.json").exists()  # the caller's own affair
    assert ask(tmp_path, "verify", root=ROOT).stdout.startswith("all checks pass:")
    assert "module of another workflow here" in ask(tmp_path, "clean", root=ROOT).stderr
    (tmp_path / "Snakefile").write_text(text.replace("config: config", 'config: config\n    prefix: "em"'))
    assert "prefix: and replace_prefix: are not supported" in (prefixed := run(tmp_path, "-n")).stdout + prefixed.stderr
    (tmp_path / "Snakefile").write_text(text.replace("'experiments'", "'experiment'"))
    wrong = run(tmp_path, "--dry-run")
    assert wrong.returncode != 0
    assert "the module's config experiment: unknown key; did you mean 'experiments'?" in wrong.stdout + wrong.stderr


def test_an_empty_config_of_a_module_is_the_default_study(tmp_path):
    (tmp_path / "Snakefile").write_text(CALLER.format(config={}, snakefile=ROOT / "Snakefile"))
    planned = run(tmp_path, "--dry-run", "--quiet", "rules")
    assert planned.returncode == 0, planned.stderr
    assert "em_sweep_part" in planned.stdout + planned.stderr


def test_wrong_yaml_is_told_from_another_folder(tmp_path):
    (tmp_path / "wrong.yaml").write_text("experiments:\n  mine:\n    section: Part A: the rest\n")
    planned = run(tmp_path, "--dry-run", "-s", str(ROOT / "Snakefile"), "--configfile", "wrong.yaml")
    assert planned.returncode == 1
    assert "wrong.yaml:3: not valid YAML: mapping values are not allowed" in planned.stdout + planned.stderr


def test_from_another_folder(tmp_path):
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SMALL))
    claims = "results/tables/claims.csv"
    arguments = ("-s", str(ROOT / "Snakefile"), "--configfile", "small.yaml", "--", claims)
    made = run(tmp_path, "--cores", "2", "--executor", "warm", *arguments)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / claims).exists()
    assert "Nothing to be done" in (again := run(tmp_path, "--dry-run", *arguments)).stdout + again.stderr
    (tmp_path / "results/report").mkdir()
    (tmp_path / "results/report/opening.rst").write_text("Mine\n====\n")
    assert run(tmp_path, "--report", "report.html", *arguments).returncode == 0
    assert "Mine" in (tmp_path / "report.html").read_text()


def on_a_terminal(folder, *arguments):
    """Return the exit code, and what a terminal of 100 columns shows, with its escapes."""
    ours, theirs = pty.openpty()
    shown = b""
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([*SNAKEMAKE, *arguments], cwd=folder, stdout=theirs, stderr=theirs, env=environment) as job:
        os.close(theirs)
        try:
            while block := os.read(ours, 65536):
                shown += block
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return job.returncode, shown.decode()


def test_the_reason_of_a_failure_is_shown_with_the_bar_and_without(tmp_path):
    data = {"source": "csv", "features": ["x1"], "unlabeled": {"path": "wrong.csv"}}
    mine = {"data": data, "fits": {"one": {"n_components": 1}}}
    settings = {**SMALL, "experiments": {**SMALL["experiments"], "mine": mine}}
    folder = make_project(tmp_path / "project", settings)
    (folder / "wrong.csv").write_text("x1\n1\nmany\n")
    arguments = ("--cores", "1", "--configfile", "small.yaml")
    reason = "wrong.csv, row 3, column 'x1': must be a finite number, got 'many'"
    code, shown = on_a_terminal(folder, *arguments)
    assert code != 0
    assert reason in shown
    assert " left" in shown  # the bar
    plain = run(folder, *arguments)
    assert reason in plain.stderr
    assert "\x1b" not in plain.stdout + plain.stderr
    assert "FAILED" not in plain.stderr  # Snakemake's own words


def test_other_modes_keep_their_output_to_themselves(tmp_path):
    folder = make_project(tmp_path / "project")
    graph = run(folder, "--rulegraph", "--configfile", "small.yaml")
    assert graph.stdout.startswith("digraph")
