"""Estimates that a source has released for each replicate, and the steps of our EM that are nearest to them."""

from dataclasses import replace
from typing import Any

import numpy as np

from em_study.data.dataset import Dataset
from em_study.fits.runs import NOT_PAIRED, PARAMETERS, Run, Runs, stack_runs
from em_study.fits.settings import Fit
from emgmm import CollapsedComponentError, MixtureParameters, expectation, maximization

COMPARED = ("weights", "means", "covariance_matrices")
NOT_RELEASED = "the source has released no estimate of this replicate"


def paired(released: Runs, ours: Runs) -> Runs:
    """Give released estimates a run for each of our replicates, with the components in the order of ours.

    A source may list them in another order. Estimates whose replicates are not known count as failed.
    """
    missing = NOT_RELEASED if released.is_paired else NOT_PAIRED
    runs = [Run(None, failure=missing, n_iter=-1)] * len(ours)
    for r in range(min(len(ours), len(released)) if released.is_paired else 0):
        end, our_end, failure = released.end(r), ours.end(r), str(released.failure[r])
        end = _in_order(end, our_end) if end and our_end and end.means.shape == our_end.means.shape else end
        runs[r] = Run(None, end, n_maximizations=-1, failure=failure, n_iter=-1)
    return stack_runs(runs, *released.means.shape[1:], "full")


def _in_order(mixture: MixtureParameters, like: MixtureParameters) -> MixtureParameters:
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    _, order = linear_sum_assignment(np.abs(like.means[:, None] - mixture.means).sum(axis=2))
    return MixtureParameters(mixture.weights[order], mixture.means[order], mixture.covariances[order])


def at_nearest_steps(dataset: Dataset, ours: Runs, released: dict[Any, Runs], fit: Fit) -> dict[Any, Runs]:
    """Take the steps of our EM once more, and keep for each source of estimates the step that is nearest to them.

    Nearest is where the largest difference of a weight, mean or covariance is least. Steps are taken until nothing
    changes any more, or as many as our fit may take.

    Returns
    -------
    dict of Runs
        Like `ours`, each replicate after that number of M-steps.
    """
    kept = {name: [getattr(ours, of).copy() for of in PARAMETERS] for name in released}
    steps = {name: np.zeros(len(ours), dtype=ours.n_maximizations.dtype) for name in released}
    for r in np.flatnonzero(ours.failure == ""):
        path = list(_path(dataset.replicate(r).unlabeled, ours.start(r), fit))
        numbers = np.array([_flat(parameters) for parameters in path])
        ends = {name: end for name, runs in released.items() if (end := runs.end(r)) is not None}
        for name, end in ends.items():
            steps[name][r] = nearest = np.abs(numbers - _flat(end)).max(axis=1).argmin()
            for array, of in zip(kept[name], PARAMETERS, strict=True):
                array[r] = getattr(path[nearest], of)
    return {
        name: replace(ours, **dict(zip(PARAMETERS, kept[name], strict=True)), n_maximizations=n, n_iter=n)
        for name, n in steps.items()
    }


def _flat(parameters: MixtureParameters) -> np.ndarray:
    return np.concatenate([getattr(parameters, of).ravel() for of in COMPARED])


def _path(X, start, fit: Fit):
    """Yield the mixtures after 0, 1, ... M-steps."""
    parameters, before = start, -np.inf
    for _ in range(fit.max_iter + 1):
        yield parameters
        try:
            statistics, log_likelihood = expectation(X, parameters)
            if log_likelihood == before:
                return
            parameters, before = maximization(statistics, fit.reg_covar), log_likelihood
        except CollapsedComponentError:
            return
