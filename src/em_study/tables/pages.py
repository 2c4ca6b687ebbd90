"""Pages of the report that show a table, which can be sorted and searched. All text is escaped."""

import base64
import gzip
import json
import math
from pathlib import Path

import jinja2
import pandas as pd

from em_study.data.storage import read_table

MOST_ROWS = 10_000  # of a table


def table_page(table, title: str, meanings: dict[str, str], template, text=()) -> str:
    """Make a self-contained HTML page of a table, its numbers to six digits.

    Parameters
    ----------
    table : path-like
        A CSV file. If it has more than `MOST_ROWS` rows, the first of them are shown.
    title : str
    meanings : dict
        The meaning of each column.
    template : path-like
        A Jinja template.
    text : collection of str
        Columns that hold text, as for `read_table`.
    """
    with open(table, encoding="utf-8") as file:
        n_rows = sum(1 for _ in file) - 1
    shown = read_table(table, text, nrows=MOST_ROWS)
    caption = f"{table}, as this run wrote it; numbers are rounded to six digits."
    if n_rows > MOST_ROWS:
        caption = f"The first {MOST_ROWS:,} of {n_rows:,} rows of {caption}"
    rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
    text = json.dumps(rows, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
    environment = jinja2.Environment(autoescape=True)
    return environment.from_string(Path(template).read_text(encoding="utf-8")).render(
        title=title, caption=caption, meanings=meanings, columns=list(shown.columns), rows=packed
    )


def _cell(value):
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    return value if isinstance(value, str) else str(value) if isinstance(value, bool) else int(value)
