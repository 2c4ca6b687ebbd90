"""Article B: predictions of the first and the last rows."""

import numpy as np

from em_study.evaluation.measurements.certainty import FIRST_AND_LAST
from em_study.evaluation.relabeling import best_relabeling
from em_study.figures.shown import Shown, drawn
from em_study.figures.style import component_color, new_figure
from emgmm import posteriors


@drawn(
    names=lambda experiment: {"first_and_last": [*experiment.fits]} if experiment.data.shape[1] == 1 else {},
    reads=("data", "runs"),
    caption="The component given to the first and the last rows, by every fit, beneath their true class. See which "
    "rows get the other colour.",
)
def draw(shown: Shown):
    """Draw the component predicted for the first and the last rows, beside the class that they are of."""
    rows, fits = shown.data.replicate(0), shown.ends(0)
    n_rows = min(FIRST_AND_LAST, len(rows.unlabeled) // 2)
    figure, panels = new_figure(2, width=13.0, height=1.6 + 0.55 * (len(fits) + 1), sharey=True)
    lines = {} if rows.truth is None else {"true class": rows.truth}
    for name, parameters in fits.items():
        if parameters is not None:
            labels = posteriors(rows.unlabeled, parameters).argmax(axis=1)
            if rows.truth is not None:
                labels = best_relabeling(labels, rows.truth, max(parameters.n_components, rows.truth.max() + 1))
            lines[name] = labels
    for axes, part, title in (
        (panels[0], slice(0, n_rows), f"first {n_rows} rows"),
        (panels[1], slice(-n_rows, None), f"last {n_rows} rows"),
    ):
        for height, labels in enumerate(lines.values()):
            for k in np.unique(labels):
                at = np.flatnonzero(labels[part] == k) + (0 if part.start == 0 else len(labels) - n_rows)
                axes.plot(
                    at, np.full(len(at), height), "|", color=component_color(k), markersize=16, markeredgewidth=2.5
                )
        axes.set_title(title)
        axes.set_xlabel("row")
        axes.set_yticks(range(len(lines)), list(lines))
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.grid(visible=False)
    figure.suptitle(f"{shown.experiment}, replicate 0: component given to each row (colour), under the best naming")
    return figure
