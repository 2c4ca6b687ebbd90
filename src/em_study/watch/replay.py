"""Compute a stored run once more, step by step, for the page."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from em_study.data.dataset import Replicate
from em_study.errors import StudyError
from em_study.fits.missing import clamped
from em_study.fits.runs import Run, Runs
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, StoppingRule, expectation_maximization

EVERY_STEP, MOST_STEPS = 30, 80  # shown: every step at first, then fewer and fewer, and the last
MOST_WORK = 100_000_000  # steps times values: some seconds
SAME = 1e-9  # nats per sample, between a stored log-likelihood and the replayed one


class NotShownError(StudyError):
    """A run cannot be shown step by step; the message is the reason."""


@dataclass(frozen=True, eq=False)
class StoredRun(Run):
    """One replicate of a fit; of another implementation, `fit` has the settings of our EM that match it."""

    fit: Fit = field(default_factory=Fit)
    replicate: int = 0
    is_ours: bool = True

    @property
    def is_joint(self) -> bool:
        """Whether its log-likelihood includes the labeled samples."""
        return self.fit.semi_supervised == "clamped"


def stored_run(fit: Fit, runs: Runs, r: int, start: MixtureParameters | None = None) -> StoredRun:
    """Return replicate r of runs; for another implementation, `start` are its initial parameters in our terms."""
    began, is_ours = (runs.start(r), True) if start is None else (start, False)
    trace = runs.trace[r][np.isfinite(runs.trace[r])]
    n_passes = len(trace) if fit.acceleration == "none" else int(runs.n_passes[r])  # others may count differently
    ended = int(runs.n_maximizations[r]), bool(runs.converged[r]), str(runs.failure[r]), int(runs.n_iter[r])
    return StoredRun(began, runs.end(r), trace, *ended, n_passes, fit, r, is_ours)


class Replay(NamedTuple):
    """Some steps of a run.

    Attributes
    ----------
    steps : ndarray of int of shape (n,)
        From 1. If the fit ends with an M-step, the last is one more than the fit took, with the parameters it returns.
    frames : ndarray of shape (n, K, 1 + D + D (D + 1) / 2)
        Of each component the weight, the mean, and the lower triangle of the covariance, under which the E-step of each
        step found its log-likelihood.
    trace : ndarray of shape (n,)
        Mean log-likelihoods, in nats per sample: the stored ones, and that of the parameters that the fit returns.
    last : MixtureParameters
        Those of the last frame.
    """

    steps: np.ndarray
    frames: np.ndarray
    trace: np.ndarray
    last: MixtureParameters


def replay(samples: Replicate, run: StoredRun) -> Replay:
    """Run EM once more from the initial parameters of a stored run.

    Raises
    ------
    NotShownError
        If the run took no steps, or its steps are not those of our EM.
    """
    trace, n_steps = run.trace, len(run.trace)
    if run.start is None or not n_steps:
        no_reason = "it takes no steps, or does not report them" if run.start else "it has no initial parameters"
        raise NotShownError(run.failure or no_reason)
    if n_steps * samples.unlabeled.size > MOST_WORK:
        raise NotShownError(
            f"its {n_steps:,} steps on {len(samples.unlabeled):,} samples would take long to compute once more"
        )
    steps, kept = shown_steps(n_steps), []

    def keep(step, _, parameters):
        if step in steps:
            kept.append(parameters)

    found = np.array(_em(samples, run, run.start, run.n_passes, acceleration=run.fit.acceleration, monitor=keep).trace)
    stored = trace[: len(found)]
    differs = np.flatnonzero(np.abs(found - stored) > SAME * np.maximum(1.0, np.abs(stored)))
    if len(differs) or len(found) != n_steps:
        raise NotShownError(f"its steps are not those of our EM from step {[*differs, len(found)][0] + 1} on")
    trace = trace[steps - 1]
    if run.end and not np.allclose(run.end.means, kept[-1].means, rtol=SAME, atol=0):
        steps, trace = np.append(steps, n_steps + 1), np.append(trace, _em(samples, run, run.end, 1).trace[0])
        kept.append(run.end)
    return Replay(steps, np.array([_frame(each) for each in kept]), trace, kept[-1])


def continued(samples: Replicate, run: StoredRun) -> float:
    """Return the mean log-likelihood that EM converges to from the end of a run, in nats per sample; NaN if to none."""
    result = _em(samples, run, run.end, 5_000, tol=1e-10)
    return result.trace[-1] if result.converged else np.nan


def _em(samples: Replicate, run: StoredRun, begin: MixtureParameters, max_iter: int, tol: float = 0.0, **options):
    rule = StoppingRule(tol=tol, max_iter=max_iter, before_maximization=True, earliest=2)
    options |= {"reg_covar": run.fit.reg_covar, "kernel": run.fit.kernel}
    labeled = clamped(samples, run.fit, begin.n_components)
    return expectation_maximization(samples.unlabeled, begin, rule, labeled=labeled, **options)


def _frame(p: MixtureParameters) -> np.ndarray:
    return np.hstack([p.weights[:, None], p.means, p.covariance_matrices[:, *np.tril_indices(p.n_features)]])


def shown_steps(n_steps: int) -> np.ndarray:
    """Select the steps to show: every step at first, then fewer and fewer, and the last."""
    if n_steps <= EVERY_STEP:
        return np.arange(1, n_steps + 1)
    later = np.geomspace(EVERY_STEP, n_steps, MOST_STEPS - EVERY_STEP + 1)
    return np.unique([*range(1, EVERY_STEP), *np.round(later).astype(int)])
