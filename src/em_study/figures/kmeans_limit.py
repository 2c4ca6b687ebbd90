"""EM becomes k-means as the covariances shrink."""

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, OURS, new_figure


@drawn(
    names=lambda experiment: (
        {"kmeans_limit": []} if experiment.measures("kmeans_agreement") and not experiment.data.incomplete else {}
    ),
    reads=("measurements",),
    caption="EM with equal spherical covariances of fixed size, beside k-means from the same centers. See how many "
    "labels are those of k-means as the covariances shrink.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the agreement of EM with k-means as the covariances shrink."""
    chosen = shown.measurements[shown.measurements["measurement"] == "kmeans_agreement"]
    figure, (axes,) = new_figure()
    if chosen.empty:
        axes.set_title(f"{shown.experiment}: k-means beside EM is not measured of so many rows")
        return figure
    for _, rows in chosen.groupby("replicate"):
        axes.plot(rows["setting"], 100 * rows["value"], "o-", color=BACKGROUND, markersize=4, linewidth=1, alpha=0.7)
    median = 100 * chosen.groupby("setting")["value"].median()
    axes.plot(median.index, median, "o-", color=OURS, linewidth=2.5, label="median")
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.set_xlabel("variance of the components, as a share of the data's")
    axes.set_ylabel("rows with the label of k-means (%)")
    axes.set_title(f"{shown.experiment}: EM with equal spherical covariances that shrink, beside k-means")
    axes.legend(loc="lower right")
    return figure
