"""Simulated data from a mixture of Gaussian distributions, known or random."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

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
from em_study.data.seeds import generator
from em_study.errors import DataError
from em_study.settings import Vector
from emgmm import MixtureParameters, article_stopping, expectation_maximization


class GaussianMixtureData(Drawn):
    """Samples drawn from a known mixture, or from a random one in each replicate."""

    labels_by: ClassVar[str] = "data.n_labeled of at least 1"

    source: Literal["gaussian_mixture"] = Field(description="Draw samples from a known mixture.")
    n_unlabeled: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="Number of samples without labels; their classes are drawn by `weights`.",
    )
    counts: (
        Annotated[list[Annotated[int, Field(ge=1, le=100_000_000)]], Field(min_length=1, max_length=1000)] | None
    ) = Field(
        None,
        description="In place of `n_unlabeled` and `weights`: number of samples of each class, in this order.",
    )
    n_labeled: int = Field(0, ge=0, le=100_000_000, description="Number of further samples, which keep their labels.")
    weights: Vector | None = Field(None, description=WEIGHTS)
    means: Means | None = Field(None, description=MEANS)
    covariances: Covariances | None = Field(None, description=COVARIANCES)
    n_components: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="In place of weights, means and covariances: draw a random mixture with this number of classes, "
        "means from N(0, 4), weights from a Dirichlet(5) and covariances with mean I.",
    )
    n_features: int | None = Field(None, ge=1, le=1000, description="Number of features of the random mixture.")
    separation: float = Field(1.0, ge=0, le=1e6, description="Factor on the distances of the means from their center.")
    shared: bool = Field(
        False, description="All replicates share one simulated data set; only their initial parameters differ."
    )
    refitted: bool = Field(
        False,
        description="Draw each replicate from its own fit: `n_unlabeled` samples are drawn from the mixture, EM fits "
        "them, starting at the mixture, and the replicate's samples are drawn from this fit. The true parameters then "
        "vary like estimates from `n_unlabeled` samples.",
    )
    legacy_seed: int | None = Field(
        None,
        ge=0,
        lt=2**32,
        description="Draw the samples of `counts` by NumPy's legacy generator with this seed, as older texts do.",
    )

    n_rows = property(lambda self: self.n_unlabeled or sum(self.counts))
    has_labels = property(lambda self: self.n_labeled > 0)
    same_samples = property(lambda self: self.shared)
    draws_one_mixture = property(lambda self: self.means is not None and not self.refitted)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of classes and of features."""
        return (self.n_components, self.n_features) if self.means is None else (len(self.means), len(self.means[0]))

    def expected_samples(self, look: bool) -> int:
        """Count all samples."""
        return self.n_rows + self.n_labeled

    def problems(self, replicates: int):
        """Yield problems of the number of values, and of missing values."""
        yield from self.too_many(replicates, self.expected_samples(look=False))
        yield from super().problems(replicates)

    def complete(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw the samples of each replicate, or of all."""
        n_components, n_features = self.shape
        n_draws = 1 if self.same_samples else replicates
        mixtures = [_mixture(self, generator(seed, experiment, "data", "mixture", r)) for r in range(n_draws)]
        weights, means, covariances = (np.stack(part) for part in zip(*mixtures, strict=True))

        def samples(n_samples, purpose, counts=None):
            X = np.empty((n_draws, n_samples, n_features))
            y = np.empty((n_draws, n_samples), dtype=np.int64)
            for r in range(n_draws):
                draw = generator(seed, experiment, "data", purpose, r)
                if self.legacy_seed is not None:
                    draw = np.random.RandomState(self.legacy_seed)
                if counts:
                    y[r] = np.repeat(np.arange(len(counts)), counts)
                else:
                    y[r] = draw.choice(n_components, size=n_samples, p=weights[r] / weights[r].sum())
                X[r] = drawn(draw, y[r], means[r], covariances[r])
            return X, y

        unlabeled, truth = samples(self.n_rows, "unlabeled", self.counts)
        labeled, labels = samples(self.n_labeled, "labeled")
        return Dataset(
            features=np.array(self.feature_names),
            classes=np.array([str(k) for k in range(n_components)]),
            unlabeled=unlabeled,
            truth=truth,
            labeled=labeled,
            labels=labels,
            true_weights=weights,
            true_means=means,
            true_covariances=covariances,
        )

    _weights = field_validator("weights")(weights_sum_to_one)
    _means = field_validator("means")(one_mean_per_class)
    _covariances = field_validator("covariances")(proper_covariances)

    @model_validator(mode="after")
    def _samples_are_specified_once(self):
        if self.n_components is not None or self.n_features is not None:
            if self.n_components is None or self.n_features is None or self.n_unlabeled is None:
                raise ValueError("a random mixture needs n_components, n_features and n_unlabeled")
            for name in ("weights", "means", "covariances", "counts", "legacy_seed"):
                if getattr(self, name) is not None:
                    raise ValueError(f"takes either {name}, or n_components and n_features, not both")
            return self
        if self.means is None or self.covariances is None:
            raise ValueError("needs either means and covariances, or n_components and n_features")
        if self.counts is None and (self.n_unlabeled is None or self.weights is None):
            raise ValueError("needs either n_unlabeled and weights, or counts")
        if self.refitted and self.n_unlabeled is None:
            raise ValueError("refitted needs n_unlabeled and weights instead of counts")
        if self.counts is not None and (self.n_unlabeled is not None or self.weights is not None):
            raise ValueError("takes either counts, or n_unlabeled and weights, not both")
        if self.legacy_seed is not None and (self.counts is None or self.n_labeled or not self.shared):
            raise ValueError(
                "legacy_seed needs counts, n_labeled: 0 and shared: true, because it gives one data set only"
            )
        return self


def _mixture(data: GaussianMixtureData, draw: np.random.Generator):
    """Return weights, means and covariances of the mixture to draw from."""
    if data.means is None:
        n_components, n_features = data.shape
        weights = draw.dirichlet(np.full(n_components, 5.0))
        means = 2 * draw.standard_normal((n_components, n_features))
        freedom = n_features + 4
        roots = draw.standard_normal((n_components, n_features, freedom)) / np.sqrt(freedom)
        covariances = roots @ roots.transpose(0, 2, 1)
    else:
        shares = data.weights or [count / sum(data.counts) for count in data.counts]
        weights, means, covariances = (np.array(part) for part in (shares, data.means, data.covariances))
    center = weights @ means / weights.sum()
    if data.separation != 1:
        means = center + data.separation * (means - center)
    return _refitted(data, weights, means, covariances, draw) if data.refitted else (weights, means, covariances)


def _refitted(data: GaussianMixtureData, weights, means, covariances, draw: np.random.Generator):
    """Draw samples from a mixture, and return the mixture that EM fits to them."""
    X = drawn(draw, draw.choice(len(means), size=data.n_unlabeled, p=weights / weights.sum()), means, covariances)
    found = expectation_maximization(X, MixtureParameters(weights, means, covariances), article_stopping(1e-9, 10_000))
    if found.collapse:
        raise DataError(f"data.refitted: the fit to {data.n_unlabeled} samples of the mixture failed: {found.collapse}")
    return found.parameters.weights, found.parameters.means, found.parameters.covariances


def drawn(draw, classes, means, covariances):
    """Draw one sample for each entry of `classes`, (N,), from the Gaussian distribution of that class."""
    noise = draw.standard_normal((len(classes), means.shape[1]))
    return means[classes] + np.einsum("nij,nj->ni", np.linalg.cholesky(covariances)[classes], noise)
