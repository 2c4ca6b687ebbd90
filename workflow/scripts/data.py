"""Make the data of an experiment."""

from em_study.data.settings import Data
from em_study.data.storage import write_arrays
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given, name = snakemake.params, snakemake.wildcards.experiment
    data = from_params(Data, given.data)
    write_arrays(snakemake.output[0], data.load(given.replicates, given.seed, name))
