"""Draw what was measured of an experiment."""

from study.figures.measurements import DRAW
from study.figures.style import save
from study.script import logged
from study.storage import read_table

with logged(snakemake.log[0]):
    draw = DRAW[snakemake.wildcards.figure]
    figure = draw(read_table(snakemake.input.measurements[0]), snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
