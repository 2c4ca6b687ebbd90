"""The data with the fitted components, and the rows on which the implementations disagree."""

from itertools import cycle

import numpy as np
from matplotlib.lines import Line2D
from scipy.optimize import linear_sum_assignment

from emgmm import MixtureParameters, log_likelihoods, posteriors
from study.data import Replicate
from study.figures.style import BACKGROUND, FIT_STYLES, HIGHLIGHT, OURS, SKLEARN, component_color, new_figure

DEVIATIONS = 2  # radius of the ellipses, in standard deviations


def draw_fits(rows: Replicate, features, classes, fits: dict[str, MixtureParameters | None], title: str, bins: int):
    """Draw the rows of a replicate with the components of every fit.

    Parameters
    ----------
    rows : Replicate
    features, classes : sequence of str
    fits : dict
        Final parameters by name of fit; None for one that failed.
    title : str
    bins : int
        Of the histogram, for data with one feature.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if len(features) == 1:
        return _draw_densities(rows, str(features[0]), fits, title, bins)
    figure, (axes,) = new_figure(width=8.5, height=7.0)
    _scatter(axes, rows.unlabeled, BACKGROUND, "o", 8, "unlabeled rows")
    for k in np.unique(rows.labels):
        _scatter(axes, rows.labeled[rows.labels == k], component_color(k), "^", 28, f"labeled rows, class {classes[k]}")
    handles, _ = axes.get_legend_handles_labels()
    for (name, parameters), style in zip(fits.items(), cycle(FIT_STYLES)):
        if parameters is None:
            handles.append(Line2D([], [], linestyle="none", label=f"{name}: collapsed"))
            continue
        for k, color in enumerate(_colors(rows, parameters)):
            _ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color="black", linestyle=style, linewidth=2, label=name))
    _finish(axes, features, handles)
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
    x = np.linspace(rows.unlabeled.min(), rows.unlabeled.max(), 500)[:, None]
    for axes in panels[len(fits) :]:
        axes.set_visible(False)
    for (name, parameters), axes in zip(fits.items(), panels, strict=False):
        axes.hist(rows.unlabeled[:, 0], bins=bins, density=True, color=BACKGROUND, alpha=0.6, label="rows")
        axes.set_xlabel(feature)
        axes.set_ylabel("density")
        axes.label_outer()
        if parameters is None:
            axes.set_title(f"{name}: collapsed")
            continue
        density = np.exp(log_likelihoods(x, parameters))
        shares = posteriors(x, parameters) * density[:, None]
        for k in range(parameters.n_components):
            axes.plot(x, shares[:, k], color=component_color(k), linewidth=2, label=f"component {k} x its weight")
        axes.plot(x, density, color=OURS, linewidth=1.5, linestyle="--", label="sum")
        axes.set_title(name)
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels), key=lambda both: len(both[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize="small")
    figure.suptitle(f"{title}: {len(rows.unlabeled):,} rows in {bins} bins, and the fitted densities")
    return figure


def _colors(rows: Replicate, parameters: MixtureParameters):
    """Colour of each component: that of the class whose labeled rows it is nearest to."""
    order = np.arange(parameters.n_components)
    if parameters.n_components == len(np.unique(rows.labels)):
        centers = [rows.labeled[rows.labels == k].mean(axis=0) for k in order]
        distances = [[np.linalg.norm(mean - center) for center in centers] for mean in parameters.means]
        order = linear_sum_assignment(distances)[1]
    return [component_color(k) for k in order]


def draw_disagreement(
    rows: Replicate,
    features,
    ours: MixtureParameters,
    theirs: MixtureParameters,
    differ,
    experiment,
    protocol,
):
    """Draw the components by both implementations, and mark the rows on which they disagree.

    Parameters
    ----------
    rows : Replicate
    features : sequence of str
    ours, theirs : MixtureParameters or None
        Of our EM and of scikit-learn; None if the fit failed.
    differ : ndarray of bool of shape (N,) or None
        Rows with another hard label.
    experiment, protocol : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (axes,) = new_figure(width=8.5, height=7.0)
    if ours is None or theirs is None:
        axes.set_title(f"{experiment}, replicate 0: nothing to compare, a fit collapsed")
        return figure
    _scatter(axes, rows.unlabeled[~differ], BACKGROUND, "o", 8, "rows with the same label")
    _scatter(axes, rows.unlabeled[differ], HIGHLIGHT, "X", 60, f"rows with another label ({differ.sum()})")
    handles, _ = axes.get_legend_handles_labels()
    for parameters, color, style, name in (
        (ours, OURS, "-", "our EM"),
        (theirs, SKLEARN, "--", f"scikit-learn, {protocol}"),
    ):
        for k in range(parameters.n_components):
            _ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color=color, linestyle=style, linewidth=2, label=name))
    _finish(axes, features, handles)
    axes.set_title(
        f"{experiment}, replicate 0: {differ.sum()} of {len(differ)} rows get another label from scikit-learn"
    )
    return figure


def _scatter(axes, X, color, marker, size, label):
    y = X[:, 1] if X.shape[1] > 1 else np.zeros(len(X))
    edge = "white" if size > 20 else "none"
    axes.scatter(X[:, 0], y, s=size, c=color, marker=marker, edgecolors=edge, linewidths=0.5, label=label)


def _ellipse(axes, parameters, k, **style):
    """Outline of component k in the plane of the first two features: its marginal, exactly."""
    mean, covariance = parameters.means[k, :2], parameters.covariance_matrices[k, :2, :2]
    angle = np.linspace(0, 2 * np.pi, 200)
    if len(mean) == 1:  # one feature: an interval, raised off the axis
        half = DEVIATIONS * np.sqrt(covariance[0, 0])
        axes.plot([mean[0] - half, mean[0] + half], [0.1 * (k + 1)] * 2, linewidth=2, **style)
        return
    outline = mean[:, None] + DEVIATIONS * np.linalg.cholesky(covariance) @ [np.cos(angle), np.sin(angle)]
    axes.plot(*outline, linewidth=2, **style)
    axes.plot(*mean, "+", color=style["color"], markersize=10, markeredgewidth=2)


def _finish(axes, features, handles):
    axes.set_xlabel(str(features[0]))
    axes.set_ylabel(str(features[1]) if len(features) > 1 else "")
    if len(features) == 1:
        axes.set_yticks([])
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
