"""Compare our EM with scikit-learn under every protocol."""

import pandas as pd

from study.configuration.schema import Fit
from study.data.dataset import Dataset
from study.data.storage import read_arrays, write_table
from study.evaluation.agreement import compare
from study.fits.runs import Runs
from study.plan.step import logged

with logged(snakemake.log[0]):
    dataset = read_arrays(snakemake.input.data[0], Dataset)
    ours = read_arrays(snakemake.input.ours, Runs)
    fit = Fit(**snakemake.params.fit)
    rows = [
        compare(dataset, ours, read_arrays(theirs, Runs), fit, snakemake.wildcards.experiment, protocol)
        for protocol, theirs in zip(snakemake.params.protocols, snakemake.input.theirs, strict=True)
    ]
    write_table(snakemake.output[0], pd.concat(rows))
