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
from emgmm.statistics import SufficientStatistics, complete_log_likelihood, maximization, weighted_statistics

# scikit-learn's interface, and rows that do not fit in one array
__all__ = ["GaussianMixtureEM", "Parts"]
# A mixture; the types of its covariances, to which one may add a type of one's own
__all__ += ["COVARIANCE_TYPES", "CollapsedComponentError", "CovarianceType", "MixtureParameters"]
# A fit from a start of one's own, or many; when it stops, and where
__all__ += ["EMResult", "StoppingRule", "aitken_stopping", "article_stopping", "expectation_maximization", "fit_many"]
__all__ += ["sklearn_stopping"]
# Where to start: without a look at the rows, from rows without labels, from labels
__all__ += ["parameters_from_labels", "random_parameters", "shrunken_parameters", "unlabeled_statistics"]
# What a mixture says of rows, or many mixtures; and what rows say of a mixture
__all__ += ["impute", "judge_many", "log_likelihoods", "posteriors"]
__all__ += ["ObservedInformation", "ParameterValues", "observed_information"]
# The steps of EM, for an algorithm of one's own
__all__ += ["IncompleteRows", "SufficientStatistics", "complete_log_likelihood", "expectation", "labeled_statistics"]
__all__ += ["maximization", "weighted_statistics"]


def __getattr__(name):
    """Import the estimator, and scikit-learn with it, only when it is asked for: that takes a second.

    So is the version of the installed package looked up, which stands in pyproject.toml alone.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("emgmm")
    if name == "GaussianMixtureEM":
        from emgmm.estimator import GaussianMixtureEM

        return GaussianMixtureEM
    raise AttributeError(f"module 'emgmm' has no attribute {name!r}")
