"""Settings of comparisons: printed parameters, and other implementations."""

from typing import Annotated

from pydantic import Field, field_validator

from em_study.settings import Closed, Name, Printed, Scalar, Slug

PrintedVector = Annotated[list[Printed], Field(min_length=1, max_length=1000)]


class Published(Closed):
    """A component's parameters as a source printed them, with the digits that it printed."""

    weight: Printed | None = Field(None, description="Its weight.")
    mean: PrintedVector = Field(description="Mean of each feature.")
    standard_deviation: PrintedVector | None = Field(None, description="Standard deviation of each feature.")


class OnOriginalRows(Closed):
    """The result of a protocol on the source's own data; names as in agreement.csv."""

    n_samples: int = Field(description="Unlabeled samples compared.")
    n_differing: int = Field(description="Samples with another hard label.")
    max_abs_posterior_difference: float = Field(description="Largest difference of a posterior probability.")


class OriginalAgreement(Closed):
    """The result of the agreement ladder on the source's own data, which are not part of this repository."""

    fit: dict[Slug, Scalar] = Field(description="Settings of our fit that are not the default.")
    protocols: dict[Slug, OnOriginalRows] = Field(description="By protocol.")


class AsPublished(Closed):
    """How a source called the other implementations, with the same initial parameters as our fit."""

    tol: float = Field(ge=0, description="The tolerance, used as each implementation defines it.")
    max_iter: int = Field(ge=1, le=10_000_000, description="Largest number of steps.")
    reg_covar: float = Field(0.0, ge=0, description="Added to the diagonals of the covariances.")


class Protocols(Closed):
    """Other implementations compared with one of the fits, by every step of the agreement ladder."""

    fit: Name = Field(description="Name of a fit of this experiment.")
    implementation: Slug | Annotated[list[Slug], Field(min_length=1, max_length=20)] = Field(
        "sklearn",
        description="What the fit is compared with: sklearn, the name of a file in implementations/, or a list.",
    )
    published: AsPublished | None = Field(
        None,
        description="How they were called: the first step of the ladder. Default: as article A calls scikit-learn, "
        "with covariances passed as precisions.",
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that an implementation in a file may take for one replicate."
    )

    @property
    def implementations(self) -> list[str]:
        """All of their names."""
        return [self.implementation] if isinstance(self.implementation, str) else self.implementation

    @field_validator("implementation")
    @classmethod
    def _each_once(cls, names):
        if isinstance(names, list) and len({*names}) < len(names):
            raise ValueError(f"must name each once, got {names}")
        return names
