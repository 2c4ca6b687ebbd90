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
    with _blas("scipy.linalg" in sys.modules).limit(limits=1):  # SciPy has a BLAS of its own
        yield
