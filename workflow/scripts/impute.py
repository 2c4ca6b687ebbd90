"""Fill in an experiment's missing values by a fit."""

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_table
from study.evaluation.imputed import tabulate_imputed
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = read_arrays(snakemake.input.runs[0], Runs)
    write_table(snakemake.output[0], tabulate_imputed(dataset, runs, Fit(**snakemake.params.fit)))
