"""The rows that scikit-learn gives another label."""

from em_study.figures.plane import ellipse, finish, scatter
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, SKLEARN, new_figure


@drawn(
    names=lambda experiment: {"disagreement": [experiment.protocols.fit]} if experiment.protocols else {},
    reads=("data", "runs", "sklearn"),
    caption="The same rows labeled by our EM and by scikit-learn (or the other implementation), called as the article "
    "does. See where the rows lie that get another label, beside the border of the components.",
)
def draw(shown: Shown):
    """Draw the components by both implementations, and mark the rows on which they disagree."""
    from matplotlib.lines import Line2D

    from em_study.evaluation.agreement import disagreeing_rows  # scikit-learn takes a second to import

    rows, experiment = shown.data.replicate(0), shown.experiment
    (ours,), theirs = shown.ends(0).values(), shown.sklearn.end(0)
    figure, (axes,) = new_figure(width=8.5, height=7.0)
    if ours is None or theirs is None:
        axes.set_title(f"{experiment}, replicate 0: nothing to compare, a fit collapsed")
        return figure
    differ = disagreeing_rows(rows.unlabeled, ours, theirs)
    scatter(axes, rows.unlabeled[~differ], BACKGROUND, "o", 8, "rows with the same label")
    scatter(axes, rows.unlabeled[differ], HIGHLIGHT, "X", 60, f"rows with another label ({differ.sum()})")
    handles, _ = axes.get_legend_handles_labels()
    for parameters, color, style, name in (
        (ours, OURS, "-", "our EM"),
        (theirs, SKLEARN, "--", f"{shown.other}, as_published"),
    ):
        for k in range(parameters.n_components):
            ellipse(axes, parameters, k, color=color, linestyle=style)
        handles.append(Line2D([], [], color=color, linestyle=style, linewidth=2, label=name))
    finish(axes, shown.data.features, handles)
    axes.set_title(
        f"{experiment}, replicate 0: {differ.sum()} of {len(differ)} rows get another label from {shown.other}"
    )
    return figure
