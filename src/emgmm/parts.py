"""Rows that come in parts: in several arrays or files, here or on other machines.

Sufficient statistics add up. Those of each part are computed where a task finds it, by anything that has the standard
`map` of an executor: of `concurrent.futures`, of Dask (`client.get_executor()`), of `mpi4py.futures`, or Python's own.
They are added in the parts' order, so that nothing depends on which task ended first. What tasks run where, and what is
done when one is lost, is the executor's affair.
"""

import os
from collections import defaultdict
from copy import copy
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from emgmm import checks
from emgmm.complete import checked_kernel, kernel_for
from emgmm.e_step import rows_to_fit
from emgmm.incomplete import check_features, counted_rows
from emgmm.labels import labeled_statistics
from emgmm.one_thread import one_thread
from emgmm.statistics import has_holes, no_statistics


class Look(NamedTuple):
    """What a part holds: of the rows that are fitted, but for what is told of labels, of all."""

    n_rows: int
    weight: float
    least: np.ndarray  # value of each feature
    labels: np.ndarray  # the different ones
    labels_lack_values: bool
    columns: list[str]


class Parts:
    """Rows in parts, for `expectation_maximization` and `GaussianMixtureEM.fit` in place of one array.

    Parameters
    ----------
    rows : sequence, or a Dask array or data frame
        Of each part an array (N, D), the path of a .npy or Parquet file, or a future of Dask that holds an array. Tasks
        in other processes read files themselves; arrays, memory maps too, are sent to them at each pass. The parts of
        a Dask collection are computed once, and stay where they are: one task takes all parts of a worker. (An idle
        worker may take such a task with its parts; Dask's setting `distributed.scheduler.work-stealing` forbids it.)
    labels : sequence, optional
        Of each part the component of its rows (N,), -1 where it is not known: arrays, or paths of .npy files. An
        estimator takes other labels too, as in its `fit`.
    sample_weight : sequence, optional
        Of each part the weights of its rows (N,), likewise. A row of weight 2 counts as two.
    clamped : bool, default=True
        Rows with a label stay in the likelihood, with their posteriors clamped to it. If False they are passed over.

    Raises
    ------
    ValueError
        If there are no parts, or not as many of labels or weights.
    """

    def __init__(self, rows, labels=None, sample_weight=None, clamped=True):
        if _is_path(rows):
            raise ValueError(f"rows must be a sequence of parts, not the path of one: [{str(rows)!r}]")
        rows, self.groups = _of_dask(rows) if hasattr(rows, "to_delayed") else (list(rows), None)
        columns = [rows, *([None] * len(rows) if each is None else list(each) for each in (labels, sample_weight))]
        if not rows or len({len(column) for column in columns}) > 1:
            raise ValueError("there must be a part at least, and as many of labels and sample_weight as of rows")
        names = [os.fspath(part) if _is_path(part) else f"number {i} (from 0)" for i, part in enumerate(rows)]
        self.columns, self.clamped, self.n_rows = [names, *columns], clamped, None
        self.groups = self.groups or [[i] for i in range(len(rows))]

    def changed(self, **attributes) -> "Parts":
        """Copy them with other attributes, to be looked at anew."""
        other = copy(self)
        other.__dict__.update(attributes, n_rows=None)
        return other

    def named(self, classes) -> "Parts":
        """Copy them, to be looked at anew, with labels turned into the numbers of classes: into components."""
        names, rows, labels, weights = self.columns
        found = (None if of is None else np.asarray(_loaded(of)[0]) for of in labels)
        labels = [None if y is None else checks.components_of(checks.known_labels(y, len(y)), classes) for y in found]
        return self.changed(columns=[names, rows, labels, weights])

    def each(self, task, map):  # noqa: A002
        """Run a task on each part, one after the other on those of a group; give what they return, in their order."""
        columns = ([[column[i] for i in group] for group in self.groups] for column in self.columns)
        found = dict(zip(chain(*self.groups), chain(*map(partial(_in_turn, task), *columns)), strict=True))
        return [found[i] for i in range(len(found))]

    def look(self, map):  # noqa: A002
        """Go through the parts once, to tell what they hold (`n_rows` and so on, of those that are fitted).

        Raises
        ------
        ValueError
            If one cannot be used; the text names it, and says why.
        """
        found = self.each(partial(_looked_at, self.clamped), map)
        self.n_features = len(found[0].least)
        for name, each in zip(self.columns[0], found, strict=True):
            if len(each.least) != self.n_features:
                raise ValueError(f"part {name} has {len(each.least)} features, and the first part {self.n_features}")
        named = {name: each.columns for name, each in zip(self.columns[0], found, strict=True) if each.columns}
        for name, columns in named.items():
            first = next(iter(named))
            if columns != named[first]:
                told = f"the columns {', '.join(columns)}, and {first} {', '.join(named[first])}"
                raise ValueError(f"part {name} has {told}")
        self.n_rows, self.total_weight = sum(each.n_rows for each in found), sum(each.weight for each in found)
        labels = [each.labels for each in found if len(each.labels)] or [np.zeros(0, dtype=np.intp)]
        if len({each.dtype.kind for each in labels}) > 1:
            raise ValueError("the labels of some parts are numbers, and of others text")
        self.labels = np.unique(np.concatenate(labels))
        self.labels_lack_values = any(each.labels_lack_values for each in found)
        if self.total_weight > 0:
            check_features(np.stack([each.least for each in found]))
        return self

    def sample(self, n_rows, map):  # noqa: A002
        """Take about so many unlabeled rows: the first of each part, and one in so many after it; and their weights."""
        found = self.each(partial(_sampled, max(1, -(-self.n_rows // n_rows))), map)
        X, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        return X, weight if any(each is not None for each in self.columns[3]) else None

    def labeled(self, n_components, covariance_type, map):  # noqa: A002
        """Give `labeled_statistics` of all labeled rows; if some of these lack values, they are brought here."""
        settings = n_components, covariance_type
        found = self.each(partial(_labeled, None if self.labels_lack_values else settings), map)
        if not self.labels_lack_values:
            return sum(found, no_statistics(n_components, self.n_features, covariance_type))
        X, y, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        return labeled_statistics(X, y, *settings, weight)

    def to_fit(self, start, kernel, map):  # noqa: A002
        """Make what the EM loop takes its E-steps over; look at the parts before that, unless that was done."""
        if self.n_rows is None:
            self.look(map)
        return PartsToFit(self, start, kernel, map)


class PartsToFit:
    """Parts, as what the EM loop takes its E-steps over."""

    kernel = "numpy"  # of the loop, which then leaves the kernel to the tasks

    def __init__(self, parts, start, kernel, map):  # noqa: A002
        self.parts, self.map, self.tasks_kernel, self.work = parts, map, checked_kernel(kernel), 0
        if parts.n_features != start.n_features:
            raise ValueError(f"the parts have {parts.n_features} features, and the start {start.n_features}")
        if parts.labels.dtype.kind == "U" or parts.labels.min(initial=0) < 0:
            raise ValueError(f"parts must have labels that are whole numbers from 0, or -1, not {parts.labels[0]}")
        if parts.labels.max(initial=0) >= start.n_components:
            raise ValueError(f"labels must be below {start.n_components}, not {parts.labels.max()}")

    def expectation(self, parameters):
        """Take the E-step: expected sufficient statistics of all parts, and their log-likelihood."""
        total, log_likelihood = no_statistics(*parameters.means.shape, parameters.covariance_type), 0.0
        products = parameters.type.n_products(parameters.n_features)
        self.work += self.parts.n_rows * parameters.n_components * (1 + parameters.n_features + products)
        kernel = kernel_for(self.tasks_kernel, self.work)
        task = partial(_expectation, self.parts.clamped, kernel, parameters)
        for statistics, of_part in self.parts.each(task, self.map):
            total, log_likelihood = total + statistics, log_likelihood + of_part
        return total, log_likelihood


def _is_path(part) -> bool:
    return isinstance(part, (str, os.PathLike))


def _in_turn(task, *columns):
    return [task(*part) for part in zip(*columns, strict=True)]


def _of_dask(collection):
    """Give futures of the parts, once they are computed, and the numbers of those on each worker."""
    from distributed import get_client, wait

    if len(getattr(collection, "numblocks", ())) > 1 and collection.numblocks[1] > 1:
        raise ValueError("a part must have all features: collection.rechunk({1: -1}) puts them together")
    client = get_client()
    futures = client.compute(np.ravel(collection.to_delayed()).tolist())
    wait(futures)
    where = client.who_has(futures)
    of_worker = defaultdict(list)
    for i, future in enumerate(futures):
        of_worker[min(where[future.key], default="")].append(i)
    return futures, [*of_worker.values()]


def _loaded(what):
    """Load an array, or Dask's part of a data frame; and give the names of its columns, if it has any."""
    if what is None:
        return None, []
    if not _is_path(what):
        return np.asarray(checks.with_nan(what)), [str(column) for column in getattr(what, "columns", ())]
    if os.fspath(what).endswith(".npy"):
        array = np.load(what, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it holds several arrays")
        return array, []
    if not os.fspath(what).endswith(".parquet"):
        raise ValueError("its name must end with .npy or .parquet")
    from pyarrow.parquet import read_table

    table = read_table(what)
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])  # of the data frame that was written
    names = [name for name in table.column_names if name not in index]
    return np.column_stack([table[name].to_numpy() for name in names]), names


def _part(name, rows, labels, weight):
    """Load rows, components and weights of a part, None where there are none; names of its columns, and its labels."""
    try:
        (X, names), (y, _), (weight, _) = map(_loaded, (rows, labels, weight))
    except Exception as error:  # whatever a reader of files may raise
        raise ValueError(f"part {name} cannot be read: {type(error).__name__}: {error}") from None
    if X.ndim != 2 or X.dtype.kind not in "fiub":
        raise ValueError(f"part {name} must hold numbers in the shape (n_samples, n_features), not {_told(X)}")
    for array, what in ((y, "labels"), (weight, "weights")):
        if array is not None and array.shape != X.shape[:1]:
            raise ValueError(f"part {name} must have {what}, numbers of shape {X.shape[:1]}, not {_told(array)}")
    X = X if X.dtype in (np.float64, np.float32) else X.astype(float)
    try:
        weight = checks.checked_weight(weight, len(X))
    except ValueError:
        raise ValueError(f"part {name} has weights that are not finite, or negative") from None
    found = y = None if y is None else checks.known_labels(y, len(X), f"part {name}: labels")
    if y is not None and weight is not None:
        found[weight == 0] = None if y.dtype.kind == "O" else checks.UNLABELED
    if y is not None and y.dtype.kind == "O":  # text, which is looked at only
        y = checks.components_of(y, checks.distinct(y))
    return X, y, weight, names, found


def _told(array) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _split(clamped, part):
    """Give unlabeled rows that count and their weights; and labeled ones, their labels and weights, or None."""
    X, y, weight, *_ = part
    if y is None:
        return counted_rows(X, weight), None
    free = y == checks.UNLABELED
    weights = [None if weight is None else weight[chosen] for chosen in (free, ~free)]
    known = (X[~free], y[~free], weights[1]) if clamped and not free.all() else None
    return counted_rows(X[free], weights[0]), known


def _looked_at(clamped, *part) -> Look:
    """Tell what a part holds, if it can be used."""
    name, loaded = part[0], _part(*part)
    if not len(loaded[0]):
        raise ValueError(f"part {name} has no rows")
    if checks.largest(loaded[0]) == np.inf:
        raise ValueError(f"part {name} has values that are not finite")
    (X, weight), known = _split(clamped=True, part=loaded)
    fitted = [(X, weight)] + ([(known[0], known[2])] if known and clamped else [])
    for rows, _ in fitted:
        checks.checked_squares(rows, f"part {name}")
    n_rows, mass = sum(len(rows) for rows, _ in fitted), sum(checks.total_weight(*each) for each in fitted)
    least = [np.fmin.reduce(rows, axis=0, initial=np.nan) for rows, _ in fitted]
    labels = np.zeros(0, dtype=np.intp) if loaded[4] is None else checks.distinct(loaded[4])
    return Look(n_rows, mass, np.fmin.reduce(least), labels, bool(known) and has_holes(known[0]), loaded[3])


def _sampled(stride, *part):
    (X, weight), _ = _split(clamped=False, part=_part(*part))
    some = X[::stride].copy()  # or the whole part would stay in memory
    return some, np.ones(len(some)) if weight is None else weight[::stride].copy()


def _labeled(settings, *part):
    X, y, weight, *_ = _part(*part)
    chosen = np.zeros(len(X), dtype=bool) if y is None else y != checks.UNLABELED
    weight = np.ones(chosen.sum()) if weight is None else weight[chosen]
    labels = np.zeros(0, dtype=np.intp) if y is None else y[chosen]
    return (X[chosen], labels, weight) if settings is None else labeled_statistics(X[chosen], labels, *settings, weight)


@one_thread()
def _expectation(clamped, kernel, parameters, *part):
    """Take the E-step over a part."""
    (X, weight), known = _split(clamped, _part(*part))
    statistics, log_likelihood = no_statistics(*parameters.means.shape, parameters.covariance_type), 0.0
    if len(X):
        rows = rows_to_fit(X, parameters.covariance_type, weight, kernel)
        statistics, log_likelihood = rows.expectation(parameters)
    if known:
        X, y, weight = known
        labeled = labeled_statistics(X, y, parameters.n_components, parameters.covariance_type, weight)
        of_labeled, joint = labeled.expectation(parameters)
        statistics, log_likelihood = statistics + of_labeled, log_likelihood + joint
    return statistics, log_likelihood
