"""Values taken away from complete rows, so that they are missing."""

from abc import abstractmethod
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from em_study.data.dataset import Dataset
from em_study.data.seeds import generator
from em_study.data.source import Source
from em_study.settings import Closed

MAR_STRENGTH = 2.0  # of missing values that depend on another feature


class Holes(Closed):
    """Values taken away from complete rows. Which depends on the seed, the rows do not depend on the holes."""

    fraction: float = Field(
        ge=0,
        lt=1,
        description="Share of the cells that go, to the nearest cell. mcar: of all; mar: of the last feature's.",
    )
    mechanism: Literal["mcar", "mar"] = Field(
        "mcar",
        description="mcar: anywhere, whatever the values. mar: in the last feature, where the first is large (the "
        f"log-odds grow by {MAR_STRENGTH:g} with each standard deviation of it).",
    )
    labeled: bool = Field(False, description="Take values away from the labeled rows too, the same share.")
    keep_a_value: bool = Field(True, description="mcar: every row keeps one value at least.")


class Drawn(Source):
    """Complete rows, from which values may be taken away."""

    holes: Holes | None = Field(None, description="Values that are missing; without it, none.")

    incomplete = property(lambda self: self.holes is not None and self.holes.fraction > 0)

    @abstractmethod
    def complete(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Make the rows, with all their values."""

    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Make the rows, and take values away."""
        dataset = self.complete(replicates, seed, experiment)
        return with_missing_values(dataset, self.holes, seed, experiment) if self.incomplete else dataset

    def problems(self, replicates: int):
        """Yield what is wrong with the missing values."""
        holes, n_features = self.holes, self.shape[1]
        if holes is None:
            return
        if holes.mechanism == "mar" and n_features == 1:
            yield ("data", "holes", "mechanism"), "is mar, which needs a second feature: must be 'mcar'"
        if holes.mechanism == "mcar" and holes.keep_a_value and holes.fraction > (n_features - 1) / n_features:
            yield (
                ("data", "holes", "fraction"),
                f"is {holes.fraction:g}; where each row keeps a value, at most {n_features - 1}/{n_features} may go "
                "(keep_a_value: false lets it lose all)",
            )


def with_missing_values(dataset: Dataset, holes: Holes, seed: int, experiment: str) -> Dataset:
    """Take values away, by draws that depend on nothing else; a larger fraction takes those of a smaller one too."""
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
