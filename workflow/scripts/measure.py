"""Take the measurements of an experiment."""

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_table
from em_study.evaluation.measure import measure
from em_study.evaluation.settings import Published
from em_study.fits.runs import read_runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given = snakemake.params
    fits = from_params(dict[str, Fit], given.fits)
    published = from_params(dict[str, list[Published]], given.published)
    of_fits = read_arrays(snakemake.input.data, Dataset), read_runs(fits, snakemake.input.runs), fits
    released = read_runs(given.released, snakemake.input.released)
    named = given.seed, snakemake.wildcards.experiment
    table = measure(*of_fits, given.bins, published, *named, given.only, released)
    write_table(snakemake.output[0], table)
