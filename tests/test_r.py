"""R at work, and what runs it: mclust, flexmix and mixtools next to our EM. `make test-r` brings R where it is not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from project import FAULT, ROOT, make_project, snakemake, wait_for

import emgmm
from em_study import cli
from em_study.configuration.loading import load
from em_study.data.dataset import Dataset
from em_study.data.r import PACKAGES, R, RError, versions
from em_study.diagnosis.cases import many_samples
from em_study.fits.available import wrapped_versions
from em_study.fits.em import run_fit
from em_study.fits.implementations import Implementation
from em_study.fits.runs import PARAMETERS
from em_study.fits.settings import Fit

missing = {"R", *PACKAGES} - versions().keys()
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f"not here: {', '.join(sorted(missing))}; make test-r brings them"
)
KINDS = ("full", "tied", "diag", "spherical")
SAME = 1e-12


@pytest.fixture(scope="module")
def peers():
    """Give mclust, flexmix and mixtools, at work."""
    found = {name: Implementation(ROOT / f"implementations/{name}.py", FAULT) for name in PACKAGES[:3]}
    yield found
    for one in found.values():
        one.close()


def taken(peer, problem, n_steps, **settings):
    run = peer.run(problem.X, problem.start, **{"tol": 0.0, "max_iter": n_steps, "reg_covar": 0.0} | settings)
    assert run.failure == ""
    return run


def assert_same(one, other):
    for name in PARAMETERS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=SAME, atol=SAME, err_msg=name)


def ours(problem, n_steps):
    return emgmm.expectation_maximization(problem.X, problem.start, emgmm.sklearn_stopping(0, n_steps))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 3), (3, 3), (2, 1)])
def test_mclust_takes_the_steps_of_our_em(peers, shape, kind):
    problem = many_samples(3, kind, *shape, n=300)
    for n_steps in (1, 20, 100):
        run = taken(peers["mclust"], problem, n_steps)
        assert (run.n_iter, run.converged) == (n_steps, False)
        assert_same(run.end, ours(problem, n_steps).parameters)


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_mixtools_takes_the_steps_of_our_em_in_two_features(peers, kind):
    problem = many_samples(3, kind, 2, 3, n=60)
    run, expected = taken(peers["mixtools"], problem, 4), ours(problem, 4)
    assert_same(run.end, expected.parameters)
    np.testing.assert_allclose(run.trace, expected.trace, rtol=SAME)


def by_hand(problem, n_steps, divisor=None, conditional=False):
    """Take steps with another divisor than N_k, or with an E-step between means and variances (ECM)."""
    X, now = problem.X, problem.start
    for _ in range(n_steps):
        shares = emgmm.posteriors(X, now)
        weights, means = shares.mean(axis=0), shares.T @ X / shares.sum(axis=0)[:, None]
        if conditional:
            between = emgmm.MixtureParameters(weights, means, now.covariances, now.covariance_type)
            shares = emgmm.posteriors(X, between)
            weights = shares.mean(axis=0)
        mass = shares.sum(axis=0)
        mass = mass if divisor is None else divisor(shares, mass)
        centered = X[:, None] - means
        matrices = np.einsum("nk,nkd,nke->kde", shares, centered, centered) / mass[:, None, None]
        found = matrices.diagonal(axis1=1, axis2=2) if now.type.diagonal else matrices
        now = emgmm.MixtureParameters(weights, means, found, now.covariance_type)
    return now


@pytest.mark.parametrize(("shape", "kind"), [((1, 3), "full"), ((3, 3), "full"), ((3, 3), "diag"), ((2, 1), "full")])
def test_flexmix_divides_covariances_as_cov_wt(peers, shape, kind):
    problem = many_samples(3, kind, *shape, n=300)
    for n_steps in (1, 5, 20):
        expected = by_hand(problem, n_steps, divisor=lambda shares, mass: mass - (shares**2).sum(axis=0) / mass)
        assert_same(taken(peers["flexmix"], problem, n_steps).end, expected)


def test_flexmix_removes_no_light_component(peers):
    X = np.append(np.linspace(-1, 1, 290), np.linspace(19, 21, 10))[:, None]
    start = emgmm.MixtureParameters.checked([0.9, 0.1], [[0.0], [20.0]], [[[1.0]], [[1.0]]])
    run = peers["flexmix"].run(X, start, tol=0.0, max_iter=3, reg_covar=0.0)
    np.testing.assert_allclose(run.end.weights, [290 / 300, 10 / 300], rtol=1e-9)


def test_mixtools_takes_another_e_step_before_the_variances_of_one_feature(peers):
    problem = many_samples(3, "full", 1, 3, n=300)
    for n_steps in (1, 5, 20):
        assert_same(taken(peers["mixtools"], problem, n_steps).end, by_hand(problem, n_steps, conditional=True))


CANNOT = {
    ("flexmix", "tied", 2, 2): "flexmix has no tied covariances",
    ("flexmix", "spherical", 2, 2): "flexmix has no spherical covariances",
    ("mixtools", "diag", 2, 2): "mixtools has no diag covariances of several features",
    ("mixtools", "full", 2, 1): "mixtools fits two components or more",
}


@pytest.mark.parametrize(("name", "kind", "d", "k"), CANNOT)
def test_what_a_package_cannot_do_is_a_sentence(peers, name, kind, d, k):
    problem = many_samples(3, kind, d, k)
    run = peers[name].run(problem.X, problem.start, tol=0.0, max_iter=3, reg_covar=0.0)
    assert run.failure == f"{name}.py: it cannot do this: {CANNOT[name, kind, d, k]}"


@pytest.mark.parametrize("name", PACKAGES[:3])
def test_no_package_regularizes(peers, name):
    problem = many_samples(3, "full", 2, 2)
    run = peers[name].run(problem.X, problem.start, tol=0.0, max_iter=3, reg_covar=1e-6)
    assert run.failure == f"{name}.py: it cannot do this: {name} adds nothing to variances"


@pytest.mark.parametrize("name", PACKAGES[:3])
def test_a_component_that_collapses_is_a_failure_and_the_next_run_is_not(peers, name):
    X = np.append(np.zeros(30), np.linspace(4, 6, 30))[:, None]
    start = emgmm.MixtureParameters.checked([0.5, 0.5], [[0.0], [5.0]], [[[1e-3]], [[1.0]]])
    run = peers[name].run(X, start, tol=1e-9, max_iter=200, reg_covar=0.0)
    assert re.match(rf"{name}\.py, line \d+: RError: ", run.failure), run.failure
    taken(peers[name], many_samples(3, "full", 2, 2), 2)


def test_where_they_stop(peers):
    """At the first change that is not above the tolerance; mclust does not look at that of the first step."""
    problem = many_samples(3, "full", 2, 2, n=60)
    sums = len(problem.X) * np.array(ours(problem, 400).trace)  # before each M-step
    gains, tol = np.diff(sums), 1e-3
    run = taken(peers["mclust"], problem, 400, tol=tol)
    assert (run.n_iter, run.converged) == (2 + np.argmax((gains / (1 + abs(sums[1:])))[1:] <= tol), True)
    run = taken(peers["mixtools"], problem, 400, tol=0.5)
    assert (run.n_iter, run.converged) == (1 + np.argmax(gains <= 0.5), True)


def answer(name, capsys):
    status = cli.main(["checkup", "--quiet", str(ROOT / f"implementations/{name}.py")])
    return status, capsys.readouterr().out


RELATIVE = (
    "Its tolerance is compared with the change of the log-likelihood's sum relative to 1 plus its size, "
    "as TOLERANCE_OF declares."
)


def test_mclust_passes_the_check_up_with_its_stopping_rule(capsys):
    status, said = answer("mclust", capsys)
    assert status == 0
    assert RELATIVE in said.splitlines()
    assert "The same is true with tied, diag and spherical covariances." in said


def test_the_check_up_names_the_divisor_of_flexmix(capsys):
    status, said = answer("flexmix", capsys)
    assert status == 1
    assert said.startswith("Cause: it divides the covariances by N_k - sum(r^2) / N_k")
    assert RELATIVE in said.splitlines()


# Clamped labels


def labeled_problem(kind, n_features):
    """Give samples, 30 of them labeled, and where MclustSSC begins: by an M-step, labeled one-hot and others 1/K."""
    problem, draw = many_samples(5, kind, n_features, 3, n=200), np.random.default_rng(5)
    labels = np.where(draw.permutation(200) < 30, emgmm.posteriors(problem.X, problem.start).argmax(axis=1), -1)
    shares = np.where(labels[:, None] < 0, 1 / 3, np.eye(3)[labels])
    return problem.X, labels, emgmm.maximization(emgmm.weighted_statistics(problem.X, shares, kind))


@pytest.mark.parametrize(
    ("kind", "n_features"), [("full", 3), ("tied", 3), ("diag", 3), ("spherical", 3), ("full", 1), ("tied", 1)]
)
def test_clamped_labels_by_mclust_are_its_own_and_ours(peers, kind, n_features):
    X, labels, start = labeled_problem(kind, n_features)
    known = emgmm.labeled_statistics(X[labels >= 0], labels[labels >= 0], 3, kind)
    with R(str(ROOT / "tests/r/ssc"), FAULT) as r:
        for n_steps in (2, 6, 21):  # the first is the M-step that is the start here
            theirs = r.call("semi_supervised", X=X, labels=labels + 1, K=3, type=kind, max_iter=n_steps)
            settings = {"tol": 0.0, "max_iter": n_steps - 1, "reg_covar": 0.0}
            run = peers["mclust"].run(X, start, labels=labels, **settings)
            assert (run.failure, run.n_iter) == ("", n_steps - 1)
            assert_same(
                run.end, emgmm.MixtureParameters(*(theirs[n] for n in ("weights", "means", "covariances")), kind)
            )
            stopping = emgmm.sklearn_stopping(0, n_steps - 1)
            assert_same(
                run.end, emgmm.expectation_maximization(X[labels < 0], start, stopping, labeled=known).parameters
            )
        first = r.call("semi_supervised", X=X, labels=labels + 1, K=3, type=kind, max_iter=1)
        np.testing.assert_allclose(first["covariances"], start.covariances, rtol=SAME, atol=SAME)


def test_clamped_labels_by_mclust_stop_where_its_own_do(peers):
    X, labels, start = labeled_problem("full", 3)
    known = emgmm.labeled_statistics(X[labels >= 0], labels[labels >= 0], 3, "full")
    stopping = emgmm.sklearn_stopping(0, 400)
    sums = len(X) * np.array(emgmm.expectation_maximization(X[labels < 0], start, stopping, labeled=known).trace)
    run = peers["mclust"].run(X, start, labels=labels, tol=1e-4, max_iter=400, reg_covar=0.0)
    assert (run.n_iter, run.converged) == (1 + np.argmax(np.diff(sums) <= 1e-4 * (1 + np.abs(sums[1:]))), True)


def test_a_clamped_fit_may_be_by_mclust():
    X, labels, _ = labeled_problem("full", 2)
    rows = X[labels < 0], X[labels >= 0], labels[labels >= 0]
    dataset = Dataset(
        np.array(["a", "b"]), np.array(["0", "1", "2"]), rows[0][None], None, rows[1][None], rows[2][None]
    )
    settings = {"initialization": "labels", "semi_supervised": "clamped", "tol": 0, "max_iter": 20}
    ends = [
        run_fit(dataset, Fit(**settings, implementation=name), 1, 0, "e", "f").end(0)
        for name in ("mclust", "emgmm", "ours")
    ]
    assert_same(ends[0], ends[1])
    assert_same(ends[2], ends[1])


# The process


SCRIPT = """
back <- function(...) list(...)
shapes <- function() {
  list(number = 2.5, whole = 3L, vector = as.array(7), matrix = matrix(1:6, 2), yes = TRUE, text = "\u00e4")
}
wrong <- function() stop("no luck")
end <- function() quit(status = 3)
wait <- function(file) { writeLines(as.character(Sys.getpid()), file); repeat 1 }
print("what is printed is no answer")
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "mine.R").write_text(SCRIPT, encoding="utf-8")
    return str(tmp_path / "mine")


def test_arrays_come_back_as_they_were_given(script):
    given = {"a": np.arange(24.0).reshape(2, 3, 4) / 7, "b": np.arange(6).reshape(3, 2), "c": 1e-300, "d": np.zeros(1)}
    with R(script, FAULT) as r:
        for name, value in r.call("back", **given, text="\u00e4").items():
            assert np.array_equal(value, given.get(name, "\u00e4")), name
            assert np.shape(value) == np.shape(given.get(name, "\u00e4"))
        found = r.call("shapes")
    assert {name: np.shape(value) for name, value in found.items()} == {
        **dict.fromkeys(["number", "whole", "yes", "text"], ()), "vector": (1,), "matrix": (2, 3)
    }  # fmt: skip
    assert found["matrix"].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert found["text"] == "\u00e4"


def test_what_goes_wrong_is_said_and_the_next_call_is_answered(script, tmp_path):
    with R(script, FAULT) as r:
        with pytest.raises(RError, match=r"^no luck$"):
            r.call("wrong")
        with pytest.raises(RError, match="R has ended with exit status 3: "):
            r.call("end")
        assert r.call("back", a=1)["a"] == 1
        r.time_limit = 0.5
        with pytest.raises(RError, match=r"R does not answer within 0\.5 s"):
            r.call("wait", file=str(tmp_path / "pid"))
        r.time_limit = FAULT
        assert r.call("back", a=2)["a"] == 2


def test_a_package_that_is_missing_is_named_and_how_to_get_it(tmp_path):
    (tmp_path / "mine.R").write_text('use("nothing")\n')
    with R(str(tmp_path / "mine"), FAULT) as r:
        for _ in range(2):
            with pytest.raises(RError, match=r"^R has no package nothing \(Debian: apt install r-cran-nothing\)$"):
                r.call("fit")


def ended(file):
    return not Path(f"/proc/{file.read_text().strip()}").exists()


IMPLEMENTATION = """
from em_study.data.r import R
R_HERE = R({script!r})
def fit(X, weights, means, covariances, **settings):
    return R_HERE.call("wait", file={pid!r})
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this kernel does not show its processes")
@pytest.mark.parametrize("by", ["time limit", "SIGTERM"])
def test_r_ends_with_what_asked_it(script, tmp_path, by):
    pid, file = tmp_path / "pid", tmp_path / "mine.py"
    file.write_text(IMPLEMENTATION.format(script=script, pid=str(pid)))
    code = (
        "import sys; from em_study.diagnosis.cases import many_samples\n"
        "from em_study.fits.implementations import Implementation\n"
        "problem = many_samples(3, 'full', 2, 2)\n"
        "with Implementation(sys.argv[1], float(sys.argv[2])) as implementation:\n"
        "    print(implementation.run(problem.X, problem.start, tol=0.0, max_iter=3, reg_covar=0.0).failure)\n"
    )
    command = [sys.executable, "-c", code, file, "5" if by == "time limit" else str(FAULT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asker:
        wait_for(lambda: pid.exists() and pid.read_text().strip(), asker)
        assert not ended(pid)
        if by == "SIGTERM":
            asker.terminate()
        said = asker.communicate()[0]
    assert "it does not end within 5 s" in said or by == "SIGTERM"
    wait_for(lambda: ended(pid))


def test_what_r_computed_with_is_recorded(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from em_study.data import r\n")
    found = wrapped_versions([ROOT / "implementations/mclust.py"])
    assert found.keys() == {"R", "R's BLAS", *PACKAGES}
    assert wrapped_versions([file]) == found
    assert wrapped_versions([ROOT / "implementations/ours.py"]) == {}
    asked = subprocess.run(
        ["Rscript", "-e", "cat(as.character(getRversion()))"], capture_output=True, text=True, check=True
    )
    assert found["R"] == asked.stdout
    assert os.path.basename(found["R's BLAS"]) == found["R's BLAS"] != ""


@pytest.mark.parametrize("quick", [[], ["config/r-journal-quick.yaml"]], ids=["full", "quick"])
def test_the_article_on_r_is_valid(quick, monkeypatch):
    monkeypatch.chdir(ROOT)
    study = load(["config.yaml", "config/r-journal.yaml", *quick]).study
    assert {name[0] for name in study.experiments} >= {"b", "u"}
    assert not study.sweeps
    assert len(study.claims) > 40


def test_the_article_on_r_comes_out(tmp_path):
    """Four replicates of B1: released estimates to rounding, and why two packages end elsewhere, as for all 64."""
    named = ("config/r-journal.yaml", "articles/chassagnol_2023.yaml")
    overlay, article = (yaml.safe_load((ROOT / file).read_text()) for file in named)
    left_out = {name: None for name in article["experiments"] if name != "b1"}
    not_in_the_table = [name for name in article["experiments"]["b1"]["released"]["packages"] if "_at_" in name]
    not_in_the_table += ["rmixmod", "mixtools", "bgmm", "emcluster", "gmkmcharlie", "flexmix"]
    released = {
        "file": {"path": str(ROOT / "tests/rgmmbench.csv"), "url": None, "sha256": None},
        "packages": dict.fromkeys(not_in_the_table),
        "fits": {name: None for name in not_in_the_table if "_at_" in name},
        "replicates": 8,
    }
    b1 = {"replicates": 4, "released": released, "fits": {"baseline_1e4": None, "mclust_1e4": None}}
    settings = {
        **overlay,
        "articles": overlay["articles"] | {"chassagnol_2023": "articles/chassagnol_2023.yaml"},
        "experiments": overlay["experiments"] | left_out | {"b1": b1},
    }
    project = make_project(tmp_path, settings)
    tables = [f"results/tables/{name}.csv" for name in ("agreement", "diagnosis", "claims")]
    run = snakemake(project, *tables)
    assert run.returncode == 0, run.stderr
    agreement, diagnosis, claims = (pd.read_csv(project / file) for file in tables)
    as_released = agreement[agreement["protocol"] == "as_released"]
    assert set(as_released["implementation"]) == {"released_rgmmbench", "released_mclust"}
    assert len(as_released) == 8
    assert as_released["max_abs_parameter_difference"].max() <= 1e-12
    called = diagnosis[diagnosis["protocol"] == "as_published"].set_index("implementation")
    assert (called["outcome"] == "explained").all()
    assert (called["predicted"] == 1).all()
    assert called.loc["mclust", "deviations"].isna().all()
    assert (called.loc["flexmix", "deviations"] == "cov_wt").all()
    assert called["stopped_by"].str.contains("tested before the M-step").all()
    verdicts = claims.set_index("claim")["verdict"]
    assert verdicts[["R40", "R41"]].tolist() == ["reproduced", "reproduced"]
