"""The data dictionary: what each table, column and measurement is."""

from collections.abc import Sequence

from em_study.columns import COLUMNS, KEYS, Column
from em_study.evaluation.measurements import QUANTITIES

SWEEP_TABLES = """A column for each varied key; then fit, protocol (empty in the row of a fit), replicate, seed, the
columns of fits.csv and agreement.csv, and the sweep's `measurements`. The seed is that of the cell's draws. It depends
on the data block alone, without its `holes`, so that cells that differ in their fits or holes are compared on the same
rows. `<sweep>_summary.csv` has, by cell, fit, protocol and quantity: n (how many did not fail), mean,
mcse (its Monte Carlo standard error; empty of one), low and high (2.5 and 97.5 percentile of the replicates). These may
lie from the published ones as far as the quantity may."""
TOLERANCE = """`make compare` holds a run to the published one: text, counts and shares are equal; of a number that
another processor may round otherwise, the last column says how far it may lie from the published one."""


def data_dictionary(changes: Sequence[str] = ()) -> str:
    """Describe every table and column as Markdown; first, what a configuration has changed of the articles."""
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
