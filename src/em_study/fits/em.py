"""Our EM, over the replicates of an experiment."""

import numpy as np

from em_study.data.dataset import Dataset, Replicate
from em_study.data.r import R, RError
from em_study.data.seeds import generator
from em_study.errors import DataError
from em_study.fits.available import BUILT_IN
from em_study.fits.implementations import running
from em_study.fits.missing import clamped, fitted_samples, input_of_others, why_not_fitted
from em_study.fits.partitions import PARTITIONS, of_partition, partitioning
from em_study.fits.runs import Run, Runs, stack_runs
from em_study.fits.settings import Fit
from emgmm import (
    CollapsedComponentError,
    EMResult,
    MixtureParameters,
    aitken_stopping,
    article_stopping,
    fit_many,
    labeled_statistics,
    log_likelihoods,
    maximization,
    parameters_from_labels,
    random_parameters,
    shrunken_parameters,
    sklearn_stopping,
    unlabeled_statistics,
)
from emgmm.statistics import has_missing

STOPPING = {"article": article_stopping, "sklearn": sklearn_stopping, "aitken": aitken_stopping}
# Initializations of scikit-learn that have another name there
SKLEARN_STARTS = {"random_responsibilities": "random"}


def run_fit(
    dataset: Dataset, fit: Fit, replicates: int, seed: int, experiment: str, name: str, threads: int = 1
) -> Runs:
    """Fit every replicate of a data set by EM, with the root seed of the study.

    All fits of an experiment have the same random initializations. The number of threads changes no result.

    Raises
    ------
    DataError
        If a fit that uses labels has another number of components than the data have classes.
    """
    n_components = fit.n_components or len(dataset.classes)
    if fit.uses_labels and n_components != len(dataset.classes):
        raise DataError(
            f"experiment '{experiment}', fit '{name}': n_components is {n_components}, but a fit that uses labels "
            f"needs one component for each of the {len(dataset.classes)} classes"
        )
    samples = [fitted_samples(dataset.replicate(r), fit) for r in range(replicates)]
    lacks = [why_not_fitted(of, fit, dataset.features, dataset.classes, n_components) for of in samples]
    best, highest = [Run(start=None, failure="no start")] * replicates, [-np.inf] * replicates
    for attempt in range(fit.n_init):
        starts, failures = {}, {}
        with partitioning(fit) as by_r:
            for r in range(replicates):
                if lacks[r]:
                    failures[r] = Run(start=None, failure=f"start: {lacks[r]}")
                    continue
                try:
                    draw = generator(
                        seed, experiment, "start", r, attempt
                    )  # the same for all fits, so that they can be compared
                    starts[r] = _start(samples[r], fit, n_components, draw, by_r)
                except (CollapsedComponentError, RError) as error:
                    failures[r] = Run(start=None, failure=f"start: {error}")
        runs = failures | dict(zip(starts, _fit_all(dataset, samples, starts, fit, threads), strict=True))
        for r, run in runs.items():
            found = _likelihood(run, samples[r], fit) if fit.n_init > 1 else 0.0
            if attempt == 0 or found > highest[r]:
                best[r], highest[r] = run, found
    return stack_runs(best, n_components, dataset.unlabeled.shape[2], fit.covariance_type)


def _likelihood(run: Run, samples: Replicate, fit: Fit) -> float:
    """Return the log-likelihood of a run, to compare runs; for another implementation it is computed here."""
    if run.failure:
        return -np.inf
    if fit.implementation not in BUILT_IN:
        labeled = clamped(samples, fit, run.end.n_components)
        joint = labeled.expectation(run.end)[1] if labeled else 0.0
        return float(log_likelihoods(samples.unlabeled, run.end).sum() + joint)
    return run.trace[-1] if run.trace else -np.inf


def _start(
    samples: Replicate, fit: Fit, n_components: int, draw: np.random.Generator, by_r: R | None
) -> MixtureParameters:
    kind = fit.covariance_type
    if fit.initialization in PARTITIONS:
        random = draw.integers(2**31) if samples.r_state is None or fit.n_init > 1 else samples.r_state
        return of_partition(samples.unlabeled, fit, n_components, random, by_r)
    if fit.initialization == "labels":
        return parameters_from_labels(samples.labeled, samples.labels, n_components, kind, fit.reg_covar)
    if fit.initialization == "shrunken_labels":
        of_classes = labeled_statistics(samples.labeled, samples.labels, n_components, kind)
        return shrunken_parameters(of_classes, samples.unlabeled, fit.reg_covar)
    if fit.initialization == "random":
        return random_parameters(n_components, samples.unlabeled.shape[1], draw, kind)
    method = SKLEARN_STARTS.get(fit.initialization, fit.initialization)
    random_state = np.random.RandomState(draw.integers(2**32, size=4))
    statistics = unlabeled_statistics(
        samples.unlabeled, n_components, method, random_state, kind, reg_covar=fit.reg_covar
    )
    return maximization(statistics, fit.reg_covar)


def _fit_all(
    dataset: Dataset, samples: list[Replicate], starts: dict[int, MixtureParameters], fit: Fit, threads: int
) -> list[Run]:
    """Run EM from the initial parameters of each replicate."""
    if fit.max_iter == 0:
        return [Run(start, start) for start in starts.values()]
    if fit.implementation != "emgmm":
        settings = {"tol": fit.tol, "max_iter": fit.max_iter, "reg_covar": fit.reg_covar}
        with running(fit.implementation, fit.time_limit) as run:
            given = ((*input_of_others(samples[r], fit), start) for r, start in starts.items())
            return [run(X, start, labels=labels, **settings) for X, labels, start in given]
    stopping = STOPPING[fit.stopping](fit.tol, fit.max_iter)
    labeled = [clamped(samples[r], fit, start.n_components) for r, start in starts.items()]
    if fit.missing == "observed" or not has_missing(dataset.unlabeled):
        groups = [(dataset.samples_of(starts), [*starts.values()], labeled)]
    else:  # replicates differ in the number of samples
        each = zip(starts.items(), labeled, strict=True)
        groups = [(samples[r].unlabeled[None], [start], [own]) for (r, start), own in each]
    settings = {"reg_covar": fit.reg_covar, "acceleration": fit.acceleration, "kernel": fit.kernel, "n_jobs": threads}
    results = [result for X, first, own in groups for result in fit_many(X, first, stopping, labeled=own, **settings)]
    return [_run(start, result) for start, result in zip(starts.values(), results, strict=True)]


def _run(start: MixtureParameters, found: EMResult) -> Run:
    failure = f"step {len(found.trace)}: {found.collapse}" if found.collapse else ""
    counts = {"n_maximizations": found.n_maximizations, "n_passes": found.n_passes}
    return Run(start, found.parameters, found.trace, converged=found.converged, failure=failure, **counts)
