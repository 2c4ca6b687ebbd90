"""How slowly EM converges, against the overlap of the components."""

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, new_figure


@drawn(
    names=lambda experiment: {"convergence": []},
    reads=("measurements",),
    caption="The rate of convergence of each fit (its last gain divided by the one before) against the overlap of the "
    "components. See whether fits whose components overlap more are slower.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the rate of convergence against the overlap of the components."""
    measurements = shown.measurements
    wide = measurements[measurements["measurement"].isin(["convergence_rate", "overlap"])].pivot_table(
        index=["fit", "replicate"], columns="measurement", values="value", sort=False
    )
    figure, (axes,) = new_figure()
    known = wide.dropna() if {"convergence_rate", "overlap"} <= set(wide.columns) else wide[:0]
    if len(known):
        for i, (name, rows) in enumerate(known.groupby("fit", sort=False)):
            color = COMPONENTS[i % len(COMPONENTS)]
            axes.plot(rows["overlap"], rows["convergence_rate"], "o", color=color, markersize=4, alpha=0.7, label=name)
        figure.legend(loc="outside lower center", ncols=4)
    else:
        axes.text(0.5, 0.5, "no fit has two gains to compare", transform=axes.transAxes, ha="center")
    axes.axhline(1, color=BACKGROUND, linestyle="--")
    axes.set_ylim(0, 1.25)
    axes.set_xlabel("overlap: mean uncertainty of a row (probability)")
    axes.set_ylabel("rate: last gain / gain before it")
    axes.set_title(f"{shown.experiment}: each dot is a fit; a rate near 1 is slow")
    return figure
