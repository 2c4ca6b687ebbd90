"""Settings of what fits are compared with: printed parameters, another implementation."""

from typing import Annotated

from pydantic import Field

from em_study.settings import Closed, Name, Printed, Scalar, Slug

PrintedVector = Annotated[list[Printed], Field(min_length=1, max_length=1000)]


class Published(Closed):
    """A component's parameters as a source printed them, with the digits that it printed."""

    weight: Printed | None = Field(None, description="Its share.")
    mean: PrintedVector = Field(description="Mean of each feature.")
    standard_deviation: PrintedVector | None = Field(None, description="Standard deviation of each feature.")


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
