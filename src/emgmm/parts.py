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
from operator import itemgetter

import numpy as np

from emgmm import checks
from emgmm.complete import checked_kernel, kernel_for
from emgmm.e_step import rows_to_fit
from emgmm.incomplete import check_features, counted_rows
from emgmm.labels import labeled_statistics
from emgmm.one_thread import one_thread
from emgmm.statistics import has_missing, no_statistics


class Parts:
    """Rows in parts, for `expectation_maximization` and `GaussianMixtureEM.fit` in place of one array.

    Parameters
    ----------
    rows : sequence, or a Dask array or data frame
        Of each part, one at least, an array (N, D), the path of a .npy or Parquet file, or a future of Dask that holds
        an array. Tasks in other processes read files themselves; arrays, memory maps too, are sent to them at each
        pass. The parts of a Dask collection are computed once, and stay where they are: one task takes all parts of a
        worker. (An idle one may take it with its parts; Dask's `distributed.scheduler.work-stealing` forbids it.)
    labels : sequence, optional
        Of each part the component of its rows (N,), -1 where it is not known: arrays, or paths of .npy files. An
        estimator takes other labels too, as in its `fit`.
    sample_weight : sequence, optional
        Of each part the weights of its rows (N,), likewise. A row of weight 2 counts as two.
    clamped : bool, default=True
        Rows with a label stay in the likelihood, with their posteriors clamped to it. If False they are passed over.
    """

    kernel = "numpy"  # of the EM loop, which then leaves the kernel to the tasks

    def __init__(self, rows, labels=None, sample_weight=None, clamped=True):
        if _is_path(rows):
            raise ValueError(f"rows must be a sequence of parts, not the path of one: [{str(rows)!r}]")
        rows, self.groups = _of_dask(rows) if hasattr(rows, "to_delayed") else (list(rows), None)
        columns = [rows, *([None] * len(rows) if each is None else list(each) for each in (labels, sample_weight))]
        if not rows or len({len(column) for column in columns}) > 1:
            raise ValueError("there must be a part at least, and as many of labels and sample_weight as of rows")
        names = [os.fspath(part) if _is_path(part) else f"number {i} (from 0)" for i, part in enumerate(rows)]
        self.columns, self.clamped, self.classes, self.n_rows = [names, *columns], clamped, None, None
        self.groups = self.groups or [[i] for i in range(len(rows))]

    def changed(self, **attributes) -> "Parts":
        """Copy them with other attributes, to be looked at anew; labels are components once there are `classes`."""
        other = copy(self)
        other.__dict__.update(attributes, n_rows=None)
        return other

    def each(self, task, map):  # noqa: A002
        """Run a task on each part, one after the other on those of a group; give what they return, in their order."""
        columns = ([[column[i] for i in group] for group in self.groups] for column in self.columns)
        found = chain(*map(partial(_in_turn, task, self.classes), *columns))
        return [each for _, each in sorted(zip(chain(*self.groups), found, strict=True), key=itemgetter(0))]

    def look(self, map):  # noqa: A002
        """Go through the parts once, to tell what they hold (`n_rows` and so on, of those that are fitted).

        The ValueError for one that cannot be used names it, and says why.
        """
        found = self.each(partial(_looked_at, self.clamped), map)
        n_rows, mass, least, labels, lack_values, columns = zip(*found, strict=True)
        self.n_features, first = len(least[0]), None
        for name, of_part, names in zip(self.columns[0], least, columns, strict=True):
            if len(of_part) != self.n_features:
                raise ValueError(f"part {name} has {len(of_part)} features, and the first part {self.n_features}")
            first = first or (name, names) if names else first
            if names and names != first[1]:
                told = f"the columns {', '.join(names)}, and {first[0]} {', '.join(first[1])}"
                raise ValueError(f"part {name} has {told}")
        self.n_rows, self.total_weight, self.labels_lack_values = sum(n_rows), sum(mass), any(lack_values)
        labels = [each for each in labels if len(each)] or [np.zeros(0, dtype=np.intp)]
        if len({each.dtype.kind for each in labels}) > 1:
            raise ValueError("the labels of some parts are numbers, and of others text")
        self.labels = np.unique(np.concatenate(labels))
        if self.total_weight > 0:
            check_features(np.stack(least))
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
        if self.n_features != start.n_features:
            raise ValueError(f"the rows have {self.n_features} features, and the mixture {start.n_features}")
        if strange := [label for label in self.labels.tolist() if label not in range(start.n_components)]:
            raise ValueError(f"labels must be whole numbers, -1 or 0 to {start.n_components - 1}, not {strange[0]!r}")
        to_fit = copy(self)
        to_fit.map, to_fit.tasks_kernel, to_fit.work = map, checked_kernel(kernel), 0
        return to_fit

    def expectation(self, parameters):
        """Take the E-step: expected sufficient statistics of all parts, and their log-likelihood."""
        products = parameters.type.n_products(parameters.n_features)
        self.work += self.n_rows * parameters.n_components * (1 + parameters.n_features + products)
        task = partial(_expectation, self.clamped, kernel_for(self.tasks_kernel, self.work), parameters)
        return _sum(self.each(task, self.map), parameters)


def as_parts(X, y=None, sample_weight=None) -> Parts:
    """Make one part of an array, its labels and weights, once they are checked; parts have their own."""
    if isinstance(X, Parts):
        if y is not None or sample_weight is not None:
            raise ValueError("give labels and weights of parts to Parts")
        return X
    X = checks.checked_squares(checks.checked_rows(X))
    labels = None if y is None else checks.known_labels(y, len(X))
    return Parts([X], [labels], [checks.checked_weight(sample_weight, len(X))])


def _is_path(part) -> bool:
    return isinstance(part, (str, os.PathLike))


def _in_turn(task, classes, *columns):
    return [task(*_part(classes, *part)) for part in zip(*columns, strict=True)]


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


def split(clamped, X, y, weight):
    """Give unlabeled rows that count and their weights; and labeled ones, their labels and weights, or None."""
    if y is None:
        return counted_rows(X, weight), None
    free = ~checks.has_label(y)
    weights = [None if weight is None else weight[chosen] for chosen in (free, ~free)]
    known = (X[~free], y[~free], weights[1]) if clamped and not free.all() else None
    return counted_rows(X[free], weights[0]), known


def _part(classes, name, rows, labels, weight):
    """Load a part: its name, the names of its columns, rows, labels (components once there are classes), weights."""
    try:
        (X, columns), (y, _), (weight, _) = map(_loaded, (rows, labels, weight))
    except Exception as error:  # whatever a reader of files may raise
        raise ValueError(f"part {name} cannot be read: {type(error).__name__}: {error}") from None
    if X.ndim != 2 or X.dtype.kind not in "fiub":
        told = f"must hold numbers in the shape (n_samples, n_features), not {X.dtype} of shape {X.shape}"
        raise ValueError(f"part {name} {told}")
    for array, what in ((y, "labels"), (weight, "weights")):
        if array is not None and array.shape != X.shape[:1]:
            told = f"must have {what}, numbers of shape {X.shape[:1]}, not {array.dtype} of shape {array.shape}"
            raise ValueError(f"part {name} {told}")
    X = X if X.dtype in (np.float64, np.float32) else X.astype(float)
    try:
        weight = checks.checked_weight(weight, len(X))
    except ValueError:
        raise ValueError(f"part {name} has weights that are not finite, or negative") from None
    if y is not None:
        y = checks.known_labels(y, len(X), f"part {name}: labels")
        if weight is not None:
            y[weight == 0] = None if y.dtype.kind == "O" else checks.UNLABELED
        y = y if classes is None else checks.components_of(y, classes)
    return name, columns, X, y, weight


def _looked_at(clamped, name, columns, X, y, weight):
    """Tell what a part holds, if it can be used.

    Of the rows that are fitted their number, weight, and least values of features; of all the different labels, and
    whether labeled rows lack values; and the names of the columns.
    """
    if not len(X):
        raise ValueError(f"part {name} has no rows")
    if checks.largest(X) == np.inf:
        raise ValueError(f"part {name} has values that are not finite")
    unlabeled, known = split(True, X, y, weight)
    fitted = [unlabeled] + ([(known[0], known[2])] if known and clamped else [])
    for rows, _ in fitted:
        checks.checked_squares(rows, f"part {name}")
    n_rows, mass = sum(len(rows) for rows, _ in fitted), sum(checks.total_weight(*each) for each in fitted)
    least = [np.fmin.reduce(rows, axis=0, initial=np.nan) for rows, _ in fitted]
    labels = np.zeros(0, dtype=np.intp) if y is None else checks.distinct(y)
    return n_rows, mass, np.fmin.reduce(least), labels, bool(known) and has_missing(known[0]), columns


def _sampled(stride, _name, _columns, *part):
    (X, weight), _ = split(False, *part)
    some = X[::stride].copy()  # or the whole part would stay in memory
    return some, np.ones(len(some)) if weight is None else weight[::stride].copy()


def _labeled(settings, _name, _columns, *part):
    X, y, weight = split(True, *part)[1] or (part[0][:0], np.zeros(0, dtype=np.intp), None)
    weight = np.ones(len(X)) if weight is None else weight
    return (X, y, weight) if settings is None else labeled_statistics(X, y, *settings, weight)


@one_thread()
def _expectation(clamped, kernel, parameters, _name, _columns, *part):
    """Take the E-step over a part."""
    (X, weight), known = split(clamped, *part)
    found = [rows_to_fit(X, parameters.covariance_type, weight, kernel).expectation(parameters)] if len(X) else []
    if known:
        X, y, weight = known
        labeled = labeled_statistics(X, y, parameters.n_components, parameters.covariance_type, weight)
        found.append(labeled.expectation(parameters))
    return _sum(found, parameters)


def _sum(found, parameters):
    total, log_likelihood = no_statistics(*parameters.means.shape, parameters.covariance_type), 0.0
    for statistics, each in found:
        total, log_likelihood = total + statistics, log_likelihood + each
    return total, log_likelihood
