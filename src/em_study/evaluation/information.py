"""What the observed information says of where a fit ended: whether it has arrived, and how sure its parameters are."""

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
MOST_WORK = 1e10  # rows times the square of the parameters: a few seconds


def information_at(parameters: MixtureParameters, rows: Replicate, fit: Fit) -> ObservedInformation | None:
    """Give the `observed_information` of parameters in the likelihood that a fit maximizes: of the rows that it took.

    The labeled rows are among them if they are clamped. None where it cannot be taken, or is too much work.
    """
    if _is_too_much(parameters, rows):
        return None
    rows = fitted_samples(rows, fit)
    X, y = rows.unlabeled, None
    if fit.semi_supervised == "clamped":
        y = np.concatenate([np.full(len(X), -1), rows.labels])
        X = np.concatenate([X, rows.labeled])
    with suppress(ValueError):  # there are too few rows with a value, or the mixture is too far from them
        return observed_information(X, parameters, y=y)
    return None


def _is_too_much(parameters, rows):
    size = parameters.n_parameters
    return size > MOST_PARAMETERS or len(rows.unlabeled) * size**2 > MOST_WORK


def continued(parameters: MixtureParameters, rows: Replicate, fit: Fit, stopping: StoppingRule, **settings) -> EMResult:
    """Let our EM go on from where a fit ended, on the same likelihood."""
    rows = fitted_samples(rows, fit)
    labeled = clamped(rows, fit, parameters.n_components)
    return expectation_maximization(rows.unlabeled, parameters, stopping, labeled=labeled, **settings)


def information_near(parameters: MixtureParameters, rows: Replicate, fit: Fit) -> ObservedInformation | None:
    """Give the same at the maximum that our EM goes on to: at a tolerance of 1e-4 it may be a standard error away."""
    if _is_too_much(parameters, rows):
        return None
    end = continued(parameters, rows, fit, AT_A_MAXIMUM, acceleration="anderson").parameters
    return information_at(end, rows, fit)


def standard_errors(information: ObservedInformation | None) -> tuple | None:
    """Give those of weights (K,), means (K, D) and covariance matrices (K, D, D); None where they mean nothing."""
    if information is None or information.refusal:
        return None
    errors, kind, shape = information.standard_errors, information.parameters.type, information.parameters.means.shape
    covariances = kind.expand(errors.covariances, *shape)
    return errors.weights, errors.means, covariances[:, :, None] * np.eye(shape[1]) if kind.diagonal else covariances
