"""Run scikit-learn, or another implementation, from the starts of one of our fits, under every protocol."""

from em_study.data.storage import write_arrays
from em_study.evaluation.protocols import run_protocol
from em_study.fits.given import read_fitted
from em_study.fits.implementations import running
from em_study.plan.step import logged

with logged(snakemake):
    dataset, ours, fit = read_fitted(snakemake)
    with running(snakemake.params.implementation, snakemake.params.time_limit) as run:
        for protocol, place in zip(snakemake.params.protocols, snakemake.output, strict=True):
            write_arrays(place, run_protocol(protocol, dataset, ours, fit, run))
