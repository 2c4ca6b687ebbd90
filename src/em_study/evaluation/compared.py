"""What a job is given that compares other implementations with our fits."""

from dataclasses import dataclass

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays
from em_study.evaluation.protocols import Other
from em_study.fits.runs import Runs, read_runs_by_name
from em_study.fits.settings import Fit
from em_study.settings import from_params


@dataclass(frozen=True, eq=False)
class Compared:
    """A fit of ours, and the runs of what is compared with it, by each of its protocols."""

    runs: Runs
    fit: Fit
    others: list[tuple[Other, dict[str, Runs]]]

    @property
    def each(self) -> list[tuple[Other, str, Runs]]:
        """What is compared, how it was run, and its runs."""
        return [(other, protocol, runs) for other, found in self.others for protocol, runs in found.items()]


def read_compared(job) -> tuple[Dataset, Compared]:
    """Read the data, the fit and the others' runs, by what Snakemake gives to a script."""
    others = zip(from_params(list[Other], job.params.others), job.input.theirs, strict=True)
    read = [(other, read_runs_by_name(file)) for other, file in others]
    ours = read_arrays(job.input.runs, Runs), from_params(Fit, job.params.fit)
    return read_arrays(job.input.data, Dataset), Compared(*ours, read)
