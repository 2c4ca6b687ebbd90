"""Diagnose why another implementation ends elsewhere than ours."""

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_table
from study.diagnosis.table import tabulate_diagnoses
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    fit = Fit(**snakemake.params.fit)
    theirs = (read_arrays(place, Runs) for place in snakemake.input.theirs)
    by_protocol = dict(zip(snakemake.params.protocols, theirs, strict=True))
    named = snakemake.wildcards.experiment, snakemake.params.other
    write_table(snakemake.output[0], tabulate_diagnoses(dataset, ours, by_protocol, fit, *named))
