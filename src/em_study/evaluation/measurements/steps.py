"""How EM increases the likelihood: from where, whether always, how fast near the end, and whether to a maximum."""

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.evaluation.information import continued, information_near
from em_study.evaluation.measurement import NotMeasurableError, OneRun, measured
from emgmm import article_stopping, expectation_maximization, posteriors

SMALLEST_GAIN = 1e-11  # nats per sample: below it, a ratio of gains is rounding
MOST_STEPS = 2000
FAR = 0.01  # nats per sample below a maximum


@measured(
    OneRun,
    needs=("labels", "start", "complete"),
    initial_posterior_difference=Column(
        "probability",
        "largest difference of a posterior between scikit-learn's first E-step and ours, if scikit-learn gets the "
        "initial covariances as precisions_init, as in article A (of fits that start from labels)",
    ),
    initial_posterior_difference_exact=Column("probability", "the same, if scikit-learn gets their inverses"),
)
def initial_posterior_difference(run):
    """Test whether scikit-learn, called as published, has our initial parameters."""
    if run.fit.initialization != "labels":
        return None
    from em_study.fits.sklearn_adapter import initial_posteriors  # scikit-learn takes a second to import

    ours, names = posteriors(run.complete, run.start), ("", "_exact")
    theirs = (initial_posteriors(run.complete, run.start, as_published) for as_published in (True, False))
    try:
        return {
            (f"initial_posterior_difference{name}", None): np.abs(found - ours).max()
            for name, found in zip(names, theirs, strict=True)
        }
    except ValueError as error:
        raise NotMeasurableError(f"scikit-learn refuses the initial parameters: {error}") from None


@measured(
    OneRun,
    needs=("gains",),
    trace_first=Column(
        "nats per sample", "first value of the trace: mean log-likelihood at the start (last: fits.csv)"
    ),
)
def trace_first(run):
    """Give the log-likelihood of the initial parameters."""
    return run.runs.trace[run.number, 0]


@measured(
    OneRun,
    needs=("end", "complete", "ours_alone"),
    below_limit=Column(
        "nats per sample",
        "mean log-likelihood that accelerated EM reaches from where the fit ended, less that of the fit (our EM with "
        "article A's stopping rule, no regularization, not clamped)",
        tolerance=Tolerance(1e-6, 1e-10),  # rounding decides whether the last step is taken
    ),
)
def below_limit(run):
    """Measure how far below EM's limit article A's stopping rule stops; nothing if a component collapses later."""
    if run.fit.reg_covar or run.fit.stopping != "article" or not run.fit.max_iter:
        return None
    rule = article_stopping(1e-12, 20_000)
    on = expectation_maximization(run.complete, run.end, rule, acceleration="anderson")
    return None if on.collapse else on.trace[-1] - on.trace[0]


@measured(
    OneRun,
    needs=("gains",),
    smallest_change=Column(
        "nats per sample",
        "smallest change of the mean log-likelihood from one step to the next; setting: the covariance regularization "
        "(reg_covar)",
    ),
)
def smallest_change(run):
    """Test whether the likelihood ever decreases; with covariance regularization the M-step does not maximize it."""
    return {("smallest_change", run.fit.reg_covar): run.gains.min()}


@measured(
    OneRun,
    needs=("information",),
    is_maximum=Column(
        "0 or 1",
        "1 if the fit ended at a maximum of the likelihood that it maximizes, else 0; at a maximum, by the observed "
        "information, the likelihood curves downwards in all directions, and the total log-likelihood can gain at most "
        "0.005 nats",
        label="runs that end at a maximum (%)",
    ),
    left_to_gain=Column(
        "nats per sample",
        "log-likelihood of the maximum, by Newton's step, less that where the fit ended; none where the log-likelihood "
        "does not curve downwards in all directions (at a saddle point)",
    ),
    predicted_rate=Column(
        "ratio",
        "share of the distance to the maximum that is left after a step of plain EM near it: the largest share of "
        "missing information at the maximum that EM reaches when it continues; none where the fit ended 0.01 nats per "
        "sample or more below it",
    ),
)
def arrival(run):
    """Test whether the fit ended at a maximum, and predict EM's rate of convergence there."""
    found, left = {("is_maximum", None): float(run.information.is_maximum)}, _left_to_gain(run)
    if np.isfinite(left):
        found["left_to_gain", None] = left
    there = information_near(run.end, run.rows, run.fit) if left < FAR else None
    if there and there.is_maximum:
        found["predicted_rate", None] = there.rate
    return found


def _left_to_gain(run) -> float:
    """Give it in nats per sample; infinite where no maximum is near."""
    return run.information.left_to_gain / run.information.n_samples


@measured(
    OneRun,
    needs=("information",),
    first=20,
    most_rows=100_000,
    convergence_rate=Column(
        "ratio",
        "the same share, measured: the root of the last gain of the log-likelihood divided by the one before, where "
        "plain EM continues from the end until it gains less than 1e-11 nats per sample",
        tolerance=Tolerance(1e-3),  # the gains are small differences of large numbers
    ),
)
def convergence_rate(run):
    """Measure EM's rate of convergence; nothing if too few steps gain more than rounding."""
    if not _left_to_gain(run) < FAR:
        return None
    gains = np.diff(continued(run.end, run.rows, run.fit, article_stopping(SMALLEST_GAIN, MOST_STEPS)).trace)
    gains = gains[gains > SMALLEST_GAIN][-2:]
    return np.sqrt(gains[1] / gains[0]) if len(gains) > 1 else None


@measured(
    OneRun,
    in_sweeps=False,
    collapsed=Column(
        "0 or 1",
        "1 if the run failed because a component collapsed at the start or later, or missing values left too few data "
        "to fit; else 0",
    ),
)
def collapsed(run):
    """Test whether the run failed."""
    return float(run.end is None)
