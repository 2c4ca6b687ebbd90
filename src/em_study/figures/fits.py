"""The samples with the components of every fit."""

import numpy as np

from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, OURS, component_color, hide_rest, new_figure
from em_study.fits.missing import complete_samples
from em_study.fits.runs import first_complete_replicate
from emgmm import MixtureParameters, log_likelihoods, posteriors

TRUE = "#555555"  # color of the true mixture
SAME_DENSITY = 0.01  # share of the largest density; fits that differ by less share a panel


@drawn(
    names=lambda experiment: {"fits": [*experiment.fits]},
    reads=("data", "runs", "bins"),
    caption="See whether the fits find the same components, and which components are wrong. The samples are those of "
    "the first replicate in which no fit failed. Each panel shows a fit: ellipses of two standard deviations, over "
    "those of the true mixture, in gray, if it is known. With one feature: the histogram with the weighted densities, "
    "and below it the histogram minus their sum; fits that coincide share a panel.",
)
def draw(shown: Shown):
    """Draw the samples of a replicate with the components of every fit."""
    number = first_complete_replicate(list(shown.runs.values()))
    rows, fits = shown.data.replicate(number), shown.ends(number)
    features, title = shown.data.features, f"{shown.experiment}, replicate {number}"
    if len(features) == 1:
        return _draw_densities(rows, str(features[0]), fits, title, shown.bins)
    from matplotlib.lines import Line2D

    n_columns = min(3, len(fits))
    n_rows = -(-len(fits) // n_columns)
    size = {"width": max(7.0, 4.4 * n_columns), "height": 1.6 + 4.0 * n_rows}
    figure, panels = new_figure(n_columns, n_rows, **size, sharex=True, sharey=True)
    panels, handles = np.ravel(panels), []
    drawn = complete_samples(rows.unlabeled[:, :2])
    of = "" if drawn.all() else f" ({drawn.sum():,} of {len(drawn):,}: the others have a missing value here)"
    true = None if rows.mixture is None else MixtureParameters(*(array.copy() for array in rows.mixture))
    for (name, parameters), axes in zip(fits.items(), panels, strict=False):
        scatter(axes, rows.unlabeled[drawn], BACKGROUND, "o", 6, f"unlabeled samples{of}")
        for k in np.unique(rows.labels):
            labeled = rows.labeled[rows.labels == k]
            labeled = labeled[complete_samples(labeled[:, :2])]
            scatter(axes, labeled, component_color(k), "^", 22, f"labeled samples, class {shown.data.classes[k]}")
        handles = axes.get_legend_handles_labels()[0]
        for k in range(0 if true is None else true.n_components):
            ellipse(axes, true, k, color=TRUE, alpha=0.8)
        for k, color in enumerate(component_colors(rows, parameters) if parameters else ()):
            ellipse(axes, parameters, k, color=color, linestyle="--")
        axes.set_title(name if parameters else f"{name}: failed")
        axes.set_xlabel(str(features[0]))
        axes.set_ylabel(str(features[1]))
        axes.label_outer()
    if true is not None:
        handles.append(Line2D([], [], color=TRUE, linewidth=2, label="true mixture"))
    handles.append(Line2D([], [], color=component_color(0), linestyle="--", linewidth=2, label="components of the fit"))
    hide_rest(panels, n_columns, len(fits), str(features[0]))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
    figure.suptitle(
        f"{title}: components of each fit (+ mean, {DEVIATIONS} standard deviations)"
        + (f"\nin the first two of {len(features)} features" if len(features) > 2 else "")
    )
    return figure


def _draw_densities(rows, feature, fits, title, bins):
    """Draw a panel for each fit that differs: histogram, components times their weights, sum; below, the residual."""
    values = rows.values(0)
    x = np.linspace(values.min(), values.max(), 500)[:, None]
    found: list[tuple[list[str], object, np.ndarray]] = []
    for name, parameters in fits.items():
        density = None if parameters is None else np.exp(log_likelihoods(x, parameters))
        same = next((names for names, _, other in found if _alike(density, other)), None)
        if same is None:
            found.append(([name], parameters, density))
        else:
            same.append(name)
    n_columns = min(3, len(found))
    n_blocks = -(-len(found) // n_columns)
    figure, panels = new_figure(
        n_columns,
        2 * n_blocks,
        width=max(7.0, 4.5 * n_columns),
        height=1.0 + 4.4 * n_blocks,
        sharex=True,
        sharey="row",
        height_ratios=[3, 1] * n_blocks,
    )
    panels = np.reshape(panels, (2 * n_blocks, n_columns))
    heights, edges = np.histogram(values, bins=bins, density=True)
    middles, places = (edges[1:] + edges[:-1]) / 2, list(np.ndindex(n_blocks, n_columns))
    for (names, parameters, density), (i, j) in zip(found, places, strict=False):
        above, below = panels[2 * i, j], panels[2 * i + 1, j]
        above.stairs(heights, edges, fill=True, color=BACKGROUND, alpha=0.6, label="samples")
        above.set_title(", ".join(names) + (": failed" if parameters is None else ""), fontsize="small", wrap=True)
        above.set_ylabel("density")
        below.set_ylabel("residual")
        below.set_xlabel(feature)
        if parameters is None:
            continue
        shares = posteriors(x, parameters) * density[:, None]
        for k in range(parameters.n_components):
            above.plot(x, shares[:, k], color=component_color(k), linewidth=2, label=f"component {k} times its weight")
        above.plot(x, density, color=OURS, linewidth=1.5, linestyle="--", label="sum")
        below.stairs(heights - np.exp(log_likelihoods(middles[:, None], parameters)), edges, color=OURS)
        below.axhline(0, color=BACKGROUND, linewidth=1)
    for i, j in places[len(found) :]:
        panels[2 * i, j].set_visible(False)
        panels[2 * i + 1, j].set_visible(False)
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels.flat), key=lambda both: len(both[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    figure.suptitle(f"{title}: {rows.size_text(0)} in {bins} bins, and the fitted densities")
    return figure


def _alike(density, other) -> bool:
    """Return whether two densities look the same."""
    if density is None or other is None:
        return density is other
    return bool(np.abs(density - other).max() < SAME_DENSITY * other.max())
