"""One thread for BLAS, because the last bits of its products depend on the number of threads."""

import sys
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache
def _blas(_loaded):
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread():
    """Set BLAS to one thread, in the entire process, for the duration of a call. Also a decorator.

    In OpenBLAS only one Python thread at a time can do this: of fits in several Python threads, some may use more.
    """
    blas = _blas("scipy.linalg" in sys.modules)  # SciPy has its own BLAS
    if all(library.num_threads == 1 for library in blas.lib_controllers):  # reading takes less time than setting
        yield
        return
    with blas.limit(limits=1):
        yield
