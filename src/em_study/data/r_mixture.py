"""Data that R draws from a known mixture, like those of a study in R."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from em_study.data.dataset import Dataset
from em_study.data.missing_values import Drawn
from em_study.data.mixture import (
    COVARIANCES,
    MEANS,
    WEIGHTS,
    Covariances,
    Means,
    one_mean_per_class,
    proper_covariances,
    weights_sum_to_one,
)
from em_study.data.r import R, lacking
from em_study.settings import Vector


class RMixtureData(Drawn):
    """Samples that R draws from a known mixture; with the seed and streams of a study in R, the same as there."""

    labels_by: ClassVar[str] = "data.source: gaussian_mixture, with data.n_labeled of at least 1"
    has_labels: ClassVar[bool] = False
    draws_one_mixture: ClassVar[bool] = True
    r_scripts: ClassVar[tuple[str, ...]] = ("draw",)

    source: Literal["r_mixture"] = Field(
        description="Let R draw samples from a known mixture, by its generator L'Ecuyer-CMRG: the labels by sample(), "
        "then each sample as mean + eigenvectors %*% diag(sqrt(eigenvalues)) %*% rnorm(D), with the eigenvectors and "
        "eigenvalues of its covariance; for one feature as mean + standard deviation * rnorm(1)."
    )
    n_unlabeled: int = Field(
        ge=1, le=10_000_000, description="Number of samples without labels; their classes are drawn by `weights`."
    )
    weights: Vector = Field(description=WEIGHTS)
    means: Means = Field(description=MEANS)
    covariances: Covariances = Field(description=COVARIANCES)
    seed: int = Field(
        ge=0, lt=2**31, description="Seed for set.seed. The seed of the study has no effect on these samples."
    )
    first_stream: int = Field(
        2,
        ge=1,
        le=100_000,
        description="Replicate t, from 0, is drawn by stream first_stream + t. Stream 1 is the state after set.seed; "
        "each further stream is parallel::nextRNGStream of the one before. 2: as mclapply draws, with one worker per "
        "replicate.",
    )

    n_rows = property(lambda self: self.n_unlabeled)
    shape = property(lambda self: (len(self.means), len(self.means[0])))

    _weights = field_validator("weights")(weights_sum_to_one)
    _means = field_validator("means")(one_mean_per_class)
    _covariances = field_validator("covariances")(proper_covariances)

    def problems(self, replicates: int):
        """Yield problems if R is missing, of the number of values, and of missing values."""
        if lacks := lacking():
            yield ("data", "source"), f"is r_mixture, which {lacks}"
        yield from self.too_many(replicates, self.n_unlabeled)
        yield from super().problems(replicates)

    def complete(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw the samples of each replicate."""
        mixture = [np.array(part) for part in (self.weights, self.means, self.covariances)]
        numbers = {"seed": self.seed, "first_stream": self.first_stream, "n": self.n_unlabeled}
        named = dict(zip(("weights", "means", "covariances"), mixture, strict=True))
        with R("draw") as r:
            found = r.call("draw", replicates=replicates, **numbers, **named)
        weights, means, covariances = (np.repeat(part[None], replicates, axis=0) for part in mixture)
        return Dataset(
            features=np.array(self.feature_names),
            classes=np.array([str(k) for k in range(len(self.means))]),
            unlabeled=np.ascontiguousarray(found["X"]),
            truth=found["classes"].astype(np.int64, order="C"),
            labeled=np.empty((replicates, 0, self.shape[1])),
            labels=np.empty((replicates, 0), dtype=np.int64),
            true_weights=weights,
            true_means=means,
            true_covariances=covariances,
            r_states=np.ascontiguousarray(found["states"]),
        )
