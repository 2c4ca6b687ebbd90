"""Run scikit-learn from the starts of one of our fits, under a protocol."""

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_arrays
from study.evaluation.protocols import run_protocol
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    runs = run_protocol(
        snakemake.wildcards.protocol,
        read_arrays(snakemake.input.data[0], Dataset),
        read_arrays(snakemake.input.ours, Runs),
        Fit(**snakemake.params.fit),
    )
    write_arrays(snakemake.output[0], runs)
