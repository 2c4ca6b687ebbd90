"""The compiled kernel compared with NumPy's: the same up to rounding; imported only when used; optional."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_emgmm import KINDS, problem

import emgmm
from emgmm import compiled, complete

RULE = emgmm.sklearn_stopping(1e-8, 60)


def by_both(X, start, rule=RULE, **options):
    return [emgmm.expectation_maximization(X, start, rule, kernel=kernel, **options) for kernel in ("numpy", "numba")]


def assert_equal(one, other, rtol=1e-12):
    assert (one.collapse, one.converged, one.n_passes) == (other.collapse, other.converged, other.n_passes)
    if one.collapse:  # on the way to a single point rounding grows without bound
        np.testing.assert_allclose(one.trace[:-3], other.trace[:-3], rtol=1e-10)
        return
    np.testing.assert_allclose(one.trace, other.trace, rtol=rtol)
    for name in ("weights", "means", "covariances"):
        values = [getattr(result.parameters, name) for result in (one, other)]
        scale = np.abs(values[0]).max()
        np.testing.assert_allclose(*values, rtol=0, atol=1e3 * rtol * scale)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (2, 3), (3, 2), (4, 2), (5, 3), (6, 2), (7, 2), (9, 4)])
@pytest.mark.parametrize("n_samples", [1, 127, 128, 129, 500])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_pass_gives_the_same_sums(kind, shape, n_samples, weighted):
    X, _, start = problem(3, 600, *shape, kind=kind)
    X, weight = X[:n_samples], np.linspace(0.1, 2, n_samples) if weighted else None
    found = []
    for kernel in ("numpy", "numba"):
        rows = complete.CompleteSamples(X, kind, weight, kernel)
        natural = complete.natural_parameters(start.type, start.weights, start.means - rows.center, start.factors)
        found.append(rows.sums(natural))
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=0, atol=1e-13 * np.abs(found[0][0]).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
def test_fits_are_the_same(kind, offset, weighted):
    X, _, start = problem(1, 700, 3, 3, offset=offset, kind=kind)
    assert_equal(*by_both(X, start, sample_weight=np.linspace(0.5, 2, 700) if weighted else None), rtol=1e-11)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4), st.sampled_from(KINDS))
def test_any_rows_give_the_same_step(seed, n_features, n_components, kind):
    X, _, start = problem(seed, 150, n_features, n_components, kind=kind)
    assert_equal(*by_both(X, start, emgmm.sklearn_stopping(0, 1), reg_covar=1e-6))


@settings(deadline=None)  # the first call compiles
@given(st.floats(-708, 0))
def test_exponential(x):
    np.testing.assert_allclose(compiled._exponential(x), np.exp(x), rtol=5e-16)


def test_rows_that_are_far_from_all_components_and_components_without_rows():
    X, _, start = problem(5, 300)
    start = emgmm.MixtureParameters(start.weights, start.means + np.array([[0, 0], [1e3, 0]]), start.covariances)
    one, other = by_both(X, start)
    assert_equal(one, other)
    assert "lost all its mass" in one.collapse


@pytest.mark.parametrize("change", [np.asfortranarray, np.float32, lambda X: X[::2], lambda X: X.astype(">f8")])
def test_rows_that_must_be_copied(change, monkeypatch):
    monkeypatch.setattr(complete, "COPIED_SAMPLES", 100)
    X, _, start = problem(2, 501)
    assert_equal(*by_both(change(X), start))


def test_a_memory_map_is_not_copied(tmp_path):
    X, _, start = problem(2, 500)
    np.save(tmp_path / "X.npy", X)
    rows = np.load(tmp_path / "X.npy", mmap_mode="r")
    X, *_ = next(complete.CompleteSamples(rows, "full", kernel="numba")._compiled_samples(slice(0, 500)))
    assert np.shares_memory(X, rows)
    assert_equal(*by_both(rows, start))


@pytest.mark.parametrize("labeled", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_many_fits(labeled, shared):
    problems = [problem(seed, 100) for seed in range(20)]
    X, starts = np.stack([X for X, _, _ in problems]), [start for _, _, start in problems]
    known = None
    if labeled:
        known = [emgmm.labeled_statistics(X[:10], y[:10], 2) for X, y, _ in problems]
    X = X[:1] if shared else X
    X[0, :50] = X[0, 0]
    found = [emgmm.fit_many(X, starts, RULE, labeled=known, kernel=kernel) for kernel in ("numpy", "numba")]
    for number, (one, other) in enumerate(zip(*found, strict=True)):
        assert_equal(one, other, rtol=1e-10 if shared or number == 0 else 1e-12)  # equal samples: nearly singular


@pytest.mark.parametrize("kind", KINDS)
def test_lost_digits_are_seen_by_both(kind):
    """Two components so far apart that products about the center lose what each component's own spread is."""
    draw = np.random.default_rng(0)
    centers = np.array([[0.0, 0.0], [1e5, 0.0]])
    X = centers[np.arange(400) % 2] + draw.standard_normal((400, 2))
    shape = emgmm.COVARIANCE_TYPES[kind].shape(2, 2)
    covariances = np.broadcast_to(np.eye(2), shape) if kind in ("full", "tied") else np.ones(shape)
    start = emgmm.MixtureParameters.checked([0.5, 0.5], centers, covariances, kind)
    one, other = by_both(X, start)
    assert_equal(one, other)
    np.testing.assert_allclose(other.parameters.variances, 1, atol=0.3)


def ran(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": "src", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


FIT = """
import sys
import numpy as np
import emgmm
from emgmm import complete
X = np.random.default_rng(0).standard_normal((500, 2))
{before}
start = emgmm.MixtureParameters.checked([0.5, 0.5], X[:2], [np.eye(2)] * 2)
emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0.1), kernel={kernel!r})
print("numba" in sys.modules)
"""


def test_it_is_not_imported_before_that_is_repaid():
    assert ran(FIT.format(before="", kernel="auto")) == "False"
    assert ran(FIT.format(before="complete.REPAID = 1", kernel="auto")) == "True"


def test_without_numba_auto_is_numpy_and_asking_for_it_tells_what_to_do():
    gone = "complete.has_numba = lambda: False; complete.REPAID = 1"
    assert ran(FIT.format(before=gone, kernel="auto")) == "False"
    asked = FIT.format(before=gone, kernel="numba").replace("emgmm.exp", "\ntry:\n  emgmm.exp")
    asked = asked.replace("\nprint", "\nexcept ValueError as error:\n  print(error)\n#")
    assert ran(asked) == "kernel='numba' needs numba, which cannot be imported here: pip install 'emgmm[fast]'"


def test_a_numba_that_cannot_be_imported_is_none(tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 2.2 or less')")
    place = f"src{os.pathsep}{tmp_path}"
    before = f"sys.path.insert(0, {str(tmp_path)!r}); complete.REPAID = 1"
    code = FIT.format(before=before, kernel="auto").replace('"numba" in', '"emgmm.compiled" in')
    assert ran(code, PYTHONPATH=place) == "False"


def test_a_cache_that_cannot_be_written_is_no_error():
    """Numba says so by a RuntimeError, where a function is decorated; it is then compiled without a cache."""
    code = """
import numba
asked = []
def njit(*signature, **options):
    asked.append(options.get("cache", False))
    if asked[-1]:
        raise RuntimeError("cannot cache function: no locator available for file")
    return lambda function: function
numba.njit = njit
from emgmm.compiled import fold_all, step_all
print(fold_all.__name__, step_all.__name__, asked[-4:])
"""
    assert ran(code) == "fold_all step_all [True, False, True, False]"


def test_bits_do_not_depend_on_who_compiled(tmp_path):
    """The first process compiles and stores what the others load."""
    code = """
import hashlib
import numpy as np
import emgmm
from emgmm.complete import CompleteSamples, natural_parameters
draw = np.random.default_rng(0)
for d, k, kind in ((2, 2, "full"), (3, 4, "full"), (8, 3, "tied"), (1, 2, "diag"), (9, 3, "diag")):
    X, means = draw.standard_normal((300, d)), draw.standard_normal((k, d))
    shape = emgmm.COVARIANCE_TYPES[kind].shape(k, d)
    moments = np.ones((k, d)) if kind == "diag" else np.broadcast_to(np.eye(d), shape)
    start = emgmm.MixtureParameters.checked(np.full(k, 1 / k), means, moments, kind)
    rows = CompleteSamples(X, kind, kernel="numba")
    sums = rows.sums(natural_parameters(start.type, start.weights, means - rows.center, start.factors))
    fit = emgmm.expectation_maximization(X, start, emgmm.sklearn_stopping(0, 5), kernel="numba")
    print(*(hashlib.sha256(np.ascontiguousarray(a)).hexdigest() for a in (*sums, fit.parameters.covariances)))
"""
    first, second = (ran(code, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first == second


def test_a_kernel_that_there_is_not():
    X, _, start = problem(0)
    with pytest.raises(ValueError, match="kernel must be one of"):
        emgmm.expectation_maximization(X, start, RULE, kernel="fortran")
