"""Protocols: named ways to run scikit-learn beside our EM, each with one difference fewer than the one before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from em_study.data.dataset import Dataset
from em_study.fits.runs import Run, Runs, stack_runs
from em_study.fits.settings import Fit


@dataclass(frozen=True)
class Protocol:
    """A way to run scikit-learn that removes one difference from another.

    Attributes
    ----------
    after : str or None
        The protocol whose changes it has too.
    removes : str
        The difference that it removes, in words.
    changes : callable
        From our fit's settings and its number of M-steps to the arguments of `sklearn_adapter.fit` that change.
    """

    after: str | None
    removes: str
    changes: Callable[[Fit, int], dict[str, Any]]


_PUBLISHED_CALL = {"precisions_are_covariances": True, "tol": 0.01, "max_iter": 1000, "reg_covar": 1e-6}


def _same_tolerance(fit: Fit, n_maximizations: int) -> dict[str, Any]:
    return {"tol": fit.tol, "max_iter": fit.max_iter}


def _same_regularization(fit: Fit, n_maximizations: int) -> dict[str, Any]:
    return {"reg_covar": fit.reg_covar}


PROTOCOLS = {
    "as_published": Protocol(None, "nothing: article A's call", lambda *_: _PUBLISHED_CALL),
    "exact_precisions": Protocol(
        "as_published", "covariances passed as precisions", lambda *_: {"precisions_are_covariances": False}
    ),
    "same_tolerance": Protocol("exact_precisions", "another tolerance", _same_tolerance),
    "same_stopping": Protocol(
        "same_tolerance",
        "another place to stop",
        lambda fit, n_maximizations: {"tol": 0.0, "max_iter": n_maximizations},  # tol 0 never stops early
    ),
    "same_regularization": Protocol("same_stopping", "another regularization", _same_regularization),
    # One difference alone, in another order: these are no steps of the ladder, and not drawn as such.
    "tolerance_first": Protocol("as_published", "another tolerance, but not the covariances", _same_tolerance),
    "regularization_first": Protocol(
        "as_published", "another regularization, but not the covariances", _same_regularization
    ),
}

PUBLISHED = "as_published"


def _up_to(last: str | None) -> list[str]:
    """List a protocol and all before it, in order."""
    return [] if last is None else [*_up_to(PROTOCOLS[last].after), last]


# The rungs in order, from the published way to full equality.
LADDER = {name: PROTOCOLS[name] for name in _up_to("same_regularization")}


def settings(protocol: str, fit: Fit, n_maximizations: int) -> dict[str, Any]:
    """Arguments of `sklearn_adapter.fit` under a protocol, beside a fit of ours that took so many M-steps."""
    result: dict[str, Any] = {}
    for name in _up_to(protocol):
        result |= PROTOCOLS[name].changes(fit, n_maximizations)
    return result


def run_protocol(protocol: str, dataset: Dataset, ours: Runs, fit: Fit, run=None) -> Runs:
    """Run another implementation from the same starts as our fit, under a protocol.

    `run` runs it (`em_study.fits.implementations.running`); default: scikit-learn. Where our fit failed, it fails too:
    there is nothing to compare.
    """
    if run is None:
        from em_study.fits.sklearn_adapter import fit as run  # scikit-learn takes a second to import

    runs = []
    for r in range(len(ours)):
        if ours.failure[r]:
            runs.append(Run(start=None, failure="not run, for our fit failed"))
            continue
        arguments = settings(protocol, fit, int(ours.n_maximizations[r]))
        runs.append(run(dataset.replicate(r).unlabeled, ours.start(r), **arguments))
    return stack_runs(runs, *ours.means.shape[1:], fit.covariance_type)
