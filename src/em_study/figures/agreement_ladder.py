"""The ladder of protocols: how far scikit-learn and our EM agree, one difference fewer at each rung."""

import numpy as np

from em_study.evaluation.protocols import LADDER
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import new_figure, protocol_color

SMALLEST_DRAWN = 1e-17  # where a difference of exactly 0 is drawn on the log scale


@drawn(
    names=lambda experiment: {"agreement_ladder": []} if experiment.protocols else {},
    reads=("agreement",),
    caption="scikit-learn, or another implementation, beside our EM, rung by rung; each rung removes one difference. "
    "See at which rung the labels of all rows agree, and at which the posteriors do, to rounding.",
)
def draw(shown: Shown):
    """Draw agreement and posterior difference of every replicate, by protocol."""
    agreement = shown.agreement
    protocols = [rung for rung in LADDER if rung in set(agreement["protocol"])]
    figure, (left, right) = new_figure(2, width=13.0, height=5.5)
    for axes, column, scale in ((left, "agreement", 100), (right, "max_abs_posterior_difference", 1)):
        for i, protocol in enumerate(protocols):
            values = scale * agreement.loc[agreement["protocol"] == protocol, column].dropna().to_numpy()
            if not len(values):
                axes.text(i, 0.5, "nothing to\ncompare", transform=axes.get_xaxis_transform(), ha="center", va="center")
                continue
            places = np.maximum(values, SMALLEST_DRAWN) if axes is right else values
            spread = np.linspace(-0.3, 0.3, len(places)) if len(places) > 1 else np.zeros(1)
            median = np.median(values)
            drawn = max(median, SMALLEST_DRAWN) if axes is right else median
            axes.plot([i - 0.38, i + 0.38], [drawn, drawn], color="black", linewidth=2.5)
            axes.plot(i + spread, places, "o", color=protocol_color(i), markersize=3.5, alpha=0.6)
            text = f"{median:.1f} %" if axes is left else f"{median:.0e}" if median else "0"
            axes.text(i, 1.01, text, transform=axes.get_xaxis_transform(), ha="center", weight="bold")
        axes.set_xticks(range(len(protocols)), [p.replace("_", "\n") for p in protocols])
        axes.set_xlim(-0.6, len(protocols) - 0.4)
        axes.set_xlabel("protocol: each removes one difference from the one before")
    left.set_ylabel("rows with the same label (%)")
    left.margins(y=0.12)
    right.set_yscale("log")
    right.margins(y=0.12)
    right.set_ylabel("largest difference of a posterior (probability)")
    compared = agreement.loc[agreement["failure"].isna(), "replicate"].nunique()
    dots = f"A dot is one of {compared} replicates" if compared > 1 else "The dot is the one replicate"
    figure.suptitle(f"{shown.experiment}: {shown.other} beside our EM. {dots}, the bar and the number are the median")
    return figure
