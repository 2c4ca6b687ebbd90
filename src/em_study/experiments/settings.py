"""Settings of an experiment: data, fits, and what they are compared with."""

from typing import Annotated, Literal

from pydantic import Field

from em_study.data.csv import CsvFile
from em_study.data.settings import Data
from em_study.evaluation.protocols import Other, others_of
from em_study.evaluation.settings import OnOriginalRows, OriginalAgreement, Protocols, Published
from em_study.experiments.released import Released
from em_study.fits.available import SKLEARN
from em_study.fits.settings import Fit, Fits
from em_study.settings import Closed, Name, Slug


class Experiment(Closed):
    """Data, the fits made to them, and the comparison with scikit-learn."""

    section: Name = Field("Further experiments", description="Where the report shows its figures.")
    data: Data = Field(description="Source of the data.")
    fits: Fits = Field(description="Ways to fit the data, by name.")
    protocols: Protocols | None = Field(
        None, description="Comparison with scikit-learn or other implementations; without this key, none."
    )
    replicates: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Number of independent repetitions, each with its own initial parameters and, if simulated, data.",
    )
    published: dict[Slug, list[Published]] = Field(
        {}, description="Estimates that a source printed for the components of a fit, by the name of the fit."
    )
    released: Released | None = Field(
        None,
        description="Estimates that the source has published. Like the fits, they are measured against the true "
        "mixture.",
    )
    measurements: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None,
        description="Measurements to take (docs/tables.md). Default: all, except that those of the recovery of the "
        "true mixture are taken only if `released` is set.",
    )
    predictions: Literal["csv", "parquet"] = Field(
        "csv",
        description="Format of the table of posterior probabilities and classes; Parquet is smaller for many samples.",
    )
    bins: int = Field(30, ge=1, le=1000, description="Number of bins of the histograms, for data with one feature.")
    original: OriginalAgreement | None = Field(None, description="Set by the article's `original_data`.")

    @property
    def files(self) -> list[CsvFile]:
        """Files of data and of released estimates."""
        return [*self.data.files, *([self.released.file] if self.released else [])]

    @property
    def compared(self) -> list[tuple[str, Other]]:
        """Pairs of a fit's name and what is compared with that fit, released estimates last."""
        return others_of(self)

    @property
    def others(self) -> list[Other]:
        """Implementations and released estimates that are compared with our EM."""
        return [other for _, other in self.compared]

    @property
    def running(self) -> list[Other]:
        """Implementations that run in addition to our EM."""
        return [other for other in self.others if not other.is_released]

    @property
    def compared_fit(self) -> Fit:
        """The fit that others are compared with."""
        return self.fits[self.protocols.fit]

    @property
    def on_original_rows(self) -> dict[str, OnOriginalRows]:
        """Results of each protocol on the source's own data; empty, if the comparison has changed since."""
        same = self.original and self.protocols and self.protocols.implementation == SKLEARN
        same = same and self.compared_fit.model_dump(exclude_defaults=True) == self.original.fit
        return self.original.protocols if same else {}


Experiments = dict[Slug, Experiment]
