"""The sources of data that an experiment may have."""

from typing import Annotated, get_args

from pydantic import Field

from em_study.data.csv import CsvData
from em_study.data.gaussian_mixture import GaussianMixtureData
from em_study.data.r_mixture import RMixtureData
from em_study.data.sklearn import SklearnData
from em_study.data.source import Source

Data = Annotated[GaussianMixtureData | CsvData | SklearnData | RMixtureData, Field(discriminator="source")]

SOURCES: dict[str, type[Source]] = {
    get_args(kind.model_fields["source"].annotation)[0]: kind for kind in get_args(get_args(Data)[0])
}
