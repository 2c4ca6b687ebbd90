"""Average log-likelihood against step: article A's two figures, over all replicates."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, new_figure
from em_study.fits.runs import Runs

SHORT = 3  # steps that are all shown
# What is fitted of rows with missing values
ROWS = {"observed": "rows", "complete_rows": "rows without holes", "column_means": "rows with holes filled in"}


@drawn(
    names=lambda experiment: {
        f"log_likelihood_{name}": [name] for name, fit in experiment.fits.items() if fit.max_iter > 0
    },
    reads=("runs",),
    caption="The average log-likelihood at each step of EM. The thick line is replicate 0, thin lines are the other "
    "replicates; crosses mark fits that failed on their way. See how many steps it takes until the curve is flat, and "
    "how much that varies.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the trace of every replicate; that of replicate 0 is thick."""
    from matplotlib.ticker import MaxNLocator

    ((fit, runs),) = shown.runs.items()
    figure, (axes,) = new_figure()
    steps = np.arange(1, runs.trace.shape[1] + 1)
    if len(runs) > 1:
        lines = axes.plot(steps, runs.trace[1:].T, color=BACKGROUND, linewidth=0.6, alpha=0.6)
        lines[0].set_label(f"replicates 1 to {len(runs) - 1}")
    axes.plot(steps, runs.trace[0], color=OURS, linewidth=2.5, marker="o", markersize=4, label="replicate 0")
    failed = np.flatnonzero((runs.failure != "") & (runs.n_traced > 0))
    if len(failed):
        last = runs.trace[failed, runs.n_traced[failed] - 1]
        mark = {"marker": "x", "linestyle": "none", "color": HIGHLIGHT, "markersize": 9, "markeredgewidth": 2}
        axes.plot(runs.n_traced[failed], last, label=f"failed ({(runs.failure != '').sum()} replicates)", **mark)
    # A random start lies far below all that follows: show the climb from the second step on.
    reached = runs.trace[:, 1:][np.isfinite(runs.trace[:, 1:])]
    cropped = runs.trace.shape[1] > SHORT and len(reached) > 0
    if cropped:
        margin = 0.05 * np.ptp(reached) + 1e-6
        axes.set_ylim(reached.min() - margin, reached.max() + margin)
    axes.set_xlim(0.5, runs.trace.shape[1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_xlabel("step" + (" (the axis shows the values from step 2 on)" if cropped else ""))
    clamped = shown.fits[fit]["semi_supervised"] == "clamped"
    rows = ROWS[shown.fits[fit]["missing"]]
    of_what = f"labeled and unlabeled {rows} jointly" if clamped else f"unlabeled {rows}"
    axes.set_ylabel(f"average log-likelihood of\n{of_what} (nats a row)")
    axes.set_title(f"{shown.experiment}, {fit}: {_outcome(runs)}", wrap=True)
    if not runs.n_traced.any():
        axes.text(0.5, 0.5, "no trace", transform=axes.transAxes, ha="center")
    axes.legend(loc="lower right")
    return figure


def _outcome(runs: Runs) -> str:
    if runs.failure[0]:
        first = f"replicate 0 failed ({runs.failure[0]})"
    else:
        reason = "converges" if runs.converged[0] else "is stopped"
        at = f"at step {runs.n_iter[0]}" if runs.n_iter[0] >= 0 else "after steps that it does not tell"
        first = f"replicate 0 {reason} {at}"
    good = runs.n_iter[(runs.failure == "") & (runs.n_iter >= 0)]
    return f"{first}, the median is {np.median(good):g}" if len(runs) > 1 and len(good) else first
