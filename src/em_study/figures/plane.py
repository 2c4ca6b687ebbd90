"""Samples and components in the plane of two features."""

import numpy as np

from em_study.data.dataset import Replicate
from em_study.figures.style import component_color
from em_study.fits.missing import column_means
from emgmm import MixtureParameters

MOST_POINTS = 10_000  # drawn one by one
CELLS = 250, 200  # of the raster in which more samples are counted
SAMPLES_AT_A_TIME = 500_000
DEVIATIONS = 2  # radius of the ellipses, in standard deviations


def scatter(axes, X, color, marker, size, label):
    """Draw samples (N, D) in the plane of the first two features, or on a line; many as a density."""
    edge = "white" if size > 20 else "none"
    style = {"s": size, "c": color, "marker": marker, "edgecolors": edge, "linewidths": 0.5}
    if len(X) > MOST_POINTS and X.shape[1] > 1:
        X = X[np.isfinite(X[:, :2]).all(axis=1)]
        _density(axes, X, color)
        axes.scatter([], [], label=f"{label} (darker: more)", **style)
        return
    y = X[:, 1] if X.shape[1] > 1 else np.zeros(len(X))
    axes.scatter(X[:, 0], y, label=label, rasterized=len(X) > MOST_POINTS, **style)


def _density(axes, X, color):
    """Color a raster of the plane by the logarithm of the number of samples (N, D) in each cell."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    low, high = X[:, :2].min(axis=0), X[:, :2].max(axis=0)
    scale = np.array(CELLS) / np.where(high > low, high - low, 1.0)
    counts = np.zeros(CELLS[0] * CELLS[1], dtype=np.int64)
    for begin in range(0, len(X), SAMPLES_AT_A_TIME):
        cells = (X[begin : begin + SAMPLES_AT_A_TIME, :2] - low) * scale
        cells = np.clip(cells, 0, np.array(CELLS) - 1).astype(np.int64)
        counts += np.bincount(cells[:, 0] * CELLS[1] + cells[:, 1], minlength=len(counts))
    shades = LinearSegmentedColormap.from_list("density", [(*to_rgb(color), alpha) for alpha in (0.0, 0.25, 1.0)])
    extent = np.stack([low, np.where(high > low, high, low + 1.0)], axis=1).ravel()
    image = np.log1p(counts).reshape(CELLS).T
    axes.imshow(image, cmap=shades, extent=extent, origin="lower", aspect="auto", interpolation="nearest", zorder=1)
    axes.autoscale_view()


def ellipse(axes, parameters, k, features=(0, 1), **style):
    """Draw the outline of component k in the plane of two features: that of its marginal distribution."""
    features = np.array(features)[: parameters.n_features]
    mean, covariance = parameters.means[k, features], parameters.covariance_matrices[k][np.ix_(features, features)]
    angle = np.linspace(0, 2 * np.pi, 200)
    if len(mean) == 1:  # one feature: an interval, raised off the axis
        half = DEVIATIONS * np.sqrt(covariance[0, 0])
        axes.plot([mean[0] - half, mean[0] + half], [0.1 * (k + 1)] * 2, linewidth=2, **style)
        return
    outline = mean[:, None] + DEVIATIONS * np.linalg.cholesky(covariance) @ [np.cos(angle), np.sin(angle)]
    axes.plot(*outline, linewidth=2, **style)
    axes.plot(*mean, "+", color=style["color"], markersize=10, markeredgewidth=2)


def component_colors(samples: Replicate, parameters: MixtureParameters):
    """Return the color of each component: that of the class with the nearest labeled samples."""
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    order = np.arange(parameters.n_components)
    if parameters.n_components == len(np.unique(samples.labels)):
        centers = np.array([column_means(samples.labeled[samples.labels == k]) for k in order])
        distances = np.nansum((parameters.means[:, None] - centers) ** 2, axis=2)
        order = linear_sum_assignment(distances)[1]
    return [component_color(k) for k in order]


def finish(axes, features, handles):
    """Label the axes, and put the legend below."""
    axes.set_xlabel(str(features[0]))
    axes.set_ylabel(str(features[1]) if len(features) > 1 else "")
    if len(features) == 1:
        axes.set_yticks([])
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
