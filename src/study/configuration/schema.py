"""Every key of the configuration: its type, bounds, default and meaning. The one source of truth."""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Vector = Annotated[list[float], Field(min_length=1, max_length=1000)]

MAX_DRAWN_VALUES = 200_000_000  # 1.6 GB of float64


class Closed(BaseModel):
    """A block of the configuration that takes no other keys than its own and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class GaussianMixtureData(Closed):
    """Rows drawn from a known mixture; every replicate has its own."""

    source: Literal["gaussian_mixture"] = Field(description="Draw rows from a known mixture.")
    n_unlabeled: int = Field(ge=1, le=100_000_000, description="Rows without labels.")
    n_labeled: int = Field(0, ge=0, le=100_000_000, description="Further rows that keep their labels.")
    weights: Vector = Field(description="Share of each class; positive, with sum 1.")
    means: Annotated[list[Vector], Field(min_length=1)] = Field(description="One mean a class.")
    covariances: Annotated[list[Annotated[list[Vector], Field(min_length=1)]], Field(min_length=1)] = Field(
        description="One covariance matrix a class; symmetric and positive definite."
    )

    @field_validator("weights")
    @classmethod
    def _weights_sum_to_one(cls, weights):
        if min(weights) <= 0:
            raise ValueError(f"must be positive, got {weights}")
        if abs(sum(weights) - 1) > 1e-8:
            raise ValueError(f"must sum to 1, the sum is {sum(weights):.12g}")
        return weights

    @field_validator("means")
    @classmethod
    def _one_mean_a_class(cls, means, info):
        _expect_one_a_class(means, info)
        if len({len(mean) for mean in means}) > 1:
            raise ValueError(f"must have the same number of features each, got {[len(m) for m in means]}")
        return means

    @field_validator("covariances")
    @classmethod
    def _proper_covariances(cls, covariances, info):
        _expect_one_a_class(covariances, info)
        means = info.data.get("means")
        for k, covariance in enumerate(covariances):
            size = len(means[0]) if means else len(covariance)
            if len(covariance) != size or any(len(row) != size for row in covariance):
                raise ValueError(f"must be {size} x {size} matrices like the means; number {k} is not")
            matrix = np.array(covariance)
            if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
                raise ValueError(f"must be symmetric; number {k} is not")
            scale = np.sqrt(np.abs(np.diagonal(matrix)))
            if not scale.all() or np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() < 1e-12:
                raise ValueError(f"must be positive definite; number {k} is not")
        return covariances


def _expect_one_a_class(values, info):
    weights = info.data.get("weights")
    if weights and len(values) != len(weights):
        raise ValueError(f"must have one entry for each of the {len(weights)} weights, got {len(values)}")


class UnlabeledCsv(Closed):
    """A CSV file of rows to fit."""

    path: Name = Field(description="The file, relative to the folder in which snakemake runs.")
    target: Name | None = Field(
        None,
        description="Column with the true classes, if known. Used for the accuracy only, never for a fit.",
    )


class LabeledCsv(Closed):
    """A CSV file of rows with their classes."""

    path: Name = Field(description="The file, relative to the folder in which snakemake runs.")
    target: Name = Field(description="Column with the classes: whole numbers or names.")


class CsvData(Closed):
    """One's own rows; they are the same in every replicate."""

    source: Literal["csv"] = Field(description="Read rows from CSV files.")
    features: Annotated[list[Name], Field(min_length=1, max_length=1000)] = Field(
        description="Columns to use; numbers."
    )
    unlabeled: UnlabeledCsv = Field(description="The rows to fit.")
    labeled: LabeledCsv | None = Field(None, description="Further rows whose classes are known.")

    @field_validator("features")
    @classmethod
    def _each_once(cls, features):
        if len(set(features)) < len(features):
            raise ValueError(f"must name each column once, got {features}")
        return features


Data = Annotated[GaussianMixtureData | CsvData, Field(discriminator="source")]


class Fit(Closed):
    """One way to fit the data by EM."""

    initialization: Literal[
        "random", "labels", "kmeans", "k-means++", "random_responsibilities", "random_from_data"
    ] = Field(
        "random",
        description="random: parameters drawn as in article A, for data of about unit scale. labels: estimated from "
        "the labeled rows. The others are scikit-learn's (its 'random' is random_responsibilities).",
    )
    semi_supervised: Literal["none", "init_only", "clamped"] = Field(
        "none",
        description="init_only: the labeled rows give the start, then leave (article A's). "
        "clamped: they stay in the likelihood, with their labels.",
    )
    n_components: int | None = Field(None, ge=1, le=1000, description="Default: as many as the data have classes.")
    covariance_type: Literal["full", "tied", "diag", "spherical"] = Field(
        "full",
        description="full: a matrix a component. tied: one for all. diag: features do not covary. "
        "spherical: one variance a component.",
    )
    tol: float = Field(1e-4, ge=0, description="Stop when the mean log-likelihood changes by less, in nats a row.")
    max_iter: int = Field(1000, ge=1, le=10_000_000, description="The most steps.")
    reg_covar: float = Field(
        0.0, ge=0, description="Added to the diagonals of the covariances, in squared units of the features."
    )
    n_init: int = Field(1, ge=1, le=100_000, description="Random starts; the one of highest likelihood is kept.")
    stopping: Literal["article", "sklearn"] = Field(
        "article", description="Test before the M-step, as article A; or after it, as scikit-learn."
    )

    @property
    def uses_labels(self) -> bool:
        """Tell whether labels say which component is which class."""
        return self.initialization == "labels" or self.semi_supervised != "none"


class Protocols(Closed):
    """scikit-learn beside one of the fits, by every rung of the ladder."""

    fit: Name = Field(description="Name of a fit of this experiment that is not clamped.")


class Experiment(Closed):
    """Data, the fits made to them, and the comparison with scikit-learn."""

    data: Data = Field(description="The rows that the experiment is about.")
    fits: Annotated[dict[Slug, Fit], Field(min_length=1)] = Field(description="Ways to fit them, by name.")
    protocols: Protocols | None = Field(None, description="The comparison with scikit-learn; without it, none.")
    replicates: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Independent repetitions, each with its own start and, where drawn, data.",
    )
    bins: int = Field(30, ge=1, le=1000, description="Bins of the histograms, where there is one feature.")


class Study(Closed):
    """The whole configuration."""

    seed: int = Field(ge=0, lt=2**64, description="Root of every random draw.")
    experiments: Annotated[dict[Slug, Experiment], Field(min_length=1)] = Field(description="Experiments, by name.")
