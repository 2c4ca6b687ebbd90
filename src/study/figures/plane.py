"""Rows and components in the plane of two features."""

import numpy as np

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


def finish(axes, features, handles):
    """Name the axes, and put the legend below."""
    axes.set_xlabel(str(features[0]))
    axes.set_ylabel(str(features[1]) if len(features) > 1 else "")
    if len(features) == 1:
        axes.set_yticks([])
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize="small")
