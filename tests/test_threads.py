"""Results do not depend on the number of threads, of BLAS or of the passes; BLAS has its own again after a fit."""

import dataclasses
import multiprocessing
import os
import pickle
import pkgutil
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

import emgmm
from emgmm.complete import has_numba
from emgmm.threads import CHUNK_WORK, MOST_CHUNKS, Threads, chunks, one_thread

KERNELS = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not has_numba(), reason="numba is not installed"))]
RULE = emgmm.sklearn_stopping(0, 3)

FITS = """
import hashlib
import numpy as np
import emgmm

draw = np.random.default_rng(0)
for n, d, k in ((5000, 8, 8), (1000, 32, 16), (600, 120, 3), (20_000, 2, 2), (400, 300, 5)):
    centers = 3 * draw.standard_normal((k, d))
    y = draw.integers(0, k, n)
    X = centers[y] + draw.standard_normal((n, d))
    holed = np.where(draw.random(X.shape) < 0.02, np.nan, X)
    for kind in ("full", "tied", "diag", "spherical"):
        rows = {"full": n, "tied": n, "diag": k, "spherical": k}[kind]
        labeled = emgmm.labeled_statistics(X[:rows], y[:rows] if rows == n else np.arange(k), k, kind)
        start = emgmm.maximization(labeled, 1.0)
        for each in (X, holed[:200]) if d < 40 or kind in ("diag", "spherical") else (X,):
            result = emgmm.expectation_maximization(each, start, emgmm.sklearn_stopping(0, 3), reg_covar=1.0)
            found = result.parameters
            told = [found.weights, found.means, found.covariances, np.array(result.trace)]
            told += [emgmm.posteriors(each, found), emgmm.log_likelihoods(each, found)]
            print(n, kind, *(hashlib.sha256(np.ascontiguousarray(a)).hexdigest()[:12] for a in told))
"""


def test_bits_do_not_depend_on_the_threads_of_blas():
    found = {}
    for threads in ("1", "2", "7"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        run = subprocess.run([sys.executable, "-c", FITS], env=environment, capture_output=True, text=True, check=True)
        found[threads] = run.stdout.splitlines()
    assert len(found["1"]) == 36
    assert found["1"] == found["2"] == found["7"]


def blas():
    return [library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()]


@pytest.mark.skipif(os.cpu_count() == 1, reason="BLAS has one thread here")
def test_blas_has_its_threads_again():
    with threadpool_limits(2, user_api="blas"):
        before = blas()
        with one_thread():
            assert set(blas()) == {1}
            with one_thread():  # within itself
                assert set(blas()) == {1}
            with ThreadPoolExecutor(2) as pool:
                assert set(pool.submit(one_thread()(blas)).result()) == {1}
            assert set(blas()) == {1}
        assert blas() == before

        @one_thread()
        def fails():
            raise KeyError

        with pytest.raises(KeyError):
            fails()
        assert blas() == before


def problem(kind="full", n_samples=3000):
    """Draw samples, labels of some, and initial parameters."""
    draw = np.random.default_rng(0)
    y = draw.integers(0, 3, n_samples)
    X = 3 * draw.standard_normal((3, 4))[y] + draw.standard_normal((n_samples, 4))
    start = emgmm.maximization(emgmm.labeled_statistics(X[:99], y[:99], 3, kind), 1.0)
    return X, np.where(np.arange(n_samples) < 20, y, -1), start


def same(first, second):
    """Assert that two results have the same bytes."""
    assert first.trace == second.trace
    for name in ("weights", "means", "covariances", "precisions_cholesky"):
        np.testing.assert_array_equal(getattr(first.parameters, name), getattr(second.parameters, name), strict=True)


@pytest.fixture
def many_chunks(monkeypatch):
    """Divide few samples into many chunks."""
    monkeypatch.setattr("emgmm.threads.CHUNK_WORK", 2000)
    monkeypatch.setattr("emgmm.statistics.MAX_BLOCK_SAMPLES", 100)
    monkeypatch.setattr("emgmm.incomplete.BLOCK_VALUES", 500)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("case", ["complete", "weighted", "missing", "labeled", "accelerated", "float32", "far"])
def test_bytes_do_not_depend_on_n_jobs(case, kind, kernel, many_chunks):
    X, y, start = problem(kind)
    settings = {"kernel": kernel, "reg_covar": 1e-6 if case == "far" else 0.0}
    if case == "weighted":
        settings["sample_weight"] = np.arange(len(X)) % 3.0
    if case == "missing":
        X = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    if case == "labeled":
        settings["labeled"] = emgmm.labeled_statistics(X[y >= 0], y[y >= 0], 3, kind)
        X = X[y < 0]
    if case == "accelerated":
        settings["acceleration"] = "anderson"
    X = X.astype(np.float32) if case == "float32" else X
    if case == "far":  # the accurate method
        X = X + np.where(np.arange(len(X)) % 2, 1e6, 0.0)[:, None]
    one, *others = (emgmm.expectation_maximization(X, start, RULE, n_jobs=n, **settings) for n in (1, 2, 16, None))
    for other in others:
        same(one, other)


@pytest.mark.parametrize("kernel", KERNELS)
def test_chunks_change_nothing_but_rounding(kernel, monkeypatch):
    X, _, start = problem()
    one = emgmm.expectation_maximization(X, start, RULE, kernel=kernel)
    monkeypatch.setattr("emgmm.threads.CHUNK_WORK", 2000)
    many = emgmm.expectation_maximization(X, start, RULE, kernel=kernel, n_jobs=3)
    np.testing.assert_allclose(many.parameters.covariances, one.parameters.covariances, rtol=1e-12)
    np.testing.assert_allclose(many.trace, one.trace, rtol=1e-14)


@pytest.mark.parametrize("kernel", KERNELS)
def test_many_fits_and_parts_have_the_same_bytes(kernel, monkeypatch):
    monkeypatch.setattr("emgmm.many.GROUP_VALUES", 5 * 300 * 15)
    X, y, start = problem()
    sets = X.reshape(10, 300, 4)
    for settings in ({}, {"acceleration": "anderson"}):
        one, two = (emgmm.fit_many(sets, [start] * 10, RULE, kernel=kernel, n_jobs=n, **settings) for n in (1, 2))
        for first, second in zip(one, two, strict=True):
            same(first, second)
    cut = [X[:1000], X[1000:1700], X[1700:]]
    parts = emgmm.Parts(cut, labels=np.split(y, [1000, 1700]))
    asked = []

    def one_by_one(task, *columns):
        asked.append(len(columns[0]))
        return map(task, *columns)

    one, *others = (emgmm.expectation_maximization(parts, start, RULE, kernel=kernel, n_jobs=n) for n in (1, 2, 7))
    others.append(emgmm.expectation_maximization(parts, start, RULE, kernel=kernel, n_jobs=2, map=one_by_one))
    for other in others:
        same(one, other)
    assert asked == [3] * 3  # each pass by the given executor


@pytest.fixture
def two_threads(monkeypatch):
    """Return a function that makes each thread which calls a function wait for a second one."""
    both = threading.Barrier(2)

    def watched(name):
        seen, function = set(), pkgutil.resolve_name(name)

        def called(*arguments, **options):
            if len(seen) < 2 and threading.get_ident() not in seen:
                seen.add(threading.get_ident())
                both.wait(60)  # fails if there is no other thread
            return function(*arguments, **options)

        monkeypatch.setattr(name, called)
        return seen

    return watched


@pytest.mark.parametrize("kernel", KERNELS)
def test_threads_do_the_work_and_end(kernel, many_chunks, two_threads):
    X, _, start = problem(n_samples=20_000)
    name = "_compiled_sums" if kernel == "numba" else "_sums_by_numpy"
    seen, before = two_threads(f"emgmm.complete.CompleteSamples.{name}"), threading.active_count()
    emgmm.expectation_maximization(X, start, RULE, kernel=kernel, n_jobs=2)
    assert len(seen) == 2
    for thread in threading.enumerate():
        if thread.name.startswith("emgmm"):
            thread.join(60)
    assert threading.active_count() == before


@pytest.mark.parametrize("kind", ["full", "diag"])
@pytest.mark.parametrize("labeled", [False, True])
def test_threads_share_samples_with_missing_values(kind, labeled, many_chunks, two_threads):
    X, _, start = problem(kind)
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    name = "emgmm.incomplete.careful_expectation" if kind == "full" else "emgmm.diagonal.DiagonalSamples.expectation"
    known = emgmm.IncompleteRows(X, kind, None, np.arange(len(X)) % 3, 3) if labeled else None
    seen = two_threads(name)
    emgmm.expectation_maximization(X[:0] if labeled else X, start, RULE, labeled=known, n_jobs=2)
    assert len(seen) == 2


def test_threads_share_many_features(many_chunks, two_threads):
    X = np.random.default_rng(0).standard_normal((500, 9))
    start = emgmm.MixtureParameters.checked([1.0], np.zeros((1, 9)), [np.eye(9)])
    seen = two_threads("emgmm.incomplete.careful_expectation")
    emgmm.expectation_maximization(X, start, RULE, n_jobs=2)
    assert len(seen) == 2


def test_threads_share_parts_and_their_samples(many_chunks, two_threads):
    X, _, start = problem(n_samples=20_000)
    seen = two_threads("emgmm.parts._expectation")
    emgmm.expectation_maximization(emgmm.Parts([X[:500], X[500:]]), start, RULE, n_jobs=2)
    assert len(seen) == 2
    seen = two_threads("emgmm.complete.CompleteSamples._sums_by_numpy")
    for parts, map_ in ((emgmm.Parts([X]), map), (emgmm.Parts([X[:9000], X[9000:]]), lambda *given: [*map(*given)])):
        seen.clear()
        emgmm.expectation_maximization(parts, start, RULE, n_jobs=2, map=map_)
        assert len(seen) == 2


@pytest.mark.parametrize("kernel", KERNELS)
def test_threads_share_fits(kernel, monkeypatch, two_threads):
    monkeypatch.setattr("emgmm.many.GROUP_VALUES", 5 * 300 * 15)
    monkeypatch.setattr("emgmm.many.GROUP_WORK", 1)
    X, _, start = problem()
    seen = two_threads("emgmm.many._fit_group")
    emgmm.fit_many(X.reshape(10, 300, 4), [start] * 10, RULE, kernel=kernel, n_jobs=2)
    assert len(seen) == 2


def test_one_fit_of_many_shares_its_samples(many_chunks, two_threads):
    X, _, start = problem(n_samples=20_000)
    seen = two_threads("emgmm.complete.CompleteSamples._sums_by_numpy")
    emgmm.fit_many(X[None], [start], RULE, n_jobs=2)
    assert len(seen) == 2


def test_fits_that_share_labeled_samples_do_not_depend_on_each_other():
    X, _, start = problem("diag", 300)
    X = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    starts = [dataclasses.replace(start, means=start.means + shift) for shift in range(6)]
    known = emgmm.labeled_statistics(X[:60], np.arange(60) % 3, 3, "diag")
    assert isinstance(known, emgmm.IncompleteRows)
    alone = [emgmm.expectation_maximization(X[60:], each, RULE, labeled=known) for each in starts]
    together = emgmm.fit_many(X[None, 60:], starts, RULE, labeled=[known] * 6, n_jobs=4)
    for one, other in zip(alone, together, strict=True):
        same(one, other)


def test_n_jobs_by_the_conventions_of_joblib():
    n = joblib.cpu_count()
    assert [Threads(n_jobs).number for n_jobs in (None, 1, 3, -1, -2, -n - 5)] == [1, 1, 3, n, max(1, n - 1), 1]
    with joblib.parallel_config(n_jobs=1000):
        assert [Threads(n_jobs).number for n_jobs in (None, 1, 3)] == [n, 1, 3]
    X, _, start = problem()
    for wrong in (0, 1.5, "2", True):
        with pytest.raises(ValueError, match="n_jobs must be None, or an integer other than 0, not"):
            emgmm.expectation_maximization(X, start, RULE, n_jobs=wrong)
        with pytest.raises(ValueError, match="n_jobs must be"):
            emgmm.fit_many(X[None], [start], RULE, n_jobs=wrong)
        with pytest.raises(ValueError, match="n_jobs must be"):
            emgmm.expectation_maximization(emgmm.Parts([X]), start, RULE, n_jobs=wrong)
        with pytest.raises(ValueError, match="n_jobs"):
            emgmm.GaussianMixtureEM(2, n_jobs=wrong).fit(X)


def test_the_estimator_has_threads(many_chunks):
    X, y, _ = problem()
    one, two = (emgmm.GaussianMixtureEM(3, random_state=0, n_jobs=n).fit(X, y) for n in (None, 2))
    np.testing.assert_array_equal(one.covariances_, two.covariances_)
    assert one.lower_bounds_ == two.lower_bounds_


@pytest.mark.parametrize(("n_samples", "work", "block"), [(0, 12, 10), (1, 12, 10), (10**6, 12, 128), (10**9, 900, 1)])
def test_chunks_are_all_samples_in_order(n_samples, work, block):
    found = chunks(n_samples, work, block)
    assert [part.start for part in found[1:]] == [part.stop for part in found[:-1]]
    assert (found[0].start, found[-1].stop) == (0, n_samples)
    assert len(found) <= MOST_CHUNKS
    if len(found) > 1:
        assert (found[0].stop - found[0].start) * work >= CHUNK_WORK


def test_errors_in_threads():
    def fails(item):
        if item == 3:
            raise KeyError(item)
        return item

    threads = Threads(3)
    with pytest.raises(KeyError):
        list(threads.map(fails, range(9)))
    assert list(threads.map(str, range(9))) == [*"012345678"]
    assert list(pickle.loads(pickle.dumps(threads)).map(str, range(9))) == [*"012345678"]  # noqa: S301


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_after_an_error_no_other_task_begins(error):
    done, started = [], threading.Barrier(2)

    def fails(item):
        if item < 2:
            started.wait(60)
        if item == 0:
            raise error
        time.sleep(0.05)
        done.append(item)

    with pytest.raises(error):
        list(Threads(2).map(fails, range(100)))
    assert len(done) < 10
    with pytest.raises(ZeroDivisionError):  # the first in their order, not in time
        list(Threads(2).map(lambda item: time.sleep(0.1 - 0.1 * item) or 1 / item if item < 1 else [].pop(), range(2)))


def test_warnings_in_threads(many_chunks):
    X, _, start = problem()
    X[5] = 1e200  # its square overflows
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="too large to square"):
            emgmm.expectation_maximization(X, start, RULE, n_jobs=2)


def _fitted(queue, X, start):
    queue.put(emgmm.expectation_maximization(X, start, RULE, n_jobs=2).trace)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes cannot be forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_has_threads_of_its_own(many_chunks):
    X, _, start = problem()
    here = []

    def fork_once(step, *_):
        if step == 2:  # while the threads of this fit exist
            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            process = context.Process(target=_fitted, args=(queue, X, start))
            process.start()
            here.append(queue.get(timeout=60))
            process.join(60)
            assert process.exitcode == 0

    trace = emgmm.expectation_maximization(X, start, RULE, n_jobs=2, monitor=fork_once).trace
    assert here == [trace]
