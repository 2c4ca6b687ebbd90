"""Summarize the fits to a user's own data."""

import json

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_text
from em_study.evaluation.own_data import answer
from em_study.fits.runs import read_runs
from em_study.fits.settings import Fit
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given = snakemake.params
    fits = from_params(dict[str, Fit], given.fits)
    of_fits = read_arrays(snakemake.input.data, Dataset), read_runs(fits, snakemake.input.runs), fits
    write_text(snakemake.output[0], json.dumps(answer(*of_fits, given.seed, snakemake.wildcards.experiment)))
