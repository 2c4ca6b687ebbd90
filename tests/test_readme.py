"""What the README says is so: its YAML blocks are valid, its example runs, its numbers are the tables'."""

import doctest
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from em_study.audit.results import Results
from em_study.claims.findings import document, tables_of, within
from em_study.configuration.loading import load
from em_study.evaluation.agreement import compare
from em_study.evaluation.compared import Compared
from em_study.evaluation.protocols import LADDER, Other, run_protocol
from em_study.evaluation.scores import evaluate_fit
from em_study.fits.em import run_fit

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FINDINGS = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)


ARTICLES = [block for block in BLOCKS if "source: A. Author" in block]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder with the files that the README's blocks name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.csv").write_text("id,x1,x2,y\n1,1,2,\n2,1,2,0\n")
    return tmp_path


@pytest.mark.parametrize("block", [block for block in BLOCKS if block not in ARTICLES])
def test_every_block_is_a_valid_overlay(block, folder):
    (folder / "overlay.yaml").write_text(block)
    told = []
    load([ROOT / "config.yaml", "overlay.yaml"], told.append)
    assert told == []


def test_the_article_is_valid(folder):
    (article,) = ARTICLES
    (folder / "mine.yaml").write_text(article)
    (folder / "overlay.yaml").write_text("articles: {mine: mine.yaml}")
    assert load([ROOT / "config.yaml", "overlay.yaml"]).study.claims["W1"].source == "A. Author (2021)"


def test_the_example_article_is_valid(folder):
    (folder / "overlay.yaml").write_text(f"articles: {{other: {ROOT / 'articles/iris_elsewhere.yaml'}}}")
    assert "D1" in load([ROOT / "config.yaml", "overlay.yaml"]).study.claims


def test_the_readme_is_two_screens():
    assert len(README.splitlines()) <= 120
    assert len(BLOCKS) == 3


def test_the_library_example_runs():
    assert doctest.testfile(str(ROOT / "README.md"), module_relative=False) == (0, 4)


def test_numbers_of_article_a_are_those_of_the_study():
    """Computed anew: a change of the code that moves them makes this fail."""
    study = load([ROOT / "config.yaml"]).study
    customers, seed = study.experiments["customers"], study.seed
    dataset = customers.data.load(customers.replicates, seed, "customers")
    runs = {
        name: run_fit(dataset, fit, customers.replicates, seed, "customers", name)
        for name, fit in customers.fits.items()
    }
    fits = [evaluate_fit(dataset, runs[name], fit, "customers", name) for name, fit in customers.fits.items()]
    assert document("steps.md", {"fits": pd.concat(fits).replace({"failure": {"": None}})}) in FINDINGS
    ours, fit = runs[customers.protocols.fit], customers.compared_fit
    theirs = {rung: run_protocol(rung, dataset, ours, fit) for rung in LADDER}
    assert (
        document("ladder.md", {"agreement": compare(dataset, [Compared(ours, fit, [(Other(), theirs)])], "customers")})
        in FINDINGS
    )


def test_all_numbers_are_those_of_the_last_run():
    manifest = ROOT / "results/manifest.json"
    if not manifest.exists() or list(json.loads(manifest.read_text())["configuration_files"]) != ["config.yaml"]:
        pytest.skip("the default study has not been run here")
    if json.loads(manifest.read_text())["processor"] != Results(ROOT / "published/default.zip").manifest["processor"]:
        pytest.skip(
            "another kind of processor, which rounds otherwise: `make compare` tells whether the run is the same"
        )
    tables = tables_of(ROOT / "results/tables")
    assert within(README) == document("highlights.md", tables), "run: em-study findings"
    assert document("findings.md", tables) + "\n" == FINDINGS, "run: em-study findings"
