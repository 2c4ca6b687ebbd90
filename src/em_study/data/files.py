"""A user's own data, from CSV, Parquet, Feather or .npy files: read exactly, or refused with file, row and column.

Columns are read in parts, as arrays of Arrow. Cells of CSV files are read as text, so that only what is written as a
number becomes a number.
"""

import codecs
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from em_study.data.csv import LIKE_MISSING, MARKS, CsvData, CsvFile, wrong_columns
from em_study.data.dataset import Dataset, standardized
from em_study.data.formats import SEPARATORS, UNREADABLE, Look, NoColumnsError, feather_batches, not_text, opened
from em_study.data.r import R, RError
from em_study.errors import DataError

MAX_SHOWN_CELLS = 5  # of the unusable cells
NO_LABEL = ("", "#n/a", "<na>", "-nan")  # never the name of a class
MISSING = (*NO_LABEL, *LIKE_MISSING)  # how programs write a missing value
SPELLED = [*{spelling for word in MISSING for spelling in (word, word.upper(), word.title())}, "NaN", "-NaN"]
SHEET_ERRORS = ("#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NEEDS_A_KEY = {*MISSING, *SHEET_ERRORS, *MARKS}  # accepted as classes only if a key says so
FIRST_INEXACT = 2**53  # floating point represents every whole number below it
MOST_WORDS = 1000
MUST, OR_MISSING = "must be a finite number", ", or empty (or NA, N/A, #N/A, <NA>, NaN, null, none)"
EMPTY = "Empty cells: set data.missing: allow to treat them as missing values."
LARGE = "An identifier is not a feature: list it under data.keep to copy it into the results."
ROWS_AT_A_TIME = 200_000
BYTES_AT_A_TIME = 1 << 22


@dataclass(frozen=True, eq=False)
class Classes:
    """Classes of the rows of a file: their names, and for each row an index into these, (N,), -1 for none."""

    names: list[str]
    numbers: np.ndarray

    def among(self, classes: list[str]) -> np.ndarray:
        """Return the indices of the rows' classes, (N,), in another list that has them all."""
        return np.array([*map(classes.index, self.names), -1], dtype=np.int64)[self.numbers]


@dataclass
class Refused:
    """Unusable cells of a file: messages about the first few, and their number."""

    path: str
    cells: list[tuple[int, str]] = field(default_factory=list)
    hints: dict[str, None] = field(default_factory=dict)  # in order
    number: int = 0

    def add(self, column: str, cells, bad, first_row: int, rule: str, hint: str = ""):
        """Add the bad cells (N,) of a part of a column."""
        where = np.flatnonzero(bad)
        self.number += len(where)
        for i in map(int, where[:MAX_SHOWN_CELLS]):
            got = cells[i].as_py()
            message = f"column '{column}': {rule}, got '{'' if got is None else got}'"
            self.cells.append((first_row + i, message))
        if len(where) and hint:
            self.hints[hint] = None

    def check(self, look: Look):
        """Raise if there are any."""
        if self.number:
            shown = sorted(self.cells, key=lambda cell: cell[0])[:MAX_SHOWN_CELLS]
            lines = [f"{self.path}, row {row}, {message}" for row, message in shown]
            if more := self.number - len(lines):
                header = " (row 1 is the header)" if look.kind == "csv" else " (rows are counted from 1)"
                lines.append(f"and {more:,} cells more{header}")
            raise DataError("\n".join([*lines, *self.hints]))


def read_files(data: CsvData) -> Dataset:
    """Read the samples from the files of an experiment.

    Raises
    ------
    DataError
        If a file cannot be used; the text names file, row and column.
    """
    path, notes = data.main.place, []
    rows, truth, kept = _read(data, data.main, notes)
    unlabeled, order = rows, None
    labeled, labels = np.empty((0, len(data.features))), Classes([], np.empty(0, dtype=np.int64))
    if data.labeled is not None:
        labeled, labels, _ = _read(data, data.labeled, notes)
        if truth is not None and (unknown := sorted({*truth.names} - {*labels.names})):
            raise DataError(
                f"{path}, column '{data.main.target}': the class '{unknown[0]}' has no labeled sample in "
                f"{data.labeled.place}. Classes there: {', '.join(_sorted_classes(labels.names))}"
            )
    elif data.rows is not None:
        has_label = truth.numbers >= 0 if truth else np.zeros(len(rows), dtype=bool)
        order = np.concatenate([np.flatnonzero(~has_label), np.flatnonzero(has_label)])
        unlabeled, labeled = rows[~has_label], rows[has_label]
        if truth is not None:
            labels, truth = Classes(truth.names, truth.numbers[has_label]), None
            notes.append(f"{len(labeled):,} of {len(order):,} samples have a label")
            if not 0 < len(labeled) < len(order):
                none = "no sample has a label: remove data.rows.label"
                every = "every sample has a label: use data.unlabeled with this column as target, for the accuracy only"
                raise DataError(f"{path}, column '{data.rows.label}': {every if len(labeled) else none}")
    for feature, values in zip(data.features, unlabeled.T, strict=True):
        if np.isnan(np.fmax.reduce(values)):
            which = "no unlabeled sample" if data.rows and len(labeled) else "no sample"
            raise DataError(f"{path}, column '{feature}': {which} has a value")
    if data.standardize:
        labeled, unlabeled = standardized(labeled, unlabeled), standardized(unlabeled)
    classes = _sorted_classes({*labels.names, *(truth.names if truth else ())})
    notes += _look_alike(classes)
    for note in notes:
        print(note, file=sys.stderr)
    return Dataset(
        features=np.array(data.features),
        classes=np.array(classes, dtype=str),
        unlabeled=unlabeled[None],
        truth=None if truth is None else truth.among(classes)[None],
        labeled=labeled[None],
        labels=labels.among(classes)[None],
        order=order,
        kept=_as_bytes(kept) if data.keep else None,
        note=np.array("; ".join(notes)) if notes else None,
    )


def read_columns(file: CsvFile, numbers: list[str], words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read columns of numbers, (N, number of them), NaN where one is missing, and of text, (N, number of them).

    The file may also be an .rds file of R.

    Raises
    ------
    DataError
        If the file, or a column of it, cannot be used.
    """
    if not file.place.endswith(".rds"):
        data = CsvData(source="csv", features=numbers, rows={"path": file.place}, keep=words, missing="allow")
        dataset = data.load(1, 0, "")
        return dataset.unlabeled[0], dataset.kept_columns().astype(str).to_numpy()
    try:
        with R("rds") as r:
            found = r.call("read_columns", path=file.place, numbers="\x1f".join(numbers), words="\x1f".join(words))
    except RError as error:
        raise DataError(f"{file.place}: {error}") from None
    return found["numbers"], np.array(found["words"].split("\x1f")).reshape(len(words), -1).T


def _sorted_classes(names) -> list[str]:
    """Sort names of classes: by value if all are whole numbers, else as text."""
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=(lambda name: (int(name), name)) if numbers else str)


def _look_alike(classes) -> list[str]:
    """Report classes that differ only in case, or in the composition of Unicode letters."""
    alike = {}
    for name in classes:
        alike.setdefault(unicodedata.normalize("NFKC", name).casefold(), []).append(name)
    listed = (", ".join(map(repr, names)) for names in alike.values() if len(names) > 1)
    return [f"classes that differ only in case, or in the composition of Unicode letters: {names}" for names in listed]


def _as_bytes(table: pa.Table) -> np.ndarray:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), dtype=np.uint8)


def _read(data: CsvData, file: CsvFile, notes: list[str]) -> tuple[np.ndarray, Classes | None, pa.Table]:
    """Read a file in parts: its features (N, D), classes if a column names them, and columns to keep."""
    path, target = file.place, file.target
    keep = data.keep if file is data.main else []
    wanted = [*data.features, *keep, *([target] if target is not None else [])]
    try:
        look = data.look(file)
    except NoColumnsError as error:
        raise DataError(str(error)) from None
    if wrong := [message for _, message in wrong_columns(path, dict.fromkeys(wanted), look)]:
        raise DataError("\n".join(wrong))
    places = [look.columns.index(name) for name in wanted]
    refused, row, X, classes, kept = Refused(path), look.first_row, [], [], []
    for part in _parts(path, look, places):
        columns = dict(zip(wanted, part, strict=True))
        X.append(np.array([_numbers(data, look, columns[name], name, row, refused) for name in data.features]))
        kept.append(pa.table([columns[name] for name in keep], names=keep))
        if target is not None:
            classes.append(_classes(data, columns[target], target, row, refused))
        row += X[-1].shape[1]
    if row == look.first_row:
        raise DataError(f"{path}: the file has no rows{' below the header' * (look.kind == 'csv')}")
    refused.check(look)
    notes += [f"{Path(path).name}: {look.description}"] if look.description else []
    X = np.concatenate(X, axis=1).T
    X = X if look.kind == "csv" else np.ascontiguousarray(X)  # the memory order decides the last digits of sums
    return X, _joined(classes) if classes else None, pa.concat_tables(kept)


def _parts(path, look: Look, places: list[int]):
    """Yield the columns of a file at some places, as Arrow arrays, in parts."""
    try:
        if look.kind == "csv":
            yield from _parts_of_csv(path, look, places)
        elif look.kind == "npy":
            array = np.lib.format.open_memmap(path, mode="r")
            kind = "f8" if array.dtype.kind == "f" else f"{array.dtype.kind}8"
            for begin in range(0, len(array), ROWS_AT_A_TIME):
                some = array[begin : begin + ROWS_AT_A_TIME]
                yield [pa.array(np.ascontiguousarray(some[:, place], dtype=kind)) for place in places]
        else:
            from pyarrow.parquet import ParquetFile  # slow to import

            names = [look.columns[place] for place in places]
            is_parquet = look.kind == "parquet"
            parquet = ParquetFile(path).iter_batches(ROWS_AT_A_TIME, columns=names) if is_parquet else None
            for batch in parquet or feather_batches(path):
                yield [batch.column(name) for name in names]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: {not_text(look.encoding, error, error.before)}") from None
    except (*UNREADABLE, ValueError) as error:  # Arrow's errors are ValueErrors
        raise DataError(f"{path}: cannot be read ({error})") from None


def _parts_of_csv(path, look: Look, places: list[int]):
    """Yield columns of text by position, as names may be duplicate."""
    names, odd = [str(place) for place in range(len(look.columns))], []
    # One thread, so that Arrow can report the number of a row.
    reading = arrow_csv.ReadOptions(
        use_threads=False, block_size=BYTES_AT_A_TIME, column_names=names, skip_rows_after_names=1
    )
    parsing = arrow_csv.ParseOptions(
        delimiter=look.separator,
        newlines_in_values=True,
        ignore_empty_lines=False,
        invalid_row_handler=lambda row: odd.append(row) or "error",
    )
    as_text = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    with opened(path) as file:
        try:
            for part in arrow_csv.open_csv(_Text(file, look), reading, parsing, as_text):
                yield [part.column(place) for place in places]
        except pa.ArrowInvalid as error:
            message = f"{path}: not a valid CSV file (an unclosed quotation mark: {error})"
            if odd:
                n, found, place = odd[0].expected_columns, odd[0].actual_columns, odd[0].number
                message = f"{path}, row {place}: not a valid CSV file: the header has {n} fields, this row {found}"
                message += f" (separated by {SEPARATORS.get(look.separator, repr(look.separator))})"
            raise DataError(message) from None


class _Text:
    """The text of a CSV file as UTF-8, without lines at the end that have only separators."""

    closed = False

    def __init__(self, file, look: Look):
        self.file, self.decoder = file, codecs.getincrementaldecoder(look.encoding)()
        self.blank = f"\r\n \t{look.separator}"
        self.ready, self.held, self.before, self.has_ended = b"", "", 0, False

    def read(self, size: int) -> bytes:
        """Read `size` bytes, or what is left; text that may be the end of the file is kept back."""
        while len(self.ready) < size and not self.has_ended:
            block = self.file.read(size)
            try:
                text = self.held + self.decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                error.before = self.before
                raise
            self.before, self.has_ended = self.before + len(block), not block
            end = len(text.rstrip(self.blank)) if block else text.find("\n")
            self.ready, self.held = self.ready + text[: end if end >= 0 else None].encode(), text[end:]
            self.ready += b"\n" * self.has_ended
        read, self.ready = self.ready[:size], self.ready[size:]
        return read


def _numbers(data: CsvData, look: Look, column, name: str, row: int, refused: Refused) -> np.ndarray:
    """Convert a part of a column to numbers, (N,), with NaN for missing values."""
    kind, words = column.type, None
    if look.kind == "csv" or pa.types.is_decimal(kind):
        words = column = column.cast(pa.string()).fill_null("")
        X, absent = _of_words(data, look, words)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        X = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        absent = np.isnan(X)
    else:
        raise DataError(f"{refused.path}, column '{name}': must hold numbers, not {kind}")
    marks = [float(mark) for mark in map(str, data.missing_values) if NUMBER.fullmatch(mark)]
    absent = absent | np.isin(X, marks) if marks else absent
    X = np.where(absent, np.nan, X)
    large = np.abs(X) >= FIRST_INEXACT
    if words is not None and large.any():
        digits = rf"^\s*[+-]?[\d{re.escape(data.thousands or '')}]+\s*$"
        large &= pc.match_substring_regex(words, digits).to_numpy(zero_copy_only=False)
    elif not pa.types.is_integer(kind):
        large = []
    refused.add(
        name,
        column,
        large,
        row,
        "is a whole number of at least 2^53, which floating point may not represent exactly",
        LARGE,
    )
    if data.missing == "allow":
        rule, bad = MUST + OR_MISSING, ~(np.isfinite(X) | absent)
    else:
        rule, bad = MUST, ~np.isfinite(X)
        refused.add(name, column, bad & absent, row, rule, EMPTY)
        bad &= ~absent
    words = words.filter(pa.array(bad)).unique()[:MOST_WORDS].to_pylist() if words is not None and bad.any() else []
    refused.add(name, column, bad, row, rule, _hint(words, look.decimal))
    return X


def _of_words(data: CsvData, look: Look, words) -> tuple[np.ndarray, np.ndarray]:
    """Convert words to numbers, (N,), with NaN for other words, and return which words mean a missing value."""
    marks = [str(mark) for mark in data.missing_values]
    absent = pc.is_in(words, pa.array(SPELLED + marks))
    if look.decimal == "." and data.thousands is None:
        try:  # nearly every column can be converted so
            numbers = pc.if_else(absent, None, words).cast(pa.float64())
            return numbers.to_numpy(zero_copy_only=False), absent.to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            pass
    words = pc.utf8_trim_whitespace(words)
    absent = pc.or_(pc.is_in(pc.utf8_lower(words), pa.array(MISSING)), pc.is_in(words, pa.array(marks, pa.string())))
    point, group = (re.escape(mark) for mark in (look.decimal, data.thousands or ""))
    digits = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)" if group else r"\d+"
    right = pc.match_substring_regex(words, rf"^[+-]?({digits}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?$")
    plain = pc.replace_substring(words, data.thousands, "") if group else words
    numbers = pc.if_else(right, pc.replace_substring(plain, look.decimal, "."), None).cast(pa.float64())
    return numbers.to_numpy(zero_copy_only=False), absent.to_numpy(zero_copy_only=False)


def _hint(words: list[str], decimal: str) -> str:
    """Suggest a key that accepts some of the words that are not numbers."""
    words = [word.strip() for word in words]
    if marks := sorted({*words} & {*MARKS}):
        return f"Marks of missing values: set data.missing_values: {marks} and data.missing: allow."
    mark = "," if decimal == "." else "."
    grouped = rf"[+-]?(\d+(\{mark}\d+)+(\{decimal}\d+)?|\d+(\{decimal}\d+)+\{mark}\d+)"
    if any(re.fullmatch(grouped, word) for word in words):
        of_decimal = f"data.decimal: '{mark}' reads 1{mark}5 as one and a half"
        return f"Numbers with '{mark}': {of_decimal}; data.thousands: '{mark}' reads 1{mark}234 as 1234."
    return ""


def _classes(data: CsvData, column, name: str, row: int, refused: Refused) -> Classes:
    """Return the classes of a part of the rows."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _classes(data, column.dictionary_decode(), name, row, refused)
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    elif pa.types.is_boolean(kind):
        column = pc.if_else(column, "True", "False")
    elif not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise DataError(f"{refused.path}, column '{name}': must hold classes, as text or whole numbers, not {kind}")
    words = column.cast(pa.string()).fill_null("").dictionary_encode()
    # 1.0 is class 1
    of_words = [re.sub(r"^(-?\d+)\.0*$", r"\1", word.strip()) for word in words.dictionary.to_pylist()]
    marks = {*map(str, data.missing_values)}
    none = np.array([bool(data.rows) and (word in marks or word.lower() in NO_LABEL) for word in of_words], dtype=bool)
    refused_words = [word for word in of_words if word not in data.class_names and word.lower() in NEEDS_A_KEY]
    odd = np.array([word in refused_words or _is_broken(word) for word in of_words], dtype=bool)
    names = list(dict.fromkeys(word for word, is_none in zip(of_words, none, strict=True) if not is_none))
    places = {word: place for place, word in enumerate(names)}
    numbers = words.indices.to_numpy()
    if like := [word for word in refused_words if word.lower() in LIKE_MISSING + MARKS and word not in marks]:
        keys = ", ".join(word if word.isalpha() and word.lower() != "null" else f"'{word}'" for word in like)
        hint = f"If it means no label: set data.missing_values: [{keys}].\n" if data.rows else ""
        hint += f"If it is the name of a class: set data.class_names: [{keys}]."
    rule = "must be a class: a whole number or a name"
    refused.add(name, column, (odd & ~none)[numbers], row, rule, hint if like else "")
    return Classes(names, np.array([places.get(word, -1) for word in of_words], dtype=np.int64)[numbers])


def _is_broken(word: str) -> bool:
    """Return whether a word is a number that is not whole, or not finite."""
    if not NUMBER.fullmatch(word):
        return word.lower().lstrip("+-") in ("inf", "infinity")
    return not float(word).is_integer()


def _joined(parts: list[Classes]) -> Classes:
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    return Classes(names, np.concatenate([part.among(names) for part in parts]))
