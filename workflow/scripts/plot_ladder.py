"""Draw the ladder of agreement."""

from study.figures.ladder import draw_ladder
from study.figures.style import save
from study.script import logged
from study.storage import read_table

with logged(snakemake.log[0]):
    figure = draw_ladder(read_table(snakemake.input.agreement[0]), snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
