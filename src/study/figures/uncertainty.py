"""Data with one feature: article B's uncertainty, and its predictions of the first and last rows."""

import numpy as np

from emgmm import MixtureParameters, posteriors
from study.data import Replicate
from study.evaluation import best_relabeling
from study.figures.style import BACKGROUND, HIGHLIGHT, component_color, new_figure
from study.measurements import FIRST_AND_LAST


def draw_uncertainty(
    rows: Replicate, feature: str, fits: dict[str, MixtureParameters | None], experiment: str, bins: int
):
    """Draw the histogram, and beneath it how unclear the component is at each value.

    Parameters
    ----------
    rows : Replicate
    feature : str
    fits : dict
        Final parameters by name of fit; None for one that failed.
    experiment : str
    bins : int

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = new_figure(1, 1 + len(fits), width=8.0, height=3.0 + 1.4 * len(fits), sharex=True)
    panels = panels[:, 0]
    panels[0].hist(rows.unlabeled[:, 0], bins=bins, density=True, color=BACKGROUND)
    panels[0].set_ylabel("density")
    x = np.linspace(rows.unlabeled.min(), rows.unlabeled.max(), 500)[:, None]
    for (name, parameters), axes in zip(fits.items(), panels[1:], strict=True):
        axes.set_ylabel("probability")
        axes.set_ylim(-0.03, 1.03)
        axes.set_title(name if parameters else f"{name}: collapsed", loc="left", fontsize="small")
        if parameters is None:
            continue
        found = posteriors(x, parameters)
        for k in range(parameters.n_components):
            axes.plot(x, found[:, k], color=component_color(k), linewidth=2, label=f"posterior of component {k}")
        unclear = 1 - found.max(axis=1)
        axes.fill_between(x[:, 0], unclear, color=HIGHLIGHT, alpha=0.35, label="uncertainty: 1 - largest posterior")
    panels[-1].set_xlabel(feature)
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels[1:]), key=lambda both: len(both[1]))
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    figure.suptitle(f"{experiment}, replicate 0: {len(rows.unlabeled):,} rows in {bins} bins; where they are unclear")
    return figure


def draw_first_and_last(rows: Replicate, fits: dict[str, MixtureParameters | None], experiment: str):
    """Draw the component predicted for the first and the last rows, beside the class that they are of.

    Parameters
    ----------
    rows : Replicate
    fits : dict
        Final parameters by name of fit; None for one that failed.
    experiment : str

    Returns
    -------
    matplotlib.figure.Figure
    """
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
    figure.suptitle(f"{experiment}, replicate 0: component given to each row (colour), under the best naming")
    return figure
