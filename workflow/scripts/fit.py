"""Fit an experiment's data by our EM."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_arrays
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    runs = run_fit(
        read_arrays(snakemake.input.data[0], Dataset),
        Fit(**snakemake.params.fit),
        snakemake.params.replicates,
        snakemake.params.seed,
        snakemake.wildcards.experiment,
        snakemake.wildcards.fit,
    )
    write_arrays(snakemake.output[0], runs)
