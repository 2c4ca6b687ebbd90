"""Settings of data: where rows come from."""

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from em_study.data.formats import ending_of
from em_study.settings import Closed, Name, Vector

LIKE_MISSING = ("nan", "na", "n/a", "null", "none")  # how programs write a missing value, and some classes are called


MAR_STRENGTH = 2.0  # of holes that depend on another feature


MAX_DRAWN_VALUES = 200_000_000  # 1.6 GB of float64


class Source(Closed):
    """Where rows come from."""

    origin: Name | None = Field(
        None,
        description="Where the rows, or the numbers that they are drawn with, come from, as a sentence for readers.",
    )

    @property
    def files(self) -> list["CsvFile"]:
        """The data files that it reads: none, unless it says so."""
        return []

    @property
    def same_rows(self) -> bool:
        """Whether every replicate has the same rows."""
        return False

    @property
    def incomplete(self) -> bool:
        """Whether values may be missing."""
        return False


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

    @property
    def incomplete(self) -> bool:
        """Whether values are missing."""
        return self.holes is not None and self.holes.fraction > 0


class GaussianMixtureData(Drawn):
    """Rows drawn from a known mixture, or each replicate's from a random one."""

    source: Literal["gaussian_mixture"] = Field(description="Draw rows from a known mixture.")
    n_unlabeled: int | None = Field(
        None, ge=1, le=100_000_000, description="Rows without labels; their classes are drawn by `weights`."
    )
    counts: (
        Annotated[list[Annotated[int, Field(ge=1, le=100_000_000)]], Field(min_length=1, max_length=1000)] | None
    ) = Field(
        None, description="In place of `n_unlabeled` and `weights`: rows of each class, one class after the other."
    )
    n_labeled: int = Field(0, ge=0, le=100_000_000, description="Further rows that keep their labels.")
    weights: Vector | None = Field(None, description="Share of each class; positive, with sum 1.")
    means: Annotated[list[Vector], Field(min_length=1)] | None = Field(None, description="One mean a class.")
    covariances: Annotated[list[Annotated[list[Vector], Field(min_length=1)]], Field(min_length=1)] | None = Field(
        None, description="One covariance matrix a class; symmetric and positive definite."
    )
    n_components: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="In place of weights, means and covariances: draw a random mixture of so many classes, with means "
        "of N(0, 4), weights of a Dirichlet(5) and covariances of mean I.",
    )
    n_features: int | None = Field(None, ge=1, le=1000, description="Features of the random mixture.")
    separation: float = Field(1.0, ge=0, le=1e6, description="Factor on the distances of the means from their center.")
    shared: bool = Field(False, description="One draw for all replicates; only their starts differ.")
    legacy_seed: int | None = Field(
        None,
        ge=0,
        lt=2**32,
        description="Draw the rows of `counts` by NumPy's legacy generator with this seed, as older texts do.",
    )

    @property
    def class_weights(self) -> list[float]:
        """Share of each class."""
        return self.weights or [count / sum(self.counts) for count in self.counts]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of classes and of features."""
        return (self.n_components, self.n_features) if self.means is None else (len(self.means), len(self.means[0]))

    @property
    def same_rows(self) -> bool:
        """Whether one draw serves all replicates."""
        return self.shared

    @property
    def n_rows(self) -> int:
        """Unlabeled rows."""
        return self.n_unlabeled or sum(self.counts)

    @field_validator("weights")
    @classmethod
    def _weights_sum_to_one(cls, weights):
        if weights and min(weights) <= 0:
            raise ValueError(f"must be positive, got {weights}")
        if weights and abs(sum(weights) - 1) > 1e-8:
            raise ValueError(f"must sum to 1, the sum is {sum(weights):.12g}")
        return weights

    @field_validator("means")
    @classmethod
    def _one_mean_a_class(cls, means, info):
        if means is None:
            return means
        _expect_one_a_class(means, info)
        if len({len(mean) for mean in means}) > 1:
            raise ValueError(f"must have the same number of features each, got {[len(m) for m in means]}")
        return means

    @field_validator("covariances")
    @classmethod
    def _proper_covariances(cls, covariances, info):
        if covariances is None:
            return covariances
        _expect_one_a_class(covariances, info)
        means = info.data.get("means")
        for k, covariance in enumerate(covariances):
            size = len(means[0]) if means else len(covariance)
            if len(covariance) != size or any(len(row) != size for row in covariance):
                raise ValueError(f"must be {size} x {size} matrices like the means; number {k} is not")
            if lacking := _lacks(tuple(map(tuple, covariance))):
                raise ValueError(f"must be {lacking}; number {k} is not")
        return covariances

    @model_validator(mode="after")
    def _rows_are_told_one_way(self):
        if self.n_components is not None or self.n_features is not None:
            if self.n_components is None or self.n_features is None or self.n_unlabeled is None:
                raise ValueError("a random mixture needs n_components, n_features and n_unlabeled")
            for name in ("weights", "means", "covariances", "counts", "legacy_seed"):
                if getattr(self, name) is not None:
                    raise ValueError(f"takes {name}, or n_components and n_features, not both")
            return self
        if self.means is None or self.covariances is None:
            raise ValueError("needs means and covariances, or n_components and n_features")
        if self.counts is None and (self.n_unlabeled is None or self.weights is None):
            raise ValueError("needs n_unlabeled and weights, or counts")
        if self.counts is not None and (self.n_unlabeled is not None or self.weights is not None):
            raise ValueError("takes counts, or n_unlabeled and weights, not both")
        if self.legacy_seed is not None and (self.counts is None or self.n_labeled or not self.shared):
            raise ValueError("legacy_seed needs counts, n_labeled 0 and shared: true, for it makes one draw")
        return self


@lru_cache  # the cells of a sweep have the same ones
def _lacks(covariance: tuple[tuple[float, ...], ...]) -> str:
    """Say what a matrix lacks to be a covariance; nothing if it is one."""
    matrix = np.array(covariance)
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        return "symmetric"
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    definite = scale.all() and np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() >= 1e-12
    return "" if definite else "positive definite"


def _expect_one_a_class(values, info):
    for name in ("weights", "counts"):
        given = info.data.get(name)
        if given and len(values) != len(given):
            raise ValueError(f"must have one entry for each of the {len(given)} {name}, got {len(values)}")


class CsvFile(Closed):
    """A file of rows, here or at an address: CSV, or by its ending Parquet (.parquet) or NumPy's (.npy)."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: CSV (also packed by gzip), or .parquet, "
        "or .npy (its columns are x1, x2, ...).",
    )
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$")] | None = Field(
        None, description="In place of `path`: its http(s) address. It is fetched once, and kept in results/downloads."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Checksum that the file at `url` must have."
    )

    @property
    def place(self) -> str:
        """The file to read."""
        return self.path or f"results/downloads/{self.sha256}{ending_of(self.url)}"

    @model_validator(mode="after")
    def _path_or_url(self):
        if (self.path is None) == (self.url is None):
            raise ValueError("needs path, or url with sha256")
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 go together: a file from a network must be the one you mean")
        return self


class UnlabeledCsv(CsvFile):
    """A file of rows to fit."""

    target: Name | None = Field(
        None,
        description="Column with the true classes, if known. Used for the accuracy only, never for a fit.",
    )


class LabeledCsv(CsvFile):
    """A file of rows with their classes."""

    target: Name = Field(description="Column with the classes: whole numbers or names.")


class CsvData(Source):
    """One's own rows; they are the same in every replicate."""

    source: Literal["csv"] = Field(description="Read rows from files: CSV, Parquet or .npy.")
    features: Annotated[list[Name], Field(min_length=1, max_length=1000)] = Field(
        description="Columns to use; numbers."
    )
    unlabeled: UnlabeledCsv = Field(description="The rows to fit.")
    labeled: LabeledCsv | None = Field(None, description="Further rows whose classes are known.")
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, of the values that are there."
    )
    missing: Literal["refuse", "allow"] = Field(
        "refuse",
        description="allow: an empty cell of a feature (or NA, N/A, #N/A, <NA>, NaN, null, none) is a missing value.",
    )

    class_names: list[Name] = Field(
        [],
        description="Classes of these files whose names read like a missing value, as in [NA] or ['null']; without it, "
        "such a name is refused.",
    )

    @property
    def incomplete(self) -> bool:
        """Whether values may be missing."""
        return self.missing == "allow"

    @property
    def files(self) -> list[CsvFile]:
        """The unlabeled rows, and the labeled ones if there are any."""
        return [table for table in (self.unlabeled, self.labeled) if table]

    @property
    def same_rows(self) -> bool:
        """Files hold one set of rows."""
        return True

    @property
    def shape(self) -> tuple[None, int]:
        """Numbers of classes, which the files will tell, and of features."""
        return (None, len(self.features))

    @field_validator("features")
    @classmethod
    def _each_once(cls, features):
        if len(set(features)) < len(features):
            raise ValueError(f"must name each column once, got {features}")
        return features

    @field_validator("class_names")
    @classmethod
    def _like_missing(cls, names):
        if others := [name for name in names if name.lower() not in LIKE_MISSING]:
            words = ", ".join(LIKE_MISSING)
            raise ValueError(f"is for names that read like a missing value ({words}), which '{others[0]}' does not")
        return names


SKLEARN_SHAPES = {"iris": (3, 4), "wine": (3, 13), "breast_cancer": (2, 30)}  # classes and features


class SklearnData(Drawn):
    """Real data that come with scikit-learn. Labels are hidden but for a fraction, another in each replicate."""

    source: Literal["sklearn"] = Field(description="Real data that come with scikit-learn.")
    dataset: Literal["iris", "wine", "breast_cancer"] = Field(description="Which.")
    labeled_fraction: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the rows of each class that keep their label, one row at least; 0: no row has one.",
    )
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, before values are taken away."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of classes and of features."""
        return SKLEARN_SHAPES[self.dataset]

    @property
    def same_rows(self) -> bool:
        """Replicates differ in which rows keep their label, and which values are missing."""
        return self.labeled_fraction == 0 and not self.incomplete


Data = Annotated[GaussianMixtureData | CsvData | SklearnData, Field(discriminator="source")]
