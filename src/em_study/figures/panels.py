"""What the figure of a sweep shows, whoever draws it: panels of lines."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from em_study.columns import COUNT, NUMERIC_QUANTITIES, TRUTH
from em_study.data.storage import holding
from em_study.evaluation.measurements import QUANTITIES
from em_study.sweeps.settings import Sweep, shown_value

DRAWN = NUMERIC_QUANTITIES | QUANTITIES  # what a sweep's figure may show
SMALLEST_DRAWN = 1e-17  # where a difference of exactly 0 is drawn on a log scale
NORMAL = 1.96  # standard errors of a 95 % interval
WIDE = 20.0  # ratio from which on a scale is logarithmic
FEW_LINES = 2  # whose ranges do not hide each other
MOST_LINES = 12  # with a colour and a name of their own


@dataclass(frozen=True)
class Line:
    """A quantity along a panel: at each place, (n,), the mean over the replicates, and their 2.5 and 97.5 percentiles.

    `bottom` and `top` are the ends of the mean's 95 % Monte Carlo interval, of a share Wilson's; `n` how many
    replicates have a number.

    `key` is the value that tells it from the others, `label` how that reads. A place is the value of the setting, or
    the number of its name.
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
        """Where fewer replicates have a number than elsewhere."""
        return self.n < self.n.max()


@dataclass(frozen=True)
class Panel:
    """A quantity of a sweep over a setting.

    Attributes
    ----------
    title : str
        Values of the settings that are those of this panel; may be empty.
    x : str
        The setting that is varied along it.
    names : list of str or None
        Of the places, where the setting is no number.
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
        """What the quantity would be if all were right."""
        return DRAWN[self.quantity].nominal

    @property
    def has_bands(self) -> bool:
        """Whether the range of the replicates is drawn: of more lines it would be mud."""
        return len(self.lines) <= FEW_LINES

    @property
    def is_empty(self) -> bool:
        """Whether no fit has a number."""
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
        if column.unit == COUNT and low < 1:  # a start alone takes no steps
            return "symlog" if high > WIDE else "linear"
        return "log" if high > WIDE * max(low, SMALLEST_DRAWN) else "linear"


def panels_of(summary, sweep: Sweep) -> list[Panel]:
    """Choose what the figure of a sweep shows.

    The summary has mean and interval of each quantity that is drawn, and of `converged`, by cell, fit and protocol.
    """
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[holding(summary[column], wanted)]
    summary = summary.assign(**{key: _ordered(summary[key], values) for key, values in sweep.vary.items()})
    short = short_names(sweep.vary)
    keys = [figure.panels] if figure.panels else []
    if not sweep.zip:  # every varied key is told apart by something
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
            title = ", ".join(f"{short[key]} = {value}" for key, value in zip(keys, part, strict=True))
            names = None if is_numeric(summary[figure.x]) else [*summary[figure.x].cat.categories]
            panels.append(Panel(title, short[figure.x], names, quantity, _lines(rows, sweep, quantity, short)))
    return panels


def _lines(rows, sweep: Sweep, quantity: str, short: dict[str, str]) -> list[Line]:
    x, color = sweep.figure.x, sweep.figure.color
    column = DRAWN[quantity]
    groups = [("", rows)] if color is None else rows.groupby(color, sort=sweep.figure.kind == "heatmap", observed=True)
    lines = []
    for key, group in groups:
        # Over what is told apart by nothing
        group = group.groupby(x, sort=True, observed=True)[["mean", "low", "high", "mcse", "n"]].mean()
        bottom, top = _interval(group, column)
        n = group["n"].to_numpy()
        group = group[["mean", "low", "high"]].assign(bottom=bottom, top=top)
        shown = np.array(group) * (100 if column.in_percent else 1)
        if column.is_logarithmic and column.unit != COUNT:
            shown = np.maximum(shown, SMALLEST_DRAWN)
        places = np.asarray(group.index if is_numeric(rows[x]) else group.index.codes)
        label = str(key) if color in ("protocol", "fit", None) else f"{short[color]} = {key}"
        lines.append(Line(key, label, places, *shown.T, n))
    return [line for line in lines if len(line.places)]


def _interval(group, column):
    """Give the ends of the 95 % Monte Carlo interval of each mean."""
    if column.unit == TRUTH:
        share, per_n = group["mean"].clip(0, 1), NORMAL**2 / group["n"]  # Wilson's
        half = np.sqrt(per_n * share * (1 - share) + per_n**2 / 4)
        return (share + per_n / 2 - half) / (1 + per_n), (share + per_n / 2 + half) / (1 + per_n)
    half = NORMAL * group["mcse"].fillna(0.0)
    return group["mean"] - half, group["mean"] + half


def title_of(summary, sweep: Sweep, name: str) -> str:
    """Say what the figure of a sweep shows, in two lines."""
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[holding(summary[column], wanted)]
    drawn = summary[summary["quantity"].isin(figure.quantities)]
    chosen = "".join(f", {column} {wanted}" for column, wanted in figure.where.items())
    title = f"{name} ({sweep.experiment}{chosen}):\n"
    if sweep.replicates == 1:
        return title + "the one replicate of each"
    n_lines = 1 if figure.color is None else drawn[figure.color].nunique()
    what = "mean" + (", 95 % Monte Carlo interval" if figure.kind == "lines" and n_lines <= MOST_LINES else "")
    what += ", shaded 2.5 to 97.5 percentile" if figure.kind == "lines" and n_lines <= FEW_LINES else ""
    fewest = drawn["n"].min() if len(drawn) else 0
    failed = (
        f", of which at least {fewest} count (others failed, or are the same run)" if fewest < sweep.replicates else ""
    )
    return f"{title}{what} over {sweep.replicates} replicates{failed}"


def short_names(keys) -> dict[str, str]:
    """Name each dotted key by as few of its last parts as tell it from the others."""
    parts = {key: key.split(".") for key in keys}

    def ends_alike(key, n):
        return sum(other[-n:] == parts[key][-n:] for other in parts.values())

    return {
        key: ".".join(parts[key][-min(n for n in range(1, len(parts[key]) + 1) if ends_alike(key, n) == 1) :])
        for key in keys
    }


def _ordered(column, values):
    """Give what is no number the order in which the sweep lists it."""
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
    """Tell whether the values of a setting have places of their own on an axis."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
