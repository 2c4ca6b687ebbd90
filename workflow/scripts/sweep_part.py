"""Run some cells of a sweep; those that have been run before are only read."""

import sys

import pandas as pd

from study.configuration.cells import Cell, with_values
from study.configuration.schema import Experiment
from study.data.storage import write_table
from study.plan.step import logged
from study.tables.sweeps import InEachCell, run_cells

with logged(snakemake.log[0]):
    cells = [
        Cell(assignment, Experiment.model_validate(with_values(snakemake.params.experiment, assignment)))
        for assignment in snakemake.params.cells
    ]
    tables = run_cells(
        cells,
        InEachCell(**snakemake.params.each),
        snakemake.params.seed,
        snakemake.params.store,
        snakemake.params.code,
        lambda line: print(
            f"{snakemake.wildcards.sweep}, part {snakemake.wildcards.part}: {line}", file=sys.__stderr__, flush=True
        ),
    )
    write_table(snakemake.output[0], pd.concat(tables, ignore_index=True))
