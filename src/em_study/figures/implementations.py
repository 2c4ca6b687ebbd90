"""Other implementations in the plane of differences: which are one EM, which are not, and by what."""

import textwrap

import numpy as np

from em_study.diagnosis.report import words_of
from em_study.evaluation.protocols import PUBLISHED, RELEASED, SAME_STEPS
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, new_figure

ROUNDING = 1e-9  # of a parameter, in the units of the data: what is below is one EM
LEAST = 1e-16  # where a difference of 0 is drawn
MARKERS = "osD^vP*X"
WIDTH = 100  # letters of a line of the legend


@drawn(
    names=lambda experiment: {"implementations": []} if len(experiment.others) > 1 else {},
    reads=("agreement", "diagnosis"),
    caption="Each implementation compared with our EM: how far their parameters lie apart as it was called or "
    "released, and how far after the same number of steps. See which lie in the gray band: they take the steps of our "
    "EM, and differ only in where they stop. Those above it compute something else; the legend says what, where that "
    "is known. A small dot is one replicate, a large symbol their median.",
)
def draw(shown: Shown):
    """Draw the largest difference of a parameter before and after the stopping rules are made equal."""
    figure, (axes,) = new_figure(width=9.0, height=7.5)
    names = shown.agreement["implementation"].unique()
    for i, (name, title) in enumerate(zip(names, shown.others, strict=True)):
        rows = shown.agreement[shown.agreement["implementation"] == name]
        table = rows.pivot(index="replicate", columns="protocol", values="max_abs_parameter_difference")
        first = next((step for step in (PUBLISHED, RELEASED) if step in table), None)
        pairs = table[[first, SAME_STEPS]].dropna().clip(lower=LEAST).to_numpy() if first else np.empty((0, 2))
        look = {"color": COMPONENTS[i % len(COMPONENTS)], "marker": MARKERS[i % len(MARKERS)], "linestyle": "none"}
        label = textwrap.fill(f"{title}: {_about(shown.diagnosis, name, first, pairs)}", WIDTH)
        axes.plot(*pairs.T, **look, markersize=3, alpha=0.5)
        middle = np.median(pairs, axis=0, keepdims=True) if len(pairs) else pairs
        axes.plot(*middle.T, **look, markersize=12, markeredgecolor="white", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = LEAST / 3, 10 * max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.axhspan(low, ROUNDING, color=BACKGROUND, alpha=0.25, zorder=0)
    axes.text(2 * low, ROUNDING / 2, "one EM: nothing is left but rounding", va="top", color="#555555")
    axes.axline((low, low), (high, high), color=BACKGROUND, linestyle="--", zorder=0)
    axes.set_xlabel("largest difference of a parameter from our EM, as called or released (units of the data)")
    axes.set_ylabel("the same after the same number of steps")
    axes.set_title(f"{shown.experiment}: which implementations are one EM")
    figure.legend(loc="outside lower center", fontsize="small")
    return figure


def _about(diagnosis, name: str, protocol: str | None, pairs) -> str:
    """Say in words what an implementation does otherwise, as far as it was diagnosed."""
    if not len(pairs):
        return "nothing to compare"
    rows = diagnosis[(diagnosis["implementation"] == name) & (diagnosis["protocol"] == protocol)]
    found = rows.loc[rows["outcome"] == "explained", "deviations"].dropna()
    if np.median(pairs[:, 1]) <= ROUNDING:
        return "the same EM" if np.median(pairs[:, 0]) <= ROUNDING else "the same EM, which stops elsewhere"
    if len(found):
        return f"an EM that {words_of(found.iloc[0].split(' + '))}"
    alike = "cannot tell" in set(rows["outcome"])
    return f"another EM; {'its samples cannot tell apart several known causes' if alike else 'no cause is known'}"
