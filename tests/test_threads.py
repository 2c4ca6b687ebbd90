"""Results do not depend on how many threads BLAS goes by; and it is left as it was found."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from emgmm.threads import one_thread

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
            with ThreadPoolExecutor(2) as pool:  # of parts
                assert set(pool.submit(one_thread()(blas)).result()) == {1}
            assert set(blas()) == {1}
        assert blas() == before

        @one_thread()
        def fails():
            raise KeyError

        with pytest.raises(KeyError):
            fails()
        assert blas() == before
