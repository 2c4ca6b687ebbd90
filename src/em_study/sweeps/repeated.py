"""Runs that are identical: the same samples, settings and code, and no random numbers."""

from em_study.data.settings import Data
from em_study.experiments.settings import Experiment
from em_study.fits.available import BUILT_IN
from em_study.fits.settings import Fit
from em_study.sweeps.cells import Cells


def is_same_run(data: Data, fit: Fit) -> bool:
    """Whether all replicates of a fit are one run; an implementation in a file may use random numbers of its own."""
    return data.same_samples and fit.from_labels and fit.implementation in BUILT_IN


def repeated_runs(study) -> frozenset[tuple[str, str]]:
    """Name the fits whose replicates are one run.

    Returns
    -------
    set of (str, str)
        Experiment and fit, "" for the implementations compared with such a fit; or "sweeps/" and a sweep's name, and a
        fit that is one run in each of its cells.
    """
    found = set()
    for name, experiment in study.experiments.items():
        found |= {(name, fit) for fit in experiment.fits if _is_one(experiment, fit)}
        compared = experiment.protocols
        if compared and {*compared.implementations} <= {*BUILT_IN} and _is_one(experiment, compared.fit):
            found.add((name, ""))
    for name, sweep in study.sweeps.items():
        cells = Cells(sweep, study.experiments[sweep.experiment])
        compared = cells.experiment.protocols
        fits = {*(sweep.fits or cells.experiment.fits), *([compared.fit] if compared else [])}
        found |= {(f"sweeps/{name}", fit) for fit in fits if all(_is_one(cell.experiment, fit) for cell in cells)}
    return frozenset(found)


def _is_one(experiment: Experiment, fit: str) -> bool:
    return fit in experiment.fits and is_same_run(experiment.data, experiment.fits[fit])


def own_rows(study) -> frozenset[str]:
    """Name the experiments, and "sweeps/" with the names of sweeps, whose data are the source's own.

    Those whose replicates are resamples of such data have the prefix "resampled/".
    """
    found = set()
    every = {name: name for name in study.experiments}
    every |= {f"sweeps/{name}": sweep.experiment for name, sweep in study.sweeps.items()}
    for name, experiment in every.items():
        data = study.experiments[experiment].data
        found |= {name} if data.on_own_rows else {f"resampled/{name}"} if data.resamples else set()
    return frozenset(found)
