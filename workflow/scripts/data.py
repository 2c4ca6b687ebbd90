"""Make the data of an experiment."""

from pydantic import TypeAdapter

from study.configuration.schema import Data
from study.data import make_dataset
from study.script import logged
from study.storage import write_arrays

with logged(snakemake.log[0]):
    data = TypeAdapter(Data).validate_python(snakemake.params.data)
    dataset = make_dataset(data, experiment=snakemake.wildcards.experiment, **snakemake.params.draw)
    write_arrays(snakemake.output[0], dataset)
