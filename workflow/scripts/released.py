"""Read the estimates of a package that a source has released."""

from em_study.data.storage import write_arrays
from em_study.experiments.released import Released, read_released
from em_study.plan.step import logged
from em_study.settings import from_params

with logged(snakemake):
    given, package = snakemake.params, snakemake.wildcards.package
    write_arrays(snakemake.output[0], read_released(from_params(Released, given.released), package))
