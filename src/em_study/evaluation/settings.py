"""Settings of what fits are compared with: printed parameters, another implementation."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from em_study.data.csv import CsvFile
from em_study.settings import Closed, Name, Printed, Scalar, Slug
from em_study.wording import nearest

Columns = Annotated[list[Name], Field(min_length=1, max_length=1000)]
RELEASED = "released_"  # with the package after it: what tables have for released estimates in place of a fit
PrintedVector = Annotated[list[Printed], Field(min_length=1, max_length=1000)]


class Published(Closed):
    """A component's parameters as a source printed them, with the digits that it printed."""

    weight: Printed | None = Field(None, description="Its share.")
    mean: PrintedVector = Field(description="Mean of each feature.")
    standard_deviation: PrintedVector | None = Field(None, description="Standard deviation of each feature.")


class ReleasedFile(CsvFile):
    """A file of estimates, here or at an address."""

    path: Name | None = Field(
        None, description="The file, relative to the folder in which snakemake runs: as that of rows, or R's .rds."
    )

    url: Annotated[str, StringConstraints(pattern=r"^(https?://|file:///)[^\s]{1,2000}$")] | None = Field(
        None,
        description="In place of `path`: its address; http(s), or file:/// on this machine. It is fetched once, and "
        "kept in results/downloads.",
    )

    @property
    def is_of_r(self) -> bool:
        """Whether R reads it."""
        return self.place.endswith(".rds")


class Released(Closed):
    """Estimates that a source has published: a table with one line a fit, a column a number."""

    file: ReleasedFile = Field(description="The table.")
    where: dict[Name, Scalar] = Field({}, description="The lines to take: the value of each of these columns.")
    by: Name = Field(description="The column that names the package, or whatever else made a line.")
    packages: Annotated[dict[Slug, Scalar], Field(min_length=1)] = Field(
        description="The packages: our name for each, and its name in the table."
    )
    replicates: int = Field(
        ge=1,
        le=100_000,
        description="Data sets that the source had. Where there are as many lines, they are those of replicates 0, 1, "
        "...; where there are fewer, fits of the source have failed, and nobody knows of which replicates.",
    )
    weights: Columns = Field(description="The column of each component's weight.")
    means: list[Columns] = Field(description="Of each component: the columns of its mean.")
    covariances: list[list[Columns]] | None = Field(
        None, description="Of each component: the columns of its covariance matrix, row after row."
    )
    standard_deviations: list[Columns] | None = Field(
        None, description="In place of `covariances`: the columns of each component's standard deviations."
    )
    fits: dict[Slug, Slug] = Field(
        {}, description="The fit that a package is compared with, by the package; default: that of `protocols`."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of components and of features."""
        return len(self.means), len(self.means[0])

    @model_validator(mode="after")
    def _one_column_a_number(self):
        (n_components, n_features), spreads = self.shape, self.covariances or self.standard_deviations
        if (self.covariances is None) == (self.standard_deviations is None):
            raise ValueError("needs covariances, or standard_deviations")
        if {len(self.weights), len(spreads)} != {n_components}:
            raise ValueError(f"needs weights and spreads of as many components as means, {n_components}")
        rows = [*self.means, *(self.standard_deviations or (row for matrix in self.covariances for row in matrix))]
        if {*map(len, rows), *map(len, self.covariances or ())} != {n_features}:
            raise ValueError(f"needs a column for each of {n_features} features, as the first mean has, everywhere")
        for package in self.fits:
            if package not in self.packages:
                raise ValueError(f"there is no package '{package}', as fits has{nearest(package, [*self.packages])}")
        return self


class OnOriginalRows(Closed):
    """What a protocol gave on the source's own rows; names as in agreement.csv."""

    n_samples: int = Field(description="Unlabeled rows compared.")
    n_differing: int = Field(description="Rows with another hard label.")
    max_abs_posterior_difference: float = Field(description="Largest difference of a posterior.")


class OriginalAgreement(Closed):
    """What the ladder gave on the source's own rows, which are not part of this repository."""

    fit: dict[Slug, Scalar] = Field(description="Settings of our fit that are not the default.")
    protocols: dict[Slug, OnOriginalRows] = Field(description="By protocol.")


class Protocols(Closed):
    """scikit-learn, or another implementation, beside one of the fits, by every rung of the ladder."""

    fit: Name = Field(description="Name of a fit of this experiment that is not clamped.")
    implementation: Slug = Field(
        "sklearn", description="Which runs beside it: scikit-learn, or that in implementations/<name>.py."
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that an implementation of a file may take for one replicate."
    )
