"""Article C: samples with missing values, and the values that each fit imputes."""

import numpy as np

from em_study.data.seeds import generator
from em_study.figures.plane import DEVIATIONS, component_colors, ellipse, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, HIGHLIGHT, OURS, hide_rest, new_figure
from em_study.fits.missing import complete_samples, imputed
from emgmm import impute, posteriors

IMPUTATIONS = 200
MOST_SAMPLES = 60  # with their imputed values; more would hide each other


@drawn(
    names=lambda experiment: (
        {"filled_in": [*experiment.fits]} if experiment.data.incomplete and experiment.data.shape[1] > 1 else {}
    ),
    reads=("data", "runs"),
    caption="Samples with a missing value of the feature that has most of them. If the true values are known: the "
    "imputed value against the true one, with a bar that should contain 95 of 100 true values (from 200 imputations). "
    "See whether the dots follow the line of equality, and whether the bars cross it; with mean imputation the dots "
    "are level. If the true values are unknown: the samples in the plane, each imputed one in the color of its "
    "component.",
)
def draw(shown: Shown):
    """Draw the imputed values of some samples of replicate 0, a panel per fit."""
    rows, fits = shown.data.replicate(0), shown.ends(0)
    X, features = rows.unlabeled, shown.data.features
    n_missing = np.isnan(X).sum(axis=0)
    y = np.flatnonzero(n_missing == n_missing.max())[-1]
    x = min((d for d in range(X.shape[1]) if d != y), key=lambda d: n_missing[d])
    both, lacking = complete_samples(X[:, [x, y]]), np.flatnonzero(np.isnan(X[:, y]) & ~np.isnan(X[:, x]))
    some = lacking[:MOST_SAMPLES]
    n_columns = min(3, len(fits))
    n_rows = -(-len(fits) // n_columns)
    size = {"width": max(7.0, 4.6 * n_columns), "height": 1.5 + 4.0 * n_rows}
    figure, panels = new_figure(n_columns, n_rows, **size, sharex=True, sharey=True)
    panels = np.ravel(panels)
    for (name, parameters), axes in zip(fits.items(), panels, strict=False):
        is_known = rows.complete is not None
        axes.set_xlabel(f"{features[y]}, true value" if is_known else str(features[x]))
        axes.set_ylabel(f"{features[y]}, imputed value" if is_known else str(features[y]))
        axes.label_outer()
        axes.set_title(name if parameters else f"{name}: failed")
        if parameters is None:
            continue
        if is_known:
            _against_truth(axes, rows, parameters, shown.fits[name]["missing"], some, y, name)
            continue
        scatter(axes, X[both][:, [x, y]], BACKGROUND, "o", 8, "samples with both values")
        colors = component_colors(rows, parameters)
        for k, color in enumerate(colors):
            ellipse(axes, parameters, k, features=[x, y], color=color)
        filled = imputed(rows, shown.fits[name]["missing"], parameters)[some]
        if len(some):
            component = posteriors(X[some], parameters).argmax(axis=1)
            style = {"s": 22, "edgecolors": "white", "linewidths": 0.5, "zorder": 3}
            axes.scatter(*filled[:, [x, y]].T, c=[colors[k] for k in component], label="imputed", **style)
    hide_rest(panels, n_columns, len(fits), str(features[x]))
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize="small")
    which = f"{len(some)} of the {len(lacking):,} samples that have {features[x]} and lack {features[y]}"
    what = (
        f"+: mean; ellipse: {DEVIATIONS} standard deviations"
        if rows.complete is None
        else "95 % intervals, and the line of equality"
    )
    figure.suptitle(f"{shown.experiment}, replicate 0: {which},\nas each fit imputes it ({what})")
    return figure


def _against_truth(axes, rows, parameters, missing, some, y, name):
    """Draw imputed values against the true ones, with 95 % intervals."""
    if not len(some):
        return
    truth, filled = rows.complete[some, y], imputed(rows, missing, parameters)[some, y]
    axes.axline((truth.min(),) * 2, slope=1, color=BACKGROUND, zorder=0)
    if missing != "column_means":
        repeated = np.repeat(rows.unlabeled[some], IMPUTATIONS, axis=0)
        drawn = impute(repeated, parameters, generator(0, "figures", "filled_in", name))
        low, high = np.percentile(drawn[:, y].reshape(-1, IMPUTATIONS), [2.5, 97.5], axis=1)
        inside = (low <= truth) & (truth <= high)
        for part, color, text in ((inside, OURS, "contains the true value"), (~inside, HIGHLIGHT, "does not")):
            axes.vlines(
                truth[part], low[part], high[part], color=color, linewidth=0.8, alpha=0.6, label=f"95 % interval {text}"
            )
    axes.plot(truth, filled, "o", color=COMPONENTS[0], markersize=4, label="imputed")
