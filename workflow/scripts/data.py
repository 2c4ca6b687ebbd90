"""Make the data of an experiment."""

from pydantic import TypeAdapter

from em_study.data.settings import Data
from em_study.data.storage import write_arrays
from em_study.plan.step import logged

with logged(snakemake):
    data = TypeAdapter(Data).validate_python(snakemake.params.data)
    dataset = data.load(snakemake.params.replicates, snakemake.params.seed, snakemake.wildcards.experiment)
    write_arrays(snakemake.output[0], dataset)
