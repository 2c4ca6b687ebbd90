"""Settings of a sweep: an experiment, with some of its settings varied."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from em_study.settings import Closed, Name, Scalar, Slug


class SweepFigure(Closed):
    """The figure of a sweep."""

    x: Name = Field(description="Varied key on the horizontal axis.")
    y: Name | list[Name] = Field(description="Quantity to draw, a column of the sweep's table; or several, in panels.")
    color: Name | None = Field(
        None, description="What colours show: fit, protocol, or a varied key. Heat map: the key on the vertical axis."
    )
    panels: Name | None = Field(None, description="Varied key with one panel for each value.")
    kind: Literal["lines", "heatmap"] = Field(
        "lines",
        description="lines: mean and 2.5 to 97.5 percentile of the replicates. heatmap: the mean, over x and color.",
    )
    where: dict[str, Scalar] = Field({}, description="Value that a column must have, by column.")

    @property
    def quantities(self) -> list[str]:
        """The quantities that are drawn."""
        return [self.y] if isinstance(self.y, str) else self.y


class Sweep(Closed):
    """An experiment, repeated at each value of some of its settings."""

    experiment: Slug = Field(description="The experiment whose settings are varied.")
    vary: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)] = Field(
        description="Values of each key, named by its path below the experiment, as in data.n_unlabeled."
    )
    zip: bool = Field(False, description="Combine the first values, the second values, ...; else all combinations.")
    replicates: int = Field(50, ge=1, le=100_000, description="Repetitions of every cell.")
    fits: list[Slug] | None = Field(None, description="Fits to tabulate; default: all of the experiment.")
    protocols: list[Slug] | None = Field(
        None, description="Steps of the agreement ladder; default: all, if the experiment has protocols."
    )
    measurements: list[Slug] = Field(
        [], description="Measurements of each fit to tabulate with its scores: those that give one number per run."
    )
    cells_per_job: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Largest number of cells that one job computes; default: as many as take about a minute, and fewer "
        "for a short sweep.",
    )
    max_cells: int = Field(
        100_000, ge=1, le=1_000_000, description="Largest number of cells: a guard against typing errors."
    )
    figure: SweepFigure | None = Field(None, description="The figure; default: none.")


Sweeps = dict[Slug, Sweep]


def text_keys(vary: dict) -> list[str]:
    """Name the varied keys with text among their values: tables hold all their values as text."""
    return [key for key, values in vary.items() if any(isinstance(value, (str, list, dict)) for value in values)]


def shown_value(value):
    """Write a varied value into a table: a list as text."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value
