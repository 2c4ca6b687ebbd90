"""The check-up: which checks a mistake fails, what follows, and the answer, as text, JSON, JUnit and in pytest."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from typing import get_args
from xml.etree import ElementTree

import numpy as np
import pytest
from project import ROOT

import em_study
import emgmm
from em_study import cli
from em_study.checkup import VERSION, InProcess, assert_is_em, check_files, examine
from em_study.diagnosis.answer import FIXED
from em_study.diagnosis.conformance import CHECKS, OF_ANY_START, check_up
from em_study.diagnosis.reading import JUMPS, NOT_TWICE, OWN_START
from em_study.fits.settings import Fit


def by_halves(X, shares, about_zero):
    """Scatter of two halves, about the means up to the end of each half."""
    half, scatter = (len(X) + 1) // 2, 0.0
    for rows, end in ((slice(half), half), (slice(half, None), len(X))):
        mean = shares[:end] @ X[:end] / shares[:end].sum()
        centered = X[rows] - (0.0 if about_zero else mean)
        scatter = scatter + (shares[rows, None] * centered).T @ centered
        scatter = scatter - (shares[rows].sum() * np.outer(mean, mean) if about_zero else 0.0)
    return scatter / shares.sum()


def plain_em(mistake=None):
    """Make a plain NumPy EM for full covariances, by the contract, with a mistake."""
    kept = {}

    def log_likelihoods(X, weights, means, covariances):
        half = {"determinant": 1.0}.get(mistake, 0.5)
        constant = 2 if mistake == "two features" else X.shape[1]
        parts = []
        for w, m, c in zip(weights, means, covariances, strict=True):
            if mistake == "halves about zero":
                np.linalg.cholesky(c)  # fails: they may be indefinite
            log_size = np.log(np.linalg.norm(c)) if mistake == "norm" else np.linalg.slogdet(c)[1]
            part = -half * log_size - 0.5 * constant * np.log(2 * np.pi)
            part = part - 0.5 * np.einsum("nd,nd->n", (X - m) @ np.linalg.inv(c), X - m)
            parts.append(part + (0.0 if mistake == "no weights" else np.log(w)))
        joint = np.stack(parts, axis=1)
        if mistake == "no log-sum-exp":
            return joint, np.log(np.exp(joint).sum(axis=1))
        return joint, np.logaddexp.reduce(joint, axis=1)

    def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
        if covariance_type != "full":
            raise NotImplementedError("full covariances alone")
        if mistake == "inputs":
            X -= 1.0
            means = means - 1.0
        if mistake == "state" and means.shape in kept:
            weights, means, covariances = kept[means.shape]
        if mistake == "equal":
            X = np.unique(X, axis=0)
        n_samples, n_features = X.shape
        now = before = weights, means, covariances
        trace, bounds, compared, n_small = [], [], [], 0
        while len(trace) < max_iter:
            joint, likelihoods = log_likelihoods(X, *now)
            posteriors = np.exp(joint - likelihoods[:, None])
            if mistake == "tiny":
                posteriors = np.exp(joint) + 3e-11
                posteriors = posteriors / posteriors.sum(axis=1, keepdims=True)
            trace.append((joint.max(axis=1) if mistake == "trace" else likelihoods).mean())
            mass = posteriors.sum(axis=0)
            new_means = posteriors.T @ X / mass[:, None]
            about = now[1] if mistake == "old means" else new_means
            parts = list(zip(posteriors.T, about, mass, strict=True))
            new = np.stack([(p[:, None] * (X - m)).T @ (X - m) / s for p, m, s in parts])
            if mistake == "origin":
                new = np.stack([(p[:, None] * X).T @ X / s - np.outer(m, m) for p, m, s in parts])
            if mistake in ("halves", "halves about zero"):
                new = np.stack([by_halves(X, p, mistake != "halves") for p in posteriors.T])
            if mistake == "third component" and len(mass) > 2:
                new[2] *= 2
            before, now = now, (mass / n_samples, new_means, new + reg_covar * np.eye(n_features))
            change = abs(trace[-1] - trace[-2]) if len(trace) > 1 else np.inf
            change *= {"sum": n_samples, "relative": 1 / abs(trace[-1])}.get(mistake, 1)
            change = abs(now[1] - before[1]).max() if mistake == "parameters" else change
            bounds.append(np.sum(posteriors * (log_likelihoods(X, *now)[0] - np.log(posteriors + 1e-300))))
            if mistake == "bound":
                change = abs(bounds[-1] - bounds[-2]) if len(bounds) > 1 else np.inf
            compared.append(posteriors.max(axis=1) if mistake == "largest" else np.exp(joint - np.log(before[0])).sum())
            if mistake in ("largest", "densities") and len(compared) > 1:
                change = compared[-1] - compared[-2]
                change = np.linalg.norm(change) if mistake == "largest" else change
            if mistake == "Aitken":
                gains = np.diff(trace[-3:])
                change = abs(gains[1] ** 2 / (gains[0] - gains[1])) if len(gains) == 2 else np.inf
            n_small = n_small + 1 if change < (tol or 0.02 * (mistake == "own tolerance")) else 0
            if n_small == (3 if mistake == "patience" else 1):
                break
        weights, means, covariances = kept[new_means.shape] = before if mistake == "last step" else now
        if mistake == "random":
            means = means + 1e-3 * np.random.default_rng().standard_normal(means.shape)
        if mistake == "jumps":
            means = means + 0.1 * (int(1e12 * abs(X[0, 0])) % 2)
        means = means + (mistake == "inputs")
        n_iter = len(trace) - (mistake == "steps reported")
        return {"weights": weights, "means": means, "covariances": covariances, "n_iter": n_iter, "trace": trace}

    return fit


def checks_of(mistake, names=tuple(CHECKS)):
    with np.errstate(all="ignore"):
        return {one.name: one for one in check_up(InProcess(plain_em(mistake)), "full", names)}


def failing(results):
    return [name for name, one in results.items() if one.outcome == "fails"]


# All checks that fail: those that test what the mistake is.
FAILS_ALONE = {
    "two features": ["trace"],
    "third component": ["full"],
    "no log-sum-exp": ["far-sample"],
    "steps reported": ["n_iter"],
    "sum": ["tolerance"],
    "relative": ["tolerance"],
    "parameters": ["tolerance"],
    "bound": ["tolerance"],
    "patience": ["tolerance"],
    "origin": ["far-origin"],
    "equal": ["equal"],
    "inputs": ["inputs"],
    "trace": ["trace", "tolerance"],  # it stops by its trace
}


@pytest.mark.parametrize("mistake", FAILS_ALONE)
def test_a_mistake_fails_the_check_that_says_what_it_is(mistake):
    results = checks_of(mistake)
    assert failing(results) == FAILS_ALONE[mistake]
    if mistake != "no log-sum-exp":  # which says what is not finite
        assert "expected" in results[failing(results)[0]].detail
    assert all(one.detail for one in results.values() if one.outcome in ("cannot", "skipped"))


@pytest.mark.parametrize("mistake", ["state", "random"])
def test_what_differs_between_calls_is_seen_first(mistake):
    assert failing(checks_of(mistake))[0] == "repeats"


FIRST = {
    "last step": "steps",
    "determinant": "e-step",
    "norm": "e-step",
    "old means": "covariances",
    "no weights": "start",
}


@pytest.mark.parametrize("mistake", FIRST)
def test_the_part_that_is_wrong_fails_first(mistake):
    assert failing(checks_of(mistake))[0] == FIRST[mistake]


OF_ONE_FEATURE = {None: "none", "old means": "deviations from the old means", "no log-sum-exp": "far from all"}


def of_one_feature(mistake):
    def fit(X, *start, **settings):
        if X.shape[1] > 1:
            raise NotImplementedError("one feature alone")
        return plain_em(mistake)(X, *start, **settings)

    return fit


@pytest.mark.parametrize("mistake", OF_ONE_FEATURE)
def test_an_em_of_one_feature_is_checked_with_one(mistake):
    fit = of_one_feature(mistake)
    with np.errstate(all="ignore"):
        found = examine("fit", InProcess(fit))
    where, _, cause = found["answer"][0].partition(": ")
    assert where == "With full covariances and one feature"
    assert OF_ONE_FEATURE[mistake] in cause
    wrong = [one["name"] for one in found["checks"] if one["outcome"] == "fails" and not one["follows"]]
    assert wrong == []
    assert found["status"] == (mistake is not None)
    held = {one["name"] for one in found["checks"] if one["outcome"] == "holds"}
    assert {"runs", "repeats", "start", "reg_covar", "far-origin"} <= held


def test_a_formula_is_named_only_if_it_leaves_far_less_than_the_textbook():
    found = examine("fit", InProcess(of_one_feature("tiny")))  # 1e-9 added to the variances would leave less than 1e-9
    assert "Not explained: no formula of the catalogue gives its covariances." in found["answer"][0]


def test_a_right_em_passes_and_says_what_it_cannot_do():
    results = checks_of(None)
    assert failing(results) == []
    cannot = {name: one.detail for name, one in results.items() if one.outcome == "cannot"}
    assert cannot == dict.fromkeys(["tied", "diag", "spherical"], "it cannot do this: full covariances alone")


def test_every_covariance_type_is_checked_and_may_be_chosen():
    assert get_args(Fit.model_fields["covariance_type"].annotation) == tuple(emgmm.COVARIANCE_TYPES)
    assert set(emgmm.COVARIANCE_TYPES) < set(CHECKS)


TOLERANCE, OF = "Cause: it compares its tolerance with", "the change of the mean log-likelihood"
ANSWERS = {
    "origin": "Cause: it loses digits when samples lie far from the origin, as the formula E[xx] - mm does.",
    "inputs": "Cause: it modifies its input in place (X).",
    "trace": "Cause: it returns a trace that is not the log-likelihood.",
    "no log-sum-exp": "Cause: it fails when a sample lies far from all components (densities without "
    "logarithms are 0 there).",
    "steps reported": f"Cause: not in its steps, which are the textbook's. Failed checks: {CHECKS['n_iter'][:-1]} "
    "(n_iter with max_iter 5: expected 5, got 4).",
    "parameters": f"{TOLERANCE} the largest move of a mean, not with {OF}.",
    "bound": f"{TOLERANCE} the change of the evidence lower bound after the M-step, summed over the samples, not with "
    f"{OF}.",
    "norm": "Cause: it uses the norm of the covariances in place of their determinant.",
    "patience": f"{TOLERANCE} {OF}, small 3 times in a row, not with {OF}.",
    "largest": f"{TOLERANCE} the length of the change of the samples' largest responsibilities, not with {OF}.",
    "Aitken": f"{TOLERANCE} the gain of the mean log-likelihood that Aitken's extrapolation expects, not with {OF}.",
    "densities": "Cause: it may stop before max_iter steps although the tolerance is 0 and compares its tolerance with "
    f"the gain of the sum of all components' densities (a decrease stops it too), not with {OF}.",
    "random": FIXED[NOT_TWICE],
    "own tolerance": "Cause: it may stop before max_iter steps although the tolerance is 0.",
    "jumps": FIXED[JUMPS],
    "halves": "Cause: it computes the covariances by halves of the samples, with deviations from the means so far "
    "(running means).",
    "halves about zero": "Cause: it computes the covariances by halves of the samples, as E[xx] - mm with the means so "
    "far (running means).",
    "last step": "Cause: it returns the parameters before its last M-step.",
    "no weights": "Cause: it omits the weights from the E-step.",
}
FOLLOWING = {
    "origin": ["far-origin"],
    "inputs": ["inputs"],
    "trace": ["trace"],
    "no log-sum-exp": ["far-sample"],
    "parameters": ["tolerance"],
    "bound": ["tolerance"],
    "norm": ["e-step", "trace", "full"],
    "patience": ["tolerance"],
    "largest": ["tolerance"],
    "Aitken": ["tolerance"],
    "own tolerance": ["steps", "later-steps", "n_iter", "trace"],
    "densities": ["tolerance"],
    "last step": ["steps", "e-step", "later-steps", "reg_covar", "trace", "full"],
    "no weights": ["start", "e-step", "trace", "full"],
    "halves": ["covariances", "full"],
    "halves about zero": ["covariances", "increases", "far-origin", "full"],
}


@pytest.mark.parametrize("mistake", ANSWERS)
def test_the_answer_names_the_cause_and_what_follows_from_it(mistake):
    found = examine("mine", InProcess(plain_em(mistake)))
    assert found["answer"][0] == ANSWERS[mistake]
    assert found["status"] == 1
    follows = [one["name"] for one in found["checks"] if one["follows"]]
    assert follows == FOLLOWING.get(mistake, [])
    if follows:
        left = [one["name"] for one in found["checks"] if one["outcome"] == "fails" and not one["follows"]]
        assert left == (["tolerance"] if mistake == "trace" else [])  # it stops by its trace
        assert found["outcome"] == "explained"
        assert ("These checks fail as well" in found["answer"][-1]) == bool(left)


def test_nothing_is_checked_by_initial_parameters_that_are_not_taken():
    right = plain_em()

    def fit(X, weights, means, covariances, **settings):
        own = np.ones(len(means)) / len(means), X[: len(means)], np.stack([np.eye(X.shape[1])] * len(means))
        return right(X, *own, **settings)

    found = examine("mine", InProcess(fit))
    assert found["outcome"] == "own start"
    assert {one["name"] for one in found["checks"] if one["outcome"] != "skipped"} == {*OF_ANY_START}
    why = {one["detail"] for one in found["checks"] if one["outcome"] == "skipped"}
    assert why == {found["answer"][0]} == {FIXED[OWN_START]}


def test_a_function_that_raises_or_returns_something_else_cannot_be_run():
    for fit, why in ((lambda *a, **b: 1 / 0, "ZeroDivisionError: division by zero"), (lambda *a, **b: 3, "TypeError")):
        found = examine("mine", InProcess(fit))
        assert (found["status"], found["outcome"], len(found["answer"])) == (2, "not run", 1)
        assert why in found["answer"][0]


def test_no_part_is_both_unexplained_and_correct():
    def fit(*given, **settings):
        found = plain_em()(*given, **settings)
        return found | {"means": found["means"][::-1]}

    said = " ".join(examine("fit", InProcess(fit))["answer"])
    assert "no formula of the catalogue gives its weights and covariances" in said
    assert said.endswith("these are correct: E-step and means.")


def test_what_is_no_mixture_fails_and_is_read_all_the_same():
    right = plain_em()

    def fit(X, *start, **settings):
        found = right(X, *start, **settings)
        return found | {"weights": found["weights"] * len(X) / (len(X) - 1)}

    found = examine("mine", InProcess(fit))
    assert found["checks"][0]["outcome"] == "fails"
    assert "weights must be positive with sum 1" in found["checks"][0]["detail"]
    assert found["answer"][0].startswith("Cause: it divides the weights by N - 1")


OURS = str(ROOT / "implementations/ours.py")
PAGE = (ROOT / "docs/checkup.md").read_text(encoding="utf-8")
WRONG = PAGE.split("```python\n")[1].split("```")[0]  # the example
NAMED = "computes the covariances with deviations from the old means"


def asked(*words, capsys):
    status = cli.main(["checkup", *map(str, words)])
    out, errors = capsys.readouterr()
    assert errors == ""
    return status, out


def test_several_files_are_answered_as_text_json_and_junit(tmp_path, capsys):
    wrong, missing = tmp_path / "a<b>&.py", tmp_path / "none.py"
    wrong.write_text(WRONG.replace("only full", r"<full> & \x1b[31m"))
    report, junit = tmp_path / "found.json", tmp_path / "found.xml"
    status, text = asked(wrong, "emgmm", missing, "--quiet", "--json", report, "--junit", junit, capsys=capsys)
    assert status == 2
    found = json.loads(report.read_text())
    assert found["version"] == VERSION
    assert [one["status"] for one in found["files"]] == [1, 0, 2]
    assert [one["name"] for one in found["files"]] == [str(wrong), "emgmm", str(missing)]
    assert text.splitlines() == [line for one in found["files"] for line in (f"{one['name']}:", *one["answer"])]
    first = found["files"][0]
    assert first["outcome"] == "explained"
    assert first["causes"] == [{"words": NAMED, "part": "covariances", "values": []}]
    suites = ElementTree.parse(junit).getroot().findall("testsuite")  # noqa: S314 (of our own)
    assert [suite.get("name") for suite in suites] == [one["name"] for one in found["files"]]
    for suite, one in zip(suites, found["files"], strict=True):
        assert suite.find("properties/property").attrib == {"name": "version", "value": VERSION}
        cases = suite.findall("testcase")
        assert len(cases) == int(suite.get("tests")) == len(one["checks"]) + 1
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"testcase/{tag}")) == int(suite.get(count))
        assert [case.find("failure") is not None for case in cases[:-1]] == [
            c["outcome"] == "fails" for c in one["checks"]
        ]
        assert float(suite.get("time")) == one["seconds"] <= 10
    assert r"<full> & \x1b[31m covariances" in suites[0].findall("testcase/skipped")[-1].get("message")
    assert suites[2].find("testcase/error").get("message") == f"there is no file {missing}."


def test_json_may_be_printed_and_checks_be_chosen(tmp_path, capsys):
    status, text = asked(OURS, "--json", "--checks", "runs,trace", capsys=capsys)
    (found,) = json.loads(text)["files"]
    assert (status, [one["name"] for one in found["checks"]]) == (0, ["runs", "trace"])


def test_the_answer_is_the_last_lines_and_reasons_are_shown(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(WRONG)
    status, text = asked(tmp_path / "mine.py", capsys=capsys)
    checks, answer = text.split("\n\n")
    assert status == 1
    assert answer.startswith(f"Cause: it {NAMED}.\n")
    lines = checks.splitlines()
    assert [line.split()[1] for line in lines if not line.startswith("   ")] == [f"{name}:" for name in CHECKS]
    for line, below in pairwise(lines):
        if line.startswith(("FAILS", "-", "cannot")):
            assert below.startswith("         ")
    assert text.count("(this shows the cause)") == 1
    assert text.count("(follows from the cause)") == 1


HOSTILE = {
    "a folder": (lambda file: file.mkdir(), "{file} is no file."),
    "nothing": (lambda file: None, "there is no file {file}."),
    "empty": (lambda file: file.write_text(""), "has no function fit"),
    "no Python": (lambda file: file.write_text("def fit(:"), "line 1: cannot be imported: SyntaxError"),
    "a link to itself": (lambda file: file.symlink_to(file), "there is no file {file}."),
    "bytes": (lambda file: file.write_bytes(bytes(range(256))), "cannot be imported"),
    "ends": (lambda file: file.write_text("import os\nos._exit(3)"), "exit status 3"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_run_is_one_sentence(tmp_path, capsys, name):
    make, says = HOSTILE[name]
    make(file := tmp_path / "mine.py")
    status, text = asked(file, "--quiet", capsys=capsys)
    assert (status, text.count("\n")) == (2, 1)
    assert says.format(file=file) in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--checks", "runs,nothing"], "there is no check nothing; there are runs, repeats, "),
        (["--time-limit", "0"], "the time limit must be from 0 to 86,400 seconds"),
        (["--time-limit", "inf"], "the time limit must be from 0 to 86,400 seconds"),
        (["--junit", "found.txt"], "found.txt: the name of this file must end with .xml"),
        (["--json", "/nowhere/found.json", "--checks", "runs"], "cannot be written: "),
    ],
)
def test_a_wrong_option_is_one_sentence(capsys, words, says):
    status, text = asked(OURS, "--quiet", *words, capsys=capsys)
    assert status == 2
    assert says in text.splitlines()[-1]


def test_no_implementation_is_written_over(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(WRONG)
    status, text = asked("--json", tmp_path / "mine.py", OURS, capsys=capsys)
    assert (status, text) == (2, f"{tmp_path / 'mine.py'}: the name of this file must end with .json\n")
    assert (tmp_path / "mine.py").read_text() == WRONG


def test_pytest_asserts_that_a_function_or_a_file_is_em(tmp_path):
    em_study.assert_is_em(OURS)
    assert_is_em(plain_em())
    with pytest.raises(AssertionError) as wrong:
        assert_is_em(plain_em("equal"))
    lines = str(wrong.value).splitlines()
    assert lines[0] == f"FAILS  equal: {CHECKS['equal']}"
    assert "Cause: it counts repeated samples only once." in lines
    with pytest.raises(AssertionError, match="there is no file"):
        assert_is_em(tmp_path / "none.py")
    with pytest.raises(AttributeError, match="has no attribute"):
        em_study.nothing  # noqa: B018


def test_the_package_is_imported_without_the_check_up():
    code = (
        "import sys, em_study; assert 'numpy' not in sys.modules; em_study.assert_is_em; assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_template_and_what_wraps_scikit_learn(capsys):
    status, text = asked(ROOT / "implementations/template.py", "sklearn", "--quiet", capsys=capsys)
    lines = text.splitlines()
    assert status == 2
    assert lines[1] == "It could not be run: template.py: it cannot do this: it is a template."
    assert lines[2:4] == ["sklearn:", "Cause: none. Its steps are the textbook's."]


def test_a_tolerance_is_evaluated_by_what_the_file_declares(tmp_path, capsys):
    by_sum = (ROOT / "implementations/ours.py").read_text().replace("stopping(tol,", "stopping(tol / len(X),")
    mine = tmp_path / "mine.py"
    total = "with the change of the log-likelihood's sum over the samples"
    answers = {
        "mean": f"Cause: it compares its tolerance {total}, not with the change of the mean log-likelihood.",
        "sum": f"Its tolerance is compared {total}, as TOLERANCE_OF declares.",
        "relative": f"Cause: it compares its tolerance {total}, not with",
    }
    for said, expected in answers.items():
        mine.write_text(f"TOLERANCE_OF = '{said}'\n{by_sum}")
        status, text = asked(mine, "--quiet", capsys=capsys)
        assert status == (said != "sum")
        assert expected in text


def of_no_machine(text):
    return re.sub(r"\d+e-\d\d", "0e-00", re.sub(r"[\d,]+ other formulas", "1 other formulas", text))


def test_the_page_shows_what_the_check_up_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(WRONG)
    text = "\n".join(check_files(["mine.py"])) + "\n"
    assert of_no_machine(PAGE.split("```text\n")[1].split("```")[0]) == of_no_machine(text)
    right = WRONG.replace("        covariances = np", "        centered = X[:, None] - means\n        covariances = np")
    (tmp_path / "mine.py").write_text(right)
    assert_is_em("mine.py")
    assert all(f"- `{name}`: {must}\n" in PAGE for name, must in CHECKS.items())
    assert f"makes {len(CHECKS)} checks" in PAGE
