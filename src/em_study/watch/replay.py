"""A stored run once more, step by step, for the page to show."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from em_study.data.dataset import Replicate
from em_study.errors import StudyError
from em_study.fits.missing import clamped
from em_study.fits.runs import Run, Runs
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, StoppingRule, expectation_maximization

EVERY_STEP, MOST_STEPS = 30, 80  # shown: the first ones, then fewer and fewer, and the last
MOST_WORK = 100_000_000  # steps times values: some seconds
SAME = 1e-9  # nats a row, between a stored log-likelihood and the replayed one


class NotShownError(StudyError):
    """A run cannot be shown step by step; says why."""


@dataclass(frozen=True, eq=False)
class StoredRun(Run):
    """One replicate of a fit, or of another implementation in the terms of our EM, whose settings are then `fit`."""

    fit: Fit = field(default_factory=Fit)
    replicate: int = 0
    is_ours: bool = True

    @property
    def is_joint(self) -> bool:
        """Whether its log-likelihood is that of the labeled rows too."""
        return self.fit.semi_supervised == "clamped"


def stored_run(fit: Fit, runs: Runs, r: int, start: MixtureParameters | None = None) -> StoredRun:
    """Take replicate r of runs; of another implementation's, `start` is where ours says that it began."""
    began, is_ours = (runs.start(r), True) if start is None else (start, False)
    trace = runs.trace[r][np.isfinite(runs.trace[r])]
    n_passes = len(trace) if fit.acceleration == "none" else int(runs.n_passes[r])  # others may count otherwise
    ended = int(runs.n_maximizations[r]), bool(runs.converged[r]), str(runs.failure[r]), int(runs.n_iter[r])
    return StoredRun(began, runs.end(r), trace, *ended, n_passes, fit, r, is_ours)


class Replay(NamedTuple):
    """Some steps of a run.

    Attributes
    ----------
    steps : ndarray of int of shape (n,)
        From 1. Where the fit ends with an M-step, one more than it took: what it returns.
    frames : ndarray of shape (n, K, 1 + D + D (D + 1) / 2)
        Of each component the weight, the mean, and the lower triangle of the covariance, under which the E-step of each
        step found its log-likelihood.
    trace : ndarray of shape (n,)
        Mean log-likelihoods, in nats a row: the stored ones, and that of what the fit returns.
    last : MixtureParameters
        Those of the last frame.
    """

    steps: np.ndarray
    frames: np.ndarray
    trace: np.ndarray
    last: MixtureParameters


def replay(rows: Replicate, run: StoredRun) -> Replay:
    """Run EM once more from where a stored run began.

    Raises
    ------
    NotShownError
        If it took no steps, or others than our EM takes.
    """
    trace, n_steps = run.trace, len(run.trace)
    if run.start is None or not n_steps:
        no_reason = "it takes no steps, or does not tell them" if run.start else "it has no start"
        raise NotShownError(run.failure or no_reason)
    if n_steps * rows.unlabeled.size > MOST_WORK:
        raise NotShownError(f"its {n_steps:,} steps on {len(rows.unlabeled):,} rows would take long to run once more")
    steps, kept = shown_steps(n_steps), []

    def keep(step, _, parameters):
        if step in steps:
            kept.append(parameters)

    found = np.array(_em(rows, run, run.start, run.n_passes, acceleration=run.fit.acceleration, monitor=keep).trace)
    stored = trace[: len(found)]
    differs = np.flatnonzero(np.abs(found - stored) > SAME * np.maximum(1.0, np.abs(stored)))
    if len(differs) or len(found) != n_steps:
        raise NotShownError(f"its steps are not those of our EM from step {[*differs, len(found)][0] + 1} on")
    trace = trace[steps - 1]
    if run.end and not np.allclose(run.end.means, kept[-1].means, rtol=SAME, atol=0):
        steps, trace = np.append(steps, n_steps + 1), np.append(trace, _em(rows, run, run.end, 1).trace[0])
        kept.append(run.end)
    return Replay(steps, np.array([_frame(each) for each in kept]), trace, kept[-1])


def continued(rows: Replicate, run: StoredRun) -> float:
    """Find the mean log-likelihood that EM comes to from where a run ended, in nats a row; NaN if to none."""
    result = _em(rows, run, run.end, 5_000, tol=1e-10)
    return result.trace[-1] if result.converged else np.nan


def _em(rows: Replicate, run: StoredRun, begin: MixtureParameters, max_iter: int, tol: float = 0.0, **options):
    rule = StoppingRule(tol=tol, max_iter=max_iter, before_maximization=True, earliest=2)
    options |= {"reg_covar": run.fit.reg_covar, "kernel": run.fit.kernel}
    labeled = clamped(rows, run.fit, begin.n_components)
    return expectation_maximization(rows.unlabeled, begin, rule, labeled=labeled, **options)


def _frame(p: MixtureParameters) -> np.ndarray:
    return np.hstack([p.weights[:, None], p.means, p.covariance_matrices[:, *np.tril_indices(p.n_features)]])


def shown_steps(n_steps: int) -> np.ndarray:
    """Choose the steps to show: each of the first, then ever fewer, and the last."""
    if n_steps <= EVERY_STEP:
        return np.arange(1, n_steps + 1)
    later = np.geomspace(EVERY_STEP, n_steps, MOST_STEPS - EVERY_STEP + 1)
    return np.unique([*range(1, EVERY_STEP), *np.round(later).astype(int)])
