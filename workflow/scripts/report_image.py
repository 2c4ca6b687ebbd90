"""Pack a figure for the report."""

from em_study.data.storage import atomic_file
from em_study.figures.style import packed
from em_study.plan.step import logged

with logged(snakemake), atomic_file(snakemake.output[0]) as file:
    file.write_bytes(packed(snakemake.input[0]))
