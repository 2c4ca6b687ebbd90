"""Run some cells of a sweep; those that have been run before are only read."""

import hashlib
import importlib.metadata
import sys
from pathlib import Path

import pandas as pd

from study.configuration.cells import Cell, with_values
from study.configuration.schema import Experiment, Sweep
from study.script import logged
from study.storage import write_table
from study.sweeps import run_cells

with logged(snakemake.log[0]):
    cells = [
        Cell(assignment, Experiment.model_validate(with_values(snakemake.params.experiment, assignment)))
        for assignment in snakemake.params.cells
    ]
    code = [Path(file).read_bytes() for file in snakemake.input.code]
    versions = [importlib.metadata.version(package) for package in ("numpy", "scipy", "scikit-learn")]
    tables = run_cells(
        cells,
        Sweep.model_validate(snakemake.params.sweep),
        snakemake.params.seed,
        snakemake.params.store,
        hashlib.sha256(b"".join(hashlib.sha256(text).digest() for text in code) + repr(versions).encode()).hexdigest(),
        lambda line: print(
            f"{snakemake.wildcards.sweep}, part {snakemake.wildcards.part}: {line}", file=sys.__stderr__, flush=True
        ),
    )
    write_table(snakemake.output[0], pd.concat(tables, ignore_index=True))
