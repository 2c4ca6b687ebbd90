"""Draw steps and accuracy of every fit of an experiment."""

import pandas as pd

from study.data.storage import read_table
from study.figures.steps_and_accuracy import draw
from study.figures.style import save
from study.plan.step import logged

with logged(snakemake.log[0]):
    fits = pd.concat([read_table(file) for file in snakemake.input.fits], ignore_index=True)
    measurements = read_table(snakemake.input.measurements[0])
    figure = draw(fits, measurements, snakemake.params.implementations, snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
