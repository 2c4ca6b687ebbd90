"""Our EM, over the replicates of an experiment."""

from dataclasses import dataclass

import numpy as np

from emgmm import (
    CollapsedComponentError,
    EMResult,
    MixtureParameters,
    article_stopping,
    expectation_maximization,
    labeled_statistics,
    parameters_from_labels,
    random_parameters,
    sklearn_stopping,
)
from study.configuration.schema import Fit
from study.data import Dataset
from study.errors import DataError
from study.seeds import generator

STOPPING = {"article": article_stopping, "sklearn": sklearn_stopping}


@dataclass(frozen=True, eq=False)
class Runs:
    """A fit over R replicates: where each began, ended, and how it got there.

    What a replicate does not have (it failed, or stopped earlier than others) is NaN.

    Attributes
    ----------
    start_weights, weights : ndarray of shape (R, K)
    start_means, means : ndarray of shape (R, K, D)
    start_covariances, covariances : ndarray of shape (R, K, D, D)
    trace : ndarray of shape (R, longest)
        Mean log-likelihood a row at each step, in nats.
    n_iter : ndarray of int of shape (R,)
        Steps: values in the trace.
    n_maximizations : ndarray of int of shape (R,)
        M-steps among them.
    converged : ndarray of bool of shape (R,)
    failure : ndarray of str of shape (R,)
        Why there is no fit; empty if there is one.
    """

    start_weights: np.ndarray
    start_means: np.ndarray
    start_covariances: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    trace: np.ndarray
    n_iter: np.ndarray
    n_maximizations: np.ndarray
    converged: np.ndarray
    failure: np.ndarray

    def __len__(self):
        return len(self.converged)

    def start(self, r: int) -> MixtureParameters | None:
        """Return where replicate r began, if it had a start."""
        return self._parameters("start_", r)

    def end(self, r: int) -> MixtureParameters | None:
        """Return where replicate r ended, if it did not fail."""
        return None if self.failure[r] else self._parameters("", r)

    def _parameters(self, prefix, r):
        arrays = [getattr(self, prefix + name)[r] for name in ("weights", "means", "covariances")]
        return MixtureParameters(*(a.copy() for a in arrays)) if np.isfinite(arrays[0]).all() else None


@dataclass(frozen=True, eq=False)
class Run:
    """One replicate of `Runs`."""

    start: MixtureParameters | None
    end: MixtureParameters | None = None
    trace: tuple[float, ...] = ()
    n_maximizations: int = 0
    converged: bool = False
    failure: str = ""


def run_fit(dataset: Dataset, fit: Fit, replicates: int, seed: int, experiment: str, name: str) -> Runs:
    """Fit every replicate of a dataset by EM.

    Parameters
    ----------
    dataset : Dataset
    fit : Fit
    replicates : int
    seed : int
        The study's root seed.
    experiment, name : str
        Of the experiment and the fit: keys of the random starts.

    Raises
    ------
    DataError
        If the data do not suit the fit.
    """
    n_components = fit.n_components or len(dataset.classes)
    uses_labels = fit.initialization == "labels" or fit.semi_supervised != "none"
    if uses_labels and n_components != len(dataset.classes):
        raise DataError(
            f"experiment '{experiment}', fit '{name}': n_components is {n_components}, but a fit that uses labels "
            f"needs one component for each of the {len(dataset.classes)} classes"
        )
    stopping = STOPPING[fit.stopping](fit.tol, fit.max_iter)
    runs = []
    for r in range(replicates):
        rows = dataset.replicate(r)
        clamped = None
        if fit.semi_supervised == "clamped":
            clamped = labeled_statistics(rows.labeled, rows.labels, n_components)
        attempts = []
        for attempt in range(fit.n_init):
            try:
                if fit.initialization == "labels":
                    start = parameters_from_labels(rows.labeled, rows.labels, n_components, fit.reg_covar)
                else:
                    draw = generator(seed, experiment, "start", name, r, attempt)
                    start = random_parameters(n_components, rows.unlabeled.shape[1], draw)
            except CollapsedComponentError as error:
                attempts.append(Run(start=None, failure=f"start: {error}"))
                continue
            result = expectation_maximization(rows.unlabeled, start, stopping, labeled=clamped, reg_covar=fit.reg_covar)
            attempts.append(_run(start, result))
        runs.append(max(attempts, key=lambda run: run.trace[-1] if not run.failure else -np.inf))
    return stack_runs(runs, n_components, dataset.unlabeled.shape[2])


def _run(start: MixtureParameters, result: EMResult) -> Run:
    failure = f"step {len(result.trace)}: {result.collapse}" if result.collapse else ""
    return Run(start, result.parameters, result.trace, result.n_maximizations, result.converged, failure)


def stack_runs(runs: list[Run], n_components: int, n_features: int) -> Runs:
    """Put the runs of all replicates into arrays."""

    def stacked(parameters, name):
        shape = {"weights": 1, "means": 2, "covariances": 3}[name]
        missing = np.full((n_components, n_features, n_features)[:shape], np.nan)
        return np.stack([missing if p is None else getattr(p, name) for p in parameters])

    starts = [run.start for run in runs]
    ends = [None if run.failure else run.end for run in runs]
    trace = np.full((len(runs), max(1, max(len(run.trace) for run in runs))), np.nan)
    for row, run in zip(trace, runs, strict=True):
        row[: len(run.trace)] = run.trace
    return Runs(
        **{f"start_{name}": stacked(starts, name) for name in ("weights", "means", "covariances")},
        **{name: stacked(ends, name) for name in ("weights", "means", "covariances")},
        trace=trace,
        n_iter=np.array([len(run.trace) for run in runs]),
        n_maximizations=np.array([run.n_maximizations for run in runs]),
        converged=np.array([run.converged for run in runs]),
        failure=np.array([run.failure for run in runs]),
    )
