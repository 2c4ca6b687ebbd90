"""Evaluate a fit, and tabulate its parameters."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.evaluation.scores import evaluate_fit, tabulate_parameters
from em_study.evaluation.settings import Published
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = read_arrays(snakemake.input.runs[0], Runs)
    experiment, name = snakemake.wildcards.experiment, snakemake.wildcards.fit
    fit = Fit(**snakemake.params.fit)
    published = [Published(**printed) for printed in snakemake.params.published]
    write_table(snakemake.output.fits, evaluate_fit(dataset, runs, fit, experiment, name))
    write_table(snakemake.output.parameters, tabulate_parameters(dataset, runs, fit, published, experiment, name))
