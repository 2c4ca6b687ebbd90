"""Holes: values taken away from complete rows."""

from dataclasses import replace

import numpy as np

from em_study.data.dataset import Dataset
from em_study.data.seeds import generator
from em_study.data.settings import MAR_STRENGTH, Holes


def with_holes(dataset: Dataset, holes: Holes, seed: int, experiment: str) -> Dataset:
    """Take values away, by draws that depend on nothing else; more holes are those of fewer, and further ones."""
    unlabeled, labeled = dataset.unlabeled.copy(), dataset.labeled.copy()
    for name, rows in ({"unlabeled": unlabeled} | ({"labeled": labeled} if holes.labeled else {})).items():
        for r, X in enumerate(rows):
            X[_chosen(X, holes, generator(seed, experiment, "data", "holes", name, r))] = np.nan
    return replace(dataset, unlabeled=unlabeled, labeled=labeled, whole=dataset.unlabeled)


def _chosen(X, holes: Holes, draw: np.random.Generator):
    """Choose the cells that go: (N, D) of bool."""
    last = np.full(X.shape, np.inf)  # the order in which cells go
    if not len(X):
        return last > 0
    if holes.mechanism == "mcar":
        last = draw.uniform(size=X.shape)
        candidates = last.size
        if holes.keep_a_value:
            np.put_along_axis(last, last.argmax(axis=1, keepdims=True), np.inf, axis=1)
    else:  # one after the other, with odds exp(MAR_STRENGTH z): the largest of these exponents and Gumbel noise
        spread = X[:, 0].std()
        z = (X[:, 0] - X[:, 0].mean()) / (spread if spread > 0 else 1.0)
        last[:, -1] = -(MAR_STRENGTH * z + draw.gumbel(size=len(X)))
        candidates = len(X)
    chosen = np.zeros(last.size, dtype=bool)
    chosen[last.argsort(axis=None, kind="stable")[: round(holes.fraction * candidates)]] = True
    return chosen.reshape(X.shape)
