"""The maxima that several starts on the same samples reach."""

import numpy as np

from em_study.columns import Column
from em_study.evaluation.information import information_at
from em_study.evaluation.measurement import OneFit, OneReplicate, measured
from em_study.fits.settings import Fit
from emgmm import (
    CollapsedComponentError,
    MixtureParameters,
    article_stopping,
    expectation_maximization,
    log_likelihoods,
    parameters_from_labels,
)

SAME_OPTIMUM = 1e-4  # nats per sample: ends this close are one optimum
ASIDE = 0.1  # standard deviations


def numbered_optima(ends):
    """Give each end (R,) the number of its optimum: 0 the best; an end close to the next higher one shares it."""
    numbers = np.full(len(ends), np.nan)
    order = [r for r in np.argsort(-ends) if np.isfinite(ends[r])]
    for before, r in zip([None, *order], order, strict=False):
        apart = before is not None and ends[before] - ends[r] >= SAME_OPTIMUM
        numbers[r] = 0 if before is None else numbers[before] + apart
    return numbers


@measured(
    OneFit,
    needs=("ends_on_the_same_rows",),
    optimum=Column(
        "number", "number of the optimum that the start reaches, 0 the best (ends within 1e-4 nats are one optimum)"
    ),
)
def optimum(fit):
    """Find the starts that end in the same optimum."""
    return {("optimum", r): number for r, number in enumerate(numbered_optima(fit.ends_on_the_same_rows))}


@measured(
    OneFit,
    needs=("ends_on_the_same_rows",),
    below_best=Column("nats per sample", "mean log-likelihood of the best end less that of this one"),
    reaches_best=Column("0 or 1", "1 if the start ends in the best optimum of all starts, else 0"),
)
def below_best(fit):
    """Measure how far below the best end each start ends."""
    ends, found = fit.ends_on_the_same_rows, {}
    best = max(ends[np.isfinite(ends)], default=np.nan)
    for r, gap in enumerate(best - ends):
        found["below_best", r] = gap
        found["reaches_best", r] = float(gap < SAME_OPTIMUM) if np.isfinite(gap) else np.nan
    return found


@measured(
    OneReplicate,
    needs=("complete",),
    first=20,
    identical_components_gain=Column(
        "nats per sample", "largest change of the mean log-likelihood in ten steps of EM from identical components"
    ),
)
def identical_components_gain(replicate):
    """Measure how much the likelihood increases from identical components; nothing for one component."""
    X, K = replicate.unlabeled, replicate.n_components
    if K == 1:
        return None
    try:
        one = parameters_from_labels(X, np.zeros(len(X), dtype=int), 1)
        means, covariances = (np.repeat(part, K, axis=0) for part in (one.means, one.covariances))
        identical = MixtureParameters(np.full(K, 1 / K), means, covariances)
        return np.diff(expectation_maximization(X, identical, article_stopping(0, 10)).trace).max()
    except CollapsedComponentError:
        return None


@measured(
    OneReplicate,
    needs=("complete",),
    first=20,
    beyond_identical_components=Column(
        "nats per sample",
        "log-likelihood that EM reaches if the components are moved 0.1 standard deviations apart where EM from "
        "identical components ended, minus the log-likelihood there; if above 0, that end was not a maximum",
    ),
    identical_components_are_maximum=Column(
        "0 or 1", "1 if the end of EM from identical components is a maximum by the observed information, else 0"
    ),
)
def beyond_identical_components(replicate):
    """Test whether EM from identical components stops at a maximum; nothing for one component."""
    if replicate.n_components == 1:
        return None
    X, K = replicate.unlabeled, replicate.n_components
    covariance = np.cov(X.T, bias=True).reshape(X.shape[1], -1)
    stopping = article_stopping(1e-10, 10_000)
    try:
        identical = MixtureParameters(
            np.full(K, 1 / K), np.tile(X.mean(axis=0), (K, 1)), np.tile(covariance, (K, 1, 1))
        )
        end = expectation_maximization(X, identical, stopping).parameters
        steps = ASIDE * np.linspace(-1, 1, K)[:, None] * np.sqrt(np.diagonal(covariance))
        moved = MixtureParameters(np.array(end.weights), end.means + steps, np.array(end.covariances))
        beyond = expectation_maximization(X, moved, stopping).parameters
    except CollapsedComponentError:
        return None
    found = {("beyond_identical_components", None): log_likelihoods(X, beyond).mean() - log_likelihoods(X, end).mean()}
    if information := information_at(end, replicate.rows, Fit()):
        found["identical_components_are_maximum", None] = float(information.is_maximum)
    return found
