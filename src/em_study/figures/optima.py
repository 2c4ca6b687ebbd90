"""Article C: EM ends in a local optimum, which one depends on the start."""

from em_study.evaluation.measurements.optima import SAME_OPTIMUM
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import HIGHLIGHT, OURS, new_figure


@drawn(
    names=lambda experiment: {"optima": []} if experiment.data.same_rows and experiment.replicates > 1 else {},
    reads=("measurements",),
    caption="Each start on the same rows, sorted by the log-likelihood that it ends with, relative to the best. See "
    "the steps in the curve: starts on one step end alike.",
)
def draw(shown: Shown):
    """Draw how far below the best optimum each start ends."""
    chosen = shown.measurements[shown.measurements["measurement"].isin(["below_best", "optimum"])]
    wide = chosen.pivot_table(index=["fit", "replicate"], columns="measurement", values="value", sort=False)
    names = list(wide.index.get_level_values("fit").unique())
    if not names:
        figure, (axes,) = new_figure()
        axes.set_title(f"{shown.experiment}: every start failed")
        return figure
    figure, panels = new_figure(len(names), width=max(7.5, 5.0 * len(names)), height=4.8, sharey=True)
    for axes, name in zip(panels, names, strict=True):
        rows = wide.loc[name].sort_values("below_best", kind="stable", ignore_index=True)
        best = rows["optimum"] == 0
        for part, color, text in ((best, OURS, "the best"), (~best, HIGHLIGHT, "worse ones")):
            n_optima = rows.loc[part, "optimum"].nunique()
            label = f"{text}: {part.mean():.1%} of the starts, in {n_optima} optim{'um' if n_optima == 1 else 'a'}"
            axes.plot(rows.index[part], -rows.loc[part, "below_best"], "o", color=color, markersize=4, label=label)
        axes.set_xlabel("starts, by where they end")
        axes.set_title(f"{name}: {len(rows)} starts on the same rows")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))
        axes.locator_params(axis="x", integer=True)
    deepest = max(wide["below_best"].max(), 4 * SAME_OPTIMUM)  # what is one optimum looks like one
    panels[0].set_ylim(-1.1 * deepest, 0.1 * deepest)
    panels[0].set_ylabel("log-likelihood less that of the\nbest optimum (nats a row)")
    figure.suptitle(f"{shown.experiment}: where EM ends, by its start")
    return figure
