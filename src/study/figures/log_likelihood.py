"""Average log-likelihood against step: article A's two figures, over all replicates."""

import numpy as np

from study.figures.style import BACKGROUND, HIGHLIGHT, OURS, new_figure
from study.fits import Runs


def draw_log_likelihood(runs: Runs, experiment: str, fit: str):
    """Draw the trace of every replicate; that of replicate 0 is thick.

    Parameters
    ----------
    runs : Runs
    experiment, fit : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (axes,) = new_figure()
    steps = np.arange(1, runs.trace.shape[1] + 1)
    if len(runs) > 1:
        lines = axes.plot(steps, runs.trace[1:].T, color=BACKGROUND, linewidth=0.6, alpha=0.6)
        lines[0].set_label(f"replicates 1 to {len(runs) - 1}")
    axes.plot(steps, runs.trace[0], color=OURS, linewidth=2.5, marker="o", markersize=4, label="replicate 0")
    failed = np.flatnonzero((runs.failure != "") & (runs.n_iter > 0))
    if len(failed):
        last = runs.trace[failed, runs.n_iter[failed] - 1]
        axes.plot(
            runs.n_iter[failed],
            last,
            "x",
            color=HIGHLIGHT,
            markersize=9,
            markeredgewidth=2,
            label="collapsed",
        )
    # A random start lies far below all that follows: show the climb from the second step on.
    reached = runs.trace[:, 1:][np.isfinite(runs.trace[:, 1:])]
    if len(reached):
        margin = 0.05 * np.ptp(reached) + 1e-6
        axes.set_ylim(reached.min() - margin, reached.max() + margin)
    axes.set_xlim(0.5, runs.trace.shape[1] + 0.5)
    median = np.median(runs.n_iter[runs.failure == ""]) if (runs.failure == "").any() else np.nan
    axes.set_xlabel("step")
    axes.set_ylabel("average log-likelihood (nats a row)")
    axes.set_title(f"{experiment}, {fit}: replicate 0 stops at step {runs.n_iter[0]}, the median is {median:g}")
    axes.legend(loc="lower right")
    return figure
