"""Article C: EM ends in a local maximum; which one depends on the initial parameters."""

import numpy as np

from em_study.evaluation.measurements.optima import SAME_OPTIMUM
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import HIGHLIGHT, OURS, new_figure

BINS = 40


@drawn(
    names=lambda experiment: {"optima": []} if experiment.data.same_samples and experiment.replicates > 1 else {},
    reads=("measurements",),
    caption="Runs from different initial parameters on the same samples. Left: how far below the best maximum they "
    "end (the counts are on a logarithmic scale). See how many end at worse maxima. Right: the smallest weight where "
    "they end. See whether the worse maxima (x) are spurious, with a component on a few samples.",
)
def draw(shown: Shown):
    """Draw how far below the best maximum the runs end, and the smallest weight there."""
    kept = ["below_best", "optimum", "smallest_weight"]
    chosen = shown.measurements[shown.measurements["measurement"].isin(kept)]
    wide = chosen.pivot_table(index=["fit", "replicate"], columns="measurement", values="value", sort=False)
    wide = wide.reindex(columns=kept).dropna(subset=["below_best"])
    names = list(wide.index.get_level_values("fit").unique())
    if not names:
        figure, (axes,) = new_figure()
        axes.set_title(f"{shown.experiment}: every run failed")
        return figure
    figure, panels = new_figure(2, len(names), width=11.0, height=0.6 + 3.8 * len(names))
    for (left, right), name in zip(np.reshape(panels, (-1, 2)), names, strict=True):
        rows = wide.loc[name]
        best = rows["optimum"] == 0
        bins = np.linspace(0, max(rows["below_best"].max(), 4 * SAME_OPTIMUM), BINS + 1)
        for part, color, text in ((best, OURS, "the best"), (~best, HIGHLIGHT, "worse ones")):
            n_optima = rows.loc[part, "optimum"].nunique()
            label = f"{text}: {part.mean():.1%} of the runs, in {n_optima} maxim{'um' if n_optima == 1 else 'a'}"
            left.hist(rows.loc[part, "below_best"], bins=bins, color=color, label=label)
        left.set_yscale("log")
        left.set_ylim(bottom=0.7)
        left.set_ylabel(f"{name}\nnumber of runs")
        left.legend(loc="upper right", fontsize="small")
        right.plot(rows.loc[best, "smallest_weight"], rows.loc[best, "below_best"], "o", color=OURS, alpha=0.4)
        right.plot(rows.loc[~best, "smallest_weight"], rows.loc[~best, "below_best"], "x", color=HIGHLIGHT)
        right.set_ylabel("below the best maximum\n(nats per sample)")
        right.set_xscale("log")
        for axes, text in (
            (left, "log-likelihood below the best maximum (nats per sample)"),
            (right, "smallest weight (share of the samples)"),
        ):
            axes.set_xlabel(text)
    figure.suptitle(
        f"{shown.experiment}: where EM ends from different initial parameters ({len(wide):,} runs on the same samples)"
    )
    return figure
