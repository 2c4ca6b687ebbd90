"""The rows that scikit-learn gives another label."""

from emgmm import MixtureParameters
from study.data.dataset import Replicate
from study.figures.plane import ellipse, finish, scatter
from study.figures.style import BACKGROUND, HIGHLIGHT, OURS, SKLEARN, new_figure

CAPTION = (
    "The same rows labeled by our EM and by scikit-learn called as the article does. See where the rows lie "
    "that get another label, beside the border of the components."
)


def names(experiment):
    """Names of these figures of an experiment."""
    return ["disagreement"] if experiment.protocols else []


def draw(
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
    from matplotlib.lines import Line2D

    figure, (axes,) = new_figure(width=8.5, height=7.0)
    if ours is None or theirs is None:
        axes.set_title(f"{experiment}, replicate 0: nothing to compare, a fit collapsed")
        return figure
    scatter(axes, rows.unlabeled[~differ], BACKGROUND, "o", 8, "rows with the same label")
    scatter(axes, rows.unlabeled[differ], HIGHLIGHT, "X", 60, f"rows with another label ({differ.sum()})")
    handles, _ = axes.get_legend_handles_labels()
    for parameters, color, style, name in (
        (ours, OURS, "-", "our EM"),
        (theirs, SKLEARN, "--", f"scikit-learn, {protocol}"),
    ):
        for k in range(parameters.n_components):
            ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color=color, linestyle=style, linewidth=2, label=name))
    finish(axes, features, handles)
    axes.set_title(
        f"{experiment}, replicate 0: {differ.sum()} of {len(differ)} rows get another label from scikit-learn"
    )
    return figure
