"""The rows with the components of every fit."""

from itertools import cycle

import numpy as np

from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, finish, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, FIT_STYLES, OURS, component_color, hide_rest, new_figure
from em_study.fits.missing import whole_rows
from em_study.fits.runs import first_whole_replicate
from emgmm import log_likelihoods, posteriors


@drawn(
    names=lambda experiment: {"fits": [*experiment.fits]},
    reads=("data", "runs", "bins"),
    caption="The rows of the first replicate that no fit failed on, with the components of every fit: ellipses of two "
    "standard deviations, or for one feature the weighted densities over the histogram. See whether the fits find the "
    "same components, and whether they are those of the labeled rows.",
)
def draw(shown: Shown):
    """Draw the rows of a replicate with the components of every fit."""
    number = first_whole_replicate(list(shown.runs.values()))
    rows, fits = shown.data.replicate(number), shown.ends(number)
    features, title = shown.data.features, f"{shown.experiment}, replicate {number}"
    if len(features) == 1:
        return _draw_densities(rows, str(features[0]), fits, title, shown.bins)
    from matplotlib.lines import Line2D

    figure, (axes,) = new_figure(width=8.5, height=7.0)
    drawn = whole_rows(rows.unlabeled[:, :2])
    of = "" if drawn.all() else f" ({drawn.sum():,} of {len(drawn):,}: the others lack a value here)"
    scatter(axes, rows.unlabeled[drawn], BACKGROUND, "o", 8, f"unlabeled rows{of}")
    for k in np.unique(rows.labels):
        labeled = rows.labeled[rows.labels == k]
        drawn = whole_rows(labeled[:, :2])
        of = "" if drawn.all() else f" ({drawn.sum():,} of {len(drawn):,})"
        scatter(axes, labeled[drawn], component_color(k), "^", 28, f"labeled rows, class {shown.data.classes[k]}{of}")
    handles, _ = axes.get_legend_handles_labels()
    for (name, parameters), style in zip(fits.items(), cycle(FIT_STYLES)):
        if parameters is None:
            handles.append(Line2D([], [], linestyle="none", label=f"{name}: failed"))
            continue
        for k, color in enumerate(component_colors(rows, parameters)):
            ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color="black", linestyle=style, linewidth=2, label=name))
    finish(axes, features, handles)
    axes.set_title(
        f"{title}: components of each fit (+ mean, {DEVIATIONS} standard deviations)"
        + (f"\nin the first two of {len(features)} features" if len(features) > 2 else "")
    )
    return figure


def _draw_densities(rows, feature, fits, title, bins):
    """One panel a fit: the histogram, each component times its weight, and their sum."""
    n_columns = min(3, len(fits))
    n_rows = -(-len(fits) // n_columns)
    size = {"width": max(7.0, 4.5 * n_columns), "height": 1.0 + 3.6 * n_rows}
    figure, panels = new_figure(n_columns, n_rows, **size, sharex=True, sharey=True)
    panels = np.ravel(panels)
    values = rows.values(0)
    x = np.linspace(values.min(), values.max(), 500)[:, None]
    for (name, parameters), axes in zip(fits.items(), panels, strict=False):
        axes.hist(values, bins=bins, density=True, color=BACKGROUND, alpha=0.6, label="rows")
        axes.set_xlabel(feature)
        axes.set_ylabel("density")
        axes.label_outer()
        if parameters is None:
            axes.set_title(f"{name}: failed")
            continue
        density = np.exp(log_likelihoods(x, parameters))
        shares = posteriors(x, parameters) * density[:, None]
        for k in range(parameters.n_components):
            axes.plot(x, shares[:, k], color=component_color(k), linewidth=2, label=f"component {k} x its weight")
        axes.plot(x, density, color=OURS, linewidth=1.5, linestyle="--", label="sum")
        axes.set_title(name)
    hide_rest(panels, n_columns, len(fits), feature)
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels), key=lambda both: len(both[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    figure.suptitle(f"{title}: {rows.told(0)} in {bins} bins, and the fitted densities")
    return figure
