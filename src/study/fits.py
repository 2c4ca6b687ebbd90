"""Our EM, over the replicates of an experiment."""

from dataclasses import dataclass

import numpy as np

from emgmm import (
    COVARIANCE_TYPES,
    CollapsedComponentError,
    EMResult,
    MixtureParameters,
    article_stopping,
    expectation_maximization,
    fit_many,
    labeled_statistics,
    maximization,
    parameters_from_labels,
    random_parameters,
    sklearn_stopping,
    unlabeled_statistics,
)
from study.configuration.schema import Fit
from study.data import Dataset, Replicate
from study.errors import DataError
from study.seeds import generator

STOPPING = {"article": article_stopping, "sklearn": sklearn_stopping}
# Names of scikit-learn's starts that mean something else here
SKLEARN_STARTS = {"random_responsibilities": "random"}


@dataclass(frozen=True, eq=False)
class Runs:
    """A fit over R replicates: where each began, ended, and how it got there.

    What a replicate does not have (it failed, or stopped earlier than others) is NaN.

    Attributes
    ----------
    start_weights, weights : ndarray of shape (R, K)
    start_means, means : ndarray of shape (R, K, D)
    start_covariances, covariances : ndarray of shape (R, ...)
        In the shape of their type.
    trace : ndarray of shape (R, longest)
        Mean log-likelihood a row at each step, in nats.
    n_iter : ndarray of int of shape (R,)
        Steps: values in the trace.
    n_maximizations : ndarray of int of shape (R,)
        M-steps among them.
    converged : ndarray of bool of shape (R,)
    failure : ndarray of str of shape (R,)
        Why there is no fit; empty if there is one.
    covariance_type : ndarray of str of shape ()
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
    covariance_type: np.ndarray

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
        if not np.isfinite(arrays[0]).all():
            return None
        return MixtureParameters(*(np.array(a) for a in arrays), str(self.covariance_type))


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
    if fit.uses_labels and n_components != len(dataset.classes):
        raise DataError(
            f"experiment '{experiment}', fit '{name}': n_components is {n_components}, but a fit that uses labels "
            f"needs one component for each of the {len(dataset.classes)} classes"
        )
    best = [Run(start=None, failure="no start")] * replicates
    for attempt in range(fit.n_init):
        starts, failures = {}, {}
        for r in range(replicates):
            try:
                draw = generator(seed, experiment, "start", name, r, attempt)
                starts[r] = _start(dataset.replicate(r), fit, n_components, draw)
            except CollapsedComponentError as error:
                failures[r] = Run(start=None, failure=f"start: {error}")
        runs = failures | dict(zip(starts, _fit_all(dataset, starts, fit), strict=True))
        for r, run in runs.items():
            if attempt == 0 or _likelihood(run) > _likelihood(best[r]):
                best[r] = run
    return stack_runs(best, n_components, dataset.unlabeled.shape[2], fit.covariance_type)


def _likelihood(run):
    return -np.inf if run.failure else run.trace[-1]


def _start(rows: Replicate, fit: Fit, n_components: int, draw: np.random.Generator) -> MixtureParameters:
    kind = fit.covariance_type
    if fit.initialization == "labels":
        return parameters_from_labels(rows.labeled, rows.labels, n_components, kind, fit.reg_covar)
    if fit.initialization == "random":
        return random_parameters(n_components, rows.unlabeled.shape[1], draw, kind)
    method = SKLEARN_STARTS.get(fit.initialization, fit.initialization)
    random_state = np.random.RandomState(draw.integers(2**32, size=4))
    return maximization(unlabeled_statistics(rows.unlabeled, n_components, method, random_state, kind), fit.reg_covar)


def _fit_all(dataset: Dataset, starts: dict[int, MixtureParameters], fit: Fit) -> list["Run"]:
    """Run EM from the start of each replicate."""
    stopping = STOPPING[fit.stopping](fit.tol, fit.max_iter)
    if fit.semi_supervised == "clamped":
        results = []
        for r, start in starts.items():
            rows = dataset.replicate(r)
            labeled = labeled_statistics(rows.labeled, rows.labels, start.n_components, fit.covariance_type)
            result = expectation_maximization(rows.unlabeled, start, stopping, labeled=labeled, reg_covar=fit.reg_covar)
            results.append(result)
    else:
        X = dataset.unlabeled if len(dataset.unlabeled) == 1 else dataset.unlabeled[list(starts)]
        results = fit_many(X, list(starts.values()), stopping, reg_covar=fit.reg_covar)
    return [_run(start, result) for start, result in zip(starts.values(), results, strict=True)]


def _run(start: MixtureParameters, result: EMResult) -> Run:
    failure = f"step {len(result.trace)}: {result.collapse}" if result.collapse else ""
    return Run(start, result.parameters, result.trace, result.n_maximizations, result.converged, failure)


def stack_runs(runs: list[Run], n_components: int, n_features: int, covariance_type: str) -> Runs:
    """Put the runs of all replicates into arrays."""
    shapes = {
        "weights": (n_components,),
        "means": (n_components, n_features),
        "covariances": COVARIANCE_TYPES[covariance_type].shape(n_components, n_features),
    }

    def stacked(parameters, name):
        missing = np.full(shapes[name], np.nan)
        return np.stack([missing if p is None else getattr(p, name) for p in parameters])

    starts = [run.start for run in runs]
    ends = [None if run.failure else run.end for run in runs]
    trace = np.full((len(runs), max(1, max(len(run.trace) for run in runs))), np.nan)
    for row, run in zip(trace, runs, strict=True):
        row[: len(run.trace)] = run.trace
    return Runs(
        **{f"start_{name}": stacked(starts, name) for name in shapes},
        **{name: stacked(ends, name) for name in shapes},
        trace=trace,
        n_iter=np.array([len(run.trace) for run in runs]),
        n_maximizations=np.array([run.n_maximizations for run in runs]),
        converged=np.array([run.converged for run in runs]),
        failure=np.array([run.failure for run in runs]),
        covariance_type=np.array(covariance_type),
    )
