"""Files between the steps of a run. Each is written completely or not at all."""

import csv
import dataclasses
import io
import os
import secrets
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from em_study.columns import TEXT_COLUMNS

ONLY_EMPTY = {"keep_default_na": False, "na_values": [""]}  # only an empty cell is missing: NA may be a name


@contextmanager
def atomic_file(path):
    """Give a temporary path to write to; move it to `path` if the block ends without an error."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text: str):
    """Write a text."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_arrays(path, value):
    """Write a dataclass of arrays (or None) as an .npz file; a field may have another name there, `stored_as`."""
    arrays = {_stored_name(f): getattr(value, f.name) for f in dataclasses.fields(value)}
    with atomic_file(path) as temporary:
        np.savez(temporary, **{name: array for name, array in arrays.items() if array is not None})


def read_arrays(path, kind):
    """Read what `write_arrays` wrote into a dataclass of the given kind."""
    with np.load(path, allow_pickle=False) as arrays:
        return kind(**{f.name: arrays.get(_stored_name(f)) for f in dataclasses.fields(kind)})


def _stored_name(field) -> str:
    return field.metadata.get("stored_as", field.name)


def write_table(path, table):
    """Write a table as CSV, with every digit of its numbers."""
    with atomic_file(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def write_pieces(path, tables):
    """Write parts of a table one after the other, as CSV or, by the ending of the path, Parquet; one is in memory."""
    with atomic_file(path) as temporary:
        if temporary.suffix != ".parquet":
            for number, table in enumerate(tables):
                settings = {"mode": "a", "header": number == 0, "lineterminator": "\n", "encoding": "utf-8"}
                table.to_csv(temporary, index=False, **settings)
            return
        from pyarrow import Table  # slow to import
        from pyarrow.parquet import ParquetWriter

        with ExitStack() as stack:
            writer = None
            for table in tables:
                rows = Table.from_pandas(table, preserve_index=False)
                writer = writer or stack.enter_context(ParquetWriter(temporary, rows.schema))
                writer.write_table(rows)


def read_table(path, text=(), **settings):
    """Read a table without loss of digits or words.

    Parameters
    ----------
    path : path-like or file
    text : collection of str
        Columns with text, in addition to `TEXT_COLUMNS`: there "01" is not a number, and "NA" not a missing value.
    settings
        Further arguments of `pandas.read_csv`.
    """
    import pandas as pd  # slow to import

    return pd.read_csv(
        path, encoding="utf-8", dtype=dict.fromkeys([*TEXT_COLUMNS, *text], str), **ONLY_EMPTY, **settings
    )


def is_kept(word: str) -> bool:
    """Return whether pandas, with its default settings, reads a word back unchanged."""
    import pandas as pd

    return pd.read_csv(io.StringIO(pd.Series([word]).to_csv(index=False))).iat[0, 0] == word


def holding(column, value):
    """Return which cells of a column have a value; an empty text stands for an empty cell."""
    if value == "":
        return column.isna()
    return column == (str(value) if column.dtype == "str" else value)


def read_rows(path, column: str, values, text=()):
    """Read the rows of a table that have one of `values` in a column, without loading the others."""
    kept = io.StringIO()
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        place, writer = header.index(column), csv.writer(kept)
        writer.writerow(header)
        writer.writerows(row for row in rows if row[place] in values)
    kept.seek(0)
    return read_table(kept, text)


def join_tables(path, parts):
    """Concatenate the rows of tables with the same columns, byte by byte.

    Raises
    ------
    ValueError
        If the columns differ.
    """
    header = None
    with atomic_file(path) as temporary, open(temporary, "wb") as joined:
        for part in parts:
            with open(part, "rb") as file:
                columns = file.readline()
                if header is None:
                    header = columns
                    joined.write(header)
                if columns != header:
                    raise ValueError(f"{part} has other columns than {parts[0]}")
                shutil.copyfileobj(file, joined)
