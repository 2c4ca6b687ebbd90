"""The definition of a measurement: a function, its needs, and the names, units and meanings of its numbers."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from em_study.columns import Column, Tolerance
from em_study.data.dataset import Dataset, Replicate
from em_study.evaluation.information import information_at
from em_study.evaluation.relabeling import accuracy
from em_study.evaluation.settings import Published
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, posteriors
from emgmm.statistics import has_missing

KMEANS_STARTS = 5
NEAR = Tolerance(1e-8, 1e-11)  # how far a number may lie from the published one, unless it says another


class NotMeasurableError(ValueError):
    """These samples, or this fit, cannot have the number; the text is the reason."""


@dataclass(frozen=True)
class Measurement:
    """A function of a subject, and the numbers that it returns.

    Attributes
    ----------
    function : callable
        From a subject to a number, to None (it has none), or to a dict of numbers by (name, key).
    of : type
        The subject's: `OneRun`, `OneFit` or `OneReplicate`. It defines what a key is.
    needs : tuple of str
        Attributes of the subject that must not be None; else there is no row.
    first : int or None
        How many replicates are measured, where it takes much time; default: all.
    most_rows : int or None
        Largest number of unlabeled samples for which it is measured, where it takes much memory; default: any number.
    quantities : dict
        The numbers that it returns, by name.
    of_recovery : bool
        Whether it compares a fit with the true mixture over the replicates. Such measurements are taken where the
        experiment asks for them; of released estimates no others are taken.
    in_sweeps : bool
        Whether it is a single number of a run that did not fail, so that a sweep's table can hold it.
    """

    function: Callable
    of: type
    needs: tuple[str, ...]
    first: int | None
    most_rows: int | None
    quantities: dict[str, Column]
    of_recovery: bool = False
    in_sweeps: bool = True

    def numbers(self, subject) -> dict:
        """Measure a subject: numbers by (name, key). Empty if it lacks a need, or has no such number.

        An exception affects this measurement alone: it has no number, and the job's log has the reason.
        """
        if self.first is not None and subject.number >= self.first:
            return {}
        if self.most_rows is not None and len(subject.rows.unlabeled) > self.most_rows:
            return {}
        try:
            if any(getattr(subject, need) is None for need in self.needs):
                return {}
            found = self.function(subject)
        except (MemoryError, OSError):  # a problem of the machine, not of the data
            raise
        except Exception as error:
            print(f"{subject.title}: {', '.join(self.quantities)}: not measured: {_reason(error)}", file=sys.stderr)
            return {}
        if found is None or isinstance(found, dict):
            found = found or {}
            assert {name for name, _ in found} <= set(self.quantities), "a measurement gives what it declares"
            return found
        (name,) = self.quantities
        return {(name, None): found}


def _reason(error: Exception) -> str:
    """Give the reason why there is no number; of an unexpected exception, also its place in the code."""
    if isinstance(error, NotMeasurableError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"an unexpected {type(error).__name__} at {place.filename}:{place.lineno} ({place.name}): {error}"


REGISTERED: list[Measurement] = []  # in the order of the rows


def measured(
    subject: type,
    needs: tuple[str, ...] = (),
    first=None,
    most_rows=None,
    of_recovery=False,
    in_sweeps=True,
    **quantities: Column,
):
    """Register a function as a measurement; each further keyword describes a number that it gives."""
    of = {
        "first replicate" if first == 1 else f"first {first} replicates": first is not None,
        f"at most {most_rows or 0:,} samples": most_rows is not None,
        "samples without missing values": not {"complete", "one_feature"}.isdisjoint(needs),
        "labeled samples without missing values": "labels" in needs,
    }
    of |= {"where the experiment asks for recovery": of_recovery}
    only = "; ".join(text for text, holds in of.items() if holds)
    only = f" ({only})" if only else ""

    def register(function):
        named = {
            name: column._replace(description=column.description + only, tolerance=column.tolerance or NEAR)
            for name, column in quantities.items()
        }
        REGISTERED.append(Measurement(function, subject, needs, first, most_rows, named, of_recovery, in_sweeps))
        return function

    return register


class _OfReplicate:
    """Common properties of a replicate and a run: the samples of one replicate. A key is the setting of a number."""

    number: int
    rows: Replicate

    def place(self, key):
        """Return replicate and setting of a number."""
        return self.number, key

    @property
    def complete(self):
        """The unlabeled samples, if none has a missing value."""
        return None if has_missing(self.rows.unlabeled) else self.rows.unlabeled

    @property
    def one_feature(self):
        """The unlabeled values, (N,), if they have one feature and none is missing."""
        return self.complete[:, 0] if self.complete is not None and self.complete.shape[1] == 1 else None

    @property
    def truth(self):
        """Classes of the unlabeled samples, (N,), if they are known."""
        return self.rows.truth

    @cached_property
    def mixture(self) -> MixtureParameters | None:
        """The true mixture, if the samples were drawn from one."""
        return MixtureParameters(*self.rows.mixture) if self.rows.mixture else None


@dataclass(frozen=True, eq=False)
class OneReplicate(_OfReplicate):
    """The samples of one replicate, independent of any fit."""

    number: int
    rows: Replicate
    n_components: int
    generator: Callable[[str], np.random.Generator]  # by the purpose of its random numbers
    every: list["OneReplicate"] = field(default_factory=list)  # of the experiment, in order
    known: dict = field(default_factory=dict)  # numbers that were measured on several together

    def together(self, function, first: int):
        """Return the number of this replicate by a function of all the first ones, which is called only once."""
        if function not in self.known:
            self.known[function] = function(self.every[:first])
        return self.known[function][self.number]

    @property
    def title(self) -> str:
        """The subject in words."""
        return f"the samples of replicate {self.number}"

    @property
    def unlabeled(self):
        """The unlabeled samples, (N, D)."""
        return self.rows.unlabeled

    @cached_property
    def kmeans(self):
        """k-means, fitted to the unlabeled samples from a few random starts."""
        from sklearn.cluster import KMeans  # takes its time to import

        self.check_rows_for_kmeans()
        state = int(self.generator("kmeans starts").integers(2**32))
        return KMeans(self.n_components, n_init=KMEANS_STARTS, random_state=state).fit(self.unlabeled)

    def check_rows_for_kmeans(self):
        """Raise if k-means cannot have as many clusters as the largest fit has components."""
        if len(self.unlabeled) < self.n_components:
            text = f"k-means with {self.n_components} clusters needs as many samples; there are {len(self.unlabeled)}"
            raise NotMeasurableError(text)

    @cached_property
    def accuracy_of_kmeans(self):
        """Accuracy of k-means, under the best label matching."""
        return accuracy(self.kmeans.labels_, self.truth, named=False)

    @cached_property
    def accuracy_of_truth(self):
        """Accuracy of the posteriors under the true mixture."""
        return accuracy(posteriors(self.unlabeled, self.mixture).argmax(axis=1), self.truth, named=True)


@dataclass(frozen=True, eq=False)
class OneRun(_OfReplicate):
    """A fit to one replicate."""

    name: str
    runs: Runs
    number: int
    replicate: OneReplicate
    fit: Fit
    bins: int
    published: list[Published] | None  # parameters that a source printed for the fit

    @property
    def title(self) -> str:
        """The subject in words."""
        return f"fit {self.name}, replicate {self.number}"

    @property
    def rows(self) -> Replicate:
        """The samples of the replicate; with missing values, the fit may have used fewer (`fitted_samples`)."""
        return self.replicate.rows

    @cached_property
    def start(self) -> MixtureParameters | None:
        """Its initial parameters."""
        return self.runs.start(self.number)

    @cached_property
    def end(self) -> MixtureParameters | None:
        """Its final parameters, if it did not fail."""
        return self.runs.end(self.number)

    @cached_property
    def information(self):
        """The observed information at its final parameters, if it did not fail and this is not too much work."""
        return None if self.end is None else information_at(self.end, self.rows, self.fit)

    @property
    def gains(self):
        """Changes of the mean log-likelihood from step to step, (steps - 1,); None if there is only one step."""
        gains = np.diff(self.runs.trace[self.number, : self.runs.n_traced[self.number]])
        return gains if len(gains) else None

    @property
    def labels(self):
        """Classes of the labeled samples, (M,), if there are any and none has a missing value."""
        return self.rows.labels if len(self.rows.labels) and not has_missing(self.rows.labeled) else None

    @property
    def ours_alone(self):
        """Its settings, if it is our EM on the unlabeled samples alone."""
        return self.fit if self.fit.implementation == "emgmm" and self.fit.semi_supervised != "clamped" else None

    @property
    def ground_truth(self):
        """The unlabeled samples before values were removed, (N, D), if they were."""
        return self.rows.complete

    @cached_property
    def posteriors(self):
        """Posteriors of the unlabeled samples under its final parameters, (N, K)."""
        return None if self.end is None else posteriors(self.rows.unlabeled, self.end)

    @cached_property
    def accuracy(self):
        """Accuracy on the unlabeled samples under its final parameters."""
        return accuracy(self.posteriors.argmax(axis=1), self.truth, self.fit.uses_labels)

    @cached_property
    def uncertainty(self):
        """1 minus the largest posterior of each unlabeled sample, (N,)."""
        return None if self.end is None else 1 - self.posteriors.max(axis=1)


@dataclass(frozen=True, eq=False)
class OneFit:
    """A fit over all replicates. A key is a replicate."""

    name: str
    runs: Runs
    dataset: Dataset

    def place(self, key):
        """Return replicate and setting of a number."""
        return key or 0, None

    @property
    def title(self) -> str:
        """The subject in words."""
        return f"fit {self.name}, all replicates"

    @cached_property
    def mixture(self) -> MixtureParameters | None:
        """The true mixture, if all replicates were drawn from the same one."""
        true = self.dataset.true_weights, self.dataset.true_means, self.dataset.true_covariances
        if any(part is None or (part != part[:1]).any() for part in true):
            return None
        return MixtureParameters(*(np.array(part[0]) for part in true))

    @property
    def ends_on_the_same_rows(self):
        """Final log-likelihood of each start, (R,), NaN if it failed; None if the replicates have different samples."""
        if len(self.dataset.unlabeled) > 1 or len(self.runs) == 1 or not self.runs.n_traced.any():
            return None
        last = self.runs.trace[np.arange(len(self.runs)), self.runs.n_traced - 1]
        return np.where(self.runs.failure == "", last, np.nan)
