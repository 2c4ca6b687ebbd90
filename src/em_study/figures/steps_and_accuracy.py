"""Steps and accuracy of every fit over the replicates."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, SKLEARN, new_figure


@drawn(
    names=lambda experiment: {"steps_and_accuracy": [*experiment.fits]},
    reads=("evaluations", "measurements"),
    caption="Steps, and rows with their true class, of every fit over the replicates; where the data were drawn from a "
    "known mixture, a dashed line marks what the true parameters get right (median). See how far single runs lie from "
    "their median, and the fits from that line.",
)
def draw(shown: Shown):
    """Draw steps and accuracy of every fit over the replicates."""
    fits, measurements, names = shown.evaluations, shown.measurements, list(shown.fits)
    implementations = {name: fit["implementation"] for name, fit in shown.fits.items()}
    known = fits["accuracy"].notna().any()
    figure, panels = new_figure(
        2 if known else 1, width=13.0 if known else 7.5, height=1.8 + 0.6 * len(names), sharey=True
    )
    for axes, column, scale in zip(panels, ("n_iter", "accuracy"), (1, 100), strict=False):
        for height, name in enumerate(names):
            values = scale * fits.loc[(fits["fit"] == name) & fits["failure"].isna(), column].to_numpy()
            color = SKLEARN if implementations[name] == "sklearn" else OURS
            spread = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(len(values))
            if len(values) > 1:
                axes.plot([np.median(values)] * 2, [height - 0.38, height + 0.38], color=HIGHLIGHT, linewidth=2.5)
            axes.plot(values, height + spread, "o", color=color, markersize=3.5, alpha=0.5, zorder=3)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_xlabel("steps")
    if fits["n_iter"].max() > 20 * max(1, fits["n_iter"].median()) or fits["n_iter"].max() > 200:
        panels[0].set_xscale("symlog" if (fits["n_iter"] == 0).any() else "log")
    else:
        panels[0].locator_params(axis="x", integer=True)
    if known:
        panels[1].set_xlabel("rows with their true class (%)")
        by_truth = measurements.loc[measurements["measurement"] == "bayes_accuracy", "value"]
        if len(by_truth):
            panels[1].axvline(100 * by_truth.median(), color=BACKGROUND, linestyle="--", zorder=1)
    replicates = fits["replicate"].nunique()
    dots = f"a dot is one of {replicates} replicates, the bar the median" if replicates > 1 else "the one replicate"
    by_truth_told = ", the dashed line the true parameters (median)" if known and len(by_truth) else ""
    both = " (black our EM, orange scikit-learn)" if len(set(implementations.values())) > 1 else ""
    figure.suptitle(f"{shown.experiment}: {dots}{by_truth_told}{both}")
    return figure
