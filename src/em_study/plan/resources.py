"""Resources of a job on a cluster, minutes and memory, estimated from the configuration.

The estimates are too large by a few times on purpose, and each further attempt asks for twice as much. The sizes of the
parts of a sweep depend on them too, so nothing here depends on the machine.
"""

import math
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from em_study.evaluation.protocols import LADDER, PROTOCOLS
from em_study.experiments.settings import Experiment
from em_study.fits.available import implementation_file, implementation_files
from em_study.fits.settings import Fit
from em_study.sweeps.cells import Cells
from em_study.sweeps.settings import Sweep

LEAST_MINUTES, MOST_MINUTES = 1, 24 * 60
LEAST_MEMORY, MOST_MEMORY = 1_000, 64_000  # MB
CAUTION = 10  # factor from the estimated seconds to those that a job asks for
STEPS = 50  # assumed steps of EM in a fit, unless max_iter is smaller
CLASSES = 3  # assumed number of classes in a file
OVERHEAD = 0.001  # seconds per replicate in addition to the steps of EM: simulation, evaluation, writing
# How many times the work of all fits, or of the fit that is compared, each rule does.
PASSES = {
    "data": 0,
    "released": 0,
    "fit": 1,
    "evaluate": 1,
    "predict": 1,
    "impute": 1,
    "run_other": 3 * len(PROTOCOLS),
    "diagnose": 40,
}
PASSES |= {"compare": len(PROTOCOLS), "measure": 10, "watch": 10, "own_data": 20}
# For the progress display: the time that jobs of the default study took on one core, as a share of the estimate (1 for
# a fit and for a part of a sweep), or in seconds for rules without an estimate.
SHARE_TAKEN = {
    "data": 0.5,
    "evaluate": 0.1,
    "predict": 0.1,
    "impute": 0.1,
    "run_other": 0.4,
    "compare": 0.25,
    "measure": 0.2,
}
SHARE_TAKEN |= {"diagnose": 0.15, "watch": 0.02, "own_data": 0.3}
SECONDS_TAKEN = {"figure": 0.5, "sweep_figure": 1.0, "report_image": 0.2, "page": 0.7}
# A sweep is divided into PARTS jobs, enough for a few cores. A shorter part is not worth a job on a cluster; a longer
# one would lose too much when it fails. MOST_CELLS keeps the parameters of a job small.
PARTS, SHORT_PART, LONG_PART, MOST_CELLS = 8, 10.0, 60.0, 1000
# A fit by our EM that takes longer, in seconds on one core, shares its passes among threads, if it has so many samples.
LONG_FIT, THREADED_SAMPLES, THREADS = 20.0, 100_000, 2
MISSING = 10  # factor on the seconds of complete data
# Last parts of the keys that change the time of a cell; other keys of a fit are ignored.
SIZES = {"n_unlabeled", "n_labeled", "counts", "n_components", "n_features", "max_iter", "n_init", "fraction", "holes"}


@dataclass(frozen=True)
class Part:
    """Cells of a sweep that one job computes, by their numbers, and the estimated seconds of each."""

    cells: Cells
    numbers: range
    seconds_of_cells: np.ndarray

    @property
    def seconds(self) -> float:
        """Estimate the seconds of the job."""
        return float(self.seconds_of_cells.sum())

    @property
    def longest(self) -> Experiment:
        """The experiment of the cell with the longest estimated time."""
        return self.cells[self.numbers[int(self.seconds_of_cells.argmax())]].experiment

    @property
    def assignments(self) -> list[dict]:
        """The values of each cell."""
        return [self.cells.assignment(number) for number in self.numbers]

    @property
    def files(self) -> list[str]:
        """The files of data and implementations that the cells read."""
        chosen = [self.cells[number] for number in (self.numbers if self.cells.files_vary else self.numbers[:1])]
        files = {file.place for cell in chosen for file in cell.experiment.data.files}
        return sorted(files.union(*(implementation_files(cell.experiment) for cell in chosen)))


def parts_of(cells: Cells) -> list[Part]:
    """Divide the cells of a sweep, in their order, into jobs of about the same time."""
    seconds = seconds_of_cells(cells)
    return [Part(cells, numbers, seconds[numbers]) for numbers in parts_by_time(seconds, cells.sweep)]


class Cost(NamedTuple):
    """Estimated resources of a job."""

    seconds: float
    experiment: Experiment | None = None  # of the job, or of the cell of a sweep with the longest estimated time
    allowed: float = 0.0  # seconds that implementations in files are allowed to take

    def minutes(self, attempt: int) -> int:
        """Return the minutes to ask for."""
        asked = LEAST_MINUTES + math.ceil(max(CAUTION * self.seconds, self.allowed) / 60)
        return min(asked * 2 ** (attempt - 1), MOST_MINUTES)

    def memory_mb(self, attempt: int) -> int:
        """Return the memory to ask for, in MB: for the samples of all replicates, and the arrays of one fit."""
        n_rows, n_components, n_features = size_of(self.experiment, look=True)
        n_draws = 1 if self.experiment.data.same_samples else self.experiment.replicates
        values = n_rows * (2 * n_draws * (n_features + 1) + 6 * (n_components + n_features))
        return min((LEAST_MEMORY + math.ceil(8 * values / 1e6)) * 2 ** (attempt - 1), MOST_MEMORY)

    def seconds_expected(self, rule: str) -> float:
        """Estimate the seconds that a job of a rule will take: for the progress of a run."""
        return SHARE_TAKEN.get(rule, 1.0) * self.seconds + SECONDS_TAKEN.get(rule, 0.05)


def seconds_allowed(experiment: Experiment) -> float:
    """Return the seconds allowed to implementations in files over all replicates; these cannot be estimated."""
    limits = [fit.time_limit for fit in experiment.fits.values() if implementation_file(fit.implementation)]
    limits += [experiment.protocols.time_limit for other in experiment.running if implementation_file(other.name)]
    return experiment.replicates * sum(limits)


def size_of(experiment: Experiment, look: bool = False) -> tuple[int, int, int]:
    """Estimate the samples of a replicate, the components of the largest fit, and the features.

    If `look` is set, the samples of files are estimated from their size. Sweeps are divided without a look: a file may
    be fetched later.
    """
    n_classes, n_features = experiment.data.shape
    fitted = [fit.n_components or n_classes or CLASSES for fit in experiment.fits.values()]
    return experiment.data.expected_samples(look), max(fitted), n_features


def seconds_of_fit(experiment: Experiment, fit: Fit, look: bool = False) -> float:
    """Estimate the seconds of a fit to all replicates."""
    n_rows, _, n_features = size_of(experiment, look)
    n_components = fit.n_components or experiment.data.shape[0] or CLASSES
    # Measured on one core: 30 us, plus 6 ns per sample and component, plus 2.5 ns per sample, component and feature.
    step = 3e-5 + n_rows * n_components * (6e-9 + 2.5e-9 * n_features)
    missing = MISSING if experiment.data.incomplete and fit.missing == "observed" else 1
    n_steps = min(fit.max_iter, STEPS) * fit.n_init
    return experiment.replicates * (OVERHEAD + n_steps * step * missing)


def seconds_of_step(step: str, experiment: Experiment, fit: str | None) -> float:
    """Estimate the seconds of a rule on an experiment: for one of its fits, the compared fit, or all."""
    if fit is None and experiment.protocols and step in ("run_other", "compare", "diagnose"):
        fit = experiment.protocols.fit
    fits = [experiment.fits[fit]] if fit else list(experiment.fits.values())
    if step == "own_data":  # of one replicate
        experiment = experiment.model_copy(update={"replicates": 1})
    n_others = len(experiment.others) if step in ("compare", "diagnose") else 1
    return experiment.replicates * OVERHEAD + n_others * PASSES[step] * sum(
        seconds_of_fit(experiment, each, look=True) for each in fits
    )


def seconds_of_cells(cells: Cells) -> np.ndarray:
    """Estimate the seconds of each cell of a sweep: a factor per varied value, as if their effects multiplied."""
    sweep, vary = cells.sweep, cells.sweep.vary
    unvaried = _seconds_of_cell(cells.experiment, sweep)
    factors = []
    for key, values in vary.items():
        alone = Cells(sweep.model_copy(update={"vary": {key: values}}), cells.experiment)
        matters = key.split(".")[-1] in SIZES or key.count(".") + key.startswith("fits") < 2
        of_varied = [
            _seconds_of_varied(alone, place, unvaried) if matters else unvaried for place in range(len(values))
        ]
        factors.append(np.array(of_varied) / unvaried)
    if sweep.zip:
        return unvaried * np.prod(factors, axis=0)
    return reduce(np.multiply.outer, factors, unvaried).ravel()


def parts_by_time(seconds: np.ndarray, sweep: Sweep) -> list[range]:
    """Divide the cells of a sweep, in their order, into jobs of about the same time."""
    part_seconds = np.clip(seconds.sum() / PARTS, SHORT_PART, LONG_PART)
    seconds = np.maximum(seconds, part_seconds / (sweep.cells_per_job or MOST_CELLS))
    n_parts = math.ceil(seconds.sum() / part_seconds - 1e-9)
    part = (np.cumsum(seconds) - seconds / 2) // (seconds.sum() / n_parts)
    borders = [0, *(np.flatnonzero(np.diff(part)) + 1), len(part)]
    return [range(begin, end) for begin, end in pairwise(map(int, borders))]


def _seconds_of_varied(cells: Cells, number: int, otherwise: float) -> float:
    try:
        return _seconds_of_cell(cells[number].experiment, cells.sweep)
    except ValidationError:  # the value is valid only together with values of other keys
        return otherwise


def _seconds_of_cell(experiment: Experiment, sweep: Sweep) -> float:
    seconds = OVERHEAD + sum(
        seconds_of_fit(experiment, experiment.fits[name]) for name in sweep.fits or experiment.fits
    )
    if experiment.protocols:
        n_steps = len(LADDER) if sweep.protocols is None else len(sweep.protocols)
        seconds += 3 * n_steps * seconds_of_fit(experiment, experiment.compared_fit)
    return seconds
