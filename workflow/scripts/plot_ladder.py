"""Draw the ladder of agreement."""

from study.data.storage import read_table
from study.figures.agreement_ladder import draw
from study.figures.style import save
from study.plan.step import logged

with logged(snakemake.log[0]):
    figure = draw(read_table(snakemake.input.agreement[0]), snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
