"""Draw the rows with the components of every fit, of the first replicate that no fit collapsed on."""

from study.data.dataset import Dataset
from study.data.storage import read_arrays
from study.figures.fits import draw
from study.figures.style import save
from study.fits.runs import Runs, first_whole_replicate
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    runs = {
        name: read_arrays(file, Runs) for name, file in zip(snakemake.params.fits, snakemake.input.runs, strict=True)
    }
    r = first_whole_replicate(list(runs.values()))
    figure = draw(
        dataset.replicate(r),
        dataset.features,
        dataset.classes,
        {name: found.end(r) for name, found in runs.items()},
        f"{snakemake.wildcards.experiment}, replicate {r}",
        snakemake.params.bins,
    )
    save(figure, snakemake.output.svg, snakemake.output.png)
