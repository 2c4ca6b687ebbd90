"""Sweeps: a quantity against a varied setting."""

import numpy as np

from study.configuration.cells import shown_value
from study.configuration.schema import Sweep, SweepFigure
from study.evaluation.measurements import QUANTITIES
from study.evaluation.protocols import LADDER
from study.figures.style import COMPONENTS, FIT_STYLES, SKLEARN, new_figure, protocol_color

PERCENT = ("agreement", "agreement_aligned", "accuracy", "converged")  # shares, drawn in percent
MEANING = {
    "agreement": "rows with the same label (%)",
    "agreement_aligned": "rows with the same label,\nbest renaming (%)",
    "accuracy": "rows with their true class (%)",
    "converged": "fits that converged (%)",
    "n_iter": "steps",
    "n_iter_ours": "steps of our EM",
    "n_iter_sklearn": "steps of the other implementation",
    "mean_log_likelihood": "average log-likelihood (nats a row)",
    "bic": "Bayesian information criterion (lower is better)",
    "aic": "Akaike information criterion (lower is better)",
    "max_abs_posterior_difference": "largest difference of a posterior (probability)",
    "max_abs_parameter_difference": "largest difference of a parameter (units of the data)",
}
LETTER = 0.08  # inches: width of a small letter, for the columns of a legend
SMALLEST_DRAWN = 1e-17  # where a difference of exactly 0 is drawn on a log scale
DIFFERENCES = ("max_abs_posterior_difference", "max_abs_parameter_difference")
LOGARITHMIC = ("n_iter", *DIFFERENCES)
# Where more would run into each other:
MOST_PANELS, MOST_NAMES, MOST_NUMBERS = 30, 12, 400
MOST_LINES = 12  # with a colour and a name of their own; more are coloured along a scale
MOST_MARKERS = 60
SCALE = "cividis"


CAPTION = (
    "Quantities over the values of a sweep: the mean over the replicates, shaded where 95 % of them lie, or, of many "
    "lines and in a heat map, the mean alone. See how the quantity moves with the setting."
)


def draw(summary, sweep: Sweep, name: str):
    """Draw a sweep as its figure block asks.

    Parameters
    ----------
    summary : DataFrame
        Mean and interval of each quantity that is drawn, and of `converged`, by cell, fit and protocol.
    sweep : Sweep
    name : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[summary[column] == wanted]
    summary = summary.assign(**{key: _ordered(summary[key], values) for key, values in sweep.vary.items()})
    short = short_names(sweep.vary)
    quantities = figure.quantities
    panel_keys = [figure.panels] if figure.panels else []
    if not sweep.zip:  # every varied key is told apart by something
        panel_keys += [key for key in sweep.vary if key not in (figure.x, figure.color, figure.panels, *figure.where)]
    every_cell = summary[summary["quantity"] == "converged"]  # also where all fits failed
    parts = list(every_cell[panel_keys].drop_duplicates().itertuples(index=False)) if panel_keys else [()]
    every = [(quantity, part) for quantity in quantities for part in parts]
    panels = every[:MOST_PANELS]
    n_columns = len(parts) if len(quantities) > 1 and len(parts) in (2, 3) else min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    width = 1.5 + 4.6 * n_columns
    canvas, axes = new_figure(n_columns, n_rows, width=width, height=1.6 + 3.9 * n_rows, sharey=len(quantities) == 1)
    axes = np.ravel(axes)
    for (quantity, part), place in zip(panels, axes, strict=False):
        rows = summary[summary["quantity"] == quantity]
        for key, value in zip(panel_keys, part, strict=True):
            rows = rows[rows[key] == value]
        drawn = _heatmap if figure.kind == "heatmap" else _lines
        drawn(place, rows, figure, quantity, short)
        place.set_xlabel(short[figure.x])
        place.set_title(", ".join(f"{short[key]} = {value}" for key, value in zip(panel_keys, part, strict=True)))
    for place in axes[len(panels) :]:
        place.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        n_legend = int(width / (0.7 + LETTER * max(map(len, labels))))
        canvas.legend(handles, labels, loc="outside lower center", ncols=min(3, max(1, n_legend)), fontsize="small")
    left_out = f"\nthe first {len(panels)} of {len(every)} panels; `where` chooses" if len(panels) < len(every) else ""
    canvas.suptitle(_title(summary[summary["quantity"].isin(quantities)], sweep, name) + left_out)
    return canvas


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

    if _is_numeric(column) and not column.isna().any():
        return column
    names = {shown_value(value): "none" if value is None else str(shown_value(value)) for value in values}
    found = [names[None] if value is None or value != value else names[value] for value in column.astype(object)]
    return pd.Categorical(found, list(names.values()), ordered=True)


def _is_numeric(column) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def _title(drawn, sweep: Sweep, name: str) -> str:
    figure = sweep.figure
    chosen = "".join(f", {column} {wanted}" for column, wanted in figure.where.items())
    title = f"{name} ({sweep.experiment}{chosen}):\n"
    if sweep.replicates == 1:
        return title + "the one replicate of each"
    n_lines = 1 if figure.color is None else drawn[figure.color].nunique()
    what = "mean, and where 95 % lie," if figure.kind == "lines" and n_lines <= MOST_LINES else "mean"
    fewest = drawn["n"].min() if len(drawn) else 0
    failed = f", at least {fewest} of them (the rest have no number)" if fewest < sweep.replicates else ""
    return f"{title}{what} over {sweep.replicates} replicates{failed}"


def _lines(axes, rows, figure: SweepFigure, quantity: str, short: dict[str, str]):
    scale = 100 if quantity in PERCENT else 1
    if figure.color in ("protocol", "fit"):
        rows = rows[rows[figure.color].notna()]
    x, numeric = rows[figure.x], _is_numeric(rows[figure.x])
    groups = [("", rows)] if figure.color is None else list(rows.groupby(figure.color, sort=False, observed=True))
    many = len(groups) > MOST_LINES
    for i, (value, group) in enumerate(groups):
        # Over what is told apart by nothing
        group = group.groupby(figure.x, sort=True, observed=True)[["mean", "low", "high"]].mean()
        color = _on_scale(i, groups) if many else _color(figure.color, value, i)
        label = str(value) if figure.color in ("protocol", "fit", None) else f"{short[figure.color]} = {value}"
        shown = np.array(group) * scale
        if quantity in DIFFERENCES:
            shown = np.maximum(shown, SMALLEST_DRAWN)
        places = group.index if numeric else group.index.codes
        if many:
            axes.plot(places, shown[:, 0], color=color, linewidth=1)
            continue
        axes.fill_between(places, shown[:, 1], shown[:, 2], color=color, alpha=0.15, linewidth=0)
        marker = "os^Dv"[i % 5] if len(places) <= MOST_MARKERS else None
        style = {"linestyle": FIT_STYLES[i % len(FIT_STYLES)], "marker": marker}
        axes.plot(places, shown[:, 0], color=color, markersize=4, linewidth=2, label=label, **style)
    if many:
        _scale_of_colors(axes, [str(value) for value, _ in groups], short.get(figure.color, figure.color))
    axes.set_ylabel(_meaning(quantity))
    if rows.empty:
        axes.text(0.5, 0.5, "no fit has this number", transform=axes.transAxes, ha="center")
        return
    if not numeric:
        places, names = _some(x.cat.categories)
        axes.set_xticks(places, names, **_slanted(names))
    elif x.min() > 0 and x.max() / x.min() >= 20:
        axes.set_xscale("log")
    elif x.dtype.kind in "iu":
        axes.locator_params(axis="x", integer=True)
    low, high = rows["low"].min(), rows["high"].max()
    if quantity == "n_iter" and low < 1 and high > 20:
        axes.set_yscale("symlog", linthresh=1)  # a start alone takes no steps
        axes.set_ylim(bottom=-0.2)
    elif quantity in LOGARITHMIC and high > 20 * max(low, SMALLEST_DRAWN):
        axes.set_yscale("log")


def _meaning(quantity: str) -> str:
    """Name a quantity, with its unit."""
    unit = f"{quantity.replace('_', ' ')}\n({QUANTITIES[quantity].unit})" if quantity in QUANTITIES else quantity
    return MEANING.get(quantity, unit)


def _some(names) -> tuple[list[int], list[str]]:
    """Choose names that have room on an axis, evenly, and their places."""
    step = -(-len(names) // MOST_NAMES)
    return list(range(0, len(names), step)), [str(name) for name in names[::step]]


def _on_scale(i, groups):
    import matplotlib as mpl

    return mpl.colormaps[SCALE](i / (len(groups) - 1))


def _scale_of_colors(axes, names, label):
    """Tell what the colours of many lines are."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = axes.figure.colorbar(ScalarMappable(Normalize(0, len(names) - 1), SCALE), ax=axes, label=label)
    places, shown = _some(names)
    bar.set_ticks(places, labels=shown)


def _slanted(names) -> dict:
    """Turn names that would run into each other."""
    return {"rotation": 30, "ha": "right"} if sum(map(len, names)) * LETTER > 4 else {}


def _color(by, value, i):
    if by == "protocol" and value in LADDER:
        return protocol_color(list(LADDER).index(value))
    if by == "fit" and str(value) == "sklearn":
        return SKLEARN
    return COMPONENTS[i % len(COMPONENTS)]


def _heatmap(axes, rows, figure: SweepFigure, quantity: str, short: dict[str, str]):
    scale = 100 if quantity in PERCENT else 1
    if rows["mean"].isna().all():
        axes.text(0.5, 0.5, "no fit has this number", transform=axes.transAxes, ha="center")
        return
    table = scale * rows.pivot_table(index=figure.color, columns=figure.x, values="mean", aggfunc="mean", observed=True)
    image = axes.imshow(table.to_numpy(), origin="lower", aspect="auto", cmap=SCALE)
    places, names = _some(table.columns)
    axes.set_xticks(places, names, **_slanted(names))
    axes.set_yticks(*_some(table.index))
    axes.set_ylabel(short[figure.color])
    axes.grid(visible=False)
    middle = (image.norm.vmin + image.norm.vmax) / 2
    for (i, j), value in np.ndenumerate(table.to_numpy()) if table.size <= MOST_NUMBERS else ():
        text, color = ("none", "black") if np.isnan(value) else (f"{value:.4g}", "white" if value < middle else "black")
        axes.text(j, i, text, ha="center", va="center", color=color)
    axes.figure.colorbar(image, ax=axes, label=MEANING.get(quantity, quantity))
