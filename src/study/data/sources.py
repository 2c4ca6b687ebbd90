"""The rows that an experiment is about: drawn from a known mixture, read from CSV files, or scikit-learn's."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from study.configuration.schema import CsvData, Data, GaussianMixtureData, SklearnData
from study.errors import DataError
from study.seeds import generator

MAX_SHOWN_CELLS = 5  # of those that cannot be used
NO_CLASS = ("", "nan", "na", "n/a", "<na>", "null", "none")  # how programs write a value that is missing


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of every replicate of an experiment.

    Attributes
    ----------
    features : ndarray of str of shape (D,)
    classes : ndarray of str of shape (n_classes,)
        Names of the classes; a label is an index into it. Empty if the data know no classes.
    unlabeled : ndarray of shape (R, N, D)
        R is the number of replicates, or 1 if all share the same rows.
    truth : ndarray of int of shape (R, N) or None
        True classes of the unlabeled rows. For the evaluation only.
    labeled : ndarray of shape (R, M, D)
    labels : ndarray of int of shape (R, M)
    """

    features: np.ndarray
    classes: np.ndarray
    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray

    def replicate(self, number: int) -> "Replicate":
        """Return the rows of one replicate."""
        i = number if len(self.unlabeled) > 1 else 0
        truth = None if self.truth is None else self.truth[i]
        return Replicate(self.unlabeled[i], truth, self.labeled[i], self.labels[i])


@dataclass(frozen=True, eq=False)
class Replicate:
    """One replicate of a `Dataset`: the same arrays without their first axis."""

    unlabeled: np.ndarray
    truth: np.ndarray | None
    labeled: np.ndarray
    labels: np.ndarray


def make_dataset(data: Data, replicates: int, seed: int, experiment: str) -> Dataset:
    """Draw or read the data of an experiment.

    Raises
    ------
    DataError
        If a CSV file cannot be used.
    """
    if isinstance(data, CsvData):
        return _read_csv(data)
    if isinstance(data, SklearnData):
        return _load(data, replicates, seed, experiment)
    return _draw(data, replicates, seed, experiment)


def _draw(data: GaussianMixtureData, replicates, seed, experiment) -> Dataset:
    n_components, n_features = data.shape
    n_draws = 1 if data.shared else replicates

    def rows(n_rows, purpose, counts=None):
        X = np.empty((n_draws, n_rows, n_features))
        y = np.empty((n_draws, n_rows), dtype=np.int64)
        for r in range(n_draws):
            weights, means, factors = _mixture(data, generator(seed, experiment, "data", "mixture", r))
            draw = generator(seed, experiment, "data", purpose, r)
            if data.legacy_seed is not None:
                draw = np.random.RandomState(data.legacy_seed)
            if counts:
                y[r] = np.repeat(np.arange(len(counts)), counts)
            else:
                y[r] = draw.choice(n_components, size=n_rows, p=weights / weights.sum())
            noise = draw.standard_normal((n_rows, n_features))
            X[r] = means[y[r]] + np.einsum("nij,nj->ni", factors[y[r]], noise)
        return X, y

    unlabeled, truth = rows(data.n_rows, "unlabeled", data.counts)
    labeled, labels = rows(data.n_labeled, "labeled")
    return Dataset(
        features=np.array([f"x{d + 1}" for d in range(n_features)]),
        classes=np.array([str(k) for k in range(n_components)]),
        unlabeled=unlabeled,
        truth=truth,
        labeled=labeled,
        labels=labels,
    )


def _mixture(data: GaussianMixtureData, draw: np.random.Generator):
    """Return weights, means and Cholesky factors of the covariances of the mixture to draw from."""
    if data.means is None:
        n_components, n_features = data.shape
        weights = draw.dirichlet(np.full(n_components, 5.0))
        means = 2 * draw.standard_normal((n_components, n_features))
        freedom = n_features + 4
        roots = draw.standard_normal((n_components, n_features, freedom)) / np.sqrt(freedom)
        covariances = roots @ roots.transpose(0, 2, 1)
    else:
        weights, means, covariances = (np.array(a) for a in (data.class_weights, data.means, data.covariances))
    center = weights @ means / weights.sum()
    if data.separation != 1:
        means = center + data.separation * (means - center)
    return weights, means, np.linalg.cholesky(covariances)


def _load(data: SklearnData, replicates, seed, experiment) -> Dataset:
    from sklearn import datasets  # takes a second, so only where it is used

    bunch = getattr(datasets, f"load_{data.dataset}")()
    X = _standardized(bunch.data) if data.standardize else bunch.data
    y = bunch.target.astype(np.int64)
    unlabeled, labeled = [], []
    for r in range(replicates):
        draw = generator(seed, experiment, "data", "labeled", r)
        kept = []
        for k in np.unique(y):
            rows = np.flatnonzero(y == k)
            size = min(max(1, round(data.labeled_fraction * len(rows))), len(rows) - 1)
            kept.append(draw.choice(rows, size=size, replace=False))
        labeled.append(np.sort(np.concatenate(kept)))
        unlabeled.append(np.setdiff1d(np.arange(len(y)), labeled[-1]))
    return Dataset(
        features=np.array([str(name) for name in bunch.feature_names]),
        classes=np.array([str(name) for name in bunch.target_names]),
        unlabeled=X[unlabeled],
        truth=y[unlabeled],
        labeled=X[labeled],
        labels=y[labeled],
    )


def _standardized(X, like=None):
    """Scale features by the mean and standard deviation of `like` (default: X itself)."""
    like = X if like is None else like
    deviation = like.std(axis=0)
    return (X - like.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def _read_csv(data: CsvData) -> Dataset:
    unlabeled, truth = _read_rows(data.unlabeled.place, data.features, data.unlabeled.target)
    if data.labeled is None:
        labeled, labels = np.empty((0, len(data.features))), np.empty(0, dtype=str)
    else:
        labeled, labels = _read_rows(data.labeled.place, data.features, data.labeled.target)
    if data.standardize:
        labeled, unlabeled = _standardized(labeled, unlabeled), _standardized(unlabeled)
    classes = _sorted_classes(labels if truth is None else np.concatenate([labels, truth]))
    position = {name: k for k, name in enumerate(classes)}
    if data.labeled is not None and truth is not None and (unknown := sorted(set(truth) - set(labels))):
        raise DataError(
            f"{data.unlabeled.place}, column '{data.unlabeled.target}': the class '{unknown[0]}' has no row in "
            f"{data.labeled.place}. Classes there: {', '.join(_sorted_classes(labels))}"
        )

    def encode(names):
        return np.array([position[name] for name in names], dtype=np.int64)[None]

    return Dataset(
        features=np.array(data.features),
        classes=np.array(classes, dtype=str),
        unlabeled=unlabeled[None],
        truth=None if truth is None else encode(truth),
        labeled=labeled[None],
        labels=encode(labels),
    )


def _sorted_classes(names) -> list[str]:
    """Sort whole numbers by value, anything else as text."""
    unique = set(names.tolist())
    numbers = all(re.fullmatch(r"-?\d+", name) for name in unique)
    return sorted(unique, key=int if numbers else str)


def _read_rows(path, features, target):
    """Read feature columns as numbers, and the target column as class names; None without a target."""
    table = _read_cells(path)
    wanted = [*features, target] if target is not None else features
    for column in wanted:
        if column not in table.columns:
            hint = " (a comma must separate them)" if len(table.columns) == 1 else ""
            raise DataError(f"{path}: there is no column '{column}'. Columns: {', '.join(table.columns)}{hint}")
    if table.empty:
        raise DataError(f"{path}: there are no rows below the header")
    cells = table[features]
    numbers = cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    _refuse(path, cells, ~np.isfinite(numbers), "must be a finite number")
    X = cells.to_numpy(dtype=object).astype(float)  # to_numeric can be off in the last digit
    if target is None:
        return X, None
    names = table[target].str.strip().str.replace(r"^(-?\d+)\.0*$", r"\1", regex=True)  # 1.0 is class 1
    number = pd.to_numeric(names, errors="coerce")
    no_class = names.str.lower().isin(NO_CLASS) | (number % 1 > 0) | np.isinf(number)
    _refuse(path, table[[target]], no_class.to_numpy()[:, None], "must be a class: a whole number or a name")
    return X, names.to_numpy(dtype=str)


def _read_cells(path) -> pd.DataFrame:
    """Read a CSV file as text; the index counts its rows, the header being row 1."""
    try:
        rows = pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        ).fillna("")
    except pd.errors.EmptyDataError:
        raise DataError(f"{path}: the file is empty; it needs a header row") from None
    except pd.errors.ParserError as error:
        raise DataError(f"{path}: not a proper CSV file ({str(error).strip()})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    header = rows.iloc[0].str.strip()
    if header.duplicated().any():
        raise DataError(f"{path}: the column '{header[header.duplicated()].iloc[0]}' stands twice in the header")
    rows.index += 1
    filled = np.flatnonzero((rows != "").any(axis=1))  # blank lines at the end are none of our business
    return rows.iloc[1 : filled[-1] + 1 if len(filled) else 1].set_axis(header, axis="columns")


def _refuse(path, cells, bad, rule):
    """Raise for cells that break a rule, naming the first few by row and column."""
    where = np.argwhere(bad)
    if not len(where):
        return
    lines = [
        f"{path}, row {cells.index[i]}, column '{cells.columns[j]}': {rule}, got '{cells.iat[i, j]}'"
        for i, j in where[:MAX_SHOWN_CELLS]
    ]
    if len(where) > MAX_SHOWN_CELLS:
        lines.append(f"and {len(where) - MAX_SHOWN_CELLS:,} cells more (row 1 is the header)")
    raise DataError("\n".join(lines))
