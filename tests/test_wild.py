"""EM in the wild: its adapters, its verdicts, and its page."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import emgmm
from em_study.errors import StudyError
from em_study.fits.available import tolerance_of
from em_study.places import ROOT
from emgmm import MixtureParameters

sys.path.append(str(ROOT / "benchmarks"))
import wild
import wild_one

FINDINGS = json.loads(wild.FINDINGS.read_text())
NOTE = "returns the sum of the log-likelihood over the samples as trace, not the mean"
STOPS = "compares its tolerance with the relative change of the log-likelihood, not with the change of the mean"
FAR = "fails when a sample lies far from all components (densities without logarithms are 0 there)"


@pytest.mark.parametrize("file", [file for file, _ in wild.files().values()], ids=lambda file: file.stem)
def test_an_adapter_is_short(file):
    lines = file.read_text().splitlines()
    assert len(lines) <= 40 or file.parent.parent != wild.FOLDER
    assert lines[0].startswith('"""')
    assert tolerance_of(file) in ("mean", "sum", "relative")


@pytest.mark.parametrize(
    ("outcome", "causes", "checks", "expected"),
    [
        ("right", [], [], "right"),
        ("explained", [(STOPS, "")], [], "stops elsewhere"),
        ("explained", [(STOPS, ""), (NOTE, "")], [], "stops elsewhere"),
        ("explained", [(STOPS, ""), (FAR, "")], [], "right, with limits"),
        ("explained", [("computes, or returns its results, in single precision", "")], [], "right, with limits"),
        ("explained", [(FAR, ""), ("keeps the weights equal", "weights")], [], "another step"),
        ("not explained", [], [], "another step"),
        ("explained", [(STOPS, "")], ["repeats"], "right, with limits"),
        ("steps right, checks fail", [], ["n_iter"], "stops elsewhere"),
        ("own start", [], ["start"], "right, with limits"),
        ("not the same twice", [], [], "not judged"),
    ],
)
def test_a_verdict_follows_from_causes_and_checks(outcome, causes, checks, expected):
    found = {"outcome": outcome, "answer": [], "causes": [{"words": words, "part": part} for words, part in causes]}
    found["checks"] = [{"name": name, "follows": False} for name in checks]
    assert wild.verdict(found) == expected


def test_an_end_is_compared_whatever_the_order_of_its_components():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.standard_normal((60, 2)), 5 + rng.standard_normal((40, 2))])
    start = emgmm.parameters_from_labels(X, np.repeat([0, 1], [60, 40]), 2)
    end = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0.0, 50)).parameters
    swapped = MixtureParameters(end.weights[::-1], end.means[::-1], end.covariances[::-1], "full")
    same = wild_one.compared(X, start, swapped, 50)
    assert same["difference"] < 1e-12
    assert same["other_class"] == 0
    moved = wild_one.compared(X, start, replace(end, means=end.means + np.array([[0.1], [0.0]])), 50)
    assert moved["difference"] == pytest.approx((0.1 / np.sqrt(end.covariances[0].diagonal())).max())
    assert moved["log_likelihood"] < -1e-3


def test_a_file_without_its_environment_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(wild, "MADE", tmp_path)
    with pytest.raises(StudyError, match=r"there is no environment \.wild/numpy: run `make \.wild/numpy/complete`"):
        wild.found_in("gmr", *wild.files()["gmr"])


def test_the_page_is_that_of_the_findings():
    assert (ROOT / "docs/wild.md").read_text() == wild.page(FINDINGS)
    assert set(FINDINGS) == set(wild.files())
