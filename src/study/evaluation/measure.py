"""Take every measurement of an experiment: rows of measurements.csv."""

import numpy as np
import pandas as pd

from study.data.dataset import Dataset
from study.data.seeds import generator
from study.evaluation.measurement import OneDraw, OneFit, OneRun
from study.evaluation.measurements import MEASUREMENTS
from study.fits.runs import Runs

COLUMNS = ("experiment", "fit", "replicate", "measurement", "setting", "value")


def measure(
    dataset: Dataset,
    runs_by_fit: dict[str, Runs],
    ridges: dict[str, bool],
    bins: int,
    seed: int,
    experiment: str,
) -> pd.DataFrame:
    """Rows of measurements.csv of an experiment.

    Parameters
    ----------
    dataset : Dataset
    runs_by_fit : dict
        Runs of every fit.
    ridges : dict
        Whether a fit adds a ridge to its covariances.
    bins : int
        Of the histogram, for data with one feature.
    seed : int
        The study's root seed.
    experiment : str
    """
    rows = []

    def take(subject, fit):
        found = {}
        for measurement in MEASUREMENTS:
            if measurement.of is type(subject):
                found |= measurement.numbers(subject)
        for (name, key), value in found.items():
            replicate, setting = subject.place(key)
            rows.append((experiment, fit, replicate, name, np.nan if setting is None else setting, value))
        return found

    for fit, runs in runs_by_fit.items():
        of_fit = OneFit(runs, dataset)
        for r in range(len(runs)):
            for (name, key), value in take(OneRun(runs, r, dataset.replicate(r), bins, ridges[fit]), fit).items():
                if key is None:
                    of_fit.found.setdefault(name, {})[r] = value
        take(of_fit, fit)
    n_components = max((runs.means.shape[1] for runs in runs_by_fit.values()), default=1)
    for r, X in enumerate(dataset.unlabeled):
        take(OneDraw(r, X, n_components, lambda purpose, r=r: generator(seed, experiment, purpose, r)), "")
    return pd.DataFrame(rows, columns=list(COLUMNS))
