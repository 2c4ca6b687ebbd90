"""Protocols: named ways to run another implementation for comparison with our EM, with one difference fewer each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from em_study.columns import as_released
from em_study.data.dataset import Dataset
from em_study.fits.available import SKLEARN, TOLERANCES, implementation_file, tolerance_of
from em_study.fits.missing import clamped, input_of_others
from em_study.fits.runs import Run, Runs, stack_runs
from em_study.fits.settings import Fit
from emgmm import log_likelihoods

ARTICLE_A = {"precisions_are_covariances": True, "tol": 0.01, "max_iter": 1000, "reg_covar": 1e-6}


@dataclass(frozen=True)
class Other:
    """An implementation, or released estimates, that our EM is compared with.

    Attributes
    ----------
    name : str
        sklearn for scikit-learn, else the name of its file; for released estimates, the name in tables.
    call : dict
        How its source called it, as arguments of `em_study.fits.sklearn_adapter.fit`.
    tolerance_of : str
        The quantity that its tolerance is compared with, a key of `TOLERANCES`.
    protocols : tuple of str
        Its protocols: those that remove a difference. Released estimates, which the source has computed, have two: as
        they are, and compared with our EM after as many steps.
    """

    name: str = SKLEARN
    call: dict[str, Any] = field(default_factory=lambda: ARTICLE_A, hash=False)
    tolerance_of: str = "mean"
    protocols: tuple[str, ...] = ()

    @property
    def is_released(self) -> bool:
        """Whether only released estimates of it exist."""
        return RELEASED in self.protocols

    @property
    def package(self) -> str:
        """Name of the package whose estimates were released."""
        return self.name.removeprefix(as_released(""))

    @property
    def title(self) -> str:
        """Its name for readers."""
        if self.is_released:
            return f"{self.package} (released)"
        return "scikit-learn" if self.name == SKLEARN else self.name


@dataclass(frozen=True)
class Protocol:
    """A way to run another implementation that has one difference fewer than another protocol.

    Attributes
    ----------
    after : str or None
        The protocol whose changes it includes.
    removes : str
        The difference that it removes, in words.
    changes : callable
        From our fit's settings, its number of M-steps and the factor on its tolerance to the arguments that change.
    """

    after: str | None
    removes: str
    changes: Callable[[Fit, int, float], dict[str, Any]]


def _same_tolerance(fit: Fit, n_maximizations: int, scale: float) -> dict[str, Any]:
    return {"tol": fit.tol * scale, "max_iter": fit.max_iter}


def _same_regularization(fit: Fit, n_maximizations: int, scale: float) -> dict[str, Any]:
    return {"reg_covar": fit.reg_covar}


PUBLISHED, RELEASED, SAME_STEPS = "as_published", "as_released", "same_stopping"
PROTOCOLS = {
    PUBLISHED: Protocol(None, "nothing: the call as published", lambda *_: {}),
    "exact_precisions": Protocol(
        PUBLISHED, "covariances passed as precisions", lambda *_: {"precisions_are_covariances": False}
    ),
    "same_tolerance": Protocol("exact_precisions", "another tolerance", _same_tolerance),
    SAME_STEPS: Protocol(
        "same_tolerance",
        "another number of steps",
        lambda fit, n_maximizations, scale: {"tol": 0.0, "max_iter": n_maximizations},  # tol 0 never stops early
    ),
    "same_regularization": Protocol(SAME_STEPS, "another regularization", _same_regularization),
    # They remove differences in another order: they are not steps of the ladder, and not drawn as such.
    "tolerance_first": Protocol(PUBLISHED, "another tolerance, but not the covariances", _same_tolerance),
    "regularization_first": Protocol(
        PUBLISHED, "another regularization, but not the covariances", _same_regularization
    ),
}


def _up_to(last: str | None) -> list[str]:
    """List a protocol and all before it, in order."""
    return [] if last is None else [*_up_to(PROTOCOLS[last].after), last]


# The steps in order, from the published way to full equality.
LADDER = {name: PROTOCOLS[name] for name in _up_to("same_regularization")}
STEPS = (RELEASED, *LADDER)  # with the protocol of released estimates


def others_of(experiment) -> list[tuple[str, Other]]:
    """List the comparisons of an experiment: our fit, and the implementation or released estimates compared with it.

    Released estimates are compared only on the samples of the source that released them.
    """
    compared, released = experiment.protocols, experiment.released
    if compared is None:
        return []
    fit, call, protocols = experiment.fits[compared.fit], ARTICLE_A, tuple(PROTOCOLS)
    if compared.published is not None:  # a call without article A's mistake has fewer differences to remove
        call = {"precisions_are_covariances": False, **compared.published.model_dump()}
        protocols = (PUBLISHED, "same_tolerance", SAME_STEPS)
        protocols += ("same_regularization",) * (call["reg_covar"] != fit.reg_covar)
    found = [Other(name, call, tolerance_of(implementation_file(name)), protocols) for name in compared.implementations]
    found = [(compared.fit, other) for other in found]
    for package in released.packages if released and experiment.data.on_own_rows else ():
        other = Other(as_released(package), call, protocols=(RELEASED, SAME_STEPS))
        found.append((released.fits.get(package, compared.fit), other))
    return found


def settings(
    protocol: str, fit: Fit, n_maximizations: int = 0, call: dict = ARTICLE_A, scale: float = 1.0
) -> dict[str, Any]:
    """Arguments for another implementation by a protocol, compared with a fit of ours of so many M-steps."""
    result = dict(call)
    for name in _up_to(protocol) if protocol != RELEASED else ():
        result |= PROTOCOLS[name].changes(fit, n_maximizations, scale)
    return result


def settings_of_run(protocol: str, other: Other, dataset: Dataset, ours: Runs, fit: Fit, r: int) -> dict[str, Any]:
    """Arguments for another implementation by a protocol, next to replicate r of our fit."""
    rows, mean = dataset.replicate(r), float(ours.last_two(r)[1])
    n = len(input_of_others(rows, fit)[0])
    if np.isnan(mean):  # an implementation that reports no trace
        labeled = clamped(rows, fit, ours.end(r).n_components)
        joint = labeled.expectation(ours.end(r))[1] if labeled else 0.0
        mean = (log_likelihoods(rows.unlabeled, ours.end(r)).sum() + joint) / n
    scale = TOLERANCES[other.tolerance_of](n, mean)
    return settings(protocol, fit, int(ours.n_maximizations[r]), other.call, scale)


def run_protocol(protocol: str, dataset: Dataset, ours: Runs, fit: Fit, run=None, other: Other | None = None) -> Runs:
    """Run another implementation from the initial parameters of our fit, by a protocol.

    `run` runs it (`em_study.fits.implementations.running`); default: scikit-learn. Where our fit failed, it fails too:
    there is nothing to compare. If our fit is clamped, the other implementation gets the labels, too.
    """
    if run is None:
        from em_study.fits.sklearn_adapter import fit as run  # scikit-learn takes a second to import

    runs = []
    for r in range(len(ours)):
        if ours.failure[r]:
            runs.append(Run(start=None, failure="not run, because our fit failed"))
            continue
        arguments = settings_of_run(protocol, other or Other(), dataset, ours, fit, r)
        X, labels = input_of_others(dataset.replicate(r), fit)
        runs.append(run(X, ours.start(r), **arguments, **({} if labels is None else {"labels": labels})))
    return stack_runs(runs, *ours.means.shape[1:], fit.covariance_type)
