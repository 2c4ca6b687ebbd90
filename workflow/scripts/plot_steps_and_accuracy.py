"""Draw steps and accuracy of every fit of an experiment."""

import pandas as pd

from study.figures.measurements import draw_steps_and_accuracy
from study.figures.style import save
from study.script import logged
from study.storage import read_table

with logged(snakemake.log[0]):
    fits = pd.concat([read_table(file) for file in snakemake.input.fits], ignore_index=True)
    figure = draw_steps_and_accuracy(fits, snakemake.params.implementations, snakemake.wildcards.experiment)
    save(figure, snakemake.output.svg, snakemake.output.png)
