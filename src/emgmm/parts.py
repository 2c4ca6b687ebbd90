"""Samples in several parts: arrays or files, on this or on other machines.

Sufficient statistics can be added. Tasks compute those of each part, by anything with the standard `map` of an
executor: `concurrent.futures`, Dask (`client.get_executor()`), `mpi4py.futures`, or Python's own `map`. They are added
in the order of the parts, so that the result does not depend on which task ends first. The executor decides where tasks
run, and what happens if one is lost.
"""

import builtins
import os
from collections import defaultdict
from copy import copy
from functools import partial
from itertools import chain
from operator import itemgetter

import numpy as np

from emgmm import checks
from emgmm.complete import checked_kernel, kernel_for
from emgmm.e_step import samples_to_fit
from emgmm.incomplete import check_features, counted_samples
from emgmm.labels import labeled_statistics
from emgmm.regularization import feature_statistics
from emgmm.statistics import added, has_missing, no_statistics
from emgmm.threads import Threads, one_thread


class Parts:
    """Samples in parts, to replace one array in `expectation_maximization` and `GaussianMixtureEM.fit`.

    Parameters
    ----------
    rows : sequence, Dask array or Dask data frame
        The parts, at least one. Each is an array of shape (N, D), the path of a .npy or Parquet file, or a Dask future
        of an array; N may differ. Tasks in other processes read the files themselves, but arrays, including memory
        maps, are sent to them at each pass. The parts of a Dask collection are computed once and stay on their
        workers: one task takes all parts of a worker. An idle worker may steal the task and its parts, unless Dask's
        setting `distributed.scheduler.work-stealing` is off.
    labels : sequence, optional
        For each part an array of shape (N,) or the path of a .npy file: the component of each sample, -1 if it is not
        known. `GaussianMixtureEM.fit` accepts other labels too.
    sample_weight : sequence, optional
        For each part an array of shape (N,) or the path of a .npy file: the weights of the samples. A sample of weight
        2 counts as two.
    clamped : bool, default=True
        If True, labeled samples stay in the likelihood, with their posteriors clamped to their labels. If False they
        are ignored.

    Raises
    ------
    ValueError
        If `rows` is empty or a single path, or if ``labels`` or ``sample_weight`` do not have one entry for each part.
        A part that cannot be read or used raises it when the parts are fitted; the message names the part.

    See Also
    --------
    expectation_maximization, GaussianMixtureEM

    Examples
    --------
    >>> from emgmm import GaussianMixtureEM, Parts
    >>> parts = Parts([[[0.0], [1.0]], [[9.0], [10.0]]])
    >>> GaussianMixtureEM(1).fit(parts).means_
    array([[5.]])
    """

    kernel = "numpy"  # of the EM loop, which then leaves the kernel to the tasks

    def __init__(self, rows, labels=None, sample_weight=None, clamped=True):
        if _is_path(rows):
            raise ValueError(f"rows must be a sequence of parts, not one path; write [{str(rows)!r}]")
        rows, self.groups = _of_dask(rows) if hasattr(rows, "to_delayed") else (list(rows), None)
        columns = [rows, *([None] * len(rows) if each is None else list(each) for each in (labels, sample_weight))]
        if not rows or len({len(column) for column in columns}) > 1:
            raise ValueError("rows is empty, or labels or sample_weight do not have one entry for each part")
        names = [os.fspath(part) if _is_path(part) else f"number {i} (from 0)" for i, part in enumerate(rows)]
        self.columns, self.clamped, self.classes, self.n_rows = [names, *columns], clamped, None, None
        self.groups = self.groups or [[i] for i in range(len(rows))]

    def changed(self, **attributes) -> "Parts":
        """Return a copy with other attributes, not scanned yet; with `classes`, labels are turned into components.

        Parameters
        ----------
        **attributes
            The attributes to set.

        Returns
        -------
        Parts
            The copy.
        """
        other = copy(self)
        other.__dict__.update(attributes, n_rows=None)
        return other

    def each(self, task, map):  # noqa: A002
        """Run a task on each part, in sequence within a group, and return the results in the order of the parts."""
        columns = ([[column[i] for i in group] for group in self.groups] for column in self.columns)
        found = chain(*map(partial(_in_turn, task, self.classes), *columns))
        return [each for _, each in sorted(zip(chain(*self.groups), found, strict=True), key=itemgetter(0))]

    def look(self, map):  # noqa: A002
        """Scan the parts once, and set `n_rows` and the other attributes that summarize the fitted samples.

        A part that cannot be used raises a ValueError, which names the part and the reason.
        """
        found = self.each(partial(_looked_at, self.clamped), map)
        n_rows, mass, least, labels, lack_values, columns = zip(*found, strict=True)
        self.n_features, first = len(least[0]), None
        for name, of_part, names in zip(self.columns[0], least, columns, strict=True):
            if len(of_part) != self.n_features:
                raise ValueError(f"part {name} has {len(of_part)} features, and the first part has {self.n_features}")
            first = first or (name, names) if names else first
            if names and names != first[1]:
                difference = f"the columns {', '.join(names)}, and part {first[0]} has {', '.join(first[1])}"
                raise ValueError(f"part {name} has {difference}")
        self.n_rows, self.total_weight, self.labels_lack_values = sum(n_rows), sum(mass), any(lack_values)
        labels = [each for each in labels if len(each)] or [np.zeros(0, dtype=np.intp)]
        if len({each.dtype.kind for each in labels}) > 1:
            raise ValueError("labels must be numbers in all parts, or text in all parts")
        self.labels = np.unique(np.concatenate(labels))
        if self.total_weight > 0:
            check_features(np.stack(least))
        return self

    def sample(self, n_rows, map):  # noqa: A002
        """Return about `n_rows` unlabeled samples (from the first of each part, at a fixed step), and their weights."""
        found = self.each(partial(_sampled, max(1, -(-self.n_rows // n_rows))), map)
        X, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        return X, weight if any(each is not None for each in self.columns[3]) else None

    def feature_statistics(self, map):  # noqa: A002
        """Return `feature_statistics` of all fitted samples."""
        found = self.each(partial(_feature_statistics, self.clamped), map)
        return sum(found, no_statistics(self.n_features, 1, "diag"))

    def labeled(self, n_components, covariance_type, map):  # noqa: A002
        """Return `labeled_statistics` of all labeled samples, which are loaded here if some have missing values."""
        settings = n_components, covariance_type
        found = self.each(partial(_labeled, None if self.labels_lack_values else settings), map)
        if not self.labels_lack_values:
            return sum(found, no_statistics(n_components, self.n_features, covariance_type))
        X, y, weight = (np.concatenate(column) for column in zip(*found, strict=True))
        return labeled_statistics(X, y, *settings, weight)

    def to_fit(self, start, kernel, map, n_jobs=None):  # noqa: A002
        """Return the object over which the EM loop takes its E-steps; scan the parts first, unless that was done."""
        if self.n_rows is None:
            self.look(map)
        if self.n_features != start.n_features:
            raise ValueError(f"the parts have {self.n_features} features, and the mixture has {start.n_features}")
        if strange := [label for label in self.labels.tolist() if label not in range(start.n_components)]:
            raise ValueError(f"labels must be integers, -1 or 0 to {start.n_components - 1}, not {strange[0]!r}")
        to_fit, threads = copy(self), Threads(n_jobs)

        def shared(task, *columns):
            return threads.map(lambda part: task(*part), [*zip(*columns, strict=True)])

        to_fit.map, to_fit.tasks_kernel, to_fit.work, to_fit.n_jobs = map, checked_kernel(kernel), 0, n_jobs
        if map is builtins.map and len(self.groups) > 1:  # no other executor: threads share the parts
            to_fit.map, to_fit.n_jobs = shared, 1
        return to_fit

    def expectation(self, parameters):
        """Take the E-step: expected sufficient statistics of all parts, and their log-likelihood."""
        products = parameters.type.n_products(parameters.n_features)
        self.work += self.n_rows * parameters.n_components * (1 + parameters.n_features + products)
        task = partial(_expectation, self.clamped, kernel_for(self.tasks_kernel, self.work), self.n_jobs, parameters)
        return added(self.each(task, self.map), parameters)


def as_parts(X, y=None, sample_weight=None) -> Parts:
    """Check an array, its labels and weights, and return them as one part; return `Parts` as they are."""
    if isinstance(X, Parts):
        if y is not None or sample_weight is not None:
            raise ValueError("pass labels and sample_weight of parts to Parts(...)")
        return X
    X = checks.checked_squares(checks.checked_samples(X))
    labels = None if y is None else checks.known_labels(y, len(X))
    return Parts([X], [labels], [checks.checked_weight(sample_weight, len(X))])


def _is_path(part) -> bool:
    return isinstance(part, (str, os.PathLike))


def _in_turn(task, classes, *columns):
    return [task(*_part(classes, *part)) for part in zip(*columns, strict=True)]


def _of_dask(collection):
    """Compute the parts; return their futures, and the indices of the parts on each worker."""
    from distributed import get_client, wait

    if len(getattr(collection, "numblocks", ())) > 1 and collection.numblocks[1] > 1:
        raise ValueError("each part must have all features: use collection.rechunk({1: -1})")
    client = get_client()
    futures = client.compute(np.ravel(collection.to_delayed()).tolist())
    wait(futures)
    where = client.who_has(futures)
    of_worker = defaultdict(list)
    for i, future in enumerate(futures):
        of_worker[min(where[future.key], default="")].append(i)
    return futures, [*of_worker.values()]


def _loaded(what):
    """Load an array, or a part of a Dask data frame; return it and the names of its columns, if it has any."""
    if what is None:
        return None, []
    if not _is_path(what):
        return np.asarray(checks.with_nan(what)), [str(column) for column in getattr(what, "columns", ())]
    if os.fspath(what).endswith(".npy"):
        array = np.load(what, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("the file contains several arrays")
        return array, []
    if not os.fspath(what).endswith(".parquet"):
        raise ValueError("the file name must end with .npy or .parquet")
    from pyarrow.parquet import read_table

    table = read_table(what)
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])  # of the data frame that was written
    names = [name for name in table.column_names if name not in index]
    return np.column_stack([table[name].to_numpy() for name in names]), names


def split(clamped, X, y, weight):
    """Return the unlabeled samples that count and their weights; and labeled ones, labels and weights, or None."""
    if y is None:
        return counted_samples(X, weight), None
    free = ~checks.has_label(y)
    weights = [None if weight is None else weight[chosen] for chosen in (free, ~free)]
    known = (X[~free], y[~free], weights[1]) if clamped and not free.all() else None
    return counted_samples(X[free], weights[0]), known


def _part(classes, name, rows, labels, weight):
    """Load a part: its name, names of columns, samples, labels (components if there are classes), and weights."""
    try:
        (X, columns), (y, _), (weight, _) = map(_loaded, (rows, labels, weight))
    except Exception as error:  # whatever a reader of files may raise
        raise ValueError(f"part {name} cannot be read: {type(error).__name__}: {error}") from None
    if X.ndim != 2 or X.dtype.kind not in "fiub":
        needed = "must contain numbers in the shape (n_samples, n_features)"
        raise ValueError(f"part {name} {needed}, not {X.dtype} of shape {X.shape}")
    for array, what in ((y, "labels"), (weight, "weights")):
        if array is not None and array.shape != X.shape[:1]:
            raise ValueError(f"part {name} must have {what} of shape {X.shape[:1]}, not {array.shape}")
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
    """Check a part, and summarize it.

    Return number, weight, and least values of the features of the fitted samples; the distinct labels of all samples,
    and whether labeled samples have missing values; and the names of the columns.
    """
    if not len(X):
        raise ValueError(f"part {name} has no samples")
    if checks.largest(X) == np.inf:
        raise ValueError(f"part {name} contains infinite values")
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
    some = X[::stride].copy()  # else the complete part would stay in memory
    return some, np.ones(len(some)) if weight is None else weight[::stride].copy()


def _feature_statistics(clamped, _name, _columns, *part):
    free, known = split(clamped, *part)
    found = feature_statistics(*free)
    return found if known is None else found + feature_statistics(known[0], known[2])


def _labeled(settings, _name, _columns, *part):
    X, y, weight = split(True, *part)[1] or (part[0][:0], np.zeros(0, dtype=np.intp), None)
    weight = np.ones(len(X)) if weight is None else weight
    return (X, y, weight) if settings is None else labeled_statistics(X, y, *settings, weight)


@one_thread()
def _expectation(clamped, kernel, n_jobs, parameters, _name, _columns, *part):
    """Take the E-step over a part."""
    (X, weight), known = split(clamped, *part)
    settings = parameters.covariance_type, weight, kernel, n_jobs
    found = [samples_to_fit(X, *settings).expectation(parameters)] if len(X) else []
    if known:
        X, y, weight = known
        labeled = labeled_statistics(X, y, parameters.n_components, parameters.covariance_type, weight)
        found.append(labeled.expectation(parameters))
    return added(found, parameters)
