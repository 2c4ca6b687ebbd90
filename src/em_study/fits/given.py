"""Inputs of a job that works with one fit."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from em_study.settings import from_params


def read_fitted(job) -> tuple[Dataset, Runs, Fit]:
    """Read the data, the runs and the settings of a fit, from the job that Snakemake gives to a script."""
    dataset, runs = read_arrays(job.input.data, Dataset), read_arrays(job.input.runs, Runs)
    return dataset, runs, from_params(Fit, job.params.fit)
