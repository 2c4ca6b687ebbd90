"""What columns a user's data file has, told by its ending, without reading its rows."""

import csv
import gzip
import io
import os
import zlib
from pathlib import Path

ENDINGS = (".parquet", ".npy")  # anything else is read as CSV

LOOKED_AT = 100_000  # bytes
# What the study calls the columns that it adds to a user's rows.
TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT = "true class", "predicted class", "predicted component"
POSTERIOR, WAS_MISSING = "posterior of ", " was missing"


GZIP = b"\x1f\x8b"  # how such a file begins
UNREADABLE = (OSError, EOFError, zlib.error)
SEPARATORS = {";": "';'", "\t": "a tab", "|": "'|'"}  # that other programs write


class NoColumnsError(Exception):
    """A file whose columns cannot be told; says why."""


def ending_of(place: str) -> str:
    """Give the ending that tells how a file is read."""
    return next((ending for ending in ENDINGS if place.split("?")[0].endswith(ending)), ".csv")


def columns_of(path) -> list[str]:
    """Name the columns of a data file; those of a .npy file are x1, x2, ...

    Raises
    ------
    NoColumnsError
        If the file cannot be read, or has none; or one stands twice.
    """
    path = Path(path)
    try:
        columns = {".parquet": _of_parquet, ".npy": _of_npy}.get(ending_of(path.name), _of_csv)(path)
    except OSError as error:
        raise NoColumnsError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise NoColumnsError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except (ValueError, EOFError, zlib.error, csv.Error) as error:
        raise NoColumnsError(f"{path}: cannot be read ({error})") from None
    if twice := [column for i, column in enumerate(columns) if column in columns[:i]]:
        raise NoColumnsError(f"{path}: the column '{twice[0]}' stands twice in the header")
    return columns


def opened(path):
    """Open a CSV file to read its bytes, unpacked if it is gzip, whatever its name says."""
    with open(path, "rb") as file:
        is_packed = file.read(len(GZIP)) == GZIP
    return gzip.open(path) if is_packed else open(path, "rb")


def other_separator(columns: list[str]) -> str:
    """Say what separates the columns of a file in place of commas, by its header; nothing if commas may."""
    return next((told for mark, told in SEPARATORS.items() if len(columns) == 1 and mark in columns[0]), "")


def about_rows(path) -> int:
    """Tell the rows of a data file, of CSV about, by the length of its first lines; 0 if it cannot be read."""
    path = Path(path)
    try:
        if ending_of(path.name) == ".parquet":
            from pyarrow.parquet import read_metadata

            return read_metadata(path).num_rows
        if ending_of(path.name) == ".npy":
            import numpy as np

            return len(np.lib.format.open_memmap(path, mode="r"))
        with opened(path) as file:
            some = file.read(LOOKED_AT)
            size = _unpacked_size(path) if isinstance(file, gzip.GzipFile) else path.stat().st_size
        return size * some.count(b"\n") // max(1, len(some))
    except (*UNREADABLE, ValueError, TypeError):
        return 0


def _unpacked_size(path) -> int:
    """Give the bytes of what is packed, below 4 GB, as such a file says at its end."""
    with open(path, "rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(), "little")


def _of_csv(path) -> list[str]:
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as file:
        columns = [name.strip() for name in next(csv.reader(file), [])]
    if not columns:
        raise NoColumnsError(f"{path}: the file is empty; it needs a header row")
    return columns


def _of_parquet(path) -> list[str]:
    from pyarrow.parquet import read_schema  # takes its time to import

    return read_schema(path).names


def _of_npy(path) -> list[str]:
    import numpy as np

    array = np.lib.format.open_memmap(path, mode="r")  # of one array of numbers
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"it must hold numbers in the shape (rows, features), not {array.dtype} {array.shape}")
    return [f"x{d + 1}" for d in range(array.shape[1])]
