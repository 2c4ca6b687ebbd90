"""Input of a job that compares other implementations, or released estimates, with our fits."""

from dataclasses import dataclass
from itertools import groupby

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays
from em_study.evaluation.protocols import RELEASED, SAME_STEPS, Other
from em_study.evaluation.released import at_nearest_steps, paired
from em_study.fits.runs import Runs, read_runs_by_name
from em_study.fits.settings import Fit
from em_study.settings import from_params


@dataclass(frozen=True, eq=False)
class Compared:
    """A fit of ours, and the runs of the implementations or estimates compared with it, by protocol."""

    runs: Runs
    fit: Fit
    others: list[tuple[Other, dict[str, Runs]]]

    @property
    def each(self) -> list[tuple[Other, str, Runs]]:
        """Each comparison: the other implementation, the protocol, and its runs."""
        return [(other, protocol, runs) for other, found in self.others for protocol, runs in found.items()]


def read_compared(job) -> tuple[Dataset, list[Compared]]:
    """Read the data, and the comparisons of each fit, from a script's `snakemake` object."""
    fits = from_params(dict[str, Fit], job.params.fits)
    ours = {name: read_arrays(file, Runs) for name, file in zip(fits, job.input.runs, strict=True)}
    compared = from_params(list[tuple[str, Other]], job.params.compared)
    read = [
        (name, other, _runs(other, file, ours[name]))
        for (name, other), file in zip(compared, job.input.theirs, strict=True)
    ]
    found = [
        Compared(ours[name], fits[name], [(other, runs) for _, other, runs in group])
        for (name, _), group in groupby(read, lambda each: (each[0], each[1].is_released))
    ]
    return read_arrays(job.input.data, Dataset), found


def _runs(other: Other, file, ours: Runs) -> dict[str, Runs]:
    """Read the runs by each protocol."""
    return {RELEASED: paired(read_arrays(file, Runs), ours)} if other.is_released else read_runs_by_name(file)


def with_nearest_steps(dataset: Dataset, compared: list[Compared]) -> list[Compared]:
    """Add for released estimates our fit after the number of steps that comes nearest to them."""
    found = []
    for one in compared:
        found.append(one)
        released = {other: runs[RELEASED] for other, runs in one.others if other.is_released}
        nearest = at_nearest_steps(dataset, one.runs, released, one.fit) if released else {}
        found += [Compared(ours, one.fit, [(other, {SAME_STEPS: released[other]})]) for other, ours in nearest.items()]
    return found
