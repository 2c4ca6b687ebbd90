"""Pages of the report that show a table, to sort and to search. All text is escaped."""

from pathlib import Path

import jinja2
import pandas as pd


def table_page(table: pd.DataFrame, title: str, caption: str, meanings: dict[str, str], template) -> str:
    """Make a self-contained HTML page of a table.

    Parameters
    ----------
    table : DataFrame
    title, caption : str
    meanings : dict
        What each column holds.
    template : path-like
        A Jinja template.
    """
    environment = jinja2.Environment(autoescape=True)
    rows = [["" if pd.isna(cell) else cell for cell in row] for row in table.itertuples(index=False)]
    return environment.from_string(Path(template).read_text(encoding="utf-8")).render(
        title=title, caption=caption, meanings=meanings, columns=list(table.columns), rows=rows
    )
