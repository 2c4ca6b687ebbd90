"""How EM climbs: monotone, how fast near the end, and whether it has arrived."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.information import continued, information_near
from em_study.evaluation.measurement import OneFit, OneRun, measured
from em_study.fits.missing import fitted_rows
from emgmm import article_stopping, expectation
from emgmm.coordinates import Coordinates

SMALLEST_GAIN = 1e-11  # nats a row: below it, a ratio of gains is rounding
MOST_STEPS = 2000
FAR = 0.01  # nats a row below a maximum


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
    needs=("information",),
    is_maximum=Column(
        "0 or 1",
        "1 if the fit ended at a maximum of the likelihood that it maximizes: by the observed information it curves "
        "downwards in all directions, and at most 0.005 nats of all rows are left to gain; else 0",
    ),
    left_to_gain=Column(
        "nats a row",
        "log-likelihood of the maximum less that where the fit ended, by Newton's step; none where the log-likelihood "
        "does not curve downwards in all directions (a saddle), for there it tells nothing of a maximum",
    ),
    predicted_rate=Column(
        "ratio",
        "share of its distance from the maximum that a step of plain EM leaves near it: the largest share of missing "
        "information at the maximum that EM goes on to; none where the fit ended 0.01 nats a row or more below it",
    ),
)
def arrival(run):
    """Tell whether the fit has arrived, and how slowly EM does."""
    found, left = {("is_maximum", None): float(run.information.is_maximum)}, _left_to_gain(run)
    if np.isfinite(left):
        found["left_to_gain", None] = left
    if left < FAR and (there := information_near(run.end, run.rows, run.fit)).is_maximum:
        found["predicted_rate", None] = there.rate
    return found


def _left_to_gain(run) -> float:
    """Nats a row; infinite where there is no maximum near."""
    return run.information.left_to_gain / run.information.n_samples


@measured(
    OneRun,
    needs=("information",),
    first=20,
    most_rows=100_000,
    convergence_rate=Column(
        "ratio",
        "the same, measured: the root of the last gain of the log-likelihood divided by the one before, where plain EM "
        "goes on from the end until it gains less than 1e-11 nats a row",
        tolerance=Tolerance(1e-3),  # the gains are small differences of large numbers
    ),
)
def convergence_rate(run):
    """Tell how slowly EM converges; nothing, if it takes too few steps above rounding."""
    if not _left_to_gain(run) < FAR:
        return None
    gains = np.diff(continued(run.end, run.rows, run.fit, article_stopping(SMALLEST_GAIN, MOST_STEPS)).trace)
    gains = gains[gains > SMALLEST_GAIN][-2:]
    return np.sqrt(gains[1] / gains[0]) if len(gains) > 1 else None


@measured(
    OneFit,
    rate_overlap_correlation=Column(
        "rank correlation",
        "of predicted_rate and overlap over the replicates",
        tolerance=Tolerance(1e-3),  # two near ranks may swap
    ),
)
def rate_overlap_correlation(fit):
    """Tell whether EM is slow where components overlap; nothing, from less than three replicates."""
    from scipy.stats import spearmanr  # takes its time to import

    rates, overlaps = fit.found.get("predicted_rate", {}), fit.found.get("overlap", {})
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
    coordinates = Coordinates(run.end)
    places, units = coordinates.of_components()
    return (np.abs(coordinates.gradient(statistics, run.end)[places]) / units).max() / len(X)


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
