"""One's own rows, from CSV, Parquet, Feather or .npy files: read exactly, or refused with file, row and column.

Whatever the file is, its columns come in parts, as arrays of Arrow. Cells of CSV files come as text, so that nothing
turns into a number that is not written as one.
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

MAX_SHOWN_CELLS = 5  # of those that cannot be used
NO_LABEL = ("", "#n/a", "<na>", "-nan")  # which no class is called
MISSING = (*NO_LABEL, *LIKE_MISSING)  # how programs write a value that is missing
SPELLED = [*{spelling for word in MISSING for spelling in (word, word.upper(), word.title())}, "NaN", "-NaN"]
SHEET_ERRORS = ("#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NEVER_UNSAID = {*MISSING, *SHEET_ERRORS, *MARKS}  # classes, unless a key says so
FIRST_INEXACT = 2**53  # of the whole numbers below it each is a number of floating point
MOST_WORDS = 1000
MUST, OR_MISSING = "must be a finite number", ", or empty (or NA, N/A, #N/A, <NA>, NaN, null, none)"
EMPTY = "Empty cells: data.missing: allow takes them as missing values."
LARGE = "An identifier is no feature: data.keep carries it along."
ROWS_AT_A_TIME = 200_000
BYTES_AT_A_TIME = 1 << 22


@dataclass(frozen=True, eq=False)
class Classes:
    """Names of the classes of rows: those that there are, and the number of each row's among them, (N,); -1 is none."""

    names: list[str]
    numbers: np.ndarray

    def among(self, classes: list[str]) -> np.ndarray:
        """Give the numbers of the rows' classes in another list, which has them all; (N,)."""
        return np.array([*map(classes.index, self.names), -1], dtype=np.int64)[self.numbers]


@dataclass
class Refused:
    """Cells of a file that cannot be used: the first few in words, and how many there are."""

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
            told = f"column '{column}': {rule}, got '{'' if got is None else got}'"
            self.cells.append((first_row + i, told))
        if len(where) and hint:
            self.hints[hint] = None

    def check(self, look: Look):
        """Raise if there are any."""
        if self.number:
            shown = sorted(self.cells, key=lambda cell: cell[0])[:MAX_SHOWN_CELLS]
            lines = [f"{self.path}, row {row}, {told}" for row, told in shown]
            if more := self.number - len(lines):
                header = " (row 1 is the header)" if look.kind == "csv" else " (rows are counted from 1)"
                lines.append(f"and {more:,} cells more{header}")
            raise DataError("\n".join([*lines, *self.hints]))


def read_files(data: CsvData) -> Dataset:
    """Read the rows of an experiment's files.

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
                f"{path}, column '{data.main.target}': the class '{unknown[0]}' has no row in "
                f"{data.labeled.place}. Classes there: {', '.join(_sorted_classes(labels.names))}"
            )
    elif data.rows is not None:
        has_label = truth.numbers >= 0 if truth else np.zeros(len(rows), dtype=bool)
        order = np.concatenate([np.flatnonzero(~has_label), np.flatnonzero(has_label)])
        unlabeled, labeled = rows[~has_label], rows[has_label]
        if truth is not None:
            labels, truth = Classes(truth.names, truth.numbers[has_label]), None
            notes.append(f"{len(labeled):,} of {len(order):,} rows have a label")
            if not 0 < len(labeled) < len(order):
                told = "no row has a label: leave data.rows.label out"
                every = "every row has a label: data.unlabeled with it as target fits all, and judges by it"
                raise DataError(f"{path}, column '{data.rows.label}': {every if len(labeled) else told}")
    for feature, values in zip(data.features, unlabeled.T, strict=True):
        if np.isnan(np.fmax.reduce(values)):
            which = "no unlabeled row" if data.rows and len(labeled) else "no row"
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

    The file may be R's too, .rds.

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
    """Sort whole numbers by value, anything else as text."""
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=(lambda name: (int(name), name)) if numbers else str)


def _look_alike(classes) -> list[str]:
    """Point out classes that differ in nothing but case, or how their letters are composed."""
    alike = {}
    for name in classes:
        alike.setdefault(unicodedata.normalize("NFKC", name).casefold(), []).append(name)
    told = (", ".join(map(repr, names)) for names in alike.values() if len(names) > 1)
    return [f"classes that differ only in case, or in how their letters are composed: {names}" for names in told]


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
        raise DataError(f"{path}: there are no rows{' below the header' * (look.kind == 'csv')}")
    refused.check(look)
    notes += [f"{Path(path).name}: {look.description}"] if look.description else []
    X = np.concatenate(X, axis=1).T
    X = X if look.kind == "csv" else np.ascontiguousarray(X)  # as ever: the last digits of sums depend on it
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
            from pyarrow.parquet import ParquetFile  # takes its time to import

            names = [look.columns[place] for place in places]
            is_parquet = look.kind == "parquet"
            parquet = ParquetFile(path).iter_batches(ROWS_AT_A_TIME, columns=names) if is_parquet else None
            for batch in parquet or feather_batches(path):
                yield [batch.column(name) for name in names]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: {not_text(look.encoding, error, error.before)}") from None
    except (*UNREADABLE, ValueError) as error:  # of which Arrow's are some
        raise DataError(f"{path}: cannot be read ({error})") from None


def _parts_of_csv(path, look: Look, places: list[int]):
    """Yield columns of text; names may stand twice, so that columns go by their places."""
    names, odd = [str(place) for place in range(len(look.columns))], []
    # One thread, so that rows are counted.
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
            told = f"{path}: not a proper CSV file (a quotation mark that is not closed: {error})"
            if odd:
                n, found, place = odd[0].expected_columns, odd[0].actual_columns, odd[0].number
                told = f"{path}, row {place}: not a proper CSV file: the header has {n} fields, this row {found}"
                told += f" (separated by {SEPARATORS.get(look.separator, repr(look.separator))})"
            raise DataError(told) from None


class _Text:
    """The text of a CSV file as UTF-8, without the lines at its end that hold nothing but separators."""

    closed = False

    def __init__(self, file, look: Look):
        self.file, self.decoder = file, codecs.getincrementaldecoder(look.encoding)()
        self.blank = f"\r\n \t{look.separator}"
        self.ready, self.held, self.before, self.has_ended = b"", "", 0, False

    def read(self, size: int) -> bytes:
        """Read so many bytes, or what is left; what may be the end is held back."""
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
    """Turn a part of a column into numbers, (N,); what is missing is NaN."""
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
        whole = rf"^\s*[+-]?[\d{re.escape(data.thousands or '')}]+\s*$"
        large &= pc.match_substring_regex(words, whole).to_numpy(zero_copy_only=False)
    elif not pa.types.is_integer(kind):
        large = []
    refused.add(name, column, large, row, "is a whole number from 2^53 on, of which floating point lacks some", LARGE)
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
    """Turn words into numbers, (N,), NaN where they are none, and tell which mean a missing value."""
    said = [str(mark) for mark in data.missing_values]
    absent = pc.is_in(words, pa.array(SPELLED + said))
    if look.decimal == "." and data.thousands is None:
        try:  # as nearly every column can be
            numbers = pc.if_else(absent, None, words).cast(pa.float64())
            return numbers.to_numpy(zero_copy_only=False), absent.to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            pass
    words = pc.utf8_trim_whitespace(words)
    absent = pc.or_(pc.is_in(pc.utf8_lower(words), pa.array(MISSING)), pc.is_in(words, pa.array(said, pa.string())))
    point, group = (re.escape(mark) for mark in (look.decimal, data.thousands or ""))
    whole = rf"(\d+|\d{{1,3}}({group}\d{{3}})+)" if group else r"\d+"
    right = pc.match_substring_regex(words, rf"^[+-]?({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?$")
    plain = pc.replace_substring(words, data.thousands, "") if group else words
    numbers = pc.if_else(right, pc.replace_substring(plain, look.decimal, "."), None).cast(pa.float64())
    return numbers.to_numpy(zero_copy_only=False), absent.to_numpy(zero_copy_only=False)


def _hint(words: list[str], decimal: str) -> str:
    """Say which key would take some of the words that are no numbers."""
    words = [word.strip() for word in words]
    if marks := sorted({*words} & {*MARKS}):
        return f"Marks of missing values: data.missing_values: {marks} lists them, and data.missing: allow takes them."
    mark = "," if decimal == "." else "."
    grouped = rf"[+-]?(\d+(\{mark}\d+)+(\{decimal}\d+)?|\d+(\{decimal}\d+)+\{mark}\d+)"
    if any(re.fullmatch(grouped, word) for word in words):
        of_decimal = f"data.decimal: '{mark}' reads 1{mark}5 as one and a half"
        return f"Numbers with '{mark}': {of_decimal}; data.thousands: '{mark}' reads 1{mark}234 as 1234."
    return ""


def _classes(data: CsvData, column, name: str, row: int, refused: Refused) -> Classes:
    """Name the classes of a part of the rows."""
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
    said = {*map(str, data.missing_values)}
    none = np.array([bool(data.rows) and (word in said or word.lower() in NO_LABEL) for word in of_words], dtype=bool)
    unsaid = [word for word in of_words if word not in data.class_names and word.lower() in NEVER_UNSAID]
    odd = np.array([word in unsaid or _is_broken(word) for word in of_words], dtype=bool)
    names = list(dict.fromkeys(word for word, is_none in zip(of_words, none, strict=True) if not is_none))
    places = {word: place for place, word in enumerate(names)}
    numbers = words.indices.to_numpy()
    if like := [word for word in unsaid if word.lower() in LIKE_MISSING + MARKS and word not in said]:
        keys = ", ".join(word if word.isalpha() and word.lower() != "null" else f"'{word}'" for word in like)
        hint = f"No label: data.missing_values: [{keys}] takes it as none.\n" if data.rows else ""
        hint += f"A class of this name: data.class_names: [{keys}] takes it as one."
    rule = "must be a class: a whole number or a name"
    refused.add(name, column, (odd & ~none)[numbers], row, rule, hint if like else "")
    return Classes(names, np.array([places.get(word, -1) for word in of_words], dtype=np.int64)[numbers])


def _is_broken(word: str) -> bool:
    """Tell whether a word is a number that is not whole, or not finite."""
    if not NUMBER.fullmatch(word):
        return word.lower().lstrip("+-") in ("inf", "infinity")
    return not float(word).is_integer()


def _joined(parts: list[Classes]) -> Classes:
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    return Classes(names, np.concatenate([part.among(names) for part in parts]))
