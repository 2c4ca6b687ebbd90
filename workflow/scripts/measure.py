"""Measure what the claims of the articles speak of."""

from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_table
from study.evaluation.measure import measure
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = {
        name: read_arrays(file, Runs) for name, file in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    table = measure(dataset, runs, experiment=snakemake.wildcards.experiment, **snakemake.params.settings)
    write_table(snakemake.output[0], table)
