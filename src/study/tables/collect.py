"""The published tables: what each column means, and putting them together."""

import pandas as pd

from study.dictionary import COLUMNS, MEASUREMENTS
from study.errors import StudyError

PARTS = ("fits", "parameters", "agreement", "measurements")  # made of the experiments' parts


SWEEP_TABLES = """A column for each varied key; then fit, protocol (empty in the row of a fit), replicate, seed, and the
columns of fits.csv and agreement.csv. The seed is that of the cell's draws. It depends on the data block alone, so that
cells that differ in their fits are compared on the same rows. `<sweep>_summary.csv` has, by cell, fit, protocol and
quantity: n (how many did not fail), mean, low and high (2.5 and 97.5 percentile over the replicates)."""


def collect(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the parts of a table together, in their order.

    Parameters
    ----------
    name : str
        A key of `COLUMNS`.
    parts : list of DataFrame

    Raises
    ------
    StudyError
        If a part's columns are not those of the data dictionary.
    """
    columns = list(COLUMNS[name])
    for part in parts:
        if list(part.columns) != columns:
            raise StudyError(f"table {name}: columns {list(part.columns)} are not those documented, {columns}")
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def data_dictionary(left_out: dict[str, str]) -> str:
    """Describe every table and column as Markdown.

    Parameters
    ----------
    left_out : dict
        Claims that are not tested, and why.
    """
    lines = ["# Tables", "", "CSV, UTF-8, one header row. Numbers are written with all their digits."]
    for name, columns in COLUMNS.items():
        lines += ["", f"## {name}.csv", "", "| column | meaning |", "|---|---|"]
        lines += [f"| {column} | {meaning} |" for column, meaning in columns.items()]
        if name == "measurements":
            lines += ["", "| measurement | meaning |", "|---|---|"]
            lines += [f"| {key} | {meaning} |" for key, meaning in MEASUREMENTS.items()]
    lines += ["", "## sweeps/<sweep>.csv", "", SWEEP_TABLES]
    if left_out:
        lines += ["", "Claims left out:", ""]
        lines += [f"- {claim}: {reason}" for claim, reason in left_out.items()]
    return "\n".join(lines) + "\n"
