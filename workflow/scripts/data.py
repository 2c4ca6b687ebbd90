"""Make the data of an experiment."""

from em_study.data.settings import Data
from em_study.data.sources import make_dataset
from em_study.data.storage import write_arrays
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given, name = snakemake.params, snakemake.wildcards.experiment
    write_arrays(snakemake.output[0], make_dataset(from_params(Data, given.data), given.replicates, given.seed, name))
