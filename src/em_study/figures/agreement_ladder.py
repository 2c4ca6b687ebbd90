"""The agreement ladder: the agreement of other implementations with our EM, one difference fewer at each step."""

import numpy as np

from em_study.evaluation.protocols import LADDER
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, ORIGINAL, new_figure, protocol_color

SMALLEST_DIFFERENCE = 1e-17  # below it, the logarithmic scale becomes linear down to 0


@drawn(
    names=lambda experiment: {"agreement_ladder": []} if experiment.protocols else {},
    reads=("agreement", "original"),
    caption="scikit-learn, or other implementations, compared with our EM at each step of the agreement ladder; each "
    "step removes one difference. See at which step the labels of all samples agree, and at which step the posterior "
    "probabilities agree to rounding. Gray lines connect the dots of one replicate. A diamond is the result on the "
    "source's own data, which are not part of this study.",
)
def draw(shown: Shown):
    """Draw agreement and posterior difference of every replicate, by step; each implementation has a row of panels."""
    others = shown.running
    figure, panels = new_figure(2, len(others), width=13.0, height=5.5 if len(others) == 1 else 3.8 * len(others))
    for (name, title), (left, right) in zip(others.items(), np.atleast_2d(panels), strict=True):
        agreement = shown.agreement[shown.agreement["implementation"] == name]
        _draw(left, right, agreement, shown.original, title if len(others) > 1 else "")
    for axes in np.atleast_2d(panels)[-1]:
        axes.set_xlabel("step of the ladder: each removes one more difference")
    compared = shown.agreement.loc[shown.agreement["failure"].isna(), "replicate"].nunique()
    dots = f"A dot is one of {compared} replicates" if compared > 1 else "The dot is the one replicate"
    title = f"{' and '.join(others.values())} and our EM" if len(others) == 1 else "other implementations and our EM"
    figure.suptitle(f"{shown.experiment}: {title}. {dots}, the bar and the number above it are the median")
    return figure


def _draw(left, right, agreement, original, title: str):
    """Draw one implementation: agreement of labels on the left, difference of posterior probabilities on the right."""
    protocols = [step for step in LADDER if step in set(agreement["protocol"])]
    own = {name: row for name, row in original.items() if name in protocols}
    agreed = {name: 100 * (1 - row["n_differing"] / row["n_samples"]) for name, row in own.items()}
    apart = {name: row["max_abs_posterior_difference"] for name, row in own.items()}
    for axes, column, scale, of_own in (
        (left, "agreement", 100, agreed),
        (right, "max_abs_posterior_difference", 1, apart),
    ):
        table = agreement.pivot(index="replicate", columns="protocol", values=column)[protocols]
        values = scale * table.to_numpy()
        spread = np.linspace(-0.3, 0.3, len(values)) if len(values) > 1 else np.zeros(1)
        places = spread[:, None] + np.arange(len(protocols))
        joined = (np.pad(of, ((0, 0), (0, 1)), constant_values=np.nan).ravel() for of in (places, values))
        axes.plot(*joined, color=BACKGROUND, linewidth=0.4, alpha=0.5, zorder=1)  # NaN separates the replicates
        for i in range(len(protocols)):
            known = values[~np.isnan(values[:, i]), i]
            if not len(known):
                axes.text(i, 0.5, "nothing to\ncompare", transform=axes.get_xaxis_transform(), ha="center", va="center")
                continue
            median = np.median(known)
            axes.plot([i - 0.38, i + 0.38], [median, median], color="black", linewidth=2.5)
            axes.plot(places[:, i], values[:, i], "o", color=protocol_color(i), markersize=3.5, alpha=0.6)
            text = f"{median:.4g} %" if axes is left else f"{median:.0e}" if median else "0"
            axes.text(i, 1.01, text, transform=axes.get_xaxis_transform(), ha="center", weight="bold")
        if of_own:
            look = {"color": ORIGINAL, "markersize": 9, "markeredgecolor": "white", "zorder": 4}
            (drawn,) = axes.plot([protocols.index(name) for name in of_own], [*of_own.values()], "D", **look)
            for name, value in of_own.items() if axes is left else ():
                place = {"xytext": (0, 9), "textcoords": "offset points", "ha": "center", "zorder": 4}
                place["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
                axes.annotate(f"{value:.4g}", (protocols.index(name), value), color=ORIGINAL, **place)
            drawn.set_label(f"on the author's data ({next(iter(own.values()))['n_samples']:,} samples)")
        axes.margins(y=0.12)
        if axes is right and (values == 0).any():
            axes.set_yscale("symlog", linthresh=SMALLEST_DIFFERENCE, linscale=2)
            axes.set_ylim(bottom=-SMALLEST_DIFFERENCE / 2)
        elif axes is right:
            axes.set_yscale("log")
        axes.set_xticks(range(len(protocols)), [p.replace("_", "\n") for p in protocols])
        axes.set_xlim(-0.6, len(protocols) - 0.4)
    left.set_ylabel(f"{title}\nsamples with the same label (%)".strip())
    right.set_ylabel(
        "largest difference of a\nposterior probability" if title else "largest difference of a posterior probability"
    )
    if own:
        left.legend(loc="lower right")
