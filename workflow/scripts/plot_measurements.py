"""Draw what was measured of an experiment."""

from study.data.storage import read_table
from study.figures import convergence, kmeans_limit, optima
from study.figures.style import save
from study.plan.step import logged

with logged(snakemake.log[0]):
    drawn = {"convergence": convergence, "kmeans_limit": kmeans_limit, "optima": optima}[snakemake.wildcards.figure]
    figure = drawn.draw(read_table(snakemake.input.measurements[0]), snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
