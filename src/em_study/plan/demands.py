"""What a job asks of a cluster: minutes and memory, told by what the configuration says.

The estimates are meant to be too large by a few times, and each further attempt asks for twice as much. The sizes of
sweeps' parts depend on them too, which is why nothing here depends on a machine.
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
CAUTION = 10  # times the estimated seconds are asked for
STEPS = 50  # of EM in a fit, if it may take so many
CLASSES = 3  # of a file
OVERHEAD = 0.001  # seconds a replicate beside the steps of EM: drawing, judging, writing
# How often a step does the work of all fits, or of the one that is compared.
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
# For who waits: what jobs of the default study took on a core, as a part of what is estimated (that of a fit and of a
# sweep's part is right), or in seconds where nothing is.
TAKEN = {"data": 0.5, "evaluate": 0.1, "predict": 0.1, "impute": 0.1, "run_other": 0.4, "compare": 0.25, "measure": 0.2}
TAKEN |= {"diagnose": 0.15, "watch": 0.02, "own_data": 0.3}
DRAWN = {"figure": 0.5, "sweep_figure": 1.0, "report_image": 0.2, "page": 0.7}
# A part of a sweep: so many of them, for a few cores; but what is shorter is not worth a job on a cluster, and what is
# longer is not worth losing. What a job is given stays small.
PARTS, SHORT_PART, LONG_PART, MOST_CELLS = 8, 10.0, 60.0, 1000
MISSING = 10  # times the seconds of complete rows
# Last words of keys that change a cell's seconds; others are not looked at, nor are settings of a single fit's end.
SIZES = {"n_unlabeled", "n_labeled", "counts", "n_components", "n_features", "max_iter", "n_init", "fraction", "holes"}


@dataclass(frozen=True)
class Part:
    """Cells of a sweep that one job computes, by their numbers, and the seconds that each may take."""

    cells: Cells
    numbers: range
    seconds_of_cells: np.ndarray

    @property
    def seconds(self) -> float:
        """Estimate the seconds of the job."""
        return float(self.seconds_of_cells.sum())

    @property
    def longest(self) -> Experiment:
        """The experiment of the cell that may take longest."""
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
    """Part the cells of a sweep, in their order, into jobs of about the same time."""
    seconds = seconds_of_cells(cells)
    return [Part(cells, numbers, seconds[numbers]) for numbers in parts_by_time(seconds, cells.sweep)]


class Cost(NamedTuple):
    """What a job takes, as it is estimated."""

    seconds: float
    experiment: Experiment | None = None  # that it is of, or of the cell of a sweep that may take longest
    allowed: float = 0.0  # seconds that implementations of files may take

    def minutes(self, attempt: int) -> int:
        """Minutes to ask for."""
        asked = LEAST_MINUTES + math.ceil(max(CAUTION * self.seconds, self.allowed) / 60)
        return min(asked * 2 ** (attempt - 1), MOST_MINUTES)

    def memory_mb(self, attempt: int) -> int:
        """Memory to ask for, in MB: for the rows of all replicates, and what a fit makes of those of one."""
        n_rows, n_components, n_features = size_of(self.experiment, look=True)
        n_draws = 1 if self.experiment.data.same_rows else self.experiment.replicates
        values = n_rows * (2 * n_draws * (n_features + 1) + 6 * (n_components + n_features))
        return min((LEAST_MEMORY + math.ceil(8 * values / 1e6)) * 2 ** (attempt - 1), MOST_MEMORY)

    def seconds_expected(self, rule: str) -> float:
        """Seconds that a job of a rule will take: for the progress of a run."""
        return TAKEN.get(rule, 1.0) * self.seconds + DRAWN.get(rule, 0.05)


def seconds_allowed(experiment: Experiment) -> float:
    """Seconds that implementations of files may take over all replicates; nobody can estimate these."""
    limits = [fit.time_limit for fit in experiment.fits.values() if implementation_file(fit.implementation)]
    limits += [experiment.protocols.time_limit for other in experiment.running if implementation_file(other.name)]
    return experiment.replicates * sum(limits)


def size_of(experiment: Experiment, look: bool = False) -> tuple[int, int, int]:
    """Estimate the rows of a replicate, the components of the largest fit, and the features.

    If `look` is set, the rows of files are those that they may have by their size. What parts a sweep never looks: a
    file may be fetched after that.
    """
    n_classes, n_features = experiment.data.shape
    fitted = [fit.n_components or n_classes or CLASSES for fit in experiment.fits.values()]
    return experiment.data.expected_rows(look), max(fitted), n_features


def seconds_of_fit(experiment: Experiment, fit: Fit, look: bool = False) -> float:
    """Estimate the seconds of a fit to all replicates."""
    n_rows, _, n_features = size_of(experiment, look)
    n_components = fit.n_components or experiment.data.shape[0] or CLASSES
    # Measured on one core: 30 us, and for each row and component 6 ns and 2.5 ns a feature.
    step = 3e-5 + n_rows * n_components * (6e-9 + 2.5e-9 * n_features)
    missing = MISSING if experiment.data.incomplete and fit.missing == "observed" else 1
    n_steps = min(fit.max_iter, STEPS) * fit.n_init
    return experiment.replicates * (OVERHEAD + n_steps * step * missing)


def seconds_of_step(step: str, experiment: Experiment, fit: str | None) -> float:
    """Estimate the seconds of a step of an experiment: of one of its fits, or of the compared one, or of all."""
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
    """Estimate the seconds of each cell of a sweep: a factor for each varied value, as if their effects multiplied."""
    sweep, vary = cells.sweep, cells.sweep.vary
    whole = _seconds_of_cell(cells.experiment, sweep)
    factors = []
    for key, values in vary.items():
        alone = Cells(sweep.model_copy(update={"vary": {key: values}}), cells.experiment)
        matters = key.split(".")[-1] in SIZES or key.count(".") + key.startswith("fits") < 2
        of_varied = [_seconds_of_varied(alone, place, whole) if matters else whole for place in range(len(values))]
        factors.append(np.array(of_varied) / whole)
    if sweep.zip:
        return whole * np.prod(factors, axis=0)
    return reduce(np.multiply.outer, factors, whole).ravel()


def parts_by_time(seconds: np.ndarray, sweep: Sweep) -> list[range]:
    """Part the cells of a sweep, in their order, into jobs of about the same time."""
    whole = np.clip(seconds.sum() / PARTS, SHORT_PART, LONG_PART)
    seconds = np.maximum(seconds, whole / (sweep.cells_per_job or MOST_CELLS))
    n_parts = math.ceil(seconds.sum() / whole - 1e-9)
    part = (np.cumsum(seconds) - seconds / 2) // (seconds.sum() / n_parts)
    borders = [0, *(np.flatnonzero(np.diff(part)) + 1), len(part)]
    return [range(begin, end) for begin, end in pairwise(map(int, borders))]


def _seconds_of_varied(cells: Cells, number: int, otherwise: float) -> float:
    try:
        return _seconds_of_cell(cells[number].experiment, cells.sweep)
    except ValidationError:  # it is valid with other keys' values only
        return otherwise


def _seconds_of_cell(experiment: Experiment, sweep: Sweep) -> float:
    seconds = OVERHEAD + sum(
        seconds_of_fit(experiment, experiment.fits[name]) for name in sweep.fits or experiment.fits
    )
    if experiment.protocols:
        n_rungs = len(LADDER) if sweep.protocols is None else len(sweep.protocols)
        seconds += 3 * n_rungs * seconds_of_fit(experiment, experiment.compared_fit)
    return seconds
