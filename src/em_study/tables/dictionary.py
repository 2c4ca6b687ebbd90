"""The data dictionary: the meaning of each table, column and measurement."""

from collections.abc import Sequence

from em_study.columns import COLUMNS, KEYS, Column
from em_study.evaluation.measurements import QUANTITIES

SWEEP_TABLES = """The table of a sweep has a column for each varied key, then fit, protocol (empty in the row of a fit),
replicate, seed, the columns of fits.csv and agreement.csv, and the sweep's `measurements`. The seed is that of the
cell's random numbers. It depends on the data block alone, without its `holes`, so that cells that differ only in their
fits or their missing values are compared on the same samples. `<sweep>_summary.csv` has, by cell, fit, protocol and
quantity: n (replicates that did not fail), mean, mcse (its Monte Carlo standard error; empty if n is 1), low and high
(2.5 and 97.5 percentile of the replicates). These have the tolerance of the quantity."""
TOLERANCE = """`make compare` compares a run with the published one: text, counts and shares must be equal. For a number
that another processor may round differently, the last column has the largest difference allowed."""


def data_dictionary(changes: Sequence[str] = ()) -> str:
    """Describe every table and column as Markdown, after a configuration's changes of the articles."""
    lines = ["# Tables", "", "CSV, UTF-8, one header row. Numbers are written with all their digits.", "", TOLERANCE]
    if changes:
        lines += ["", "These tables were not made with the settings of the articles:", ""]
        lines += [f"- {change}" for change in changes]
    for name, columns in COLUMNS.items():
        lines += ["", f"## {name}.csv", "", "| column | meaning | may differ by |", "|---|---|---|"]
        for key, column in columns.items():
            compared = name in KEYS and column.is_compared
            differ = "see below" if (name, key) == ("measurements", "value") else _tolerance(column)
            lines.append(f"| {key} | {column.description} | {differ if compared else 'not compared'} |")
        if name == "measurements":
            lines += ["", "| measurement | unit | meaning | may differ by |", "|---|---|---|---|"]
            lines += [
                f"| {key} | {column.unit} | {column.description} | {_tolerance(column)} |"
                for key, column in QUANTITIES.items()
            ]
    lines += ["", "## sweeps/<sweep>.csv", "", SWEEP_TABLES]
    return "\n".join(lines) + "\n"


def _tolerance(column: Column) -> str:
    relative, absolute = column.tolerance or (0, 0)
    parts = [f"{relative:.0e} of it"] if relative else []
    parts += [f"{absolute:.0e}"] if absolute else []
    return " + ".join(parts)
