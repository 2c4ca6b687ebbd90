"""Other implementations in the plane of differences: which take the same steps, which do not, and why."""

import textwrap

import numpy as np

from em_study.diagnosis.report import words_of
from em_study.diagnosis.search import INDISTINGUISHABLE
from em_study.evaluation.protocols import RELEASED, STEPS
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, new_figure

ROUNDING = 1e-9  # of a parameter, in the units of the data: a smaller difference counts as the same EM
LEAST = 1e-16  # place of a difference of 0
MARKERS = "osD^vP*X"
WIDTH = 100  # letters of a line of the legend


@drawn(
    names=lambda experiment: {"implementations": []} if len(experiment.others) > 1 else {},
    reads=("agreement", "diagnosis"),
    caption="Each implementation compared with our EM: the largest difference of a parameter as it was called or "
    "released, and with the same settings and as many steps. See which lie in the gray band: they take the steps of "
    "our EM, and differ only in settings and in when they stop. Those above the band compute something else; the "
    "legend says what, if the cause is known. A small symbol is one replicate, a large symbol the median.",
)
def draw(shown: Shown):
    """Draw the largest difference of a parameter before and after the stopping rules are made equal."""
    figure, (axes,) = new_figure(width=9.0, height=7.5)
    for i, (name, title) in enumerate(shown.others.items()):
        rows = shown.agreement[shown.agreement["implementation"] == name]
        table = rows.pivot(index="replicate", columns="protocol", values="max_abs_parameter_difference")
        steps = [step for step in STEPS if step in table]
        pairs = table[[steps[0], steps[-1]]].dropna().clip(lower=LEAST).to_numpy()
        look = {"color": COMPONENTS[i % len(COMPONENTS)], "marker": MARKERS[i % len(MARKERS)], "linestyle": "none"}
        label = textwrap.fill(f"{title}: {_about(shown.diagnosis, name, steps[-1], pairs)}", WIDTH)
        axes.plot(*pairs.T, **look, markersize=3, alpha=0.5)
        middle = np.median(pairs, axis=0, keepdims=True) if len(pairs) else pairs
        axes.plot(*middle.T, **look, markersize=12, markeredgecolor="white", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = LEAST / 3, 10 * max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.axhspan(low, ROUNDING, color=BACKGROUND, alpha=0.25, zorder=0)
    axes.text(2 * low, ROUNDING / 2, "same EM: only rounding differs", va="top", color="#555555")
    axes.axline((low, low), (high, high), color=BACKGROUND, linestyle="--", zorder=0)
    axes.set_xlabel("largest difference of a parameter from our EM, as called or released (units of the data)")
    axes.set_ylabel("the same, with the same settings\nand as many steps (units of the data)")
    axes.set_title(f"{shown.experiment}: which implementations take the steps of our EM")
    figure.legend(loc="outside lower center", fontsize="small")
    return figure


def _about(diagnosis, name: str, last: str, pairs) -> str:
    """Describe how an implementation deviates, as far as it was diagnosed."""
    if not len(pairs):
        return "nothing to compare"
    steps = [last, RELEASED]  # estimates are diagnosed as they were released
    rows = diagnosis[(diagnosis["implementation"] == name) & diagnosis["protocol"].isin(steps)]
    found = rows.loc[rows["outcome"] == "explained", "deviations"].dropna()
    if np.median(pairs[:, 1]) <= ROUNDING:
        return "the same EM" if np.median(pairs[:, 0]) <= ROUNDING else "the same EM, which stops at another step"
    if len(found):
        return f"an EM that {words_of(found.iloc[0].split(' + '))}"
    several = INDISTINGUISHABLE in set(rows["outcome"])
    return f"another EM; {'these samples cannot distinguish several causes' if several else 'no cause is known'}"
