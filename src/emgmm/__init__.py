"""Expectation-Maximization for Gaussian mixtures: unsupervised and semi-supervised, arrays in, arrays out."""

from emgmm.e_step import expectation, log_likelihoods, posteriors
from emgmm.em import EMResult, StoppingRule, article_stopping, expectation_maximization, sklearn_stopping
from emgmm.initialization import parameters_from_labels, random_parameters
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.statistics import (
    SufficientStatistics,
    complete_log_likelihood,
    labeled_statistics,
    maximization,
)

__all__ = [
    "CollapsedComponentError",
    "EMResult",
    "MixtureParameters",
    "StoppingRule",
    "SufficientStatistics",
    "article_stopping",
    "complete_log_likelihood",
    "expectation",
    "expectation_maximization",
    "labeled_statistics",
    "log_likelihoods",
    "maximization",
    "parameters_from_labels",
    "posteriors",
    "random_parameters",
    "sklearn_stopping",
]
