"""Measure what the claims of the articles speak of."""

from study.data import Dataset
from study.measurements import measure
from study.runs import Runs
from study.script import logged
from study.storage import read_arrays, write_table

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = {
        name: read_arrays(file, Runs) for name, file in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    table = measure(dataset, runs, experiment=snakemake.wildcards.experiment, **snakemake.params.settings)
    write_table(snakemake.output[0], table)
