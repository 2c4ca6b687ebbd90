"""A user's own data, from files: CSV, Parquet, Feather or .npy."""

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

LIKE_MISSING = ("nan", "na", "n/a", "null", "none")  # how programs write a missing value; some classes have such names
MARKS = ("?", "-", "--", ".")  # likewise, but in a column of numbers only `missing_values` makes them missing
EXPECTED_ROWS, BYTES_OF_A_ROW = 10_000, 10  # assumed, for files that are not opened
Mark = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class CsvFile(Closed):
    """A data file, local or at an address: CSV, Parquet, Feather or NumPy's .npy."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: CSV (also compressed by gzip, bzip2, "
        "xz or zip), Parquet, Feather, or .npy (its columns are x1, x2, ...). The format is detected from the first "
        "bytes.",
    )
    url: Address | None = Field(
        None,
        description="In place of `path`: an http(s) address. The file is fetched once, and kept in results/downloads.",
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Required checksum of the file at `url`."
    )

    @property
    def place(self) -> str:
        """The file to read."""
        return self.path or FILES["download"].of(sha256=self.sha256, ending=ending_of(self.url).removeprefix("."))

    @model_validator(mode="after")
    def _path_or_url(self):
        if (self.path is None) == (self.url is None):
            raise ValueError("needs either path, or url with sha256")
        if (self.url is None) != (self.sha256 is None):
            raise ValueError("needs both url and sha256: the checksum verifies the file that is fetched")
        return self


class UnlabeledCsv(CsvFile):
    """A file of unlabeled samples, which are fitted."""

    target: Name | None = Field(
        None,
        description="Column with the true classes, if known. It is used for the accuracy only, never for a fit.",
    )


class LabeledCsv(CsvFile):
    """A file of labeled samples."""

    target: Name = Field(description="Column with the classes: whole numbers or names.")


class PartlyLabeledCsv(CsvFile):
    """A file of all samples, some of which have a label."""

    label: Name | None = Field(
        None,
        description="Column with the classes: whole numbers or names. An empty cell (also #N/A, <NA>, -nan) is no "
        "label. Without this key, no sample has a label.",
    )

    @property
    def target(self) -> str | None:
        """The column of classes."""
        return self.label


class CsvData(Source):
    """A user's own data; the same in every replicate, unless they are resampled."""

    holds_user_data: ClassVar[bool] = True
    labels_by: ClassVar[str] = "data.rows.label, or data.labeled"
    missing_by: ClassVar[str] = "data.missing: allow"

    source: Literal["csv"] = Field(description="Read the data from files: CSV, Parquet, Feather or .npy.")
    features: Annotated[list[Name], Field(min_length=1, max_length=1000)] = Field(
        description="Columns to use as features; they must hold numbers."
    )
    rows: PartlyLabeledCsv | None = Field(None, description="All samples in one file, some with a label.")
    unlabeled: UnlabeledCsv | None = Field(None, description="In place of `rows`: the samples to fit.")
    labeled: LabeledCsv | None = Field(
        None, description="In addition to `unlabeled`: further samples, with known classes."
    )
    keep: list[Name] = Field(
        [],
        max_length=1000,
        description="Further columns, such as an identifier, to copy into the tables of predictions and imputed "
        "values.",
    )
    resample: Literal["bootstrap"] | None = Field(
        None,
        description="bootstrap: replicate 0 has the samples of the files; each other replicate has as many, drawn "
        "from them with replacement (labeled samples within their class), so that estimates have a confidence "
        "interval. Without this key, all replicates have the same samples.",
    )
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1 of its observed values."
    )
    missing: Literal["refuse", "allow"] = Field(
        "refuse",
        description="allow: an empty cell of a feature (or NA, N/A, #N/A, <NA>, NaN, null, none, or one of "
        "`missing_values`) is a missing value.",
    )
    missing_values: list[Name | int | float] = Field(
        [],
        max_length=100,
        description="Further words or numbers that mean a missing value or no label, for example ['?', -999].",
    )
    class_names: list[Name] = Field(
        [],
        description="Classes whose names look like a missing value, for example [NA] or ['null']; without this key, "
        "such a name is refused.",
    )
    separator: Mark | None = Field(
        None,
        description="Separator of the columns of a CSV file. Default: detected from the header, one of , ; | or a tab.",
    )
    decimal: Literal[".", ","] | None = Field(
        None,
        description="Decimal mark of a CSV file. Default: a point, or a comma if the first numbers show it and it is "
        "not the separator.",
    )
    thousands: Mark | None = Field(
        None, description="Thousands separator of numbers in a CSV file, as in 1,234. Default: none, as in 1234."
    )
    encoding: Name | None = Field(
        None,
        description="Encoding of a CSV file, for example cp1252 (Windows) or latin-1. Default: that of the byte order "
        "mark, or UTF-8.",
    )

    main = property(lambda self: self.rows or self.unlabeled)  # the samples that are fitted and predicted
    shape = property(lambda self: (None, len(self.features)))  # only the files show the classes
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
            raise ValueError(f"must name each column only once, got {features}")
        return features

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding):
        try:
            "".encode(encoding or "utf-8")
            return encoding and codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"is '{encoding}', which is not a known text encoding; examples: cp1252, utf-16") from None

    @model_validator(mode="after")
    def _one_way(self):
        if (self.rows is None) == (self.unlabeled is None):
            raise ValueError("needs either rows: {path: ...} (one file), or unlabeled: {path: ...}")
        if self.rows is not None and self.labeled is not None:
            raise ValueError("takes either rows, or unlabeled and labeled, not both")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands must differ, got '{self.decimal}' for both")
        return self

    @field_validator("class_names")
    @classmethod
    def _like_missing(cls, names):
        if others := [name for name in names if name.lower() not in LIKE_MISSING + MARKS]:
            words = ", ".join(LIKE_MISSING + MARKS)
            raise ValueError(f"is for names that look like a missing value ({words}); '{others[0]}' does not")
        return names

    def expected_samples(self, look: bool) -> int:
        """Estimate the number of samples from the size of the files; a fixed number if `look` is not set."""
        files = [Path(file.place) for file in self.files]
        if not look or not all(file.exists() for file in files):
            return EXPECTED_ROWS
        return max(1, sum(file.stat().st_size for file in files) // BYTES_OF_A_ROW)

    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Read the samples, and resample them."""
        from em_study.data.files import read_files  # slow to import
        from em_study.data.resampling import resampled

        dataset = read_files(self)
        return resampled(dataset, replicates, seed, experiment) if self.resample else dataset

    def look(self, file: CsvFile) -> Look:
        """Detect the format of one of the files."""
        others = [*([file.target] if file.target else []), *(self.keep if file is self.main else [])]
        decimal = self.decimal or {".": ",", ",": "."}.get(self.thousands)
        return look_at(file.place, self.features, others, self.separator, decimal, self.encoding)

    def problems(self, replicates: int):
        """Yield what is wrong with the names of columns, and with local files."""
        if self.resample:
            yield from self.too_many(replicates, self.n_rows)
        if self.resample and replicates == 1:
            yield (
                ("replicates",),
                "is 1, but replicate 0 has the samples of the files themselves; data.resample needs more, for example "
                "200",
            )
        for key, name in (*(("features", name) for name in self.features), *(("keep", name) for name in self.keep)):
            other = name.removesuffix(WAS_MISSING)
            added = (TRUE_CLASS, PREDICTED_CLASS, PREDICTED_COMPONENT, *([LABEL] if self.rows else []))
            if name in added or name.startswith(POSTERIOR):
                kind = "predictions"
            elif self.incomplete and other != name and other in self.features:
                kind = "imputed values"
            else:
                continue
            yield (
                ("data", key),
                f"'{name}' is also the name of a column in the table of {kind}: rename the column of the file",
            )
        for name in self.keep:
            if name in self.features or self.keep.count(name) > 1:
                yield ("data", "keep"), f"'{name}' is listed twice, or is one of the features: list it once"
        for key in ("rows", "unlabeled", "labeled"):
            file = getattr(self, key)
            for below, message in self._problems_of(file, key) if file else ():
                yield ("data", *below), message

    def _problems_of(self, file: CsvFile, key: str):
        target, path = (key, "label" if key == "rows" else "target"), (key, "path")
        if file.target in self.features:
            yield target, f"'{file.target}' is also one of the features: use another column"
        if file.url:
            return
        if wrong := as_placeholder(file.path):
            yield path, f"is '{file.path}': {wrong}"
            return
        if not Path(file.path).is_file():
            yield path, f"there is no file '{file.path}' in {Path.cwd()}, the folder of the run"
            return
        try:
            look = self.look(file)
        except NoColumnsError as error:
            yield path, str(error)
            return
        if file.target is not None and look.kind == "npy":
            yield target, "a .npy file has no column of classes, only x1, x2, ...: remove this key"
            return
        wanted = dict.fromkeys(self.keep if file is self.main else [], ("keep",))
        wanted |= dict.fromkeys(self.features, ("features",)) | ({file.target: target} if file.target else {})
        for name, message in wrong_columns(file.path, wanted, look):
            yield wanted.get(name, path), message


def wrong_columns(path, wanted, look: Look):
    """Yield (column, message) for each absent or duplicate column; ("", message) if all of several are absent."""
    file = f"{path} ({look.description})" if look.description else path
    columns = [repr(column)[1:-1] for column in look.columns if column]  # which shows what is invisible
    absent = [name for name in wanted if name not in look.columns]
    if len(absent) == len(wanted) > 1:
        yield "", f"{file} has no column {', '.join(map(repr, absent))}. Columns: {', '.join(columns)}"
        return
    yield from ((name, f"{file} has no column '{name}'{nearest(name, columns)}") for name in absent)
    for name in wanted:
        if look.columns.count(name) > 1:
            yield name, f"{file}: the header has the column '{name}' twice"
