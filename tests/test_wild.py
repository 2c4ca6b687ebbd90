"""EM in the wild: its adapters, its verdicts, and its page."""

import json
import sys

import pytest

from em_study.fits.available import tolerance_of
from em_study.places import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import wild

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
        ("explained", [(FAR, ""), ("keeps the weights equal", "weights")], [], "another step"),
        ("not explained", [], [], "another step"),
        ("explained", [(STOPS, "")], ["repeats"], "right, with limits"),
        ("steps right, checks fail", [], ["n_iter"], "stops elsewhere"),
        ("own start", [], [], "right"),
        ("not the same twice", [], [], "not judged"),
    ],
)
def test_a_verdict_follows_from_causes_and_checks(outcome, causes, checks, expected):
    found = {"outcome": outcome, "causes": [{"words": words, "part": part} for words, part in causes]}
    found["checks"] = [{"name": name, "follows": False} for name in checks]
    assert wild.verdict(found) == expected


def test_the_page_is_that_of_the_findings():
    assert (ROOT / "docs/wild.md").read_text() == wild.page(FINDINGS)
    assert set(FINDINGS) == set(wild.files())
