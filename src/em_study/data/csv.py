"""One's own rows, from files: CSV, Parquet, Feather or .npy."""

import codecs
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from em_study.data.dataset import Dataset
from em_study.data.formats import (
    LABEL,
    POSTERIOR,
    PREDICTED_CLASS,
    PREDICTED_COMPONENT,
    TRUE_CLASS,
    WAS_MISSING,
    Look,
    NoColumnsError,
    about_rows,
    ending_of,
    look_at,
)
from em_study.data.source import Source
from em_study.layout import FILES
from em_study.settings import Address, Closed, Name
from em_study.wording import as_placeholder, nearest

LIKE_MISSING = ("nan", "na", "n/a", "null", "none")  # how programs write a missing value, and some classes are called
MARKS = ("?", "-", "--", ".")  # likewise, but in a column of numbers they are not taken for one unsaid
EXPECTED_ROWS, BYTES_OF_A_ROW = 10_000, 10  # of files that nobody has looked at
Mark = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class CsvFile(Closed):
    """A file of rows, here or at an address: CSV, Parquet, Feather or NumPy's .npy."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: CSV (also packed by gzip, bzip2, xz or "
        "zip), Parquet, Feather, or .npy (its columns are x1, x2, ...). Its first bytes tell which.",
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


class PartlyLabeledCsv(CsvFile):
    """A file of all rows, of which some have a label."""

    label: Name | None = Field(
        None,
        description="Column with the classes: whole numbers or names. An empty cell (also #N/A, <NA>, -nan) is no "
        "label. Without this key no row has one.",
    )

    @property
    def target(self) -> str | None:
        """The column of classes."""
        return self.label


class CsvData(Source):
    """One's own rows; the same in every replicate, unless they are resampled."""

    holds_user_data: ClassVar[bool] = True
    labels_by: ClassVar[str] = "data.rows.label, or data.labeled"
    missing_by: ClassVar[str] = "data.missing: allow"

    source: Literal["csv"] = Field(description="Read rows from files: CSV, Parquet, Feather or .npy.")
    features: Annotated[list[Name], Field(min_length=1, max_length=1000)] = Field(
        description="Columns to use; numbers."
    )
    rows: PartlyLabeledCsv | None = Field(None, description="All rows in one file, some with a label.")
    unlabeled: UnlabeledCsv | None = Field(None, description="In place of `rows`: the rows to fit.")
    labeled: LabeledCsv | None = Field(None, description="Beside `unlabeled`: further rows whose classes are known.")
    keep: list[Name] = Field(
        [],
        max_length=1000,
        description="Further columns, as an identifier, that go along into predictions and imputed rows.",
    )
    resample: Literal["bootstrap"] | None = Field(
        None,
        description="bootstrap: replicate 0 has the rows of the files, each other one as many drawn from them with "
        "replacement, labeled rows within their class; so that what is estimated has an interval. Without it, all "
        "replicates have the same rows.",
    )
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, of the values that are there."
    )
    missing: Literal["refuse", "allow"] = Field(
        "refuse",
        description="allow: an empty cell of a feature (or NA, N/A, #N/A, <NA>, NaN, null, none, or one of "
        "`missing_values`) is a missing value.",
    )
    missing_values: list[Name | int | float] = Field(
        [],
        max_length=100,
        description="Further words or numbers that mean a missing value, or no label, as in ['?', -999].",
    )
    class_names: list[Name] = Field(
        [],
        description="Classes of these files whose names read like a missing value, as in [NA] or ['null']; without it, "
        "such a name is refused.",
    )
    separator: Mark | None = Field(
        None, description="What separates the columns of a CSV file. Default: what its header shows, of , ; | or a tab."
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description="Decimal mark of a CSV file. Default: a point; a comma where it is not the separator and the first "
        "numbers show it.",
    )
    thousands: Mark | None = Field(
        None, description="What groups the digits of numbers in a CSV file, as in 1,234. Default: nothing, as in 1234."
    )
    encoding: Name | None = Field(
        None,
        description="Encoding of a CSV file, as cp1252 (Windows) or latin-1. Default: UTF-8, or what a byte order mark "
        "says.",
    )

    main = property(lambda self: self.rows or self.unlabeled)  # what is fitted and predicted
    shape = property(lambda self: (None, len(self.features)))  # the files tell the classes
    feature_names = property(lambda self: self.features)
    n_rows = property(lambda self: about_rows(self.main.place))
    has_labels = property(lambda self: bool(self.labeled or (self.rows and self.rows.label)))
    knows_classes = property(lambda self: self.has_labels or self.main.target is not None)
    incomplete = property(lambda self: self.missing == "allow")
    same_samples = property(lambda self: self.resample is None)
    reads_samples = property(lambda self: self.resample is None)
    resamples = property(lambda self: self.resample is not None)
    files = property(lambda self: [file for file in (self.main, self.labeled) if file])

    @field_validator("features")
    @classmethod
    def _each_once(cls, features):
        if len(set(features)) < len(features):
            raise ValueError(f"must name each column once, got {features}")
        return features

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding):
        try:
            "".encode(encoding or "utf-8")
            return encoding and codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"is '{encoding}', which is no encoding of text; cp1252 or utf-16 is one") from None

    @model_validator(mode="after")
    def _one_way(self):
        if (self.rows is None) == (self.unlabeled is None):
            raise ValueError("needs rows: {path: ...} (one file), or unlabeled: {path: ...}")
        if self.rows is not None and self.labeled is not None:
            raise ValueError("takes rows, or unlabeled and labeled, not both")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands must differ, got '{self.decimal}' for both")
        return self

    @field_validator("class_names")
    @classmethod
    def _like_missing(cls, names):
        if others := [name for name in names if name.lower() not in LIKE_MISSING + MARKS]:
            words = ", ".join(LIKE_MISSING + MARKS)
            raise ValueError(f"is for names that read like a missing value ({words}), which '{others[0]}' does not")
        return names

    def expected_samples(self, look: bool) -> int:
        """Estimate the rows by the size of the files; without a look, for they may be fetched later, a number."""
        files = [Path(file.place) for file in self.files]
        if not look or not all(file.exists() for file in files):
            return EXPECTED_ROWS
        return max(1, sum(file.stat().st_size for file in files) // BYTES_OF_A_ROW)

    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Read the rows, and resample them."""
        from em_study.data.files import read_files  # pandas takes its time to import
        from em_study.data.resampling import resampled

        dataset = read_files(self)
        return resampled(dataset, replicates, seed, experiment) if self.resample else dataset

    def look(self, file: CsvFile) -> Look:
        """Find out how one of the files is written."""
        others = [*([file.target] if file.target else []), *(self.keep if file is self.main else [])]
        decimal = self.decimal or {".": ",", ",": "."}.get(self.thousands)
        return look_at(file.place, self.features, others, self.separator, decimal, self.encoding)

    def problems(self, replicates: int):
        """Yield what is wrong with the columns' names, and with the files that are here."""
        if self.resample:
            yield from self.too_many(replicates, self.n_rows)
        if self.resample and replicates == 1:
            yield ("replicates",), "is 1, and that has the rows of the file; data.resample needs more, as 200"
        for key, name in (*(("features", name) for name in self.features), *(("keep", name) for name in self.keep)):
            other = name.removesuffix(WAS_MISSING)
            added = (TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT, *([LABEL] if self.rows else []))
            if name in added or name.startswith(POSTERIOR):
                kind = "predictions"
            elif self.incomplete and other != name and other in self.features:
                kind = "imputed rows"
            else:
                continue
            yield ("data", key), f"'{name}' is what a column of the {kind} is called: the file's needs another name"
        for name in self.keep:
            if name in self.features or self.keep.count(name) > 1:
                yield ("data", "keep"), f"'{name}' is carried along already: must be named once"
        for key in ("rows", "unlabeled", "labeled"):
            file = getattr(self, key)
            for below, message in self._problems_of(file, key) if file else ():
                yield ("data", *below), message

    def _problems_of(self, file: CsvFile, key: str):
        target, path = (key, "label" if key == "rows" else "target"), (key, "path")
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
            look = self.look(file)
        except NoColumnsError as error:
            yield path, str(error)
            return
        if file.target is not None and look.kind == "npy":
            yield target, "a .npy file has no column of classes, but x1, x2, ...: must be left out"
            return
        wanted = dict.fromkeys(self.keep if file is self.main else [], ("keep",))
        wanted |= dict.fromkeys(self.features, ("features",)) | ({file.target: target} if file.target else {})
        for name, message in wrong_columns(file.path, wanted, look):
            yield wanted.get(name, path), message


def wrong_columns(path, wanted, look: Look):
    """Yield (column, message) of each that a file does not have, or twice; ("", message) if it has none of several."""
    told = f"{path} ({look.description})" if look.description else path
    columns = [repr(column)[1:-1] for column in look.columns if column]  # which shows what is invisible
    absent = [name for name in wanted if name not in look.columns]
    if len(absent) == len(wanted) > 1:
        yield "", f"{told} has no column {', '.join(map(repr, absent))}. Columns: {', '.join(columns)}"
        return
    yield from ((name, f"{told} has no column '{name}'{nearest(name, columns)}") for name in absent)
    for name in wanted:
        if look.columns.count(name) > 1:
            yield name, f"{told}: the column '{name}' stands twice in the header"
