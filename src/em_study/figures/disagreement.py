"""The samples to which another implementation gives another label."""

import numpy as np

from em_study.figures.plane import ellipse, finish, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, SKLEARN, new_figure
from emgmm import posteriors

GRID = 300  # places in each direction to find the boundary


@drawn(
    names=lambda experiment: {"disagreement": [experiment.protocols.fit]} if experiment.protocols else {},
    reads=("data", "runs", "other_runs"),
    caption="Samples labeled by our EM and by another implementation, called as in the article (of several, the one "
    "that disagrees most), with the boundary between the components of each. See that the samples between the two "
    "boundaries get another label. With more than two features: ellipses of two standard deviations in place of "
    "boundaries.",
)
def draw(shown: Shown):
    """Draw the boundaries by both implementations, and mark the samples on which they disagree."""
    from matplotlib.lines import Line2D

    from em_study.evaluation.agreement import disagreeing_rows  # scikit-learn takes a second to import

    samples, experiment = shown.data.replicate(0), shown.experiment
    (ours,), ends = shown.ends(0).values(), [next(iter(runs.values())).end(0) for runs in shown.other_runs]
    found = [
        (disagreeing_rows(samples.unlabeled, ours, end), end, name)
        for end, name in zip(ends, shown.running.values(), strict=True)
        if ours and end
    ]
    figure, (axes,) = new_figure(width=8.5, height=7.0)
    if not found:
        axes.set_title(f"{experiment}, replicate 0: nothing to compare, because a fit collapsed")
        return figure
    differ, theirs, other = max(found, key=lambda each: each[0].sum())
    scatter(axes, samples.unlabeled[~differ], BACKGROUND, "o", 8, "samples with the same label")
    scatter(axes, samples.unlabeled[differ], HIGHLIGHT, "X", 60, f"samples with another label ({differ.sum()})")
    handles, _ = axes.get_legend_handles_labels()
    called = ((ours, OURS, "-", "our EM"), (theirs, SKLEARN, "--", f"{other}, called as published"))
    for parameters, color, style, name in called:
        if parameters.n_features == 2:
            _boundary(axes, parameters, color, style)
        else:  # with more features, no boundary in this plane
            for k in range(parameters.n_components):
                ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color=color, linestyle=style, linewidth=2, label=name))
    finish(axes, shown.data.features, handles)
    axes.set_title(f"{experiment}, replicate 0: {differ.sum()} of {len(differ)} samples get another label from {other}")
    return figure


def _boundary(axes, parameters, color, style):
    """Draw where two components are equally probable, and no other is more probable."""
    (x1, x2), (y1, y2) = axes.get_xlim(), axes.get_ylim()
    x, y = np.meshgrid(np.linspace(x1, x2, GRID), np.linspace(y1, y2, GRID))
    shares = posteriors(np.column_stack([x.ravel(), y.ravel()]), parameters)
    for k in range(parameters.n_components - (parameters.n_components == 2)):
        others = np.delete(shares, k, axis=1).max(axis=1)
        axes.contour(
            x, y, (shares[:, k] - others).reshape(x.shape), [0], colors=[color], linestyles=[style], linewidths=2
        )
