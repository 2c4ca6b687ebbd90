"""Runs that are the same: the same rows, settings and code, and no random number in between."""

from study.configuration.cells import Cells
from study.configuration.schema import Data, Experiment, Fit, Study


def is_same_run(data: Data, fit: Fit) -> bool:
    """Tell whether all replicates of a fit are one run; what another implementation draws by itself is not known."""
    return data.same_rows and fit.initialization == "labels"


def repeated_runs(study: Study) -> frozenset[tuple[str, str]]:
    """Name the fits whose replicates are one run.

    Returns
    -------
    set of (str, str)
        Experiment and fit, "" for what runs beside such a fit; or "sweeps/" and a sweep's name, and a fit that is one
        run in each of its cells.
    """
    found = set()
    for name, experiment in study.experiments.items():
        found |= {(name, fit) for fit in experiment.fits if _is_one(experiment, fit)}
        if experiment.protocols and _is_one(experiment, experiment.protocols.fit):
            found.add((name, ""))
    for name, sweep in study.sweeps.items():
        cells = Cells(sweep, study.experiments[sweep.experiment])
        fits = sweep.fits or cells.experiment.fits
        found |= {(f"sweeps/{name}", fit) for fit in fits if all(_is_one(cell.experiment, fit) for cell in cells)}
    return frozenset(found)


def _is_one(experiment: Experiment, fit: str) -> bool:
    return is_same_run(experiment.data, experiment.fits[fit])
