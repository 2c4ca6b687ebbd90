"""Fill in an experiment's missing values by a fit."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.evaluation.imputed import tabulate_imputed
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = read_arrays(snakemake.input.runs[0], Runs)
    write_table(snakemake.output[0], tabulate_imputed(dataset, runs, Fit(**snakemake.params.fit)))
