"""Results of an EM implementation over the replicates of an experiment."""

from dataclasses import dataclass, fields

import numpy as np

from em_study.data.storage import atomic_file, read_arrays
from emgmm import COVARIANCE_TYPES, MixtureParameters

PARAMETERS = ("weights", "means", "covariances")
NOT_PAIRED = "the source has released fewer estimates than it had data sets: some of its fits have failed"


@dataclass(frozen=True, eq=False)
class Runs:
    """A fit of R replicates: initial parameters, final parameters, and steps.

    NaN stands for what a replicate does not have, because it failed or stopped earlier than others.

    Attributes
    ----------
    start_weights, weights : ndarray of shape (R, K)
    start_means, means : ndarray of shape (R, K, D)
    start_covariances, covariances : ndarray of shape (R, ...)
        In the shape of their type.
    trace : ndarray of shape (R, longest)
        Mean log-likelihood at each step, in nats per sample.
    n_iter : ndarray of int of shape (R,)
        Number of steps: the length of the trace, or what another implementation reports; -1 if it does not.
    n_passes : ndarray of int of shape (R,)
        Passes over the data: the steps and, with an acceleration, rejected steps; -1 if it is not reported.
    n_maximizations : ndarray of int of shape (R,)
        Number of M-steps.
    converged : ndarray of bool of shape (R,)
    failure : ndarray of str of shape (R,)
        Why the fit failed; empty if it did not.
    covariance_type : ndarray of str of shape ()
    """

    start_weights: np.ndarray
    start_means: np.ndarray
    start_covariances: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    trace: np.ndarray
    n_iter: np.ndarray
    n_passes: np.ndarray
    n_maximizations: np.ndarray
    converged: np.ndarray
    failure: np.ndarray
    covariance_type: np.ndarray

    def __len__(self):
        return len(self.converged)

    @property
    def is_paired(self) -> bool:
        """Whether run r belongs to replicate r; unknown for released estimates of which some are missing."""
        return not (self.failure == NOT_PAIRED).any()

    @property
    def n_traced(self):
        """Length of each trace, (R,): the steps, unless an implementation reports another number."""
        return np.isfinite(self.trace).sum(axis=1)

    def first(self, n: int) -> "Runs":
        """Return the first n replicates."""
        arrays = {of.name: getattr(self, of.name) for of in fields(self)}
        return Runs(**{name: array[:n] if array.ndim else array for name, array in arrays.items()})

    def reported_steps(self, r: int) -> dict[str, float]:
        """Return the steps and passes of replicate r; NaN if the implementation does not report them."""
        counts = {"n_iter": self.n_iter[r], "n_passes": self.n_passes[r]}
        return {name: count if count >= 0 else np.nan for name, count in counts.items()}

    def last_two(self, r: int) -> np.ndarray:
        """Return the last two values of a replicate's trace, (2,); NaN where it has fewer."""
        trace = self.trace[r][np.isfinite(self.trace[r])]
        return np.concatenate([[np.nan, np.nan], trace])[-2:]

    def start(self, r: int) -> MixtureParameters | None:
        """Return the initial parameters of replicate r, if it has any."""
        return self._parameters("start_", r)

    def end(self, r: int) -> MixtureParameters | None:
        """Return the final parameters of replicate r, unless it failed."""
        return None if self.failure[r] else self._parameters("", r)

    def run(self, r: int) -> "Run":
        """Return replicate r as a `Run`, without the reported number of steps."""
        trace = tuple(self.trace[r, : self.n_traced[r]])
        return Run(self.start(r), self.end(r), trace, int(self.n_maximizations[r]), bool(self.converged[r]))

    def ends(self) -> dict[int, MixtureParameters]:
        """Return the final parameters of each replicate that did not fail, by its number."""
        return {r: end for r in range(len(self)) if (end := self.end(r)) is not None}

    def _parameters(self, prefix, r):
        arrays = [getattr(self, prefix + name)[r] for name in PARAMETERS]
        if not np.isfinite(arrays[0]).all():
            return None
        return MixtureParameters(*(np.array(a) for a in arrays), str(self.covariance_type))


@dataclass(frozen=True, eq=False)
class Run:
    """One replicate of `Runs`."""

    start: MixtureParameters | None
    end: MixtureParameters | None = None
    trace: tuple[float, ...] = ()
    n_maximizations: int = 0
    converged: bool = False
    failure: str = ""
    n_iter: int | None = None  # as reported, -1 if it is not; default: the length of the trace
    n_passes: int | None = None  # default: n_iter

    @property
    def counts(self) -> tuple[int, int]:
        """Steps and passes."""
        steps = len(self.trace) if self.n_iter is None else self.n_iter
        return steps, steps if self.n_passes is None else self.n_passes


def stack_runs(runs: list[Run], n_components: int, n_features: int, covariance_type: str) -> Runs:
    """Put the runs of all replicates into arrays."""
    shapes = {
        "weights": (n_components,),
        "means": (n_components, n_features),
        "covariances": COVARIANCE_TYPES[covariance_type].shape(n_components, n_features),
    }

    def stacked(parameters, name):
        missing = np.full(shapes[name], np.nan)
        return np.stack([missing if p is None else getattr(p, name) for p in parameters])

    starts = [run.start for run in runs]
    ends = [None if run.failure else run.end for run in runs]
    trace = np.full((len(runs), max(1, max(len(run.trace) for run in runs))), np.nan)
    for row, run in zip(trace, runs, strict=True):
        row[: len(run.trace)] = run.trace
    return Runs(
        **{f"start_{name}": stacked(starts, name) for name in shapes},
        **{name: stacked(ends, name) for name in shapes},
        trace=trace,
        n_iter=np.array([run.counts[0] for run in runs]),
        n_passes=np.array([run.counts[1] for run in runs]),
        n_maximizations=np.array([run.n_maximizations for run in runs]),
        converged=np.array([run.converged for run in runs]),
        failure=np.array([run.failure for run in runs]),
        covariance_type=np.array(covariance_type),
    )


def inverse_covariances(parameters: MixtureParameters) -> np.ndarray:
    """Invert covariances, for a call that takes covariances for precisions, as article A does."""
    covariances = parameters.covariances
    return 1 / covariances if parameters.type.diagonal else np.linalg.inv(covariances)


def read_runs(names, files) -> dict[str, Runs]:
    """Read the runs of several fits by their names."""
    return {name: read_arrays(file, Runs) for name, file in zip(names, files, strict=True)}


def write_runs_by_name(path, runs: dict[str, Runs]):
    """Write several runs into one file."""
    arrays = {f"{name}.{field.name}": getattr(of, field.name) for name, of in runs.items() for field in fields(Runs)}
    with atomic_file(path) as temporary:
        np.savez(temporary, **arrays)


def read_runs_by_name(path) -> dict[str, Runs]:
    """Read what `write_runs_by_name` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        names = dict.fromkeys(name.partition(".")[0] for name in arrays)
        return {name: Runs(**{of.name: arrays[f"{name}.{of.name}"] for of in fields(Runs)}) for name in names}


def first_complete_replicate(all_runs: list[Runs]) -> int:
    """Find the first replicate on which no fit failed; 0 if there is none."""
    failed = np.any([runs.failure != "" for runs in all_runs], axis=0)
    return 0 if failed.all() else int(np.argmin(failed))
