"""Run some cells of a sweep; results of cells from earlier runs are read."""

import sys

from em_study.data.checksums import digest_of
from em_study.data.storage import join_tables
from em_study.experiments.settings import Experiment
from em_study.plan.step import LOADED, logged
from em_study.settings import from_params
from em_study.sweeps.cells import Cell, with_values
from em_study.sweeps.run import InEachCell, run_cells


def report(line):
    """Show a line of progress on the terminal, not in the log."""
    print(f"{snakemake.wildcards.sweep}, part {snakemake.wildcards.part}: {line}", file=sys.__stderr__, flush=True)


with logged(snakemake):
    given = snakemake.params
    cells = [Cell(values, from_params(Experiment, with_values(given.experiment, values))) for values in given.cells]
    each = from_params(InEachCell, given.each)
    files = run_cells(cells, each, given.seed, given.store, digest_of(given.code), report, LOADED.check_again)
    join_tables(snakemake.output[0], files)
