"""Rows and components in the plane of two features."""

import numpy as np

from emgmm import MixtureParameters
from study.data.dataset import Replicate
from study.figures.style import component_color
from study.fits.missing import column_means

DEVIATIONS = 2  # radius of the ellipses, in standard deviations


def scatter(axes, X, color, marker, size, label):
    """Draw rows (N, D) in the plane of the first two features; one feature lies on a line."""
    y = X[:, 1] if X.shape[1] > 1 else np.zeros(len(X))
    edge = "white" if size > 20 else "none"
    axes.scatter(X[:, 0], y, s=size, c=color, marker=marker, edgecolors=edge, linewidths=0.5, label=label)


def ellipse(axes, parameters, k, features=(0, 1), **style):
    """Draw the outline of component k in the plane of two features: its marginal, exactly."""
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


def component_colors(rows: Replicate, parameters: MixtureParameters):
    """Colour of each component: that of the class whose labeled rows it is nearest to."""
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    order = np.arange(parameters.n_components)
    if parameters.n_components == len(np.unique(rows.labels)):
        centers = np.array([column_means(rows.labeled[rows.labels == k]) for k in order])
        distances = np.nansum((parameters.means[:, None] - centers) ** 2, axis=2)
        order = linear_sum_assignment(distances)[1]
    return [component_color(k) for k in order]


def finish(axes, features, handles):
    """Name the axes, and put the legend below."""
    axes.set_xlabel(str(features[0]))
    axes.set_ylabel(str(features[1]) if len(features) > 1 else "")
    if len(features) == 1:
        axes.set_yticks([])
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
