"""Run scikit-learn, or another implementation, from the starts of one of our fits, under every protocol."""

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_arrays
from study.evaluation.protocols import run_protocol
from study.fits.implementations import running
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    fit = Fit(**snakemake.params.fit)
    with running(snakemake.params.implementation, snakemake.params.time_limit) as run:
        for protocol, place in zip(snakemake.params.protocols, snakemake.output, strict=True):
            write_arrays(place, run_protocol(protocol, dataset, ours, fit, run))
