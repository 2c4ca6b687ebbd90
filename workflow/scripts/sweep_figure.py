"""Draw a sweep."""

from em_study.data.storage import read_rows
from em_study.figures.style import save
from em_study.figures.sweep import draw
from em_study.plan.step import logged
from em_study.settings import from_params
from em_study.sweeps.settings import Sweep, text_keys

with logged(snakemake):
    sweep = from_params(Sweep, snakemake.params.sweep)
    # every cell has `converged`, also if all its fits failed
    drawn = {*sweep.figure.quantities, "converged"}
    rows = read_rows(snakemake.input[0], "quantity", drawn, text_keys(sweep.vary))
    save(draw(rows, sweep), snakemake.output.svg, snakemake.output.png)
