"""Held-out implementations: each runs, the correct ones are correct, the others differ where they say so."""

import itertools
import re
import sys
from collections import Counter
from functools import cache

import numpy as np
import pytest
from project import ROOT

import emgmm
from emgmm.threads import one_thread

sys.path.append(str(ROOT / "benchmarks"))
from heldout import cases, write

CASES = {case.name: case for case in cases()}
KINDS = ("full", "tied", "diag", "spherical")
PARAMETERS = ("weights", "means", "covariances")
# In words of a description: the keyword arguments of the problem where such a case shows.
SHOWN = {"origin": {"offset": 1e5}, "far from all": {"far": 500.0, "max_iter": 1}, "reg_covar": {"reg_covar": 0.05}}
SHOWN |= {"where it stops": {"tol": 3e-3, "max_iter": 60}, "repeated": {"repeated": 8}}


@cache
def problem(kind="full", D=2, K=2, seed=0, offset=0.0, far=0.0, repeated=0, tol=0.0, max_iter=5, reg_covar=0.0):
    """Return samples of overlapping components, initial parameters, and settings."""
    rng = np.random.default_rng([seed, D, K])
    N, centers = 45, rng.normal(size=(K, D)) * 1.8
    X = centers[rng.integers(K, size=N)] + rng.normal(size=(N, D)) @ (np.eye(D) + 0.4 * rng.normal(size=(D, D)))
    X = np.vstack([X, X[:repeated], np.full((int(far > 0), D), far)]) + offset
    weights = rng.dirichlet(np.full(K, 8.0))
    roots = np.eye(D) + 0.3 * rng.normal(size=(K, D, D))
    full = roots @ roots.swapaxes(1, 2)
    variances = np.diagonal(full, axis1=1, axis2=2)
    covariances = {"full": full, "tied": full[0], "diag": variances, "spherical": variances[:, 0]}[kind].copy()
    arrays = X, weights, centers + rng.normal(size=(K, D)) * 0.3 + offset, covariances
    return arrays, {"covariance_type": kind, "tol": tol, "max_iter": max_iter, "reg_covar": reg_covar}


@one_thread()  # of several, each waits for a busy processor
def run(case, given):
    """Return what the case returns (None: it cannot do this), by the contract, and whether its inputs are as before."""
    arrays, settings = [array.copy() for array in given[0]], given[1]
    module = {}
    exec(compile(case.source, case.name, "exec"), module)  # noqa: S102
    try:
        found = module["fit"](*arrays, **settings)
    except NotImplementedError:
        return None
    assert [found[name].shape for name in PARAMETERS] == [before.shape for before in given[0][1:]]
    assert all(np.isfinite(found[name]).all() for name in (*PARAMETERS, "trace") if name in found)
    assert (found["weights"] > 0).all()
    assert abs(found["weights"].sum() - 1) < 1e-6
    assert len(found.get("trace", ())) <= settings["max_iter"] + 1
    assert 0 <= found.get("n_iter", 0) <= settings["max_iter"]
    return found | {"untouched": all(map(np.array_equal, arrays, given[0]))}


@cache
def textbook(**where):
    (X, *start), settings = problem(**where)
    start = emgmm.MixtureParameters.checked(*(a.copy() for a in start), settings["covariance_type"])
    rule = emgmm.sklearn_stopping(settings["tol"], settings["max_iter"])
    return emgmm.expectation_maximization(X, start, rule, reg_covar=settings["reg_covar"])


def apart(one, two):
    """Return the largest absolute difference of the parameters."""
    return max(np.abs(one[name] - two[name]).max() for name in PARAMETERS)


def difference(found, expected):
    return apart(found, vars(expected.parameters))


def of(*kinds):
    return [pytest.param(case, id=case.name) for case in CASES.values() if case.kind in kinds]


ORDINARY = [{"D": 2, "K": 2}, {"D": 3, "K": 3}, {"D": 1, "K": 2, "seed": 1}, {"D": 3, "K": 1}, {"reg_covar": 0.05}]


@pytest.mark.parametrize("case", of("right"))
def test_right_ones_are_right(case):
    kinds = [kind for kind in KINDS if run(case, problem(kind)) is not None]
    for kind, where in itertools.product(kinds, [*ORDINARY, SHOWN["origin"], SHOWN["far from all"]]):
        found, expected = run(case, problem(kind, **where)), textbook(kind=kind, **where)
        assert difference(found, expected) < (1e-9 if where in ORDINARY else 1e-8)
        assert found["untouched"]
        if "trace" in found:
            np.testing.assert_allclose(found["trace"][: len(expected.trace)], expected.trace, rtol=1e-6, atol=1e-6)
    stopped = run(case, problem(kind, tol=3e-3, max_iter=60))
    steps = len(textbook(kind=kind, tol=3e-3, max_iter=60).trace)
    assert min(difference(stopped, textbook(kind=kind, max_iter=steps + one)) for one in (-1, 0, 1)) < 1e-9


@pytest.mark.parametrize("case", of("single precision"))
def test_single_precision_differs_by_rounding(case):
    for where in ORDINARY:
        assert difference(run(case, problem(**where)), textbook(**where)) < 1e-4
    assert difference(run(case, problem()), textbook()) > 1e-9


@pytest.mark.parametrize("case", of("single", "unlisted", "type", "pair", "honest"))
def test_deviations_differ(case):
    kind = next(kind for kind in KINDS if run(case, problem(kind)) is not None)
    # It runs on all of these, and shows on one.
    wheres = [*ORDINARY, *(where for words, where in SHOWN.items() if words in case.says)]
    found = [(run(case, problem(kind, **where)), textbook(kind=kind, **where)) for where in wheres]
    found = [(run, expected) for run, expected in found if run is not None]
    largest = max(difference(run, expected) for run, expected in found)
    in_place = "in_place" in case.name
    assert all(run["untouched"] != in_place for run, _ in found)
    if case.name.startswith("trace"):
        assert largest < 1e-9
        assert abs(found[0][0]["trace"][0] - found[0][1].trace[0]) > 0.1
    else:
        assert in_place == (largest < 1e-8)
    if case.kind == "pair":  # more than either
        parts = [[run(CASES[name], problem(**where)) for where in wheres] for name in case.name.split("_and_")]
        assert all(max(map(apart, part, [run for run, _ in found])) > 1e-8 for part in parts)


def test_the_corpus_is_as_large_as_it_should_be(tmp_path):
    number = Counter(case.kind for case in CASES.values())
    least = {"single": 50, "unlisted": 12, "type": 12, "pair": 14, "right": 16, "single precision": 4, "honest": 6}
    assert all(number[kind] >= n for kind, n in least.items())
    assert len({case.says for case in CASES.values()}) == len({case.source for case in CASES.values()}) == len(CASES)
    for case in CASES.values():
        assert all(re.search(expect, case.says, re.IGNORECASE) for expect in case.expect), case.name
    assert sorted(write(tmp_path)) == sorted(tmp_path.glob("*.py"))
