"""Article C: rows with missing values, and where each fit puts them."""

import numpy as np

from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, OURS, hide_rest, new_figure
from em_study.fits.missing import imputed, whole_rows
from emgmm import posteriors

MOST_ROWS = 60  # of which the filled-in value is drawn; more hide one another


@drawn(
    names=lambda experiment: (
        {"filled_in": [*experiment.fits]} if experiment.data.incomplete and experiment.data.shape[1] > 1 else {}
    ),
    reads=("data", "runs"),
    caption="Rows that lack the feature with the most missing values, as each fit fills it in: a dot in the colour of "
    "the most probable component, with a line to the value that was taken away, where it is known. Grey are the rows "
    "that have both features, ellipses the components at two standard deviations. See how far a fit is led by the "
    "values that are there; where the columns' means were filled in they lie on one line.",
)
def draw(shown: Shown):
    """Draw the filled-in values of some rows of replicate 0, a panel a fit."""
    rows, fits = shown.data.replicate(0), shown.ends(0)
    X, features = rows.unlabeled, shown.data.features
    n_missing = np.isnan(X).sum(axis=0)
    y = np.flatnonzero(n_missing == n_missing.max())[-1]
    x = min((d for d in range(X.shape[1]) if d != y), key=lambda d: n_missing[d])
    both, lacking = whole_rows(X[:, [x, y]]), np.flatnonzero(np.isnan(X[:, y]) & ~np.isnan(X[:, x]))
    some = lacking[:MOST_ROWS]
    n_columns = min(3, len(fits))
    n_rows = -(-len(fits) // n_columns)
    size = {"width": max(7.0, 4.6 * n_columns), "height": 1.5 + 4.0 * n_rows}
    figure, panels = new_figure(n_columns, n_rows, **size, sharex=True, sharey=True)
    panels = np.ravel(panels)
    for (name, parameters), axes in zip(fits.items(), panels, strict=False):
        scatter(axes, X[both][:, [x, y]], BACKGROUND, "o", 8, "rows with both values")
        axes.set_xlabel(str(features[x]))
        axes.set_ylabel(str(features[y]))
        axes.label_outer()
        axes.set_title(name if parameters else f"{name}: failed")
        if parameters is None:
            continue
        colors = component_colors(rows, parameters)
        for k, color in enumerate(colors):
            ellipse(axes, parameters, k, features=[x, y], color=color)
        filled = imputed(rows, shown.fits[name]["missing"], parameters)[some]
        if rows.whole is not None:
            axes.vlines(filled[:, x], filled[:, y], rows.whole[some, y], color=OURS, linewidth=0.6, alpha=0.6)
            axes.plot(filled[:, x], rows.whole[some, y], "_", color=OURS, markersize=5, label="value taken away")
        if len(some):
            component = posteriors(X[some], parameters).argmax(axis=1)
            style = {"s": 22, "edgecolors": "white", "linewidths": 0.5, "zorder": 3}
            axes.scatter(*filled[:, [x, y]].T, c=[colors[k] for k in component], label="filled in", **style)
    hide_rest(panels, n_columns, len(fits), str(features[x]))
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize="small")
    which = f"{len(some)} of the {len(lacking):,} rows that have {features[x]} and lack {features[y]}"
    what = f"as each fit fills it in (+ mean, {DEVIATIONS} standard deviations)"
    figure.suptitle(f"{shown.experiment}, replicate 0: {which},\n{what}")
    return figure
