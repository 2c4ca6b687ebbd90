"""How EM climbs: monotone, how fast near the end, and whether it has arrived."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.measurement import OneFit, OneRun, measured
from em_study.evaluation.numerical import gradient
from em_study.fits.missing import fitted_rows
from emgmm import expectation

SMALLEST_GAIN = 1e-10  # nats a row: below it, a ratio of gains is rounding


@measured(
    OneRun,
    needs=("gains",),
    smallest_change=Column(
        "nats a row",
        "smallest change of the mean log-likelihood from one step to the next; setting: reg_covar, the ridge",
    ),
)
def smallest_change(run):
    """Tell whether the likelihood ever decreases; with a ridge, the M-step does not quite maximize it."""
    return {("smallest_change", run.fit.reg_covar): run.gains.min()}


@measured(
    OneRun,
    needs=("gains",),
    convergence_rate=Column(
        "ratio",
        "last gain of the log-likelihood divided by the gain before it: near 1 is slow (plain EM)",
        tolerance=Tolerance(1e-4),  # the gains are small differences of large numbers
    ),
)
def convergence_rate(run):
    """Tell how slowly EM converges near its end."""
    known = run.fit.acceleration == "none" and len(run.gains) > 1 and min(run.gains[-2:]) > SMALLEST_GAIN
    return run.gains[-1] / run.gains[-2] if known else None


@measured(
    OneFit,
    rate_overlap_correlation=Column(
        "rank correlation",
        "of convergence_rate and overlap over the replicates",
        tolerance=Tolerance(1e-3),  # two near ranks may swap
    ),
)
def rate_overlap_correlation(fit):
    """Tell whether EM is slow where components overlap; nothing, from less than three replicates."""
    from scipy.stats import spearmanr  # takes its time to import

    rates, overlaps = fit.found.get("convergence_rate", {}), fit.found.get("overlap", {})
    both = [r for r in rates if r in overlaps]
    return spearmanr([rates[r] for r in both], [overlaps[r] for r in both]).statistic if len(both) > 2 else None


@measured(
    OneRun,
    needs=("end",),
    slope_at_end=Column(
        "nats a row",
        "largest slope of the mean log-likelihood where the fit ended, along any weight's logit, mean or covariance "
        "factor, in units of the component (full covariances, not clamped)",
    ),
)
def slope_at_end(run):
    """Tell whether the end is a stationary point."""
    if run.end.covariance_type != "full" or run.fit.semi_supervised == "clamped":
        return None
    X = fitted_rows(run.rows, run.fit).unlabeled
    statistics, _ = expectation(X, run.end)
    return max(np.abs(part).max() for part in gradient(statistics, run.end)) / len(X)


@measured(
    OneRun,
    in_sweeps=False,
    collapsed=Column(
        "0 or 1",
        "1 if the run failed: a component collapsed at the start or later, or holes left too little to fit; else 0",
    ),
)
def collapsed(run):
    """Tell whether EM lost a component."""
    return float(run.end is None)
