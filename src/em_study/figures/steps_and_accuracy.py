"""Steps and accuracy of every fit over the replicates."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, SKLEARN, new_figure


@drawn(
    names=lambda experiment: {"steps_and_accuracy": [*experiment.fits]},
    reads=("evaluations", "measurements"),
    caption="Number of steps, and share of the samples in their true class, of every fit; a dot is a replicate. The "
    "axis of the share shows where most replicates lie; a number at the left counts those below. The dashed line is "
    "the share with the true parameters (median). Right: the difference to the first fit without steps, or else the "
    "first fit, in the same replicate: its mean with the 95 % Monte Carlo interval. See whether a fit is better, and "
    "by how much.",
)
def draw(shown: Shown):
    """Draw steps, accuracy and paired differences of every fit over the replicates."""
    fits, measurements, names = shown.evaluations, shown.measurements, list(shown.fits)
    good = fits[fits["failure"].isna()]
    known = good["accuracy"].notna().any()
    n_panels = 3 if known and len(names) > 1 else 2 if known else 1
    figure, panels = new_figure(n_panels, width=1 + 5.2 * n_panels, height=1.8 + 0.6 * len(names), sharey=True)
    _dots(panels[0], good, shown, "n_iter", 1)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_xlabel("number of steps")
    if fits["n_iter"].max() > 20 * max(1, fits["n_iter"].median()) or fits["n_iter"].max() > 200:
        panels[0].set_xscale("symlog" if (fits["n_iter"] == 0).any() else "log")
    else:
        panels[0].locator_params(axis="x", integer=True)
    if known:
        _dots(panels[1], good, shown, "accuracy", 100)
        _zoom(panels[1], good, names)
        by_truth = measurements.loc[measurements["measurement"] == "bayes_accuracy", "value"]
        if len(by_truth):
            panels[1].axvline(100 * by_truth.median(), color=BACKGROUND, linestyle="--", zorder=1)
    if n_panels == 3:
        _differences(panels[2], good, names, next((n for n in names if not shown.fits[n]["max_iter"]), names[0]))
    replicates = fits["replicate"].nunique()
    dots = f"a dot is one of {replicates} replicates, the bar the median" if replicates > 1 else "one replicate"
    drawn = {fit["implementation"] for fit in shown.fits.values()}
    both = " (black our EM, orange scikit-learn)" if {"emgmm", "sklearn"} <= drawn else ""
    figure.suptitle(f"{shown.experiment}: {dots}{both}")
    return figure


def _dots(axes, good, shown: Shown, column: str, scale: float):
    for height, (name, fit) in enumerate(shown.fits.items()):
        values = scale * good.loc[good["fit"] == name, column].to_numpy()
        color = SKLEARN if fit["implementation"] == "sklearn" else OURS
        spread = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(len(values))
        if len(values) > 1:
            axes.plot([np.median(values)] * 2, [height - 0.38, height + 0.38], color=HIGHLIGHT, linewidth=2.5)
        axes.plot(values, height + spread, "o", color=color, markersize=3.5, alpha=0.5, zorder=3)


def _zoom(axes, good, names):
    """Limit the axis to where most replicates lie, and count those below."""
    values = 100 * good["accuracy"].dropna()
    middle, low = values.median(), values.quantile(0.25)
    begin = max(values.min(), low - max(2.0, 3 * (middle - low)))
    end = values.max()
    axes.set_xlim(begin - 0.04 * (end - begin) - 0.1, end + 0.04 * (end - begin) + 0.1)
    for height, name in enumerate(names):
        below = int((100 * good.loc[good["fit"] == name, "accuracy"] < begin).sum())
        if below:
            axes.text(
                0.01, height - 0.32, f"\u2190 {below} below", transform=axes.get_yaxis_transform(), color=HIGHLIGHT
            )
    axes.set_xlabel("samples in their true class (%)")


def _differences(axes, good, names, reference):
    """Draw the mean difference to the reference in the same replicate, with its Monte Carlo interval."""
    wide = 100 * good.pivot_table(index="replicate", columns="fit", values="accuracy")
    for height, name in enumerate(names):
        if name == reference or name not in wide or reference not in wide:
            continue
        gain = (wide[name] - wide[reference]).dropna()
        error = 1.96 * gain.sem() if len(gain) > 1 else 0.0
        axes.errorbar(gain.mean(), height, xerr=error, fmt="o", color=OURS, capsize=4)
        axes.text(gain.mean(), height - 0.2, f"{gain.mean():+.2f} (n = {len(gain)})", ha="center", fontsize="small")
    axes.axvline(0, color=BACKGROUND, linestyle="--", zorder=1)
    axes.margins(x=0.25)
    axes.set_xlabel(f"mean difference to {reference} (percentage points)")
