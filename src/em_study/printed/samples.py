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

    def step(values):
        weights, means, moments = (
            part.reshape(shape) for part, shape in zip(np.split(values, cuts), shapes, strict=True)
        )
        moments = moments if COVARIANCE_TYPES[kind].diagonal else 0.5 * (moments + moments.swapaxes(-1, -2))
        statistics, L = expectation(X, MixtureParameters.checked(weights / weights.sum(), means, moments, kind))
        new = maximization(statistics)
        return np.concatenate([new.weights, new.means.ravel(), new.covariances.ravel()]) - values, L, new

    try:
        moved, L, new = step(middle)
        gain, allowed, allowed_L = expectation(X, new)[1] - L, ARITHMETIC * abs(middle), 0.0
        for j in range(middle.size if middle.size * X.size <= LARGEST else 0):
            ends = [step(middle + way * half * (np.arange(middle.size) == j)) for way in (TWICE, -TWICE)]
            allowed = allowed + np.max([abs(end[0] - moved) for end in ends], axis=0)
            allowed_L += max(abs(end[1] - L) for end in ends)
        if not allowed_L <= COARSE * len(X):
            raise ValueError("they are too coarsely rounded")
    except (CollapsedComponentError, ValueError) as error:
        yield Check("EM step", UNKNOWN, f"No step can be taken from the printed numbers: {error}.")
        return
    early = gain <= GAIN * len(X) + allowed_L
    outcome = CONSISTENT if (abs(moved) <= allowed).all() else UNKNOWN if early else IMPOSSIBLE
    times = f"{(abs(moved) / allowed).max():.2g} times what their rounding does"
    text = f"One more step of EM moves the parameters by {times}, and gains {gain / len(X):.2g} nats per sample."
    yield Check("EM step", outcome, text + " EM may have stopped early." * (outcome == UNKNOWN))
    if fit.log_likelihood is not None:
        exact, early = Interval(L - allowed_L, L + allowed_L), Interval(L - allowed_L - GAIN * len(X), L)
        printed = Interval.of(fit.log_likelihood)
        outcome = CONSISTENT if printed.meets(exact) else UNKNOWN if printed.meets(early) else IMPOSSIBLE
        text = f"With the printed parameters the samples have a log-likelihood of {L:.6g}, give or take {allowed_L:.2g}"
        reading = "it is the mean per sample" if (printed * len(X)).meets(exact) else ""
        yield Check("log-likelihood of data", outcome, f"{text}; {fit.log_likelihood} is printed.", reading)
