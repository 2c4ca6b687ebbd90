"""Compare our EM with scikit-learn under every protocol."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.evaluation.agreement import compare
from em_study.fits.runs import Runs, read_runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    fit = Fit(**snakemake.params.fit)
    by_protocol = read_runs(snakemake.params.protocols, snakemake.input.theirs)
    write_table(snakemake.output[0], compare(dataset, ours, by_protocol, fit, snakemake.wildcards.experiment))
