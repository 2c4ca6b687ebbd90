"""The content of a sweep's figure, for matplotlib and for the page: panels of lines, a title, and what to see."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from em_study.columns import COUNT, NUMERIC_QUANTITIES, TRUTH
from em_study.data.storage import holding
from em_study.evaluation.measurements import QUANTITIES
from em_study.sweeps.settings import Sweep, shown_value

DRAWN = NUMERIC_QUANTITIES | QUANTITIES  # quantities that a sweep's figure may show
SMALLEST_DRAWN = 1e-17  # where a difference of exactly 0 is drawn on a log scale
NORMAL = 1.96  # standard errors of a 95 % interval
WIDE = 20.0  # ratio from which a scale is logarithmic
FEW_LINES = 2  # lines whose ranges do not hide each other
MOST_NAMED = 2  # quantities in a title
MOST_LINES = 12  # lines with a color and a name of their own
SETTINGS = {  # words for readers, with the unit, by the first and last part of a key
    "data.n_unlabeled": "number of unlabeled samples",
    "data.n_labeled": "number of labeled samples",
    "data.n_components": "number of components",
    "data.n_features": "number of features",
    "data.separation": "separation of the means (factor)",
    "data.fraction": "share of values removed",
    "data.mechanism": "missingness mechanism",
    "data.shared": "same samples in all replicates",
    "data.refitted": "parameters drawn anew for each replicate",
    "fits.n_components": "number of components",
    "fits.covariance_type": "covariance type",
    "fits.tol": "tolerance (nats per sample)",
    "fits.max_iter": "largest number of steps",
    "fits.reg_covar": "covariance regularization (squared units of the data)",
    "fits.stopping": "stopping rule",
    "fits.semi_supervised": "use of the labels",
}
WITH_TERMS = (".mechanism", ".semi_supervised")  # keys
TERMS = {  # their values
    "mcar": "MCAR (missing completely at random): whether a value is missing does not depend on any value.",
    "mar": "MAR (missing at random): whether a value is missing depends on observed values only.",
    "init_only": "init_only: labels give the initial parameters, then the labeled samples leave the likelihood.",
    "clamped": "clamped: labeled samples stay in the likelihood, each with its class fixed.",
}


@dataclass(frozen=True)
class Line:
    """A quantity along a panel: at each place, (n,), the mean over the replicates, and their 2.5 and 97.5 percentiles.

    `bottom` and `top` are the ends of the mean's 95 % Monte Carlo interval, of a share Wilson's; `n` is the number of
    replicates that have a value.

    `key` is the value that identifies the line, `label` its text. A place is the value of the setting, or the number
    of its name.
    """

    key: Any
    label: str
    places: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bottom: np.ndarray
    top: np.ndarray
    n: np.ndarray

    @property
    def is_thinned(self) -> np.ndarray:
        """Where fewer replicates have a value than elsewhere."""
        return self.n < self.n.max()


@dataclass(frozen=True)
class Panel:
    """A quantity of a sweep over a setting.

    Attributes
    ----------
    title : str
        Values of the settings of this panel; may be empty.
    x : str
        The setting on its horizontal axis, with its unit.
    names : list of str or None
        Names of the places, if the setting is no number.
    quantity : str
    lines : list of Line
    """

    title: str
    x: str
    names: list[str] | None
    quantity: str
    lines: list[Line]

    @property
    def meaning(self) -> str:
        """The quantity in words, with its unit."""
        column = DRAWN[self.quantity]
        return column.label or f"{self.quantity.replace('_', ' ')}\n({column.unit})"

    def all(self, name: str) -> np.ndarray:
        """Return the places, means or ends of all lines."""
        return np.concatenate([getattr(line, name) for line in self.lines])

    @property
    def nominal(self) -> float | None:
        """The ideal value of the quantity."""
        return DRAWN[self.quantity].nominal

    @property
    def has_bands(self) -> bool:
        """Whether the range of the replicates is drawn; the ranges of many lines would hide each other."""
        return len(self.lines) <= FEW_LINES

    @property
    def is_empty(self) -> bool:
        """Whether no fit has a value."""
        return not self.lines

    @property
    def x_scale(self) -> str:
        """Linear or log, as in matplotlib."""
        places = self.all("places")
        return "log" if self.names is None and places.min() > 0 and places.max() >= WIDE * places.min() else "linear"

    @property
    def y_scale(self) -> str:
        """linear, log or symlog, as in matplotlib."""
        low, high = self.all("low").min(), self.all("high").max()
        column = DRAWN[self.quantity]
        if not column.is_logarithmic:
            return "linear"
        if column.unit == COUNT and low < 1:  # initial parameters alone take no steps
            return "symlog" if high > WIDE else "linear"
        return "log" if high > WIDE * max(low, SMALLEST_DRAWN) else "linear"


def panels_of(summary, sweep: Sweep) -> list[Panel]:
    """Select the panels of a sweep's figure.

    The summary has mean and interval of each quantity that is drawn, and of `converged`, by cell, fit and protocol.
    """
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[holding(summary[column], wanted)]
    summary = summary.assign(**{key: _ordered(summary[key], values) for key, values in sweep.vary.items()})
    words = words_of(sweep)
    keys = [figure.panels] if figure.panels else []
    if not sweep.zip:  # each varied key is an axis, a color or a panel
        keys += [key for key in sweep.vary if key not in (figure.x, figure.color, figure.panels, *figure.where)]
    every_cell = summary[summary["quantity"] == "converged"]  # also where all fits failed
    parts = list(every_cell[keys].drop_duplicates().itertuples(index=False)) if keys else [()]
    panels = []
    for quantity in figure.quantities:
        of_quantity = summary[summary["quantity"] == quantity]
        for part in parts:
            rows = of_quantity
            for key, value in zip(keys, part, strict=True):
                rows = rows[rows[key] == value]
            title = ", ".join(f"{words[key]} = {value}" for key, value in zip(keys, part, strict=True))
            names = None if is_numeric(summary[figure.x]) else [*summary[figure.x].cat.categories]
            panels.append(Panel(title, words[figure.x], names, quantity, _lines(rows, sweep, quantity, words)))
    return panels


def _lines(rows, sweep: Sweep, quantity: str, words: dict[str, str]) -> list[Line]:
    x, color = sweep.figure.x, sweep.figure.color
    column = DRAWN[quantity]
    groups = [("", rows)] if color is None else rows.groupby(color, sort=sweep.figure.kind == "heatmap", observed=True)
    lines = []
    for key, group in groups:
        # The mean over all that has no axis, color or panel
        group = group.groupby(x, sort=True, observed=True)[["mean", "low", "high", "mcse", "n"]].mean()
        bottom, top = _interval(group, column)
        n = group["n"].to_numpy()
        group = group[["mean", "low", "high"]].assign(bottom=bottom, top=top)
        shown = np.array(group) * (100 if column.in_percent else 1)
        if column.is_logarithmic and column.unit != COUNT:
            shown = np.maximum(shown, SMALLEST_DRAWN)
        places = np.asarray(group.index if is_numeric(rows[x]) else group.index.codes)
        label = str(key).replace("_", " ") if color in ("protocol", "fit", None) else f"{words[color]} = {key}"
        lines.append(Line(key, label, places, *shown.T, n))
    return [line for line in lines if len(line.places)]


def _interval(group, column):
    """Return the ends of the 95 % Monte Carlo interval of each mean."""
    if column.unit == TRUTH:
        share, per_n = group["mean"].clip(0, 1), NORMAL**2 / group["n"]  # Wilson's
        half = np.sqrt(per_n * share * (1 - share) + per_n**2 / 4)
        return (share + per_n / 2 - half) / (1 + per_n), (share + per_n / 2 + half) / (1 + per_n)
    half = NORMAL * group["mcse"].fillna(0.0)
    return group["mean"] - half, group["mean"] + half


def title_of(sweep: Sweep) -> str:
    """Name a sweep for readers: its quantities by its settings, and the experiment."""
    figure, words = sweep.figure, words_of(sweep)
    quantities = [_without_unit(_label(name)) for name in figure.quantities]
    many = len(quantities) > MOST_NAMED
    what = f"{len(quantities)} quantities" if many else " and ".join(quantities)
    keys = [figure.x, figure.color] if figure.kind == "heatmap" else [figure.x]
    chosen = (f", {column} {wanted}".replace("_", " ") for column, wanted in figure.where.items())
    by = " and ".join(_without_unit(words[key]) for key in keys)
    return f"{what[0].upper()}{what[1:]} by {by} ({sweep.experiment.replace('_', ' ')}{''.join(chosen)})"


def to_see_in(sweep: Sweep) -> str:
    """Say what to look at in the figure of a sweep, and explain the terms among its values."""
    figure, words = sweep.figure, words_of(sweep)
    x = _without_unit(words[figure.x])
    named = {"protocol": "step of the agreement ladder"} | words
    color = named.get(figure.color, figure.color)
    if figure.kind == "heatmap":
        rows = _without_unit(words[figure.color])
        said = f"See which cells are light and which are dark. The columns are {x}, the rows {rows}."
    elif figure.color is None:
        said = f"See how the curve changes with the {x}."
    else:
        said = f"See how the curves change with the {x}, and how far they lie apart. Each curve is for one {color}."
    if any(DRAWN[name].nominal is not None for name in figure.quantities) and figure.kind == "lines":
        said += " A dotted line is the ideal value."
    values = [value for key, values in sweep.vary.items() if key.endswith(WITH_TERMS) for value in values]
    return " ".join([said, *(TERMS[value] for value in values if value in TERMS)])


def statistics_of(summary, sweep: Sweep) -> str:
    """Name the statistics that the figure of a sweep shows, and the number of replicates."""
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[holding(summary[column], wanted)]
    drawn = summary[summary["quantity"].isin(figure.quantities)]
    if sweep.replicates == 1:
        return "one replicate of each"
    n_lines = 1 if figure.color is None else drawn[figure.color].nunique()
    what = "Mean" + (", 95 % Monte Carlo interval" if figure.kind == "lines" and n_lines <= MOST_LINES else "")
    what += ", shaded 2.5 to 97.5 percentile" if figure.kind == "lines" and n_lines <= FEW_LINES else ""
    fewest = drawn["n"].min() if len(drawn) else 0
    failed = f"; at least {fewest} count (the others failed, or are the same run)" if fewest < sweep.replicates else ""
    return f"{what} over {sweep.replicates} replicates{failed}"


def short_names(keys) -> dict[str, str]:
    """Name each dotted key by as few of its last parts as identify it."""
    parts = {key: key.split(".") for key in keys}

    def ends_alike(key, n):
        return sum(other[-n:] == parts[key][-n:] for other in parts.values())

    return {
        key: ".".join(parts[key][-min(n for n in range(1, len(parts[key]) + 1) if ends_alike(key, n) == 1) :])
        for key in keys
    }


def words_of(sweep: Sweep) -> dict[str, str]:
    """Describe each varied key in words, with its unit; of keys with the same words, each with its owner."""
    found = {}
    for key, short in short_names(sweep.vary).items():
        first, *owner, last = key.split(".")
        words = SETTINGS.get(f"{first}.{last}", last.replace("_", " "))
        alike = [values for other, values in sweep.vary.items() if other.split(".")[-1] == last]
        is_one = sweep.zip and all(values == alike[0] for values in alike)  # varied together
        found[key] = words if is_one or short == last else f"{words} of {' '.join(owner) or first}"
    return found


def _label(quantity: str) -> str:
    column = DRAWN[quantity]
    return column.label.replace("\n", " ") or f"{quantity.replace('_', ' ')} ({column.unit})"


def _without_unit(text: str) -> str:
    return re.sub(r" \([^()]*\)$", "", text)


def _ordered(column, values):
    """Order the values of a setting that is no number as the sweep lists them."""
    import pandas as pd  # takes its time to import

    if is_numeric(column) and not column.isna().any():
        return column
    as_read = str if column.dtype == "str" else lambda value: value
    names = {
        None if value is None else as_read(shown_value(value)): "none" if value is None else str(shown_value(value))
        for value in values
    }
    found = [names[None] if value is None or value != value else names[value] for value in column.astype(object)]
    return pd.Categorical(found, list(names.values()), ordered=True)


def is_numeric(column) -> bool:
    """Return whether the values of a setting are numbers, with places of their own on an axis."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
