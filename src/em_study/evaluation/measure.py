"""All measurements of an experiment: rows of measurements.csv."""

from collections.abc import Collection
from functools import partial

import numpy as np
import pandas as pd

from em_study.columns import COLUMNS, as_released
from em_study.data.dataset import Dataset
from em_study.data.seeds import generator
from em_study.evaluation.measurement import OneFit, OneReplicate, OneRun
from em_study.evaluation.measurements import MEASUREMENTS
from em_study.evaluation.settings import Published
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit


def measure(
    dataset: Dataset,
    runs_by_fit: dict[str, Runs],
    fits: dict[str, Fit],
    bins: int,
    published: dict[str, list[Published]],
    seed: int,
    experiment: str,
    only: Collection[str] | None = None,
    released: dict[str, Runs] | None = None,
) -> pd.DataFrame:
    """Rows of measurements.csv of an experiment.

    Parameters
    ----------
    dataset : Dataset
    runs_by_fit : dict
        Runs of every fit.
    fits : dict
        Their settings.
    bins : int
        Number of bins of the histogram, for data with one feature.
    published : dict
        Parameters that a source printed, by the fit's name.
    seed : int
        The study's root seed.
    experiment : str
    only : collection of str, optional
        Names of the measurements to take. Default: all, but those of recovery only with released estimates.
    released : dict, optional
        Estimates that a source has released, by the package.
    """
    rows = []
    every = [found for found in MEASUREMENTS if released or only is not None or not found.of_recovery]
    of_released = [found for found in MEASUREMENTS if found.of_recovery]

    def take(subject, fit, measurements=every):
        for measurement in measurements:
            if measurement.of is type(subject) and (only is None or not measurement.quantities.keys().isdisjoint(only)):
                for (name, key), value in measurement.numbers(subject).items():
                    if only is None or name in only:
                        replicate, setting = subject.place(key)
                        rows.append((experiment, fit, replicate, name, np.nan if setting is None else setting, value))

    n_components = max((runs.means.shape[1] for runs in runs_by_fit.values()), default=1)
    replicates: list[OneReplicate] = []
    known: dict = {}
    for r in range(len(dataset.unlabeled)):
        draw_from = partial(_generator, seed, experiment, r)
        replicates.append(OneReplicate(r, dataset.replicate(r), n_components, draw_from, replicates, known))
    for fit, runs in runs_by_fit.items():
        for r in range(len(runs)):
            take(
                OneRun(fit, runs, r, replicates[r % len(replicates)], fits[fit], bins, published.get(fit) or None), fit
            )
        take(OneFit(fit, runs, dataset), fit)
    for package, runs in (released or {}).items():
        name = as_released(package)
        for r in range(len(runs)) if runs.is_paired else ():
            take(OneRun(name, runs, r, replicates[r % len(replicates)], Fit(), bins, None), name, of_released)
        take(OneFit(name, runs, dataset), name, of_released)
    for replicate in replicates:
        take(replicate, "")
    return pd.DataFrame(rows, columns=[*COLUMNS["measurements"]])


def _generator(seed: int, experiment: str, replicate: int, purpose: str) -> np.random.Generator:
    return generator(seed, experiment, purpose, replicate)
