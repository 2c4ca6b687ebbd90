"""Fit an experiment's data by our EM."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_arrays
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given, named = snakemake.params, (snakemake.wildcards.experiment, snakemake.wildcards.fit)
    dataset, fit = read_arrays(snakemake.input.data, Dataset), from_params(Fit, given.fit)
    runs = run_fit(dataset, fit, given.replicates, given.seed, *named, snakemake.threads)
    write_arrays(snakemake.output[0], runs)
