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
    data: Data = Field(description="The rows that the experiment is about.")
    fits: Fits = Field(description="Ways to fit them, by name.")
    protocols: Protocols | None = Field(
        None, description="The comparison with scikit-learn or others; without it, none."
    )
    replicates: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Independent repetitions, each with its own start and, where drawn, data.",
    )
    published: dict[Slug, list[Published]] = Field(
        {}, description="What a source printed for the components of a fit, by the fit's name."
    )
    released: Released | None = Field(
        None,
        description="Estimates that the source has published: measured as the fits are, against the true mixture.",
    )
    measurements: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None,
        description="The measurements to take (docs/tables.md). Default: all; but those of how well fits recover the "
        "mixture that the data are drawn from only where `released` is set.",
    )
    predictions: Literal["csv", "parquet"] = Field(
        "csv",
        description="How the rows' posteriors and classes are written; of many rows Parquet is smaller.",
    )
    bins: int = Field(30, ge=1, le=1000, description="Bins of the histograms, where there is one feature.")
    original: OriginalAgreement | None = Field(None, description="Set by the article's `original_data`.")

    def measures(self, name: str) -> bool:
        """Whether a measurement may be taken."""
        return self.measurements is None or name in self.measurements

    @property
    def files(self) -> list[CsvFile]:
        """The files of data and of released estimates."""
        return [*self.data.files, *([self.released.file] if self.released else [])]

    @property
    def compared(self) -> list[tuple[str, Other]]:
        """What is compared with our EM, after the name of the fit that it is compared with: released estimates last."""
        return others_of(self)

    @property
    def others(self) -> list[Other]:
        """What is compared with our EM."""
        return [other for _, other in self.compared]

    @property
    def running(self) -> list[Other]:
        """What runs next to our EM."""
        return [other for other in self.others if not other.is_released]

    @property
    def compared_fit(self) -> Fit:
        """The fit that others are compared with."""
        return self.fits[self.protocols.fit]

    @property
    def on_original_rows(self) -> dict[str, OnOriginalRows]:
        """What each protocol gave on the source's own rows; nothing, if it is another comparison now."""
        same = self.original and self.protocols and self.protocols.implementation == SKLEARN
        same = same and self.compared_fit.model_dump(exclude_defaults=True) == self.original.fit
        return self.original.protocols if same else {}


Experiments = dict[Slug, Experiment]
