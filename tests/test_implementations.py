"""EM implementations in files of their own."""

import os
import re

import numpy as np
import pytest
from project import FAULT, ROOT
from test_configuration import GOOD, TOY, overlay, problems
from test_emgmm import KINDS, problem

import emgmm
from em_study.data.checksums import Checksums
from em_study.data.dataset import Dataset
from em_study.data.r import versions
from em_study.evaluation.protocols import run_protocol
from em_study.evaluation.scores import evaluate_fit
from em_study.experiments.settings import Experiment
from em_study.fits.available import (
    OURS,
    implementation_file,
    implementation_files,
    implementations,
    takes_labels,
    tolerance_of,
)
from em_study.fits.em import run_fit
from em_study.fits.implementations import Implementation, running
from em_study.fits.settings import Fit
from em_study.sweeps.cells import Cells
from em_study.sweeps.run import InEachCell, cell_key, run_cell
from em_study.sweeps.settings import Sweep

HEAD = "def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):\n    "
SETTINGS = {"tol": 1e-6, "max_iter": 50, "reg_covar": 0.0}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ours", "scikit_learn"])
def test_shipped_implementations_take_the_same_steps(name, kind):
    X, _, start = problem(0, kind=kind)
    expected = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-6, 50))
    with Implementation(ROOT / f"implementations/{name}.py") as implementation:
        run = implementation.run(X, start, **SETTINGS)
    assert (run.failure, run.n_iter, run.converged) == ("", len(expected.trace), expected.converged)
    np.testing.assert_allclose(run.end.means, expected.parameters.means, rtol=1e-9)
    np.testing.assert_allclose(run.trace, expected.trace, rtol=1e-9)


WRONG = {
    "raise RuntimeError('no luck')": "mine.py, line 3: RuntimeError: no luck",
    "import os; os._exit(3)": "its process ended with exit status 3",
    "while True: pass": "it does not end within 0.5 s",
}


@pytest.mark.parametrize("body", WRONG)
def test_whatever_goes_wrong_does_not_disturb_the_next_run(tmp_path, body):
    X, _, start = problem(0)
    file = tmp_path / "mine.py"
    file.write_text(f"{HEAD}if len(X) > 100: raise NotImplementedError('many rows')\n    {body}\n")
    with Implementation(file, time_limit=FAULT) as implementation:
        assert implementation.run(X, start, **SETTINGS).failure == "mine.py: it cannot do this: many rows"
        implementation.time_limit = 0.5 if "while" in body else FAULT
        assert WRONG[body] in implementation.run(X[:50], start, **SETTINGS).failure
        implementation.time_limit = FAULT
        again = implementation.run(X, start, **SETTINGS)
    assert again.failure == "mine.py: it cannot do this: many rows"


def dataset():
    X, y, _ = problem(0)
    return Dataset(np.array(["a", "b"]), np.array(["0", "1"]), X[None], y[None], X[None, :40], y[None, :40])


def test_an_implementation_that_reports_no_steps_has_none_in_the_tables(tmp_path, monkeypatch):
    (tmp_path / "implementations").mkdir()
    (tmp_path / "implementations/mine.py").write_text(
        HEAD + "print('hello')\n    return {'weights': weights, 'means': means, 'covariances': covariances}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert "mine" in implementations()
    fit = Fit(initialization="labels", semi_supervised="init_only", implementation="mine")
    runs = run_fit(dataset(), fit, 1, 0, "e", "f")
    assert runs.failure[0] == ""
    row = evaluate_fit(dataset(), runs, fit, "e", "f").iloc[0]
    assert np.isnan(row["n_iter"])
    assert row["accuracy"] > 0.7
    experiment = Experiment(data={"source": "sklearn", "dataset": "iris"}, fits={"f": fit.model_dump(), "g": {}})
    assert implementation_files(experiment) == [os.path.join("implementations", "mine.py")]


def test_protocols_run_any_implementation():
    fit = Fit(initialization="labels", semi_supervised="init_only")
    ours = run_fit(dataset(), fit, 1, 0, "e", "f")
    for protocol in ("as_published", "same_regularization"):
        scikit_learn = run_protocol(protocol, dataset(), ours, fit)
        with Implementation(ROOT / "implementations/scikit_learn.py") as implementation:
            by_file = run_protocol(protocol, dataset(), ours, fit, implementation.run)
        np.testing.assert_allclose(by_file.means, scikit_learn.means, rtol=1e-9)
        with running("sklearn", 60) as run:
            np.testing.assert_array_equal(run_protocol(protocol, dataset(), ours, fit, run).means, scikit_learn.means)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "fits.first.implementation",
            "sklaern",
            "is no file implementations/sklaern.py; did you mean 'sklearn'?",
        ),
        ("fits.first.implementation", "../x", "fits.first.implementation"),
        ("protocols.implementation", "nothing", "there is no file implementations/nothing.py"),
        ("fits.first", {"implementation": "opencv", "semi_supervised": "clamped"}, "opencv cannot clamp labels"),
        ("fits.first", {"implementation": "template", "semi_supervised": "clamped"}, "the parameter labels)"),
        ("fits.first.time_limit", 0, "time_limit: must be greater than 0"),
    ],
)
def test_wrong_implementations(tmp_path, path, value, message):
    assert message in problems(tmp_path, GOOD, overlay(f"{TOY}.{path}", value))


def test_labels_are_clamped_by_a_file_that_takes_them(tmp_path, monkeypatch):
    names = [one for one in implementations() if takes_labels(implementation_file(one))]
    assert names == ["mclust", "ours"]
    settings = {"initialization": "labels", "semi_supervised": "clamped", "stopping": "sklearn"}
    mine, theirs = (
        run_fit(dataset(), Fit(**settings, **of), 1, 0, "e", "f") for of in ({}, {"implementation": "ours"})
    )
    np.testing.assert_allclose(theirs.means, mine.means, rtol=1e-12)
    np.testing.assert_allclose(theirs.trace, mine.trace, rtol=1e-12)
    monkeypatch.chdir(tmp_path)
    clamped = overlay(f"{TOY}.fits.first", settings | {"implementation": "ours"})
    ladder = overlay(f"{TOY}.protocols.implementation", "ours")
    assert problems(tmp_path, GOOD, clamped, ladder, {"sed": 1}).count("\n") == 1  # that is all that is wrong
    assert "'first' is clamped, which scikit-learn cannot do" in problems(tmp_path, GOOD, clamped)


TOLERANCE = 'TOLERANCE_OF = "sum"\n'


def test_what_a_tolerance_is_compared_with_is_read_and_not_run(tmp_path, monkeypatch):
    (tmp_path / "implementations").mkdir()
    mine = tmp_path / "implementations/mine.py"
    monkeypatch.chdir(tmp_path)
    for text, says in ((TOLERANCE + "1 / 0", "sum"), ("TOLERANCE_OF = 'relative'", "relative"), ("def", "mean")):
        mine.write_text(text)
        assert tolerance_of(mine) == says
    assert tolerance_of(None) == "mean"
    assert tolerance_of(OURS / "xu_2021.py") == "mean"
    mine.write_text(f"\nTOLERANCE_OF = 'men'\n{HEAD}pass\n")
    wrong = "line 2: TOLERANCE_OF must be one of 'mean', 'sum', 'relative', not 'men'"
    reported = problems(tmp_path, GOOD, overlay(f"{TOY}.fits.first.implementation", "mine"))
    assert f"fits.first.implementation: implementations/mine.py, {wrong}" in reported
    X, _, start = problem(0)
    with Implementation(mine) as implementation:
        assert implementation.run(X, start, **SETTINGS).failure == f"mine.py: {wrong}"


def test_without_r_a_run_says_so_and_the_rest_works(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    X, _, start = problem(0)
    assert versions.__wrapped__() == {}
    with Implementation(ROOT / "implementations/mclust.py", FAULT) as implementation:
        failure = implementation.run(X, start, **SETTINGS).failure
    assert re.match(r"mclust\.py, line \d+: RError: R is not installed \(.*r-base-core\)$", failure), failure


def test_our_own_name_in_the_comparison_is_our_own_em():
    X, _, start = problem(0)
    with running("emgmm", 60) as run:
        found = run(X, start, **SETTINGS)
    assert found.trace == emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(1e-6, 50)).trace


def test_a_process_that_dies_between_runs_is_reported(tmp_path):
    X, _, start = problem(0)
    (tmp_path / "mine.py").write_text(
        f"import os, threading\n{HEAD}threading.Timer(0.2, os._exit, [4]).start()\n    raise ValueError('first')\n"
    )
    with Implementation(tmp_path / "mine.py") as implementation:
        assert "first" in implementation.run(X, start, **SETTINGS).failure
        implementation.process.wait()
        assert "ended with exit status 4" in implementation.run(X, start, **SETTINGS).failure
        assert "first" in implementation.run(X, start, **SETTINGS).failure


def test_the_best_of_several_starts_is_kept_without_a_trace(tmp_path, monkeypatch):
    (tmp_path / "implementations").mkdir()
    text = (ROOT / "implementations/ours.py").read_text().replace('"trace": result.trace,', "")
    (tmp_path / "implementations/silent.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    settings = {"initialization": "random_from_data", "n_components": 3, "stopping": "sklearn", "n_init": 6}
    best, silent = (
        run_fit(dataset(), Fit(**settings, **more), 1, 0, "e", "f").end(0)
        for more in ({}, {"implementation": "silent"})
    )
    np.testing.assert_allclose(silent.means, best.means, rtol=1e-6)


def test_a_file_called_like_a_built_in_is_reported(tmp_path, monkeypatch):
    (tmp_path / "implementations").mkdir()
    (tmp_path / "implementations/sklearn.py").write_text("")
    monkeypatch.chdir(tmp_path)
    reported = problems(tmp_path, GOOD, overlay(f"{TOY}.protocols.implementation", "sklearn") | {"sed": 1})
    assert "rename implementations/sklearn.py to use that file" in reported


def test_a_sweep_varies_the_implementation(tmp_path, monkeypatch):
    (tmp_path / "implementations").mkdir()
    file = tmp_path / "implementations/silent.py"
    file.write_text((ROOT / "implementations/ours.py").read_text())
    monkeypatch.chdir(tmp_path)
    data = {"source": "gaussian_mixture", "n_unlabeled": 60, "weights": [0.5, 0.5], "means": [[0], [4]]}
    data |= {"covariances": [[[1]], [[1]]], "n_labeled": 10}
    fit = {"initialization": "labels", "semi_supervised": "init_only", "stopping": "sklearn"}
    sweep = Sweep(experiment="e", vary={"fits.f.implementation": ["emgmm", "sklearn", "silent"]}, replicates=1)
    cells = Cells(sweep, Experiment(data=data, fits={"f": fit}))
    assert cells.files_vary
    each = InEachCell(1, None, None)
    ends = [run_cell(cell, each, 0)["mean_log_likelihood"].item() for cell in cells]
    assert ends == pytest.approx([ends[0]] * 3, rel=1e-9)
    before = cell_key(cells[2], each, 0, "code", Checksums())
    file.write_text(file.read_text() + "# edited\n")
    assert cell_key(cells[2], each, 0, "code", Checksums()) != before
