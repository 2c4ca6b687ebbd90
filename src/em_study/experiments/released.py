"""Estimates that a source has released: where they stand, and how they become runs of which the ends are known."""

from typing import Annotated

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from em_study.data.csv import CsvFile
from em_study.errors import DataError
from em_study.fits.implementations import checked
from em_study.fits.runs import NOT_PAIRED, PARAMETERS, Run, Runs, stack_runs
from em_study.settings import Closed, Name, Scalar, Slug
from em_study.wording import nearest
from emgmm import MixtureParameters

Columns = Annotated[list[Name], Field(min_length=1, max_length=1000)]


class ReleasedFile(CsvFile):
    """A file of estimates, here or at an address."""

    path: Name | None = Field(
        None, description="The file, relative to the folder in which snakemake runs: as that of rows, or R's .rds."
    )

    url: Annotated[str, StringConstraints(pattern=r"^(https?://|file:///)[^\s]{1,2000}$")] | None = Field(
        None,
        description="In place of `path`: its address; http(s), or file:/// on this machine. It is fetched once, and "
        "kept in results/downloads.",
    )

    @property
    def is_of_r(self) -> bool:
        """Whether R reads it."""
        return self.place.endswith(".rds")


class Released(Closed):
    """Estimates that a source has published: a table with one line a fit, a column a number."""

    file: ReleasedFile = Field(description="The table.")
    where: dict[Name, Scalar] = Field({}, description="The lines to take: the value of each of these columns.")
    by: Name = Field(description="The column that names the package, or whatever else made a line.")
    packages: Annotated[dict[Slug, Scalar], Field(min_length=1)] = Field(
        description="The packages: our name for each, and its name in the table."
    )
    replicates: int = Field(
        ge=1,
        le=100_000,
        description="Data sets that the source had. Where there are as many lines, they are those of replicates 0, 1, "
        "...; where there are fewer, fits of the source have failed, and nobody knows of which replicates.",
    )
    weights: Columns = Field(description="The column of each component's weight.")
    means: list[Columns] = Field(description="Of each component: the columns of its mean.")
    covariances: list[list[Columns]] | None = Field(
        None, description="Of each component: the columns of its covariance matrix, row after row."
    )
    standard_deviations: list[Columns] | None = Field(
        None, description="In place of `covariances`: the columns of each component's standard deviations."
    )
    fits: dict[Slug, Slug] = Field(
        {}, description="The fit that a package is compared with, by the package; default: that of `protocols`."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of components and of features."""
        return len(self.means), len(self.means[0])

    @model_validator(mode="after")
    def _one_column_a_number(self):
        (n_components, n_features), spreads = self.shape, self.covariances or self.standard_deviations
        if (self.covariances is None) == (self.standard_deviations is None):
            raise ValueError("needs covariances, or standard_deviations")
        if {len(self.weights), len(spreads)} != {n_components}:
            raise ValueError(f"needs weights and spreads of as many components as means, {n_components}")
        rows = [*self.means, *(self.standard_deviations or (row for matrix in self.covariances for row in matrix))]
        if {*map(len, rows), *map(len, self.covariances or ())} != {n_features}:
            raise ValueError(f"needs a column for each of {n_features} features, as the first mean has, everywhere")
        for package in self.fits:
            if package not in self.packages:
                raise ValueError(f"there is no package '{package}', as fits has{nearest(package, [*self.packages])}")
        return self


def read_released(released: Released, package: str) -> Runs:
    """Read the estimates of a package.

    Parameters
    ----------
    released : Released
    package : str
        Our name of it.

    Returns
    -------
    Runs
        Without starts and traces. Where estimates are missing, all that there are, and as failures those that are not:
        these runs cannot be paired with replicates (`Runs.is_paired`).

    Raises
    ------
    DataError
        If the table lacks a column or the package, or holds what is no mixture.
    """
    from em_study.data.files import read_columns  # Arrow takes its time to import

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
    return stack_runs(runs + lacking * [Run(None, failure=NOT_PAIRED, n_iter=-1)], *shape, "full")


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
