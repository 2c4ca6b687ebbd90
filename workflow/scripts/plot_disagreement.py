"""Draw the rows of replicate 0 on which scikit-learn, called as published, disagrees with our EM."""

from study.data.dataset import Dataset
from study.data.storage import read_arrays
from study.evaluation.agreement import disagreeing_rows
from study.figures.disagreement import draw
from study.figures.style import save
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    rows = dataset.replicate(0)
    ours, theirs = (read_arrays(runs, Runs).end(0) for runs in (snakemake.input.ours, snakemake.input.theirs))
    figure = draw(
        rows,
        dataset.features,
        ours,
        theirs,
        disagreeing_rows(rows.unlabeled, ours, theirs) if ours and theirs else None,
        snakemake.wildcards.experiment,
        "as_published",
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
