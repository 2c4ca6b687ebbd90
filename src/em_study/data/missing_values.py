"""Missing values in simulated data and in scikit-learn's: values are removed from complete samples."""

from abc import abstractmethod
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import AliasChoices, ConfigDict, Field

from em_study.data.dataset import Dataset
from em_study.data.seeds import generator
from em_study.data.source import Source
from em_study.settings import Closed

MAR_STRENGTH = 2.0  # of missing values that depend on another feature


class Missingness(Closed):
    """Values removed from complete samples. Which ones depends on the seed; the samples do not depend on this block."""

    fraction: float = Field(
        ge=0,
        lt=1,
        description="Share of the values that are removed, to the nearest value. mcar: of all values; mar: of the last "
        "feature's.",
    )
    mechanism: Literal["mcar", "mar"] = Field(
        "mcar",
        description="mcar: missing completely at random, in every feature. mar: missing at random, in the last "
        "feature, where the first is large (the log-odds of a missing value grow by "
        f"{MAR_STRENGTH:g} with each standard deviation of the first feature).",
    )
    labeled: bool = Field(False, description="Remove the same share of the labeled samples' values too.")
    keep_a_value: bool = Field(True, description="mcar: every sample keeps at least one value.")


def _with_older_name(schema: dict):
    keys = schema["properties"]
    keys["holes"] = keys["missingness"] | {"deprecated": True}


class Drawn(Source):
    """Complete samples, from which values may be removed."""

    model_config = ConfigDict(json_schema_extra=_with_older_name)

    holes: Missingness | None = Field(
        None,
        validation_alias=AliasChoices("missingness", "holes"),
        description="Missing values; without this key, none. `holes` is an older name of the key, which tables and "
        "records keep.",
    )

    incomplete = property(lambda self: self.holes is not None and self.holes.fraction > 0)

    @abstractmethod
    def complete(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw or load the samples, with all their values."""

    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw or load the samples, and remove values."""
        dataset = self.complete(replicates, seed, experiment)
        return with_missing_values(dataset, self.holes, seed, experiment) if self.incomplete else dataset

    def problems(self, replicates: int):
        """Yield what is wrong with the missing values."""
        missingness, n_features = self.holes, self.shape[1]
        if missingness is None:
            return
        if missingness.mechanism == "mar" and n_features == 1:
            yield ("data", "holes", "mechanism"), "is mar, which needs at least two features; use 'mcar'"
        if (
            missingness.mechanism == "mcar"
            and missingness.keep_a_value
            and missingness.fraction > (n_features - 1) / n_features
        ):
            yield (
                ("data", "holes", "fraction"),
                f"is {missingness.fraction:g}, but at most {n_features - 1}/{n_features} of the values can be missing "
                "if each sample keeps one (keep_a_value: false allows more)",
            )


def with_missing_values(dataset: Dataset, missingness: Missingness, seed: int, experiment: str) -> Dataset:
    """Remove values; a larger fraction removes those of a smaller one and further ones."""
    unlabeled, labeled = dataset.unlabeled.copy(), dataset.labeled.copy()
    for name, rows in ({"unlabeled": unlabeled} | ({"labeled": labeled} if missingness.labeled else {})).items():
        for r, X in enumerate(rows):
            X[_chosen(X, missingness, generator(seed, experiment, "data", "holes", name, r))] = np.nan
    return replace(dataset, unlabeled=unlabeled, labeled=labeled, complete=dataset.unlabeled)


def _chosen(X, missingness: Missingness, draw: np.random.Generator):
    """Choose the values to remove: (N, D) of bool."""
    last = np.full(X.shape, np.inf)  # the order in which values are removed
    if not len(X):
        return last > 0
    if missingness.mechanism == "mcar":
        last = draw.uniform(size=X.shape)
        candidates = last.size
        if missingness.keep_a_value:
            np.put_along_axis(last, last.argmax(axis=1, keepdims=True), np.inf, axis=1)
    else:  # one after the other, with odds exp(MAR_STRENGTH z): the largest of these exponents and Gumbel noise
        spread = X[:, 0].std()
        z = (X[:, 0] - X[:, 0].mean()) / (spread if spread > 0 else 1.0)
        last[:, -1] = -(MAR_STRENGTH * z + draw.gumbel(size=len(X)))
        candidates = len(X)
    chosen = np.zeros(last.size, dtype=bool)
    chosen[last.argsort(axis=None, kind="stable")[: round(missingness.fraction * candidates)]] = True
    return chosen.reshape(X.shape)
