"""One's own rows, from files: CSV, Parquet or .npy."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from em_study.data.dataset import Dataset
from em_study.data.formats import (
    POSTERIOR,
    PREDICTED_CLASS,
    PREDICTED_COMPONENT,
    TRUE_CLASS,
    WAS_MISSING,
    NoColumnsError,
    about_rows,
    columns_of,
    ending_of,
    other_separator,
)
from em_study.data.source import Source
from em_study.layout import FILES
from em_study.settings import Address, Closed, Name
from em_study.wording import as_placeholder, nearest

LIKE_MISSING = ("nan", "na", "n/a", "null", "none")  # how programs write a missing value, and some classes are called
EXPECTED_ROWS, BYTES_OF_A_ROW = 10_000, 10  # of files that nobody has looked at


class CsvFile(Closed):
    """A file of rows, here or at an address: CSV, or by its ending Parquet (.parquet) or NumPy's (.npy)."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: CSV (also packed by gzip), or .parquet, "
        "or .npy (its columns are x1, x2, ...).",
    )
    url: Address | None = Field(
        None, description="In place of `path`: its http(s) address. It is fetched once, and kept in results/downloads."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Checksum that the file at `url` must have."
    )

    @property
    def place(self) -> str:
        """The file to read."""
        return self.path or FILES["download"].of(sha256=self.sha256, ending=ending_of(self.url).removeprefix("."))

    @model_validator(mode="after")
    def _path_or_url(self):
        if (self.path is None) == (self.url is None):
            raise ValueError("needs path, or url with sha256")
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("url and sha256 go together: a file from a network must be the one you mean")
        return self


class UnlabeledCsv(CsvFile):
    """A file of rows to fit."""

    target: Name | None = Field(
        None,
        description="Column with the true classes, if known. Used for the accuracy only, never for a fit.",
    )


class LabeledCsv(CsvFile):
    """A file of rows with their classes."""

    target: Name = Field(description="Column with the classes: whole numbers or names.")


class CsvData(Source):
    """One's own rows; they are the same in every replicate."""

    holds_user_rows: ClassVar[bool] = True
    reads_rows: ClassVar[bool] = True
    same_rows: ClassVar[bool] = True
    labels_by: ClassVar[str] = "data.labeled"
    missing_by: ClassVar[str] = "data.missing: allow"

    source: Literal["csv"] = Field(description="Read rows from files: CSV, Parquet or .npy.")
    features: Annotated[list[Name], Field(min_length=1, max_length=1000)] = Field(
        description="Columns to use; numbers."
    )
    unlabeled: UnlabeledCsv = Field(description="The rows to fit.")
    labeled: LabeledCsv | None = Field(None, description="Further rows whose classes are known.")
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, of the values that are there."
    )
    missing: Literal["refuse", "allow"] = Field(
        "refuse",
        description="allow: an empty cell of a feature (or NA, N/A, #N/A, <NA>, NaN, null, none) is a missing value.",
    )

    class_names: list[Name] = Field(
        [],
        description="Classes of these files whose names read like a missing value, as in [NA] or ['null']; without it, "
        "such a name is refused.",
    )

    shape = property(lambda self: (None, len(self.features)))  # the files tell the classes
    feature_names = property(lambda self: self.features)
    n_rows = property(lambda self: about_rows(self.unlabeled.place))
    has_labels = property(lambda self: self.labeled is not None)
    knows_classes = property(lambda self: self.has_labels or self.unlabeled.target is not None)
    incomplete = property(lambda self: self.missing == "allow")
    files = property(lambda self: [file for file in (self.unlabeled, self.labeled) if file])

    @field_validator("features")
    @classmethod
    def _each_once(cls, features):
        if len(set(features)) < len(features):
            raise ValueError(f"must name each column once, got {features}")
        return features

    @field_validator("class_names")
    @classmethod
    def _like_missing(cls, names):
        if others := [name for name in names if name.lower() not in LIKE_MISSING]:
            words = ", ".join(LIKE_MISSING)
            raise ValueError(f"is for names that read like a missing value ({words}), which '{others[0]}' does not")
        return names

    def expected_rows(self, look: bool) -> int:
        """Estimate the rows by the size of the files; without a look, for they may be fetched later, a number."""
        files = [Path(file.place) for file in self.files] if look else []
        return max(EXPECTED_ROWS, sum(file.stat().st_size for file in files if file.exists()) // BYTES_OF_A_ROW)

    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Read the rows."""
        from em_study.data.files import read_files  # pandas takes its time to import

        return read_files(self)

    def problems(self, replicates: int):
        """Yield what is wrong with the columns' names, and with the files that are here."""
        for feature in self.features:
            other = feature.removesuffix(WAS_MISSING)
            if feature in (TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT) or feature.startswith(POSTERIOR):
                kind = "predictions"
            elif self.incomplete and other != feature and other in self.features:
                kind = "imputed rows"
            else:
                continue
            told = f"'{feature}' is what a column of the {kind} is called: the file's needs another name"
            yield ("data", "features"), told
        for key, file in (("unlabeled", self.unlabeled), ("labeled", self.labeled)):
            for below, message in self._problems_of(file, key) if file else ():
                yield ("data", *below), message

    def _problems_of(self, file: CsvFile, key: str):
        target, path = (key, "target"), (key, "path")
        if file.target is not None and ending_of(file.place) == ".npy":
            yield target, "a .npy file has no column of classes, but x1, x2, ...: must be left out"
            return
        if file.target in self.features:
            yield target, f"'{file.target}' is one of the features"
        if file.url:
            return
        if wrong := as_placeholder(file.path):
            yield path, f"is '{file.path}': {wrong}"
            return
        if not Path(file.path).is_file():
            yield path, f"there is no file '{file.path}' in {Path.cwd()}, where the run is"
            return
        try:
            columns = columns_of(file.path)
        except NoColumnsError as error:
            if ending_of(file.path) != ".csv":  # of which the rule for the data tells more
                yield path, str(error)
            return
        wanted = [*((feature, ("features",)) for feature in self.features), (file.target, target)]
        absent = [(column, place) for column, place in wanted if column not in (None, *columns)]
        if absent and (mark := other_separator(columns)):
            yield path, f"{file.path} is separated by {mark}: its columns must be separated by commas"
            return
        for column, place in absent:
            yield place, f"{file.path} has no column '{column}'{nearest(column, columns)}"
