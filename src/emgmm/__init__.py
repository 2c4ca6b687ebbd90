"""Expectation-Maximization for Gaussian mixtures: unsupervised and semi-supervised, arrays in, arrays out."""

from emgmm.complete import has_numba
from emgmm.covariance import COVARIANCE_TYPES
from emgmm.e_step import expectation, log_likelihoods, posteriors
from emgmm.em import (
    EMResult,
    StoppingRule,
    aitken_stopping,
    article_stopping,
    distance_from_limit,
    expectation_maximization,
    sklearn_stopping,
)
from emgmm.imputation import impute
from emgmm.incomplete import IncompleteRows
from emgmm.initialization import hot_deck, parameters_from_classes, random_parameters, unlabeled_statistics
from emgmm.labels import labeled_statistics, parameters_from_labels, shrunken_parameters
from emgmm.many import fit_many, judge_many
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.parts import Parts
from emgmm.ridge import ridge_warning
from emgmm.statistics import (
    SufficientStatistics,
    complete_log_likelihood,
    has_holes,
    maximization,
    weighted_statistics,
)

__all__ = [
    "COVARIANCE_TYPES",
    "CollapsedComponentError",
    "EMResult",
    "GaussianMixtureEM",
    "IncompleteRows",
    "MixtureParameters",
    "Parts",
    "StoppingRule",
    "SufficientStatistics",
    "aitken_stopping",
    "article_stopping",
    "complete_log_likelihood",
    "distance_from_limit",
    "expectation",
    "expectation_maximization",
    "fit_many",
    "has_holes",
    "has_numba",
    "hot_deck",
    "impute",
    "judge_many",
    "labeled_statistics",
    "log_likelihoods",
    "maximization",
    "parameters_from_classes",
    "parameters_from_labels",
    "posteriors",
    "random_parameters",
    "ridge_warning",
    "shrunken_parameters",
    "sklearn_stopping",
    "unlabeled_statistics",
    "weighted_statistics",
]


def __getattr__(name):
    """Import the estimator, and scikit-learn with it, only when it is asked for: that takes a second."""
    if name == "GaussianMixtureEM":
        from emgmm.estimator import GaussianMixtureEM

        return GaussianMixtureEM
    raise AttributeError(f"module 'emgmm' has no attribute {name!r}")
