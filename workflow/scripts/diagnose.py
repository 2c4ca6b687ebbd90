"""Diagnose why another implementation ends elsewhere than ours."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.diagnosis.table import tabulate_diagnoses
from em_study.fits.runs import Runs, read_runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    fit = Fit(**snakemake.params.fit)
    by_protocol = read_runs(snakemake.params.protocols, snakemake.input.theirs)
    named = snakemake.wildcards.experiment, snakemake.params.other
    write_table(snakemake.output[0], tabulate_diagnoses(dataset, ours, by_protocol, fit, *named))
