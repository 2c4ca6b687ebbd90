"""Distance of each run of EM from its own limit, by step: article A's two curves, for all replicates."""

import numpy as np

from em_study.figures.shown import Shown, drawn
from em_study.figures.style import BACKGROUND, HIGHLIGHT, OURS, new_figure
from em_study.fits.runs import Runs

LEAST = 1e-16  # nats per sample: smaller distances count as 0


@drawn(
    names=lambda experiment: {
        f"log_likelihood_{name}": [name] for name, fit in experiment.fits.items() if fit.max_iter > 0
    },
    reads=("runs", "measurements"),
    caption="The distance of the mean log-likelihood from the limit of its own run, at each step, on a logarithmic "
    "scale. If the limit was not measured, it is the last value. See how steadily the line falls: a straight line is "
    "a constant rate; where it is flat, a stopping rule that looks at changes may stop too soon. The thick line is "
    "replicate 0, thin lines are the others; a cross marks where a run failed.",
    in_report=False,
)
def draw(shown: Shown):
    """Draw the gap of every replicate to its limit; that of replicate 0 is thick."""
    from matplotlib.ticker import MaxNLocator

    ((fit, runs),) = shown.runs.items()
    figure, (axes,) = new_figure()
    gaps = _gaps(runs, fit, shown.measurements)
    steps = np.arange(1, gaps.shape[1] + 1)
    if len(runs) > 1:
        lines = axes.plot(steps, gaps[1:].T, color=BACKGROUND, linewidth=0.6, alpha=0.6)
        lines[0].set_label(f"replicates 1 to {len(runs) - 1}")
    axes.plot(steps, gaps[0], color=OURS, linewidth=2.5, marker="o", markersize=4, label="replicate 0")
    failed = np.flatnonzero((runs.failure != "") & (np.isfinite(gaps).any(axis=1)))
    if len(failed):
        last = [np.flatnonzero(np.isfinite(gaps[r]))[-1] for r in failed]
        mark = {"marker": "x", "linestyle": "none", "color": HIGHLIGHT, "markersize": 9, "markeredgewidth": 2}
        axes.plot(steps[last], gaps[failed, last], label=f"failed ({(runs.failure != '').sum()} replicates)", **mark)
    if np.isfinite(gaps).any():
        axes.set_yscale("log")
    else:
        axes.text(0.5, 0.5, "no log-likelihoods were reported", transform=axes.transAxes, ha="center")
    axes.set_xlim(0.5, max(2, gaps.shape[1]) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("step")
    joint = ", including labeled samples" if shown.fits[fit]["semi_supervised"] == "clamped" else ""
    axes.set_ylabel(f"distance of the mean log-likelihood from its limit{joint}\n(nats per sample)")
    axes.set_title(f"{shown.experiment}, {fit}: {_outcome(runs)}", wrap=True)
    axes.legend(loc="upper right")
    return figure


def _gaps(runs: Runs, fit: str, measurements) -> np.ndarray:
    """Return the distance of each trace from its limit, (R, steps); NaN at the limit and beyond the end."""
    left = measurements[(measurements["measurement"] == "below_limit") & (measurements["fit"] == fit)]
    left = left.set_index("replicate")["value"].reindex(range(len(runs))).fillna(0.0).clip(lower=0.0).to_numpy()
    if not runs.trace.shape[1]:
        return runs.trace
    ends = np.array([trace[np.isfinite(trace)][-1:].sum() for trace in runs.trace])
    gaps = (ends + left)[:, None] - runs.trace
    return np.where(gaps > LEAST, gaps, np.nan)


def _outcome(runs: Runs) -> str:
    if runs.failure[0]:
        first = f"replicate 0 failed ({runs.failure[0]})"
    else:
        reason = "converges" if runs.converged[0] else "is stopped"
        at = f"at step {runs.n_iter[0]}" if runs.n_iter[0] >= 0 else "after steps that it does not report"
        first = f"replicate 0 {reason} {at}"
    good = runs.n_iter[(runs.failure == "") & (runs.n_iter >= 0)]
    return f"{first}, the median is {np.median(good):g}" if len(runs) > 1 and len(good) else first
