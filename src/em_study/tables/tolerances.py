"""How far a number may lie from the published one: another processor rounds otherwise."""

from typing import NamedTuple

import numpy as np

from em_study.evaluation.measurement import Tolerance
from em_study.evaluation.measurements import QUANTITIES


class Key(NamedTuple):
    """What tells the rows of a table apart, and which of its columns tell whose tolerance `value` columns have."""

    columns: tuple[str, ...]
    quantity: str | None = None


KEYS = {
    "fits": Key(("experiment", "fit", "replicate")),
    "parameters": Key(("experiment", "fit", "component", "parameter")),
    "agreement": Key(("experiment", "protocol", "replicate")),
    "measurements": Key(("experiment", "fit", "replicate", "measurement", "setting"), "measurement"),
    "claims": Key(("claim",)),
}
EXACT = Tolerance(0.0, 0.0)
MEANS = Tolerance(1e-12, 0.0)  # over the replicates, of numbers that are equal in each
ROUNDED = Tolerance(1e-12, 1e-12)  # means over the rows
# What is not named here is equal.
TOLERANCES = {
    "mean_log_likelihood": ROUNDED,
    **dict.fromkeys(("trace_before_last", "trace_last"), Tolerance(1e-8, 0.0)),  # also of runs that break down
    **dict.fromkeys(("bic", "aic"), Tolerance(1e-12, 1e-9)),
    "value": Tolerance(1e-9, 1e-12),  # of a parameter
    "max_abs_posterior_difference": Tolerance(1e-8, 1e-12),
    "max_abs_parameter_difference": Tolerance(1e-8, 1e-10),
    "max_standardized_parameter_difference": Tolerance(1e-8, 1e-9),
    **dict.fromkeys(("observed", "interval_low", "interval_high", "range_low", "range_high"), Tolerance(1e-6, 1e-9)),
}
OF_SUMMARIES = ("mean", "low", "high")
NOT_COMPARED = ("explanation",)  # tells numbers of other columns


def tolerance_of(column: str, quantities=None) -> tuple[np.ndarray, np.ndarray]:
    """Give the relative and the absolute tolerance of a column.

    Parameters
    ----------
    column : str
    quantities : array-like of str of shape (n,), optional
        What each row is a number of, in measurements and the summaries of sweeps.

    Returns
    -------
    two ndarrays of shape (n,), or ()
    """
    if quantities is None or column not in ("value", *OF_SUMMARIES):
        found = [TOLERANCES.get(column, EXACT)]
        return tuple(np.array(found).T[:, 0])
    of = {
        name: QUANTITIES[name].tolerance if name in QUANTITIES else TOLERANCES.get(name, MEANS)
        for name in {*quantities}
    }
    return tuple(np.array([of[name] for name in quantities]).reshape(-1, 2).T)


def told(tolerance: Tolerance) -> str:
    """Write a tolerance for the data dictionary; nothing if there is none."""
    parts = [f"{tolerance.relative:.0e} of it"] if tolerance.relative else []
    parts += [f"{tolerance.absolute:.0e}"] if tolerance.absolute else []
    return " + ".join(parts)
