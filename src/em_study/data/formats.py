"""How a user's data file is written, found by its first bytes and lines, without reading its rows."""

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
# What the study calls the columns that it adds to a user's rows.
TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT = "true class", "predicted class", "predicted component"
LABEL, POSTERIOR, WAS_MISSING = "label", "posterior of ", " was missing"

ENDINGS = (".parquet", ".feather", ".npy", ".rds")  # of a file that is yet to be fetched; any other is CSV
KINDS = {b"PAR1": "parquet", b"ARROW1": "feather", b"\x93NUMPY": "npy"}  # by the first bytes, whatever the name
PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
ZIP = b"PK\x03\x04"
REFUSED = {
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save the sheet as CSV",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it",
    b"\x89HDF": "an HDF5 file: save the table as CSV or Parquet",
}
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
MARKS |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # after the others, of which one begins alike
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
SEPARATORS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}  # that are looked for; a comma where it will do
COMMA, POINT = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I), re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.I)
MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


class NoColumnsError(Exception):
    """A file whose columns cannot be told; says why."""


@dataclass(frozen=True)
class Look:
    """How a data file is written; of CSV files alone, how its text is.

    Attributes
    ----------
    kind : str
        csv, parquet, feather or npy.
    columns : list of str
        Those of a .npy file are x1, x2, ...
    separator, decimal, encoding : str
    told : str
        What was found and is not the plain form, in words; empty for a plain file.
    """

    kind: str
    columns: list[str]
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    told: str = ""

    @property
    def first_row(self) -> int:
        """Number of the first row of data: a header is row 1."""
        return 2 if self.kind == "csv" else 1


def ending_of(place: str) -> str:
    """Give the ending by which a file that is yet to be fetched is kept."""
    return next((ending for ending in ENDINGS if place.split("?")[0].lower().endswith(ending)), ".csv")


def look_at(path, features=(), others=(), separator=None, decimal=None, encoding=None) -> Look:
    """Find out how a data file is written, and name its columns.

    Parameters
    ----------
    path : path-like
    features, others : list of str
        Columns that are wanted: of numbers, and of anything. Without any, all columns may hold numbers.
    separator, decimal, encoding : str, optional
        As the configuration gives them; what is not given is found.

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
        whole = len(data) < LOOKED_AT
        text = codecs.getincrementaldecoder(found)().decode(data, final=whole)
    except UnicodeDecodeError as error:
        raise NoColumnsError(f"{path}: {not_text(found, error)}") from None
    except (*UNREADABLE, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NoColumnsError(f"{path}: cannot be read ({reason})") from None
    if not text.partition("\n")[0].strip("\r\ufeff "):
        told = "the first line is blank" if text.strip("\ufeff \r\n") else "the file is empty"
        raise NoColumnsError(f"{path}: {told}; it needs a header row")
    marks = [separator] if separator else SEPARATORS
    tables = {mark: _table(text, mark, whole) for mark in marks}
    wanted = {*features, *others}

    def fits(mark):
        header, *rows = tables[mark]
        return wanted <= {*header}, len(header) > 1 and all(len(row) == len(header) for row in rows), len(header)

    mark = max(marks, key=fits)
    header, *rows = tables[mark]
    places = [place for place, name in enumerate(header) if not features or name in features]
    told = [f"separated by {SEPARATORS[mark]}"] if mark != "," and not separator else []
    if decimal is None and mark != "," and _has_decimal_commas(rows, places):
        decimal, told = ",", [*told, "decimal commas"]
    if found in ("utf-16", "utf-32") and not encoding:
        told.append(found.upper())
    return Look("csv", header, mark, decimal or ".", found, ", ".join(told))


def not_text(encoding: str, error: UnicodeDecodeError, before: int = 0) -> str:
    """Say that a file is no text of an encoding, and how another would read it; `before` counts the bytes before."""
    told = f"not {encoding.removesuffix('-sig').upper()} text ({error.reason} at byte {before + error.start:,})"
    if not encoding.startswith("utf-8"):
        return told
    near = error.object[max(0, error.start - 10) : error.start + 10].decode("cp1252", "replace").split()
    return f"{told}; data.encoding: cp1252 (Windows, Latin-1) would read {' '.join(near)!r} there"


def opened(path):
    """Open a CSV file to read its bytes, unpacked if it is packed, whatever its name says."""
    with open(path, "rb") as file:
        begins = file.read(8)
    if begins.startswith(ZIP):
        archive = zipfile.ZipFile(path)
        return archive.open(archive.namelist()[0])
    return next((unpack for mark, unpack in PACKED.items() if begins.startswith(mark)), open)(path, "rb")


def about_rows(path) -> int:
    """Tell the rows of a data file, of CSV about, by the length of its first lines; 0 if it cannot be read."""
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
    """Tell by its first bytes what a file is."""
    with open(path, "rb") as file:
        begins = file.read(8)
    for mark, told in REFUSED.items():
        if begins.startswith(mark):
            raise NoColumnsError(f"{path}: is {told}")
    if begins.startswith(ZIP):
        names = zipfile.ZipFile(path).namelist()
        if "[Content_Types].xml" in names:
            raise NoColumnsError(f"{path}: is an Excel workbook: save the sheet as CSV")
        if len(names) != 1:
            raise NoColumnsError(f"{path}: is a zip archive of {len(names)} files: unpack the one that is meant")
    found = next((kind for mark, kind in KINDS.items() if begins.startswith(mark)), "csv")
    named = ending_of(path.name).removeprefix(".")
    if found == "csv" != named:
        raise ValueError(f"it is no {named} file, though its name says so")
    return found


def _table(text: str, mark: str, whole: bool) -> list[list[str]]:
    """Read the first lines of a CSV file, the last only if it is whole; names without spaces around them."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row]
    except csv.Error:
        rows = [row for row in csv.reader(text.split("\n")[:1], delimiter=mark) if row]
    rows = rows if whole else [*rows[:1], *rows[1:-1]]
    return [[name.strip().lstrip("\ufeff") for name in rows[0]], *rows[1:]]


def _has_decimal_commas(rows, places) -> bool:
    """Tell whether numbers have decimal commas: some do, none has a point, and not all may be thousands."""
    cells = {row[place].strip() for row in rows for place in places if place < len(row)}
    commas = [cell for cell in cells if COMMA.fullmatch(cell)]
    points = any(POINT.fullmatch(cell) for cell in cells)
    return not points and any(not MAYBE_THOUSANDS.fullmatch(cell) for cell in commas)


def _unpacked_size(path) -> int:
    """Give the bytes of what is packed, below 4 GB, as such a file says at its end."""
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

    array = np.lib.format.open_memmap(path, mode="r")  # of one array of numbers
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"it must hold numbers in the shape (rows, features), not {array.dtype} {array.shape}")
    return [f"x{d + 1}" for d in range(array.shape[1])]
