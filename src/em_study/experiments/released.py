"""Estimates that a source has released: settings, and their conversion to runs whose final parameters are known."""

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
    """A file of estimates, local or at an address."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: a format of data files, or .rds of R.",
    )

    url: Annotated[str, StringConstraints(pattern=r"^(https?://|file:///)[^\s]{1,2000}$")] | None = Field(
        None,
        description="In place of `path`: an address, http(s), or file:/// on this machine. The file is fetched once, "
        "and kept in results/downloads.",
    )

    @property
    def is_of_r(self) -> bool:
        """Whether R must read the file."""
        return self.place.endswith(".rds")


class Released(Closed):
    """Estimates that a source has published: a table with one row per fit and one column per number."""

    file: ReleasedFile = Field(description="The table.")
    where: dict[Name, Scalar] = Field({}, description="Rows to take: the value that each of these columns must have.")
    by: Name = Field(description="Column that names the package, or whatever else made the row.")
    packages: Annotated[dict[Slug, Scalar], Field(min_length=1)] = Field(
        description="Packages: a name in this study for each, and its name in the table."
    )
    replicates: int = Field(
        ge=1,
        le=100_000,
        description="Number of data sets of the source. If there are as many rows, they belong to replicates 0, 1, "
        "...; if there are fewer, some fits of the source have failed, and it is unknown for which replicates.",
    )
    weights: Columns = Field(description="Column of the weight of each component.")
    means: list[Columns] = Field(description="For each component: the columns of its mean.")
    covariances: list[list[Columns]] | None = Field(
        None, description="For each component: the columns of its covariance matrix, row by row."
    )
    standard_deviations: list[Columns] | None = Field(
        None, description="In place of `covariances`: for each component, the columns of its standard deviations."
    )
    fits: dict[Slug, Slug] = Field(
        {}, description="Fit with which a package is compared, by package; default: the fit of `protocols`."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of components and of features."""
        return len(self.means), len(self.means[0])

    @model_validator(mode="after")
    def _one_column_per_number(self):
        (n_components, n_features), spreads = self.shape, self.covariances or self.standard_deviations
        if (self.covariances is None) == (self.standard_deviations is None):
            raise ValueError("needs either covariances or standard_deviations")
        if {len(self.weights), len(spreads)} != {n_components}:
            raise ValueError(
                f"weights, and covariances or standard_deviations, must have {n_components} components, as means has"
            )
        rows = [*self.means, *(self.standard_deviations or (row for matrix in self.covariances for row in matrix))]
        if {*map(len, rows), *map(len, self.covariances or ())} != {n_features}:
            raise ValueError(f"every list of columns must have {n_features} features, as the first of means has")
        for package in self.fits:
            if package not in self.packages:
                raise ValueError(f"fits names an unknown package '{package}'{nearest(package, [*self.packages])}")
        return self


def read_released(released: Released, package: str) -> Runs:
    """Read the estimates of a package.

    Parameters
    ----------
    released : Released
    package : str
        Its name in this study.

    Returns
    -------
    Runs
        Without initial parameters and traces. If estimates are missing, the existing ones come first, then failures for
        the missing ones; such runs cannot be paired with replicates (`Runs.is_paired`).

    Raises
    ------
    DataError
        If the table lacks a column or the package, or a row is not a mixture.
    """
    from em_study.data.files import read_columns  # slow to import

    shape = released.shape
    spreads = released.covariances or released.standard_deviations
    asked = [np.array(part).ravel().tolist() for part in (released.weights, released.means, spreads)]
    names = [*dict.fromkeys(name for part in asked for name in part)]
    where = {**released.where, released.by: released.packages[package]}
    numbers, words = read_columns(released.file, names, [*where])
    lines = _chosen(words, where, released.file.place)
    if len(lines) > released.replicates:
        message = f"{len(lines)} rows have {_named(where)}, more than replicates: {released.replicates}"
        raise DataError(f"{released.file.place}: {message}")
    arrays = [numbers[lines][:, [names.index(name) for name in part]] for part in asked]
    runs = [_run([part[i] for part in arrays], released, line + 1) for i, line in enumerate(lines)]
    lacking = released.replicates - len(runs)
    return stack_runs(runs + lacking * [Run(None, failure=NOT_PAIRED, n_iter=-1)], *shape, "full")


def _chosen(words, where: dict, place: str) -> np.ndarray:
    """Return the numbers of the rows that have the wanted values; `words` is (N, columns)."""
    lines = np.arange(len(words))
    for column, (name, value) in enumerate(where.items()):
        there = dict.fromkeys(words[lines, column])
        kept = [word for word in there if _is(word, value)]
        if not kept:
            before = dict([*where.items()][:column])
            message = (
                f"no row{f' with {_named(before)}' if before else ''} has {name} {value}{nearest(value, [*there])}"
            )
            raise DataError(f"{place}: {message}")
        lines = lines[np.isin(words[lines, column], kept)]
    return lines


def _is(word: str, value) -> bool:
    """Return whether a word of a table equals a value, as number or as text."""
    try:
        return float(word) == float(value)
    except ValueError:
        return word == str(value)


def _named(where: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in where.items())


def _run(arrays: list[np.ndarray], released: Released, line: int) -> Run:
    """Make a run of the numbers of a row; a row that lacks a number is a failed fit."""
    n_components, n_features = released.shape
    weights, means, spreads = arrays
    if not all(np.isfinite(part).all() for part in arrays):
        return Run(None, failure="the source's table lacks numbers for it", n_iter=-1)
    units = np.tile(np.eye(n_features), (n_components, 1, 1))
    if released.covariances is None:
        spreads = spreads.reshape(n_components, n_features, 1) ** 2 * units
    found = weights, means.reshape(n_components, n_features), spreads.reshape(units.shape)
    try:
        any_start = MixtureParameters(np.full(n_components, 1 / n_components), np.zeros(found[1].shape), units)
        end = checked(dict(zip(PARAMETERS, found, strict=True)), any_start, 0).end
    except ValueError as error:
        raise DataError(f"{released.file.place}, row {line} of the table: {error}") from None
    return Run(None, end, n_maximizations=-1, n_iter=-1)
