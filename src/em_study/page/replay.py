"""A stored run once more, step by step, for the page to show."""

from dataclasses import dataclass, replace

import numpy as np

from em_study.data.dataset import Replicate
from em_study.errors import StudyError
from em_study.evaluation.relabeling import best_names
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from emgmm import (
    MixtureParameters,
    StoppingRule,
    expectation_maximization,
    labeled_statistics,
    posteriors,
)

EVERY_STEP, MOST_STEPS = 30, 80  # shown: the first ones, then fewer and fewer, and the last
MOST_WORK = 100_000_000  # steps times values: some seconds
SAME = 1e-9  # nats a row, between a stored log-likelihood and the replayed one


class NotShownError(StudyError):
    """A run cannot be shown step by step; says why."""


@dataclass(frozen=True)
class Watched:
    """A run to watch: the fit's settings, its runs, and which of them.

    `start` is where it began, if that is not what `runs` says.
    """

    fit: Fit
    runs: Runs
    replicate: int
    start: MixtureParameters | None = None

    @property
    def trace(self) -> np.ndarray:
        """Its log-likelihoods, (n_steps,), in nats a row."""
        trace = self.runs.trace[self.replicate]
        return trace[np.isfinite(trace)]

    @property
    def n_passes(self) -> int:
        """Passes over the rows that it took: its steps, and with an acceleration those that were taken back."""
        if self.fit.acceleration == "none":
            return len(self.trace)  # another implementation may tell another number
        return int(self.runs.n_passes[self.replicate])

    @property
    def converged(self) -> bool:
        """Whether its stopping rule was met."""
        return bool(self.runs.converged[self.replicate])

    @property
    def failure(self) -> str:
        """Why it has no end; empty if it has one."""
        return str(self.runs.failure[self.replicate])

    @property
    def end(self) -> MixtureParameters | None:
        """Where it ended, if it did not fail."""
        return self.runs.end(self.replicate)

    @property
    def is_joint(self) -> bool:
        """Whether its log-likelihood is that of the labeled rows too."""
        return self.fit.semi_supervised == "clamped"

    @property
    def began(self) -> MixtureParameters | None:
        """Where it began."""
        return self.runs.start(self.replicate) if self.start is None else self.start


@dataclass(frozen=True)
class Replay:
    """Some steps of a run.

    Attributes
    ----------
    steps : ndarray of int of shape (n,)
        From 1. Where the fit ends with an M-step, one more than it took: what it returns.
    parameters : list of MixtureParameters
        Under which the E-step of each found its log-likelihood.
    trace : ndarray of shape (n,)
        Mean log-likelihoods, in nats a row: the stored ones, and that of what the fit returns.
    n_steps : int
        That the run took.
    """

    steps: np.ndarray
    parameters: list[MixtureParameters]
    trace: np.ndarray
    n_steps: int


def replay(rows: Replicate, watched: Watched) -> Replay:
    """Run EM once more from where a stored run began.

    Parameters
    ----------
    rows : Replicate
        That were fitted.
    watched : Watched

    Raises
    ------
    NotShownError
        If it took no steps, or others than our EM takes.
    """
    start, trace = watched.began, watched.trace
    if start is None:
        raise NotShownError(watched.failure or "it has no start")
    if not len(trace):
        raise NotShownError(watched.failure or "it takes no steps, or does not tell them")
    if len(trace) * rows.unlabeled.size > MOST_WORK:
        raise NotShownError(
            f"its {len(trace):,} steps on {len(rows.unlabeled):,} rows would take long to run once more"
        )
    shown = shown_steps(len(trace))
    labeled = None
    if watched.is_joint:
        labeled = labeled_statistics(rows.labeled, rows.labels, start.n_components, start.covariance_type)
    kept: list[MixtureParameters] = []
    last: list[MixtureParameters] = []

    def keep(step, _, parameters):
        last[:] = [parameters]
        if step in shown:
            kept.append(parameters)

    def run(begin, n_passes, **options):
        rule = StoppingRule(tol=0.0, max_iter=n_passes, before_maximization=True, earliest=2)
        fit = watched.fit
        settings = {"labeled": labeled, "reg_covar": fit.reg_covar, "kernel": fit.kernel, **options}
        return expectation_maximization(rows.unlabeled, begin, rule, **settings)

    result = run(start, watched.n_passes, acceleration=watched.fit.acceleration, monitor=keep)
    found = np.array(result.trace)
    differs = np.flatnonzero(np.abs(found - trace[: len(found)]) > SAME * np.maximum(1.0, np.abs(trace[: len(found)])))
    if len(differs) or len(found) != len(trace):
        raise NotShownError(f"its steps are not those of our EM from step {[*differs, len(found)][0] + 1} on")
    end = watched.end
    if end is None or np.allclose(end.means, last[0].means, rtol=SAME, atol=0):
        return Replay(shown, kept, trace[shown - 1], len(trace))
    steps, likelihoods = [*shown, len(trace) + 1], [*trace[shown - 1], run(end, 1).trace[0]]
    return Replay(np.array(steps), [*kept, end], np.array(likelihoods), len(trace))


def shown_steps(n_steps: int) -> np.ndarray:
    """Choose the steps to show: each of the first, then ever fewer, and the last."""
    if n_steps <= EVERY_STEP:
        return np.arange(1, n_steps + 1)
    later = np.geomspace(EVERY_STEP, n_steps, MOST_STEPS - EVERY_STEP + 1)
    return np.unique([*range(1, EVERY_STEP), *np.round(later).astype(int)])


def renamed(found: Replay, order) -> Replay:
    """Put the components of a replay into another order."""

    def in_order(parameters: MixtureParameters):
        covariances = parameters.covariances
        one, two = (parameters.type.n_parameters(n, parameters.n_features) for n in (1, 2))
        if two > one:  # components have covariances of their own
            covariances = covariances[order]
        return MixtureParameters(
            parameters.weights[order], parameters.means[order], covariances, parameters.covariance_type
        )

    return replace(found, parameters=[in_order(parameters) for parameters in found.parameters])


def named_alike(rows: Replicate, replays: dict[str, Replay], reference: Replay) -> dict[str, Replay]:
    """Give the components of replays the numbers under which most rows end in the same one as by the reference."""

    def end_of(found: Replay):
        return posteriors(rows.unlabeled, found.parameters[-1]).argmax(axis=1)

    result, n_components, wanted = {}, reference.parameters[0].n_components, end_of(reference)
    for name, found in replays.items():
        result[name] = found
        if found.parameters[0].n_components == n_components:
            result[name] = renamed(found, np.argsort(best_names(end_of(found), wanted, n_components)))
    return result


def continued(rows: Replicate, watched: Watched) -> float:
    """Find the mean log-likelihood that EM comes to from where a run ended, in nats a row; NaN if to none."""
    rule = StoppingRule(tol=1e-10, max_iter=5_000, before_maximization=True, earliest=2)
    result = expectation_maximization(rows.unlabeled, watched.end, rule, reg_covar=watched.fit.reg_covar)
    return result.trace[-1] if result.converged else np.nan
