"""Settings of what fits are compared with: printed parameters, another implementation."""

from pydantic import Field

from em_study.settings import Closed, Name, Slug, Vector


class Published(Closed):
    """A component's parameters as a source printed them, with the digits that it printed."""

    weight: float | None = Field(None, description="Its share.")
    mean: Vector = Field(description="Mean of each feature.")
    standard_deviation: Vector | None = Field(None, description="Standard deviation of each feature.")


class Protocols(Closed):
    """scikit-learn, or another implementation, beside one of the fits, by every rung of the ladder."""

    fit: Name = Field(description="Name of a fit of this experiment that is not clamped.")
    implementation: Slug = Field(
        "sklearn", description="Which runs beside it: scikit-learn, or that in implementations/<name>.py."
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that an implementation of a file may take for one replicate."
    )
