"""Article B: which values' process is unclear."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, component_color, new_figure
from emgmm import posteriors


@drawn(
    names=lambda experiment: {"uncertainty": [*experiment.fits]} if experiment.data.shape[1] == 1 else {},
    reads=("data", "runs", "bins"),
    caption="Above, the histogram of the rows; beneath, each component's posterior and the uncertainty over x, for "
    "every fit. See where the process of a value is unclear, and whether there are fits with both posteriors near one "
    "half everywhere: these do not separate the components.",
)
def draw(shown: Shown):
    """Draw the histogram, and beneath it how unclear the component is at each value."""
    rows, fits = shown.data.replicate(0), shown.ends(0)
    values = rows.values(0)
    figure, panels = new_figure(1, 1 + len(fits), width=8.0, height=3.0 + 1.4 * len(fits), sharex=True)
    panels = panels[:, 0]
    panels[0].hist(values, bins=shown.bins, density=True, color=BACKGROUND)
    panels[0].set_ylabel("density")
    x = np.linspace(values.min(), values.max(), 500)[:, None]
    for (name, parameters), axes in zip(fits.items(), panels[1:], strict=True):
        axes.set_ylabel("probability")
        axes.set_ylim(-0.03, 1.03)
        axes.set_title(name if parameters else f"{name}: failed", loc="left", fontsize="small")
        if parameters is None:
            continue
        found = posteriors(x, parameters)
        for k in range(parameters.n_components):
            axes.plot(x, found[:, k], color=component_color(k), linewidth=2, label=f"posterior of component {k}")
        unclear = 1 - found.max(axis=1)
        axes.fill_between(x[:, 0], unclear, color=HIGHLIGHT, alpha=0.35, label="uncertainty: 1 - largest posterior")
    panels[-1].set_xlabel(str(shown.data.features[0]))
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels[1:]), key=lambda both: len(both[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    what = f"{rows.told(0)} in {shown.bins} bins; where they are unclear"
    figure.suptitle(f"{shown.experiment}, replicate 0: {what}")
    return figure
