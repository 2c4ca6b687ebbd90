"""Checks of printed numbers that need the samples."""

from collections.abc import Iterator

import numpy as np

from em_study.intervals import Interval
from em_study.printed.checks import CONSISTENT, GAIN, IMPOSSIBLE, UNKNOWN, Check
from em_study.printed.settings import MODELS, PrintedFit
from emgmm import COVARIANCE_TYPES, CollapsedComponentError, MixtureParameters, expectation, maximization

LARGEST, COARSE = 10**8, 0.1  # values times parameters; nats per sample by rounding, beyond which first order fails
TWICE, ARITHMETIC = 2, 1e-9  # times the effect of rounding, for what is not linear in it; of a parameter


def checks_with_samples(fit: PrintedFit, X) -> Iterator[Check]:
    """Check that one EM step moves the parameters by no more than their rounding does; and the log-likelihood.

    At a fixed point t of the step f, f(t + e) - (t + e) is (J - I) e to first order in the rounding e: at most the sum
    of what the rounding of each parameter moves. The log-likelihood changes likewise. A step that gains no more than
    `GAIN` per sample may be one that EM did not take any more.
    """
    kind = {model: name for name, model in MODELS.items()}.get(fit.model)
    if not (fit.weights and fit.means and fit.covariances and kind):
        return
    boxes = [Interval.of(fit.weights), Interval.of(fit.means), Interval.of(fit.covariances)]
    shapes = [boxes[0].low.shape, boxes[1].low.shape, COVARIANCE_TYPES[kind].shape(*boxes[1].low.shape)]
    if boxes[2].low.size != np.prod(shapes[2]):
        return
    middle, half = (np.concatenate([np.ravel(getattr(box, part)) for box in boxes]) for part in ("middle", "half"))
    cuts = np.cumsum([box.low.size for box in boxes])[:-1]

    def taken(values):
        """Take the E-step from parameters in one row: statistics, and the log-likelihood."""
        weights, means, moments = (
            part.reshape(shape) for part, shape in zip(np.split(values, cuts), shapes, strict=True)
        )
        moments = moments if COVARIANCE_TYPES[kind].diagonal else 0.5 * (moments + moments.swapaxes(-1, -2))
        return expectation(X, MixtureParameters.checked(weights / weights.sum(), means, moments, kind))

    def moved_by(values, statistics):
        new = maximization(statistics)
        return np.concatenate([new.weights, new.means.ravel(), new.covariances.ravel()]) - values, new

    if fit.sample_mean is not None and not Interval.of(fit.sample_mean).meets(X.mean(axis=0)).all():
        yield Check("mean of data", IMPOSSIBLE, "The mean of the samples is not the printed sample mean.")
    if middle.size * X.size > LARGEST:
        yield Check(
            "EM step", UNKNOWN, "There are too many samples to compute what the rounding of each parameter does."
        )
        return
    ends = [middle + way * half * (np.arange(middle.size) == j) for j in range(middle.size) for way in (TWICE, -TWICE)]
    try:
        own, L = taken(middle)
        of_ends = [taken(end) for end in ends]
    except (CollapsedComponentError, ValueError) as error:
        yield Check("log-likelihood of data", UNKNOWN, f"The printed parameters cannot be used: {error}.")
        return
    effects = np.abs([each - L for _, each in of_ends])
    allowed_L = float(np.maximum(effects[::2], effects[1::2]).sum())
    coarse = allowed_L > COARSE * len(X)
    if fit.log_likelihood is not None:
        exact, early = Interval(L - allowed_L, L + allowed_L), Interval(L - allowed_L - GAIN * len(X), L)
        printed = Interval.of(fit.log_likelihood)
        outcome = CONSISTENT if printed.meets(exact) else UNKNOWN if printed.meets(early) else IMPOSSIBLE
        outcome = UNKNOWN if coarse else outcome
        text = f"With the printed parameters the samples have a log-likelihood of {L:.6g}, give or take {allowed_L:.2g}"
        reading = "it is the mean per sample" if (printed * len(X)).meets(exact) else ""
        yield Check("log-likelihood of data", outcome, f"{text}; {fit.log_likelihood} is printed.", reading)
    if coarse:
        text = f"By rounding the log-likelihood changes by up to {allowed_L / len(X):.2g} nats per sample: too much."
        yield Check("EM step", UNKNOWN, f"{text} Or the samples are not those of the fit.")
        return
    try:
        moved, new = moved_by(middle, own)
        found = [moved_by(end, statistics)[0] for end, (statistics, _) in zip(ends, of_ends, strict=True)]
        others = abs(np.array(found) - moved).reshape(-1, 2, middle.size)
    except CollapsedComponentError as error:
        yield Check("EM step", UNKNOWN, f"A component collapses in a step from the printed parameters: {error}.")
        return
    gain, allowed = expectation(X, new)[1] - L, ARITHMETIC * abs(middle) + others.max(axis=1).sum(axis=0)
    early = gain <= GAIN * len(X) + allowed_L
    outcome = CONSISTENT if (abs(moved) <= allowed).all() else UNKNOWN if early else IMPOSSIBLE
    times = f"{(abs(moved) / allowed).max():.2g} times what their rounding allows"
    text = (
        f"One more step of EM moves the parameters by at most {times}, and gains {gain / len(X):.2g} nats per sample."
    )
    yield Check("EM step", outcome, text + " EM may have stopped early." * (outcome == UNKNOWN))
