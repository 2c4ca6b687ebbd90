"""The configuration: YAML files in, one validated `Study` out, or every problem at once."""

from study.configuration.loading import load
from study.configuration.schema import CsvData, Data, Experiment, Fit, GaussianMixtureData, Study

__all__ = ["CsvData", "Data", "Experiment", "Fit", "GaussianMixtureData", "Study", "load"]
