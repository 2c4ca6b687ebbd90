"""Observed information at the end of a fit: whether this is a maximum, and the standard errors of its parameters."""

from contextlib import suppress

import numpy as np

from em_study.data.dataset import Replicate
from em_study.fits.missing import clamped, fitted_samples
from em_study.fits.settings import Fit
from emgmm import (
    EMResult,
    MixtureParameters,
    ObservedInformation,
    StoppingRule,
    aitken_stopping,
    expectation_maximization,
    observed_information,
)
from emgmm.information import MOST_PARAMETERS

AT_A_MAXIMUM = aitken_stopping(1e-12, 1000)
MOST_WORK = 1e10  # samples times the square of the parameters: a few seconds


def information_at(parameters: MixtureParameters, rows: Replicate, fit: Fit) -> ObservedInformation | None:
    """Give the `observed_information` of parameters in the likelihood that a fit maximizes, over the samples it used.

    The labeled samples are among them if they are clamped. None where it cannot be computed, or is too much work.
    """
    if _is_too_much(parameters, rows):
        return None
    rows = fitted_samples(rows, fit)
    X, y = rows.unlabeled, None
    if fit.semi_supervised == "clamped":
        y = np.concatenate([np.full(len(X), -1), rows.labels])
        X = np.concatenate([X, rows.labeled])
    with suppress(ValueError):  # too few samples have a value, or the mixture is too far from them
        return observed_information(X, parameters, y=y)
    return None


def _is_too_much(parameters, rows):
    size = parameters.n_parameters
    return size > MOST_PARAMETERS or len(rows.unlabeled) * size**2 > MOST_WORK


def continued(parameters: MixtureParameters, rows: Replicate, fit: Fit, stopping: StoppingRule, **settings) -> EMResult:
    """Continue a fit by our EM from its final parameters, on the same likelihood."""
    rows = fitted_samples(rows, fit)
    labeled = clamped(rows, fit, parameters.n_components)
    return expectation_maximization(rows.unlabeled, parameters, stopping, labeled=labeled, **settings)


def information_near(parameters: MixtureParameters, rows: Replicate, fit: Fit) -> ObservedInformation | None:
    """Give it at the maximum that our EM reaches from there: a tolerance of 1e-4 may stop a standard error away."""
    if _is_too_much(parameters, rows):
        return None
    end = continued(parameters, rows, fit, AT_A_MAXIMUM, acceleration="anderson").parameters
    return information_at(end, rows, fit)


def standard_errors(information: ObservedInformation | None) -> tuple | None:
    """Give those of weights (K,), means (K, D) and covariance matrices (K, D, D); None where they have no meaning."""
    if information is None or information.refusal:
        return None
    errors, kind, shape = information.standard_errors, information.parameters.type, information.parameters.means.shape
    covariances = kind.expand(errors.covariances, *shape)
    return errors.weights, errors.means, covariances[:, :, None] * np.eye(shape[1]) if kind.diagonal else covariances
