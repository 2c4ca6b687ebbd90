"""BLAS by one thread: how many it goes by decides on the last bits of its products."""

import sys
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache
def _blas(_loaded):
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread():
    """Set BLAS to one thread, in the whole process, as long as a call takes. Decorates functions too.

    OpenBLAS takes this from one thread of Python at a time: of fits side by side in several, some may go by more.
    """
    blas = _blas("scipy.linalg" in sys.modules)  # SciPy has a BLAS of its own
    if all(library.num_threads == 1 for library in blas.lib_controllers):  # to ask takes less time than to set
        yield
        return
    with blas.limit(limits=1):
        yield
