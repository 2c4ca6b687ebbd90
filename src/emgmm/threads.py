"""Threads: one for BLAS, and several for the passes over the samples.

Samples are divided into chunks. Threads share the chunks, and their statistics are added in the order of the chunks.
The chunks depend on the amount of work alone, so that any number of threads gives the same bytes.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import lru_cache
from numbers import Integral

from threadpoolctl import ThreadpoolController

CHUNK_WORK = 2**20  # samples x components x features and products of a chunk, at least: about half a millisecond
MOST_CHUNKS = 64


@lru_cache
def _blas(_loaded):
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread():
    """Set BLAS to one thread, in the entire process, for the duration of a call. Also a decorator.

    The last bits of its products depend on the number of threads. OpenBLAS has one setting for the process: if the
    caller runs fits in several Python threads, some may use more, and BLAS may be left with one thread afterwards.
    """
    blas = _blas("scipy.linalg" in sys.modules)  # SciPy has its own BLAS
    if all(library.num_threads == 1 for library in blas.lib_controllers):  # reading takes less time than setting
        yield
        return
    with blas.limit(limits=1):
        yield


def chunks(n_samples, work_per_sample, block):
    """Divide samples into chunks of about the same size, multiples of a block of samples: return a list of slices."""
    number = min(MOST_CHUNKS, max(1, n_samples * work_per_sample // CHUNK_WORK))
    number = 1 << (number.bit_length() - 1)  # a power of two, which 2, 4 or 8 threads share evenly
    size = block * max(1, -(-n_samples // (number * block)))
    return [slice(begin, min(begin + size, n_samples)) for begin in range(0, n_samples, size)] or [slice(0, 0)]


def number_of_threads(n_jobs) -> int:
    """Return the number of threads, by joblib's conventions (`Threads`)."""
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral) or n_jobs == 0):
        raise ValueError(f"n_jobs must be None, or an integer other than 0, not {n_jobs!r}")
    if (n_jobs or 0) > 0 or (n_jobs is None and "joblib" not in sys.modules):
        return int(n_jobs or 1)
    from joblib import cpu_count
    from joblib.parallel import get_active_backend

    if n_jobs is None:
        return min(number_of_threads(get_active_backend()[1] or 1), cpu_count())
    return max(1, cpu_count() + 1 + n_jobs)


class Threads:
    """Threads for one fit, the calling one among them. The others start when they are needed, and end with the object.

    `n_jobs` is their number, by joblib's conventions: None is 1, unless `joblib.parallel_config` sets another number;
    -1 is the number of processors, -2 one less.
    """

    def __init__(self, n_jobs=None):
        self.number, self._others = number_of_threads(n_jobs), None

    def __getstate__(self):
        """Leave out the threads, which cannot be pickled."""
        return {"number": self.number, "_others": None}

    def map(self, task, items) -> Iterator:
        """Yield the results of a task for each item, in their order.

        Results are computed, by all threads, while the caller takes them. After an error no other task begins; of
        several errors that of the first item is raised.
        """
        number = min(self.number, len(items))
        if number < 2:
            yield from map(task, items)
            return
        if self._others is None:
            self._others = ThreadPoolExecutor(self.number - 1, "emgmm")
        left, found, errors = iter(range(len(items))), {}, {}

        def work():
            with one_thread():  # which is a setting of each thread in some BLAS libraries
                for i in left:
                    try:
                        found[i] = task(items[i])
                    except BaseException as error:
                        errors[i] = error
                        _empty(left)
                    yield

        running = [self._others.submit(copy_context().run, _empty, work()) for _ in range(number - 1)]
        n_taken = 0
        try:
            for _ in work():
                while n_taken in found:
                    yield found.pop(n_taken)
                    n_taken += 1
        finally:
            _empty(left)
            wait(running)
        if errors:
            raise errors[min(errors, key=lambda i: (isinstance(errors[i], Exception), i))]  # an interrupt first
        while n_taken in found:
            yield found.pop(n_taken)
            n_taken += 1


def _empty(iterator):
    for _ in iterator:
        pass
