"""Average log-likelihood against step: article A's two figures, over all replicates."""

import numpy as np

from study.fits import Runs
from study.figures.style import BACKGROUND, OURS, new_figure


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
    axes.plot(steps, runs.trace[1:].T, color=BACKGROUND, linewidth=0.6, alpha=0.5)
    axes.plot(steps, runs.trace[0], color=OURS, linewidth=2.5, marker="o", markersize=4)
    ends = np.array([trace[n - 1] if n else np.nan for trace, n in zip(runs.trace, runs.n_iter, strict=True)])
    failed = runs.failure != ""
    axes.plot(runs.n_iter[failed], ends[failed], "x", color="red", markersize=8, markeredgewidth=2)
    return figure
