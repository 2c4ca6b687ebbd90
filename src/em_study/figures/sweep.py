"""Figures of sweeps: a quantity against a varied setting."""

from dataclasses import replace

import numpy as np

from em_study.evaluation.protocols import LADDER
from em_study.figures.panels import MOST_LINES, Panel, panels_of, statistics_of, title_of, words_of
from em_study.figures.style import BACKGROUND, COMPONENTS, FIT_STYLES, SKLEARN, new_figure, plain, protocol_color
from em_study.sweeps.settings import Sweep

LETTER = 0.08  # inches: width of a letter, to choose the columns of a legend
# More would overlap:
MOST_PANELS, MOST_NAMES, MOST_NUMBERS = 30, 12, 400
MOST_MARKERS = 60
SCALE = "cividis"  # colors of more than MOST_LINES lines


CAPTION = (
    "See how each quantity changes with the setting on the horizontal axis. A line is the mean over the replicates, "
    "with its 95 % Monte Carlo interval (for a share, Wilson's). Of one or two lines, the range of the replicates from "
    "the 2.5 to the 97.5 percentile is shaded; many lines and heat maps show the mean alone. A small number counts the "
    "replicates of a point if some have no value. A dotted line is the ideal value."
)


def draw(summary, sweep: Sweep):
    """Draw the figure of a sweep; the summary is as for `panels_of`."""
    figure, every = sweep.figure, [_plain(panel) for panel in panels_of(summary, sweep)]
    panels, n_quantities = every[:MOST_PANELS], len(figure.quantities)
    n_parts = len(every) // n_quantities
    n_columns = n_parts if n_quantities > 1 and n_parts in (2, 3) else min(3, len(panels))
    n_rows = -(-len(panels) // n_columns)
    width = 1.5 + 4.6 * n_columns
    canvas, axes = new_figure(n_columns, n_rows, width=width, height=1.6 + 3.9 * n_rows, sharey=n_quantities == 1)
    axes = np.ravel(axes)
    color = words_of(sweep).get(figure.color, figure.color)  # a key, or fit or protocol
    for panel, place in zip(panels, axes, strict=False):
        if figure.kind == "heatmap":
            _heatmap(place, panel, color)
        else:
            _lines(place, panel, figure.color, color)
        place.set_xlabel(panel.x)
        place.set_title(panel.title)
    for place in axes[len(panels) :]:
        place.set_visible(False)
    for quantity in figure.quantities if figure.kind == "lines" else ():  # the same scale for the same quantity
        alike = [place for panel, place in zip(panels, axes, strict=False) if panel.quantity == quantity]
        ends = np.array([place.get_ylim() for place in alike])
        for place in alike:
            place.set_ylim(ends[:, 0].min(), ends[:, 1].max())
    handles, labels = axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        n_legend = int(width / (0.7 + LETTER * max(map(len, labels))))
        canvas.legend(handles, labels, loc="outside lower center", ncols=min(3, max(1, n_legend)), fontsize="small")
    left_out = (
        f"\nthe first {len(panels)} of {len(every)} panels; figure.where selects others"
        if len(panels) < len(every)
        else ""
    )
    title = f"{title_of(sweep)}:\n{statistics_of(summary, sweep)}"
    canvas.suptitle(plain(title) + left_out, wrap=True)
    return canvas


def _plain(panel: Panel) -> Panel:
    """Escape the values of the sweep, which may be a user's text."""
    lines = [replace(line, key=_plain_value(line.key), label=plain(line.label)) for line in panel.lines]
    names = panel.names and [*map(_plain_value, panel.names)]
    return replace(panel, title=plain(panel.title), names=names, lines=lines)


def _plain_value(value):
    return plain(value) if isinstance(value, str) else value


def _lines(axes, panel: Panel, by: str | None, name: str | None):
    many = len(panel.lines) > MOST_LINES
    for i, line in enumerate(panel.lines):
        if many:
            axes.plot(line.places, line.mean, color=_on_scale(i, panel.lines), linewidth=1)
            continue
        color = line_color(by, line.key, i)
        if panel.has_bands:
            axes.fill_between(line.places, line.low, line.high, color=color, alpha=0.15, linewidth=0)
        axes.vlines(line.places, line.bottom, line.top, color=color, linewidth=1.5, alpha=0.8)
        for at, mean, n in zip(
            line.places[line.is_thinned], line.mean[line.is_thinned], line.n[line.is_thinned], strict=True
        ):
            axes.annotate(
                f"{n:g}", (at, mean), xytext=(4, 4), textcoords="offset points", fontsize="x-small", color=color
            )
        marker = "os^Dv"[i % 5] if len(line.places) <= MOST_MARKERS else None
        style = {"linestyle": FIT_STYLES[i % len(FIT_STYLES)], "marker": marker}
        axes.plot(line.places, line.mean, color=color, markersize=4, linewidth=2, label=line.label, **style)
    if many:
        _scale_of_colors(axes, [str(line.key) for line in panel.lines], name)
    axes.set_ylabel(panel.meaning)
    if panel.nominal is not None:
        axes.axhline(panel.nominal, color=BACKGROUND, linestyle=":", linewidth=1.5, zorder=0)
    if panel.is_empty:
        axes.text(0.5, 0.5, "no fit has a value", transform=axes.transAxes, ha="center")
        return
    if panel.names is not None:
        places, names = _some(panel.names)
        axes.set_xticks(places, names, **_slanted(names))
    elif panel.x_scale == "log":
        axes.set_xscale("log")
    elif panel.all("places").dtype.kind in "iu":
        axes.locator_params(axis="x", integer=True)
    if panel.y_scale == "symlog":
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(bottom=-0.2)
    elif panel.y_scale == "log":
        axes.set_yscale("log")


def _some(names) -> tuple[list[int], list[str]]:
    """Select as many names as fit on an axis, evenly spaced, and their places."""
    step = -(-len(names) // MOST_NAMES)
    return list(range(0, len(names), step)), [str(name) for name in names[::step]]


def _on_scale(i, lines):
    import matplotlib as mpl

    return mpl.colormaps[SCALE](i / (len(lines) - 1))


def _scale_of_colors(axes, names, label):
    """Add a color bar that names many lines."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = axes.figure.colorbar(ScalarMappable(Normalize(0, len(names) - 1), SCALE), ax=axes, label=label)
    places, shown = _some(names)
    bar.set_ticks(places, labels=shown)


def _slanted(names) -> dict:
    """Rotate names that would overlap."""
    return {"rotation": 30, "ha": "right"} if sum(map(len, names)) * LETTER > 4 else {}


def line_color(by: str | None, key, i: int) -> str:
    """Return the color of line i; a protocol or scikit-learn has its own."""
    if by == "protocol" and key in LADDER:
        return protocol_color(list(LADDER).index(key))
    if by == "fit" and str(key) == "sklearn":
        return SKLEARN
    return COMPONENTS[i % len(COMPONENTS)]


def _heatmap(axes, panel: Panel, name: str):
    if panel.is_empty:
        axes.text(0.5, 0.5, "no fit has a value", transform=axes.transAxes, ha="center")
        return
    columns = np.unique(panel.all("places"))
    table = np.full((len(panel.lines), len(columns)), np.nan)
    for row, line in zip(table, panel.lines, strict=True):
        row[np.searchsorted(columns, line.places)] = line.mean
    image = axes.imshow(table, origin="lower", aspect="auto", cmap=SCALE)
    places, names = _some([panel.names[place] if panel.names else place for place in columns])
    axes.set_xticks(places, names, **_slanted(names))
    axes.set_yticks(*_some([line.key for line in panel.lines]))
    axes.set_ylabel(name)
    axes.grid(visible=False)
    middle = (image.norm.vmin + image.norm.vmax) / 2
    for (i, j), value in np.ndenumerate(table) if table.size <= MOST_NUMBERS else ():
        text, color = ("none", "black") if np.isnan(value) else (f"{value:.4g}", "white" if value < middle else "black")
        axes.text(j, i, text, ha="center", va="center", color=color)
    axes.figure.colorbar(image, ax=axes, label=panel.meaning)
