"""The steps of our EM that are nearest to estimates which a source has released."""

from dataclasses import replace
from typing import Any

import numpy as np

from em_study.data.dataset import Dataset
from em_study.fits.runs import PARAMETERS, Runs
from em_study.fits.settings import Fit
from emgmm import CollapsedComponentError, expectation, maximization


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
        ends = {name: end for name, runs in released.items() if (end := runs.end(r)) is not None}
        gaps = dict.fromkeys(ends, np.inf)
        for n, parameters in enumerate(_path(dataset.replicate(r).unlabeled, ours.start(r), fit)):
            for name, end in ends.items():
                gap = max(np.abs(getattr(parameters, of) - getattr(end, of)).max() for of in PARAMETERS)
                if gap < gaps[name]:
                    gaps[name], steps[name][r] = gap, n
                    for array, of in zip(kept[name], PARAMETERS, strict=True):
                        array[r] = getattr(parameters, of)
    return {
        name: replace(ours, **dict(zip(PARAMETERS, kept[name], strict=True)), n_maximizations=n, n_iter=n)
        for name, n in steps.items()
    }


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
