"""EM becomes k-means as the covariances shrink."""

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, OURS, new_figure


@drawn(
    names=lambda experiment: (
        {"kmeans_limit": []} if experiment.measures("kmeans_agreement") and not experiment.data.incomplete else {}
    ),
    reads=("measurements",),
    caption="EM with equal spherical covariances of fixed size, compared with k-means from the same centers. See how "
    "the labels become those of k-means as the covariances shrink. A gray line is a replicate.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the agreement of EM with k-means as the covariances shrink."""
    chosen = shown.measurements[shown.measurements["measurement"] == "kmeans_agreement"]
    figure, (axes,) = new_figure()
    if chosen.empty:
        axes.set_title(f"{shown.experiment}: not compared with k-means, because there are too many samples")
        return figure
    for _, rows in chosen.groupby("replicate"):
        axes.plot(rows["setting"], 100 * rows["value"], "o-", color=BACKGROUND, markersize=4, linewidth=1, alpha=0.7)
    median = 100 * chosen.groupby("setting")["value"].median()
    axes.plot(median.index, median, "o-", color=OURS, linewidth=2.5, label="median")
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.set_xlabel("variance of the components (share of the data's variance)")
    axes.set_ylabel("samples with the label of k-means (%)")
    axes.set_title(f"{shown.experiment}: EM with equal spherical covariances that shrink, compared with k-means")
    axes.legend(loc="lower right")
    return figure
