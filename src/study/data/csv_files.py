"""One's own rows, from CSV files: read exactly, or refused with file, row and column."""

import re

import numpy as np
import pandas as pd

from study.configuration.errors import DataError
from study.configuration.schema import CsvData
from study.data.dataset import Dataset, standardized

MAX_SHOWN_CELLS = 5  # of those that cannot be used
MISSING = ("", "nan", "na", "n/a", "<na>", "null", "none")  # how programs write a value that is missing


def read_csv(data: CsvData) -> Dataset:
    """Read the rows of CSV files.

    Raises
    ------
    DataError
        If a file cannot be used; the text names file, row and column.
    """
    unlabeled, truth = _read_rows(data.unlabeled.place, data.features, data.unlabeled.target, data.missing)
    for feature, values in zip(data.features, unlabeled.T, strict=True):
        if np.isnan(values).all():
            raise DataError(f"{data.unlabeled.place}, column '{feature}': no row has a value")
    if data.labeled is None:
        labeled, labels = np.empty((0, len(data.features))), np.empty(0, dtype=str)
    else:
        labeled, labels = _read_rows(data.labeled.place, data.features, data.labeled.target, data.missing)
    if data.standardize:
        labeled, unlabeled = standardized(labeled, unlabeled), standardized(unlabeled)
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


def _read_rows(path, features, target, missing):
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
    bad = ~np.isfinite(cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float))
    if bad.any():
        absent = cells.apply(lambda column: column.str.strip().str.lower().isin(MISSING))
        rule, hint = "must be a finite number", ""
        if missing == "allow":
            bad &= ~absent.to_numpy()
            cells = cells.mask(absent, "nan")
            rule += ", or empty (or NA, N/A, <NA>, NaN, null, none)"
        elif absent.any(axis=None):
            hint = "\nEmpty cells: data.missing: allow takes them as missing values."
        _refuse(path, cells, bad, rule, hint)
    X = cells.to_numpy(dtype=object).astype(float)  # to_numeric can be off in the last digit
    if target is None:
        return X, None
    names = table[target].str.strip().str.replace(r"^(-?\d+)\.0*$", r"\1", regex=True)  # 1.0 is class 1
    number = pd.to_numeric(names, errors="coerce")
    no_class = names.str.lower().isin(MISSING) | (number % 1 > 0) | np.isinf(number)
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


def _refuse(path, cells, bad, rule, hint=""):
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
    raise DataError("\n".join(lines) + hint)
