"""Article B: the values whose process is unclear."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, COMPONENTS, FIT_STYLES, HIGHLIGHT, OURS, new_figure
from emgmm import MixtureParameters, posteriors

CLEAR, ALIKE = 0.9, 0.01  # largest posterior probability of a clear value; curves closer than this share a line


@drawn(
    names=lambda experiment: {"uncertainty": [*experiment.fits]} if experiment.data.shape[1] == 1 else {},
    reads=("data", "runs", "bins"),
    caption="The largest posterior probability of any component at each value, over the histogram of the samples: "
    "under the true mixture, if it is known, and by each fit; fits that coincide share a curve. Shaded values are "
    "unclear: no posterior probability is 0.9 or more under the true mixture (else the first fit). See whether a "
    "curve is flat near one half: such a fit does not separate the components.",
)
def draw(shown: Shown):
    """Draw the largest posterior probability at each value, one curve for all fits that agree."""
    rows = shown.data.replicate(0)
    values = rows.values(0)
    figure, (axes,) = new_figure(width=9.0, height=5.0)
    x = np.linspace(values.min(), values.max(), 500)[:, None]
    known = {} if rows.mixture is None else {"true mixture": MixtureParameters(*(a.copy() for a in rows.mixture))}
    curves: list[tuple[list[str], np.ndarray]] = []
    for name, parameters in (known | shown.ends(0)).items():
        if parameters is None:
            axes.plot([], [], " ", label=f"{name}: failed")
            continue
        largest = posteriors(x, parameters).max(axis=1)
        same = next(
            (names for names, other in curves if np.abs(other - largest).max() < ALIKE and names[0] not in known), None
        )
        if same is None:
            curves.append(([name], largest))
        else:
            same.append(name)
    counts = axes.twinx()
    counts.hist(values, bins=shown.bins, color=BACKGROUND, alpha=0.5)
    counts.set_ylabel(f"number of samples ({shown.bins} bins)")
    counts.grid(visible=False)
    axes.set_zorder(counts.get_zorder() + 1)
    axes.patch.set_visible(False)
    for i, (names, largest) in enumerate(curves):
        is_known = names[0] in known
        look = {"color": OURS if is_known else COMPONENTS[i % len(COMPONENTS)], "linestyle": FIT_STYLES[i % 8]}
        axes.plot(x[:, 0], largest, linewidth=2.5 if is_known else 1.8, label=", ".join(names), **look)
    if curves:
        unclear = curves[0][1] < CLEAR
        axes.fill_between(x[:, 0], 0, 1.02, where=unclear, color=HIGHLIGHT, alpha=0.12, linewidth=0)
        if unclear.any():
            ends = np.flatnonzero(np.diff(np.r_[False, unclear, False]))  # of one or more intervals
            intervals = ", ".join(
                f"from {x[i, 0]:.3g} to {x[j - 1, 0]:.3g}" for i, j in zip(ends[::2], ends[1::2], strict=True)
            )
            axes.set_title(f"unclear by {curves[0][0][0]}: {intervals}", wrap=True)
    axes.axhline(CLEAR, color=BACKGROUND, linestyle=":", linewidth=1)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("largest posterior probability")
    axes.set_xlabel(str(shown.data.features[0]))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    figure.suptitle(f"{shown.experiment}, replicate 0: {rows.size_text(0)}, and where their component is unclear")
    return figure
