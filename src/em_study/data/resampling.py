"""Bootstrap replicates: as many samples, drawn with replacement."""

from dataclasses import replace

import numpy as np

from em_study.data.dataset import Dataset
from em_study.data.seeds import generator


def resampled(dataset: Dataset, replicates: int, seed: int, experiment: str) -> Dataset:
    """Add replicates to the only one, which stays the first; labeled samples are drawn within their class."""
    first, strata = dataset.replicate(0), np.unique(dataset.labels)
    unlabeled, labeled = [np.arange(len(first.unlabeled))], [np.arange(len(first.labeled))]
    for r in range(1, replicates):
        draw = generator(seed, experiment, "data", "resample", r)
        unlabeled.append(draw.integers(len(first.unlabeled), size=len(first.unlabeled)))
        labeled.append(labeled[0].copy())
        for rows in (np.flatnonzero(first.labels == k) for k in strata):
            labeled[-1][rows] = draw.choice(rows, size=len(rows))
    return replace(
        dataset,
        unlabeled=first.unlabeled[unlabeled],
        truth=None if first.truth is None else first.truth[unlabeled],
        labeled=first.labeled[labeled],
        labels=first.labels[labeled],
    )
