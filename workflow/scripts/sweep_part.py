"""Run some cells of a sweep; those that have been run before are only read."""

import sys

from em_study.data.storage import join_tables
from em_study.experiments.settings import Experiment
from em_study.plan.loaded import LOADED
from em_study.plan.provenance import digest_of
from em_study.plan.step import logged
from em_study.sweeps.cells import Cell, with_values
from em_study.sweeps.run import InEachCell, run_cells

with logged(snakemake):
    cells = [
        Cell(assignment, Experiment.model_validate(with_values(snakemake.params.experiment, assignment)))
        for assignment in snakemake.params.cells
    ]
    files = run_cells(
        cells,
        InEachCell(**snakemake.params.each),
        snakemake.params.seed,
        snakemake.params.store,
        digest_of(snakemake.params.code),
        lambda line: print(
            f"{snakemake.wildcards.sweep}, part {snakemake.wildcards.part}: {line}", file=sys.__stderr__, flush=True
        ),
        LOADED.check_again,
    )
    join_tables(snakemake.output[0], files)
