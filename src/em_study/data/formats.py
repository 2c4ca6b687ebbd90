"""Format of a user's data file, detected from its first bytes and lines, without reading its rows."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

LOOKED_AT = 100_000  # bytes
# Names of the columns that the study adds to a user's rows.
TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT = "true class", "predicted class", "predicted component"
LABEL, POSTERIOR, WAS_MISSING = "label", "posterior of ", " was missing"

ENDINGS = (".parquet", ".feather", ".npy", ".rds")  # of a file that is not fetched yet; any other is CSV
KINDS = {
    b"PAR1": "parquet",
    b"ARROW1": "feather",
    b"\x93NUMPY": "npy",
}  # by the first bytes, whatever the name of the file
PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
ZIP = b"PK\x03\x04"
REFUSED = {
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save the sheet as CSV",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it",
    b"\x89HDF": "an HDF5 file: save the table as CSV or Parquet",
}
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
MARKS |= {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}  # after the others: UTF-32 LE begins like UTF-16 LE
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
SEPARATORS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}  # candidates, the comma first
COMMA, POINT = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I), re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.I)
MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


class NoColumnsError(Exception):
    """The columns of a file cannot be determined; the text says why."""


@dataclass(frozen=True)
class Look:
    """Format of a data file; separator, decimal and encoding are of CSV files only.

    Attributes
    ----------
    kind : str
        csv, parquet, feather or npy.
    columns : list of str
        A .npy file has x1, x2, ...
    separator, decimal, encoding : str
    description : str
        What differs from a plain file, in words; empty for a plain file.
    """

    kind: str
    columns: list[str]
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    description: str = ""

    @property
    def first_row(self) -> int:
        """Number of the first row of data: a header is row 1."""
        return 2 if self.kind == "csv" else 1


def ending_of(place: str) -> str:
    """Return the ending under which a file that is not fetched yet will be kept."""
    return next((ending for ending in ENDINGS if place.split("?")[0].lower().endswith(ending)), ".csv")


def look_at(path, features=(), others=(), separator=None, decimal=None, encoding=None) -> Look:
    """Detect the format of a data file, and the names of its columns.

    Parameters
    ----------
    path : path-like
    features, others : list of str
        Columns that are wanted: of numbers, and of any kind. If `features` is empty, every column may hold numbers.
    separator, decimal, encoding : str, optional
        Settings of the configuration; what is not given is detected.

    Raises
    ------
    NoColumnsError
        If the file cannot be read, or has no columns.
    """
    path = Path(path)
    try:
        kind = _kind_of(path)
        if kind != "csv":
            columns = {"parquet": _of_parquet, "feather": _of_feather, "npy": _of_npy}[kind](path)
            return Look(kind, columns)
        with opened(path) as file:
            data = file.read(LOOKED_AT)
            data += b"" if b"\n" in data else file.readline()  # a header of many columns
        found = encoding or next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
        is_complete = len(data) < LOOKED_AT
        text = codecs.getincrementaldecoder(found)().decode(data, final=is_complete)
    except UnicodeDecodeError as error:
        raise NoColumnsError(f"{path}: {not_text(found, error)}") from None
    except (*UNREADABLE, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NoColumnsError(f"{path}: cannot be read ({reason})") from None
    if not text.partition("\n")[0].strip("\r\ufeff "):
        reason = "the first line is blank" if text.strip("\ufeff \r\n") else "the file is empty"
        raise NoColumnsError(f"{path}: {reason}; the first line must be a header row")
    marks = [separator] if separator else SEPARATORS
    tables = {mark: _table(text, mark, is_complete) for mark in marks}
    wanted = {*features, *others}

    def fits(mark):
        header, *rows = tables[mark]
        return wanted <= {*header}, len(header) > 1 and all(len(row) == len(header) for row in rows), len(header)

    mark = max(marks, key=fits)
    header, *rows = tables[mark]
    places = [place for place, name in enumerate(header) if not features or name in features]
    described = [f"separated by {SEPARATORS[mark]}"] if mark != "," and not separator else []
    if decimal is None and mark != "," and _has_decimal_commas(rows, places):
        decimal, described = ",", [*described, "decimal commas"]
    if found in ("utf-16", "utf-32") and not encoding:
        described.append(found.upper())
    return Look("csv", header, mark, decimal or ".", found, ", ".join(described))


def not_text(encoding: str, error: UnicodeDecodeError, before: int = 0) -> str:
    """Say that a file is not text of an encoding, and how cp1252 would read it; `before` counts earlier bytes."""
    message = f"not {encoding.removesuffix('-sig').upper()} text ({error.reason} at byte {before + error.start:,})"
    if not encoding.startswith("utf-8"):
        return message
    near = error.object[max(0, error.start - 10) : error.start + 10].decode("cp1252", "replace").split()
    return f"{message}; data.encoding: cp1252 (Windows, Latin-1) would read {' '.join(near)!r} there"


def opened(path):
    """Open a CSV file to read its bytes, decompressed if needed, whatever the name of the file."""
    with open(path, "rb") as file:
        begins = file.read(8)
    if begins.startswith(ZIP):
        archive = zipfile.ZipFile(path)
        return archive.open(archive.namelist()[0])
    return next((unpack for mark, unpack in PACKED.items() if begins.startswith(mark)), open)(path, "rb")


def about_rows(path) -> int:
    """Count the rows of a data file, those of CSV estimated from its first lines; 0 if the file cannot be read."""
    path = Path(path)
    try:
        kind = _kind_of(path)
        if kind == "parquet":
            from pyarrow.parquet import read_metadata

            return read_metadata(path).num_rows
        if kind == "feather":
            return sum(batch.num_rows for batch in feather_batches(path))
        if kind == "npy":
            import numpy as np

            return len(np.lib.format.open_memmap(path, mode="r"))
        with opened(path) as file:
            some = file.read(LOOKED_AT)
            size = _unpacked_size(path) if isinstance(file, gzip.GzipFile) else path.stat().st_size
        return size * some.count(b"\n") // max(1, len(some))
    except (*UNREADABLE, ValueError, TypeError):
        return 0


def feather_batches(path):
    """Yield the record batches of a Feather file, which is mapped into memory."""
    import pyarrow as pa

    file = pa.ipc.open_file(pa.memory_map(str(path)))
    yield from (file.get_batch(number) for number in range(file.num_record_batches))


def _kind_of(path) -> str:
    """Detect the kind of a file by its first bytes."""
    with open(path, "rb") as file:
        begins = file.read(8)
    for mark, advice in REFUSED.items():
        if begins.startswith(mark):
            raise NoColumnsError(f"{path}: is {advice}")
    if begins.startswith(ZIP):
        names = zipfile.ZipFile(path).namelist()
        if "[Content_Types].xml" in names:
            raise NoColumnsError(f"{path}: is an Excel workbook: save the sheet as CSV")
        if len(names) != 1:
            raise NoColumnsError(f"{path}: is a zip archive of {len(names)} files, not of one: unpack the file to read")
    found = next((kind for mark, kind in KINDS.items() if begins.startswith(mark)), "csv")
    named = ending_of(path.name).removeprefix(".")
    if found == "csv" != named:
        raise ValueError(f"the name ends in .{named}, but the content is not {named}")
    return found


def _table(text: str, mark: str, is_complete: bool) -> list[list[str]]:
    """Read the first lines of a CSV file, the last only if it is complete; strip spaces around names."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row]
    except csv.Error:
        rows = [row for row in csv.reader(text.split("\n")[:1], delimiter=mark) if row]
    rows = rows if is_complete else [*rows[:1], *rows[1:-1]]
    return [[name.strip().lstrip("\ufeff") for name in rows[0]], *rows[1:]]


def _has_decimal_commas(rows, places) -> bool:
    """Return whether numbers have decimal commas: some do, none has a point, and not all can be thousands."""
    cells = {row[place].strip() for row in rows for place in places if place < len(row)}
    commas = [cell for cell in cells if COMMA.fullmatch(cell)]
    points = any(POINT.fullmatch(cell) for cell in cells)
    return not points and any(not MAYBE_THOUSANDS.fullmatch(cell) for cell in commas)


def _unpacked_size(path) -> int:
    """Return the decompressed size in bytes, below 4 GB, which a gzip file states at its end."""
    with open(path, "rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def _of_parquet(path) -> list[str]:
    from pyarrow.parquet import read_schema  # takes its time to import

    return read_schema(path).names


def _of_feather(path) -> list[str]:
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path))).schema.names


def _of_npy(path) -> list[str]:
    import numpy as np

    array = np.lib.format.open_memmap(path, mode="r")  # one array of numbers
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"must be an array of numbers of shape (samples, features), not {array.dtype} of shape {array.shape}"
        )
    return [f"x{d + 1}" for d in range(array.shape[1])]
