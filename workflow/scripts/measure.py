"""Measure what the claims of the articles speak of."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.evaluation.measure import measure
from em_study.evaluation.settings import Published
from em_study.fits.runs import read_runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged

with logged(snakemake):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    fits = {name: Fit(**fit) for name, fit in snakemake.params.fits.items()}
    runs = read_runs(fits, snakemake.input.runs)
    published = {
        name: [Published(**component) for component in printed] for name, printed in snakemake.params.published.items()
    }
    table = measure(
        dataset,
        runs,
        fits,
        snakemake.params.bins,
        published,
        snakemake.params.seed,
        snakemake.wildcards.experiment,
    )
    write_table(snakemake.output[0], table)
