"""Sweeps: a quantity against a varied setting."""

import numpy as np

from study.configuration.schema import Sweep, SweepFigure
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
    "n_iter_sklearn": "steps of scikit-learn",
    "mean_log_likelihood": "average log-likelihood (nats a row)",
    "max_abs_posterior_difference": "largest difference of a posterior (probability)",
    "max_abs_parameter_difference": "largest difference of a parameter (units of the data)",
}
LOGARITHMIC = ("n_iter", "max_abs_posterior_difference", "max_abs_parameter_difference")


CAPTION = (
    "Quantities over the values of a sweep: mean and 95 % interval over the replicates, or the mean as a heat"
    " map. See how the quantity moves with the setting."
)


def draw(summary, sweep: Sweep, name: str):
    """Draw a sweep as its figure block asks.

    Parameters
    ----------
    summary : DataFrame
        Mean and interval of each quantity, by cell, fit and protocol.
    sweep : Sweep
    name : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = sweep.figure
    for column, wanted in figure.where.items():
        summary = summary[summary[column] == wanted]
    quantities = [figure.y] if isinstance(figure.y, str) else figure.y
    panel_keys = [figure.panels] if figure.panels else []
    if not sweep.zip:  # every varied key is told apart by something
        panel_keys += [key for key in sweep.vary if key not in (figure.x, figure.color, figure.panels, *figure.where)]
    parts = list(summary[panel_keys].drop_duplicates().itertuples(index=False)) if panel_keys else [()]
    panels = [(quantity, part) for quantity in quantities for part in parts]
    n_columns = min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    size = {"width": 1.5 + 4.6 * n_columns, "height": 1.6 + 3.9 * n_rows}
    canvas, axes = new_figure(n_columns, n_rows, **size, sharey=len(quantities) == 1)
    axes = np.ravel(axes)
    for (quantity, part), place in zip(panels, axes, strict=False):
        rows = summary[summary["quantity"] == quantity]
        for key, value in zip(panel_keys, part, strict=True):
            rows = rows[rows[key] == value]
        draw = _heatmap if figure.kind == "heatmap" else _lines
        draw(place, rows, figure, quantity)
        place.set_xlabel(figure.x)
        place.set_title(", ".join(f"{key} = {value}" for key, value in zip(panel_keys, part, strict=True)))
    for place in axes[len(panels) :]:
        place.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        canvas.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    what = "mean and 95 % interval" if figure.kind == "lines" else "mean"
    chosen = "".join(f", {column} {wanted}" for column, wanted in figure.where.items())
    drawn = summary[summary["quantity"].isin(quantities)]
    fewest = drawn["n"].min() if len(drawn) else 0
    failed = f", at least {fewest} of them (failed fits are left out)" if fewest < sweep.replicates else ""
    canvas.suptitle(f"{name} ({sweep.experiment}{chosen}):\n{what} over {sweep.replicates} replicates{failed}")
    return canvas


def _lines(axes, rows, figure: SweepFigure, quantity: str):
    scale = 100 if quantity in PERCENT else 1
    if figure.color in ("protocol", "fit"):
        rows = rows[rows[figure.color].notna()]
    groups = [("", rows)] if figure.color is None else list(rows.groupby(figure.color, sort=False))
    for i, (value, group) in enumerate(groups):
        group = group.groupby(figure.x, sort=True)[["mean", "low", "high"]].mean()  # over what is told apart by nothing
        color = _color(figure.color, value, i)
        label = str(value) if figure.color in ("protocol", "fit", None) else f"{figure.color} = {value}"
        shown = np.array(group) * scale
        if quantity in LOGARITHMIC:
            shown = np.maximum(shown, 1e-17)
        axes.fill_between(group.index, shown[:, 1], shown[:, 2], color=color, alpha=0.15, linewidth=0)
        style = {"linestyle": FIT_STYLES[i % len(FIT_STYLES)], "marker": "os^Dv"[i % 5]}
        axes.plot(group.index, shown[:, 0], color=color, markersize=4, linewidth=2, label=label, **style)
    axes.set_ylabel(MEANING.get(quantity, quantity))
    x = rows[figure.x]
    if np.issubdtype(x.dtype, np.number) and x.min() > 0 and x.max() / x.min() >= 20:
        axes.set_xscale("log")
    low, high = rows["low"].min(), rows["high"].max()
    if quantity in LOGARITHMIC and high > 20 * max(low, 1e-17):
        axes.set_yscale("log")


def _color(by, value, i):
    if by == "protocol" and value in LADDER:
        return protocol_color(list(LADDER).index(value))
    if by == "fit" and str(value) == "sklearn":
        return SKLEARN
    return COMPONENTS[i % len(COMPONENTS)]


def _heatmap(axes, rows, figure: SweepFigure, quantity: str):
    scale = 100 if quantity in PERCENT else 1
    table = scale * rows.pivot_table(index=figure.color, columns=figure.x, values="mean", aggfunc="mean")
    image = axes.imshow(table.to_numpy(), origin="lower", aspect="auto", cmap="cividis")
    axes.set_xticks(range(len(table.columns)), [str(value) for value in table.columns])
    axes.set_yticks(range(len(table.index)), [str(value) for value in table.index])
    axes.set_ylabel(figure.color)
    axes.grid(visible=False)
    middle = (image.norm.vmin + image.norm.vmax) / 2
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        axes.text(j, i, f"{value:.3g}", ha="center", va="center", color="white" if value < middle else "black")
    axes.figure.colorbar(image, ax=axes, label=MEANING.get(quantity, quantity))
