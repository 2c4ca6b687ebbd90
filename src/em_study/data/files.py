"""One's own rows, from CSV, Parquet or .npy files: read exactly, or refused with file, row and column.

What is right is read in pieces, as numbers, in about twice their memory. A CSV file in which something is not is read
once more as text, to say what and where.
"""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from em_study.data.csv import LIKE_MISSING, CsvData, CsvFile
from em_study.data.dataset import Dataset, standardized
from em_study.data.formats import UNREADABLE, NoColumnsError, columns_of, ending_of, opened, other_separator
from em_study.errors import DataError

MAX_SHOWN_CELLS = 5  # of those that cannot be used
MISSING = ("", *LIKE_MISSING, "<na>", "#n/a", "-nan")  # how programs write a value that is missing
SPELLED = [*{spelling for word in MISSING for spelling in (word, word.upper(), word.title())}, "NaN", "-NaN"]
SHEET_ERRORS = ("#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!")
TRUTH = (b"True", b"TRUE", b"true", b"False", b"FALSE", b"false")  # which pandas would read as 1 and 0
ROWS_AT_A_TIME = 200_000


@dataclass(frozen=True, eq=False)
class Classes:
    """Names of the classes of rows: those that there are, and the number of each row's among them, (N,)."""

    names: list[str]
    numbers: np.ndarray

    def among(self, classes: list[str]) -> np.ndarray:
        """Give the numbers of the rows' classes in another list, which has them all; (1, N)."""
        positions = np.array([classes.index(name) for name in self.names], dtype=np.int64)
        return positions[self.numbers][None] if len(self.names) else np.empty((1, 0), dtype=np.int64)


def read_files(data: CsvData) -> Dataset:
    """Read the rows of an experiment's files.

    Raises
    ------
    DataError
        If a file cannot be used; the text names file, row and column.
    """
    unlabeled, truth = _read_rows(data, data.unlabeled)
    for feature, values in zip(data.features, unlabeled.T, strict=True):
        if np.isnan(np.fmax.reduce(values)):
            raise DataError(f"{data.unlabeled.place}, column '{feature}': no row has a value")
    labeled, labels = np.empty((0, len(data.features))), Classes([], np.empty(0, dtype=np.int64))
    if data.labeled is not None:
        labeled, labels = _read_rows(data, data.labeled)
    if data.standardize:
        labeled, unlabeled = standardized(labeled, unlabeled), standardized(unlabeled)
    classes = _sorted_classes({*labels.names, *(truth.names if truth else ())})
    if data.labeled is not None and truth is not None and (unknown := sorted({*truth.names} - {*labels.names})):
        raise DataError(
            f"{data.unlabeled.place}, column '{data.unlabeled.target}': the class '{unknown[0]}' has no row in "
            f"{data.labeled.place}. Classes there: {', '.join(_sorted_classes(labels.names))}"
        )
    return Dataset(
        features=np.array(data.features),
        classes=np.array(classes, dtype=str),
        unlabeled=unlabeled[None],
        truth=None if truth is None else truth.among(classes),
        labeled=labeled[None],
        labels=labels.among(classes),
    )


def _sorted_classes(names) -> list[str]:
    """Sort whole numbers by value, anything else as text."""
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=(lambda name: (int(name), name)) if numbers else str)


def _read_rows(data: CsvData, file: CsvFile):
    """Read feature columns as numbers (N, D), and the target column as `Classes`; None without a target."""
    path, target, features = file.place, file.target, data.features
    try:
        columns = columns_of(path)
    except NoColumnsError as error:
        raise DataError(str(error)) from None
    for column in [*features, target] if target is not None else features:
        if column not in columns:
            if mark := other_separator(columns):
                raise DataError(f"{path} is separated by {mark}: its columns must be separated by commas")
            raise DataError(f"{path}: there is no column '{column}'. Columns: {', '.join(columns)}")
    if ending_of(str(path)) != ".csv":
        X, names = _read_binary(data, file, columns)
        _refuse_values(path, features, X, data.missing)
        return X, names
    found = _read_numbers(data, file, columns)
    return _read_text(data, file) if found is None else found


def _read_binary(data, file, columns):
    """Read a Parquet or .npy file."""
    path, features, target = file.place, data.features, file.target
    try:
        if ending_of(str(path)) == ".npy":
            array = np.lib.format.open_memmap(path, mode="r")
            chosen = [columns.index(feature) for feature in features]
            return array.astype(float) if chosen == [*range(array.shape[1])] else array[:, chosen].astype(float), None
        from pyarrow.parquet import ParquetFile  # takes its time to import

        parquet, begin, names = ParquetFile(path), 0, []
        X = np.empty((parquet.metadata.num_rows, len(features)))
        wanted = [*features, target] if target is not None else features
        for batch in parquet.iter_batches(ROWS_AT_A_TIME, columns=wanted):
            table = batch.to_pandas(ignore_metadata=True)
            for place, feature in enumerate(features):
                if table[feature].dtype.kind not in "fiu":
                    raise DataError(f"{path}, column '{feature}': must hold numbers, not {table[feature].dtype}")
                X[begin : begin + len(table), place] = table[feature]
            names += [] if target is None else [_classes(data, path, table[target].astype(object), begin + 1)]
            begin += len(table)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    return X, None if target is None else _joined(names)


def _refuse_values(path, features, X, missing):
    """Raise for values that are no numbers, naming the first few; the header of such files is no row."""
    if not len(X):
        raise DataError(f"{path}: there are no rows")
    bad = np.isinf(X) if missing == "allow" else ~np.isfinite(X)
    rule = "must be a finite number" + (", or missing" if missing == "allow" else "")
    hint = "\nMissing values: data.missing: allow takes them." if np.isnan(X.min()) and missing != "allow" else ""
    if bad.any():
        table = pd.DataFrame(X[bad.any(axis=1)], columns=features, index=np.flatnonzero(bad.any(axis=1)) + 1)
        _refuse(path, table, bad[bad.any(axis=1)], rule, hint)


def _read_numbers(data, file, columns):
    """Read a CSV file as numbers; None if a cell is none, or a line is odd."""
    path, features, target = file.place, data.features, file.target
    settings = {"header": 0, "names": columns, "index_col": False, "encoding": "utf-8-sig", "keep_default_na": False}
    settings["chunksize"] = ROWS_AT_A_TIME
    settings["dtype"] = dict.fromkeys(columns, str) | dict.fromkeys(features, float)
    settings["na_values"] = dict.fromkeys(features, SPELLED if data.missing == "allow" else [])
    rows, names, begin = [], [], 2
    try:
        n_lines, has_truth = _lines_of(path)
        with warnings.catch_warnings(action="error"), opened(path) as text, pd.read_csv(text, **settings) as pieces:
            for piece in pieces:
                X = piece[features].to_numpy()
                if np.isinf(X).any() or (data.missing != "allow" and np.isnan(X).any()):
                    return None
                if has_truth and ((X == 0) | (X == 1) | np.isnan(X)).all(axis=0).any():  # pandas reads True as 1
                    return None
                rows.append(X)
                names += [] if target is None else [_classes(data, path, piece[target], begin)]
                begin += len(piece)
    except (ValueError, Warning, *UNREADABLE):  # the text tells what is wrong
        return None
    if begin == 2 or begin - 1 != n_lines:  # there are blank lines among the rows, or lines within quotes
        return None
    return np.concatenate(rows), None if target is None else _joined(names)


def _lines_of(path) -> tuple[int, bool]:
    """Count the lines of a file but for blank ones at its end, and tell whether it has a word for a truth value."""
    n_ends, at_end, has_truth, last = 0, 0, False, b""
    with opened(path) as file:
        while block := file.read(1 << 20):
            has_truth = has_truth or any(word in last + block for word in TRUTH)  # which may stand across two blocks
            last, text = block[-8:], block.rstrip(b"\r\n")
            n_ends += block.count(b"\n")
            at_end = block.count(b"\n", len(text)) + (0 if text else at_end)
    return n_ends - at_end + 1, has_truth


def _classes(data: CsvData, path, names: pd.Series, first_row: int) -> Classes:
    """Name the classes of rows, of which the first has a number in its file."""
    text = names.fillna("").astype(str).str.strip().str.replace(r"^(-?\d+)\.0*$", r"\1", regex=True)  # 1.0 is class 1
    numbers, found = pd.factorize(text)
    unique = pd.Series(found)
    number = pd.to_numeric(unique, errors="coerce")
    unsaid = unique.str.lower().isin([*MISSING, *SHEET_ERRORS]) & ~unique.isin(data.class_names)
    bad = (unsaid | (number % 1 > 0) | np.isinf(number)).to_numpy()[numbers]
    if bad.any():
        like = [name for name in unique[unsaid] if name.lower() in LIKE_MISSING]
        keys = ", ".join(f"'{name}'" if name.lower() == "null" else name for name in like)  # which in YAML is no text
        hint = f"\nA class of this name: data.class_names: [{keys}] takes it as one." if like else ""
        table = pd.DataFrame({names.name: names.fillna("").to_numpy()}, index=first_row + np.arange(len(names)))
        _refuse(path, table, bad[:, None], "must be a class: a whole number or a name", hint)
    return Classes([str(name) for name in found], numbers)


def _joined(pieces: list[Classes]) -> Classes:
    names = list(dict.fromkeys(name for piece in pieces for name in piece.names))
    numbers = [piece.among(names)[0] for piece in pieces]
    return Classes(names, np.concatenate(numbers) if numbers else np.empty(0, dtype=np.int64))


def _read_text(data, file):
    """Read a CSV file as text, to say what is wrong with it."""
    path, features, target = file.place, data.features, file.target
    table = _read_cells(path)
    if table.empty:
        raise DataError(f"{path}: there are no rows below the header")
    cells = table[features]
    bad = ~np.isfinite(cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float))
    if bad.any():
        absent = cells.apply(lambda column: column.str.strip().str.lower().isin(MISSING))
        rule, hint = "must be a finite number", ""
        if data.missing == "allow":
            bad &= ~absent.to_numpy()
            cells = cells.mask(absent, "nan")
            rule += ", or empty (or NA, N/A, #N/A, <NA>, NaN, null, none)"
        elif absent.any(axis=None):
            hint = "\nEmpty cells: data.missing: allow takes them as missing values."
        _refuse(path, cells, bad, rule, hint)
    X = cells.to_numpy(dtype=object).astype(float)  # to_numeric can be off in the last digit
    return X, None if target is None else _classes(data, path, table[target], table.index[0])


def _read_cells(path) -> pd.DataFrame:
    """Read a CSV file as text; the index counts its rows, the header being row 1."""
    try:
        with opened(path) as file:
            rows = pd.read_csv(
                file, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
            ).fillna("")
    except pd.errors.ParserError as error:
        raise DataError(f"{path}: not a proper CSV file ({str(error).strip()})") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except UNREADABLE as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    header = rows.iloc[0].str.strip()
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
        header = " (row 1 is the header)" if ending_of(str(path)) == ".csv" else " (rows are counted from 1)"
        lines.append(f"and {len(where) - MAX_SHOWN_CELLS:,} cells more{header}")
    raise DataError("\n".join(lines) + hint)
