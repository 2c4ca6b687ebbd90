"""Expectation-Maximization for Gaussian mixtures: unsupervised and semi-supervised, arrays in, arrays out."""

from emgmm.covariance import COVARIANCE_TYPES, CovarianceType
from emgmm.e_step import expectation, log_likelihoods, posteriors
from emgmm.em import (
    EMResult,
    StoppingRule,
    aitken_stopping,
    article_stopping,
    expectation_maximization,
    sklearn_stopping,
)
from emgmm.imputation import impute
from emgmm.incomplete import IncompleteRows
from emgmm.information import ObservedInformation, ParameterValues, observed_information
from emgmm.initialization import random_parameters, unlabeled_statistics
from emgmm.labels import labeled_statistics, parameters_from_labels, shrunken_parameters
from emgmm.many import fit_many, judge_many
from emgmm.parameters import CollapsedComponentError, MixtureParameters
from emgmm.parts import Parts
from emgmm.regularization import CovariancePenalty
from emgmm.statistics import SufficientStatistics, complete_log_likelihood, maximization, weighted_statistics

# scikit-learn's interface, and samples in several parts
__all__ = ["GaussianMixtureEM", "Parts"]
# A mixture; the types of its covariances, to which a type can be added
__all__ += ["COVARIANCE_TYPES", "CollapsedComponentError", "CovarianceType", "MixtureParameters"]
# Fits from given initial parameters; stopping rules; results
__all__ += ["CovariancePenalty", "EMResult", "StoppingRule", "aitken_stopping", "article_stopping"]
__all__ += ["expectation_maximization", "fit_many", "sklearn_stopping"]
# Initial parameters: at random, from unlabeled samples, from labels
__all__ += ["parameters_from_labels", "random_parameters", "shrunken_parameters", "unlabeled_statistics"]
# Posteriors, likelihoods and imputation; observed information
__all__ += ["impute", "judge_many", "log_likelihoods", "posteriors"]
__all__ += ["ObservedInformation", "ParameterValues", "observed_information"]
# The steps of EM, to build other algorithms
__all__ += ["IncompleteRows", "SufficientStatistics", "complete_log_likelihood", "expectation", "labeled_statistics"]
__all__ += ["maximization", "weighted_statistics"]


def __getattr__(name):
    """Import the estimator, and scikit-learn with it, only when it is used, because that takes a second.

    The version is that of the installed package; only pyproject.toml contains it.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("emgmm")
    if name == "GaussianMixtureEM":
        from emgmm.estimator import GaussianMixtureEM

        return GaussianMixtureEM
    raise AttributeError(f"module 'emgmm' has no attribute {name!r}")
