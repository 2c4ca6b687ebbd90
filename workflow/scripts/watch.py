"""Choose the runs of an experiment to animate, and repeat their steps."""

import json

from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, write_text
from em_study.experiments.settings import Experiment
from em_study.fits.runs import read_runs, read_runs_by_name
from em_study.plan.step import logged
from em_study.settings import from_params
from em_study.watch.frames import frames_of

with logged(snakemake):
    experiment = from_params(Experiment, snakemake.params.experiment)
    dataset = read_arrays(snakemake.input.data, Dataset)
    fits = read_runs(experiment.fits, snakemake.input.runs)
    others = list(zip(experiment.running, map(read_runs_by_name, snakemake.input.others), strict=True))
    frames = frames_of(snakemake.wildcards.experiment, experiment, dataset, fits, others)
    write_text(snakemake.output[0], json.dumps(frames))
