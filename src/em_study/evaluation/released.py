"""Estimates that a source has published, as runs of which the ends alone are known."""

import numpy as np

from em_study.data.files import read_columns
from em_study.errors import DataError
from em_study.evaluation.settings import Released
from em_study.fits.implementations import checked
from em_study.fits.runs import PARAMETERS, Run, Runs, stack_runs
from em_study.wording import nearest
from emgmm import MixtureParameters

NOT_PAIRED = "the source has published fewer estimates than it had data sets: some of its fits have failed"


def is_paired(runs: Runs) -> bool:
    """Tell whether run r of the source is of replicate r: not, where fits of it are missing somewhere."""
    return not (runs.failure == NOT_PAIRED).any()


def read_released(released: Released, package: str, replicates: int) -> Runs:
    """Read the estimates of a package.

    Parameters
    ----------
    released : Released
    package : str
        Our name of it.
    replicates : int
        Of the experiment. Where the source has more, the first are taken.

    Returns
    -------
    Runs
        Without starts and traces. Where estimates are missing, all that there are, and as failures those that are not:
        these runs cannot be paired with replicates (`is_paired`).

    Raises
    ------
    DataError
        If the table lacks a column or the package, or holds what is no mixture.
    """
    shape = released.shape
    spreads = released.covariances or released.standard_deviations
    asked = [np.array(part).ravel().tolist() for part in (released.weights, released.means, spreads)]
    names = [*dict.fromkeys(name for part in asked for name in part)]
    where = {**released.where, released.by: released.packages[package]}
    numbers, words = read_columns(released.file, names, [*where])
    lines = _chosen(words, where, released.file.place)
    if len(lines) > released.replicates:
        told = f"{len(lines)} lines of {_named(where)}, and replicates: {released.replicates} data sets"
        raise DataError(f"{released.file.place}: {told}")
    arrays = [numbers[lines][:, [names.index(name) for name in part]] for part in asked]
    runs = [_run([part[i] for part in arrays], released, line + 1) for i, line in enumerate(lines)]
    lacking = released.replicates - len(runs)
    runs = runs + lacking * [Run(None, failure=NOT_PAIRED, n_iter=-1)] if lacking else runs[:replicates]
    return stack_runs(runs, *shape, "full")


def _chosen(words, where: dict, place: str) -> np.ndarray:
    """Give the numbers of the lines whose words (N, columns) are those asked for."""
    lines = np.arange(len(words))
    for column, (name, value) in enumerate(where.items()):
        there = dict.fromkeys(words[lines, column])
        kept = [word for word in there if _is(word, value)]
        if not kept:
            before = dict([*where.items()][:column])
            told = f"no line{f' of {_named(before)}' if before else ''} has {name} {value}{nearest(value, [*there])}"
            raise DataError(f"{place}: {told}")
        lines = lines[np.isin(words[lines, column], kept)]
    return lines


def _is(word: str, value) -> bool:
    """Tell whether a word of a table is a value: the same number, or the same text."""
    try:
        return float(word) == float(value)
    except ValueError:
        return word == str(value)


def _named(where: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


def _run(arrays: list[np.ndarray], released: Released, line: int) -> Run:
    """Make a run of the numbers of a line; one that lacks a number is a fit that failed."""
    n_components, n_features = released.shape
    weights, means, spreads = arrays
    if not all(np.isfinite(part).all() for part in arrays):
        return Run(None, failure="the source's table has no numbers for it", n_iter=-1)
    units = np.tile(np.eye(n_features), (n_components, 1, 1))
    if released.covariances is None:
        spreads = spreads.reshape(n_components, n_features, 1) ** 2 * units
    found = weights, means.reshape(n_components, n_features), spreads.reshape(units.shape)
    try:
        any_start = MixtureParameters(np.full(n_components, 1 / n_components), np.zeros(found[1].shape), units)
        end = checked(dict(zip(PARAMETERS, found, strict=True)), any_start, 0).end
    except ValueError as error:
        raise DataError(f"{released.file.place}, line {line} of the table: {error}") from None
    return Run(None, end, n_maximizations=-1, n_iter=-1)
