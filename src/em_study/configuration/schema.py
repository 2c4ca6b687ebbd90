"""Every key of the configuration: its type, bounds, default and meaning. The one source of truth."""

import re
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

from em_study.configuration.data_files import ending_of


def _readable(name):
    if name in ("nan", "null"):
        raise ValueError(f"must not be '{name}', which tables would be read back without")
    return name


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), AfterValidator(_readable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Counts = Annotated[list[Annotated[int, Field(ge=1, le=100_000_000)]], Field(min_length=1, max_length=1000)]
Vector = Annotated[list[float], Field(min_length=1, max_length=1000)]

LIKE_MISSING = ("nan", "na", "n/a", "null", "none")  # how programs write a missing value, and some classes are called
MAR_STRENGTH = 2.0  # of holes that depend on another feature
MAX_DRAWN_VALUES = 200_000_000  # 1.6 GB of float64


class Closed(BaseModel):
    """A block of the configuration that takes no other keys than its own and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Source(Closed):
    """Where rows come from."""

    origin: Name | None = Field(
        None,
        description="Where the rows, or the numbers that they are drawn with, come from, as a sentence for readers.",
    )

    @property
    def files(self) -> list["CsvFile"]:
        """The data files that it reads: none, unless it says so."""
        return []

    @property
    def same_rows(self) -> bool:
        """Whether every replicate has the same rows."""
        return False

    @property
    def incomplete(self) -> bool:
        """Whether values may be missing."""
        return False


class Holes(Closed):
    """Values taken away from complete rows. Which depends on the seed, the rows do not depend on the holes."""

    fraction: float = Field(
        ge=0,
        lt=1,
        description="Share of the cells that go, to the nearest cell. mcar: of all; mar: of the last feature's.",
    )
    mechanism: Literal["mcar", "mar"] = Field(
        "mcar",
        description="mcar: anywhere, whatever the values. mar: in the last feature, where the first is large (the "
        f"log-odds grow by {MAR_STRENGTH:g} with each standard deviation of it).",
    )
    labeled: bool = Field(False, description="Take values away from the labeled rows too, the same share.")
    keep_a_value: bool = Field(True, description="mcar: every row keeps one value at least.")


class Drawn(Source):
    """Complete rows, from which values may be taken away."""

    holes: Holes | None = Field(None, description="Values that are missing; without it, none.")

    @property
    def incomplete(self) -> bool:
        """Whether values are missing."""
        return self.holes is not None and self.holes.fraction > 0


class GaussianMixtureData(Drawn):
    """Rows drawn from a known mixture, or each replicate's from a random one."""

    source: Literal["gaussian_mixture"] = Field(description="Draw rows from a known mixture.")
    n_unlabeled: int | None = Field(
        None, ge=1, le=100_000_000, description="Rows without labels; their classes are drawn by `weights`."
    )
    counts: (
        Annotated[list[Annotated[int, Field(ge=1, le=100_000_000)]], Field(min_length=1, max_length=1000)] | None
    ) = Field(
        None, description="In place of `n_unlabeled` and `weights`: rows of each class, one class after the other."
    )
    n_labeled: int = Field(0, ge=0, le=100_000_000, description="Further rows that keep their labels.")
    weights: Vector | None = Field(None, description="Share of each class; positive, with sum 1.")
    means: Annotated[list[Vector], Field(min_length=1)] | None = Field(None, description="One mean a class.")
    covariances: Annotated[list[Annotated[list[Vector], Field(min_length=1)]], Field(min_length=1)] | None = Field(
        None, description="One covariance matrix a class; symmetric and positive definite."
    )
    n_components: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="In place of weights, means and covariances: draw a random mixture of so many classes, with means "
        "of N(0, 4), weights of a Dirichlet(5) and covariances of mean I.",
    )
    n_features: int | None = Field(None, ge=1, le=1000, description="Features of the random mixture.")
    separation: float = Field(1.0, ge=0, le=1e6, description="Factor on the distances of the means from their center.")
    shared: bool = Field(False, description="One draw for all replicates; only their starts differ.")
    legacy_seed: int | None = Field(
        None,
        ge=0,
        lt=2**32,
        description="Draw the rows of `counts` by NumPy's legacy generator with this seed, as older texts do.",
    )

    @property
    def class_weights(self) -> list[float]:
        """Share of each class."""
        return self.weights or [count / sum(self.counts) for count in self.counts]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of classes and of features."""
        return (self.n_components, self.n_features) if self.means is None else (len(self.means), len(self.means[0]))

    @property
    def same_rows(self) -> bool:
        """Whether one draw serves all replicates."""
        return self.shared

    @property
    def n_rows(self) -> int:
        """Unlabeled rows."""
        return self.n_unlabeled or sum(self.counts)

    @field_validator("weights")
    @classmethod
    def _weights_sum_to_one(cls, weights):
        if weights and min(weights) <= 0:
            raise ValueError(f"must be positive, got {weights}")
        if weights and abs(sum(weights) - 1) > 1e-8:
            raise ValueError(f"must sum to 1, the sum is {sum(weights):.12g}")
        return weights

    @field_validator("means")
    @classmethod
    def _one_mean_a_class(cls, means, info):
        if means is None:
            return means
        _expect_one_a_class(means, info)
        if len({len(mean) for mean in means}) > 1:
            raise ValueError(f"must have the same number of features each, got {[len(m) for m in means]}")
        return means

    @field_validator("covariances")
    @classmethod
    def _proper_covariances(cls, covariances, info):
        if covariances is None:
            return covariances
        _expect_one_a_class(covariances, info)
        means = info.data.get("means")
        for k, covariance in enumerate(covariances):
            size = len(means[0]) if means else len(covariance)
            if len(covariance) != size or any(len(row) != size for row in covariance):
                raise ValueError(f"must be {size} x {size} matrices like the means; number {k} is not")
            if lacking := _lacks(tuple(map(tuple, covariance))):
                raise ValueError(f"must be {lacking}; number {k} is not")
        return covariances

    @model_validator(mode="after")
    def _rows_are_told_one_way(self):
        if self.n_components is not None or self.n_features is not None:
            if self.n_components is None or self.n_features is None or self.n_unlabeled is None:
                raise ValueError("a random mixture needs n_components, n_features and n_unlabeled")
            for name in ("weights", "means", "covariances", "counts", "legacy_seed"):
                if getattr(self, name) is not None:
                    raise ValueError(f"takes {name}, or n_components and n_features, not both")
            return self
        if self.means is None or self.covariances is None:
            raise ValueError("needs means and covariances, or n_components and n_features")
        if self.counts is None and (self.n_unlabeled is None or self.weights is None):
            raise ValueError("needs n_unlabeled and weights, or counts")
        if self.counts is not None and (self.n_unlabeled is not None or self.weights is not None):
            raise ValueError("takes counts, or n_unlabeled and weights, not both")
        if self.legacy_seed is not None and (self.counts is None or self.n_labeled or not self.shared):
            raise ValueError("legacy_seed needs counts, n_labeled 0 and shared: true, for it makes one draw")
        return self


@lru_cache  # the cells of a sweep have the same ones
def _lacks(covariance: tuple[tuple[float, ...], ...]) -> str:
    """Say what a matrix lacks to be a covariance; nothing if it is one."""
    matrix = np.array(covariance)
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=0):
        return "symmetric"
    scale = np.sqrt(np.abs(np.diagonal(matrix)))
    definite = scale.all() and np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min() >= 1e-12
    return "" if definite else "positive definite"


def _expect_one_a_class(values, info):
    for name in ("weights", "counts"):
        given = info.data.get(name)
        if given and len(values) != len(given):
            raise ValueError(f"must have one entry for each of the {len(given)} {name}, got {len(values)}")


class CsvFile(Closed):
    """A file of rows, here or at an address: CSV, or by its ending Parquet (.parquet) or NumPy's (.npy)."""

    path: Name | None = Field(
        None,
        description="The file, relative to the folder in which snakemake runs: CSV (also packed by gzip), or .parquet, "
        "or .npy (its columns are x1, x2, ...).",
    )
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$")] | None = Field(
        None, description="In place of `path`: its http(s) address. It is fetched once, and kept in results/downloads."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Checksum that the file at `url` must have."
    )

    @property
    def place(self) -> str:
        """The file to read."""
        return self.path or f"results/downloads/{self.sha256}{ending_of(self.url)}"

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

    @property
    def incomplete(self) -> bool:
        """Whether values may be missing."""
        return self.missing == "allow"

    @property
    def files(self) -> list[CsvFile]:
        """The unlabeled rows, and the labeled ones if there are any."""
        return [table for table in (self.unlabeled, self.labeled) if table]

    @property
    def same_rows(self) -> bool:
        """Files hold one set of rows."""
        return True

    @property
    def shape(self) -> tuple[None, int]:
        """Numbers of classes, which the files will tell, and of features."""
        return (None, len(self.features))

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


SKLEARN_SHAPES = {"iris": (3, 4), "wine": (3, 13), "breast_cancer": (2, 30)}  # classes and features


class SklearnData(Drawn):
    """Real data that come with scikit-learn. Labels are hidden but for a fraction, another in each replicate."""

    source: Literal["sklearn"] = Field(description="Real data that come with scikit-learn.")
    dataset: Literal["iris", "wine", "breast_cancer"] = Field(description="Which.")
    labeled_fraction: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the rows of each class that keep their label, one row at least; 0: no row has one.",
    )
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, before values are taken away."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of classes and of features."""
        return SKLEARN_SHAPES[self.dataset]

    @property
    def same_rows(self) -> bool:
        """Replicates differ in which rows keep their label, and which values are missing."""
        return self.labeled_fraction == 0 and not self.incomplete


Data = Annotated[GaussianMixtureData | CsvData | SklearnData, Field(discriminator="source")]


class Fit(Closed):
    """One way to fit the data by EM."""

    initialization: Literal[
        "random", "labels", "kmeans", "k-means++", "random_responsibilities", "random_from_data"
    ] = Field(
        "random",
        description="random: parameters drawn as in article A, for data of about unit scale. labels: estimated from "
        "the labeled rows. The others are scikit-learn's (its 'random' is random_responsibilities).",
    )
    semi_supervised: Literal["none", "init_only", "clamped"] = Field(
        "none",
        description="init_only: the labeled rows give the start, then leave (article A's). "
        "clamped: they stay in the likelihood, with their labels.",
    )
    n_components: int | None = Field(None, ge=1, le=1000, description="Default: as many as the data have classes.")
    covariance_type: Literal["full", "tied", "diag", "spherical"] = Field(
        "full",
        description="full: a matrix a component. tied: one for all. diag: features do not covary. "
        "spherical: one variance a component.",
    )
    tol: float = Field(1e-4, ge=0, description="Stop when the mean log-likelihood changes by less, in nats a row.")
    max_iter: int = Field(
        1000,
        ge=0,
        le=10_000_000,
        description="The most steps, or with an acceleration passes over the rows; 0: the start alone.",
    )
    reg_covar: float = Field(
        0.0, ge=0, description="Added to the diagonals of the covariances, in squared units of the features."
    )
    n_init: int = Field(1, ge=1, le=100_000, description="Random starts; the one of highest likelihood is kept.")
    implementation: Slug = Field(
        "emgmm",
        description="emgmm: our EM. sklearn: scikit-learn's from the same start (with its stopping rule). Any other "
        "name: that in implementations/<name>.py, from the same start (docs/implementations.md).",
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that an implementation of a file may take for one replicate."
    )
    stopping: Literal["article", "sklearn", "aitken"] = Field(
        "article",
        description="Of our EM. article: test the change before the M-step, as article A. sklearn: after it, as "
        "scikit-learn. aitken: in place of the change, the distance from the limit that the last steps let expect "
        "(Aitken's extrapolation), so that slow is not taken for done.",
    )
    acceleration: Literal["none", "anderson"] = Field(
        "none",
        description="Of our EM. anderson: extrapolate its steps where it is slow; to the same optimum, or another.",
    )
    kernel: Literal["numpy", "numba"] = Field(
        "numpy",
        description="Of our EM: what goes through the rows. numba (the extra `fast`) is faster, and gives the same up "
        "to rounding.",
    )
    missing: Literal["observed", "complete_rows", "column_means"] = Field(
        "observed",
        description="What is fitted of rows with missing values. observed: the likelihood of what is there. "
        "complete_rows: the rows without any. column_means: all rows, after the means of the unlabeled rows' values "
        "are filled in. Each is judged on all unlabeled rows, by what is there.",
    )

    @property
    def uses_labels(self) -> bool:
        """Tell whether labels say which component is which class."""
        return self.initialization == "labels" or self.semi_supervised != "none"


Fits = Annotated[dict[Slug, Fit], Field(min_length=1)]


class Published(Closed):
    """A component's parameters as a source printed them, with the digits that it printed."""

    weight: float | None = Field(None, description="Its share.")
    mean: Vector = Field(description="Mean of each feature.")
    standard_deviation: Vector | None = Field(None, description="Standard deviation of each feature.")


class Protocols(Closed):
    """scikit-learn, or another implementation, beside one of the fits, by every rung of the ladder."""

    fit: Name = Field(description="Name of a fit of this experiment that is not clamped.")
    implementation: Slug = Field(
        "sklearn", description="Which runs beside it: scikit-learn, or that in implementations/<name>.py."
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Seconds that an implementation of a file may take for one replicate."
    )


class Experiment(Closed):
    """Data, the fits made to them, and the comparison with scikit-learn."""

    section: Name = Field("Further experiments", description="Where the report shows its figures.")
    data: Data = Field(description="The rows that the experiment is about.")
    fits: Fits = Field(description="Ways to fit them, by name.")
    protocols: Protocols | None = Field(None, description="The comparison with scikit-learn; without it, none.")
    replicates: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Independent repetitions, each with its own start and, where drawn, data.",
    )
    published: dict[Slug, list[Published]] = Field(
        {}, description="What a source printed for the components of a fit, by the fit's name."
    )
    predictions: Literal["csv", "parquet"] = Field(
        "csv",
        description="How the rows' posteriors and classes are written; of many rows Parquet is smaller.",
    )
    bins: int = Field(30, ge=1, le=1000, description="Bins of the histograms, where there is one feature.")

    @property
    def compared_fit(self) -> Fit:
        """The fit that scikit-learn is run beside."""
        return self.fits[self.protocols.fit]


def _scalar(value):
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"must be one word or number, got {value}")
    return value


Cell = Annotated[Any, AfterValidator(_scalar)]


def _table(name):
    if not re.fullmatch(r"fits|parameters|agreement|measurements|sweeps/[a-z][a-z0-9_]{0,63}", name):
        raise ValueError(f"is '{name}'. Allowed: fits, parameters, agreement, measurements, and sweeps/ with a name")
    return name


Relation = Literal["equals", "at_least", "at_most", "more_than", "less_than"]


class Selection(Closed):
    """Numbers of a table: a column of the rows that fulfil all conditions. A run that failed has no numbers."""

    experiment: Slug | None = Field(None, description="Which experiment's; default: the claim's, or all.")
    table: Annotated[str, AfterValidator(_table)] = Field(
        description="Which table: fits, parameters, agreement, measurements, or sweeps/ and a sweep's name."
    )
    where: dict[str, Cell] = Field(
        {}, description="Value that a column must have, by column; an empty text for an empty cell."
    )
    quantity: Name = Field(description="The column to look at.")
    over: Annotated[dict[str, Cell], Field(min_length=1)] | None = Field(
        None,
        description="Divide by the same quantity in the rows that have these values instead, draw by draw; draws with "
        "nothing to divide by are left out.",
    )
    minus: Annotated[dict[str, Cell], Field(min_length=1)] | None = Field(None, description="Likewise subtract it.")
    among: "Test | None" = Field(None, description="Only the draws for which this holds as well.")
    each_draw: Literal["min", "max", "sum"] | None = Field(
        None, description="Make one number of the several that a draw has."
    )
    statistic: Literal["median", "mean", "min", "max"] = Field(
        "median", description="What is observed, over the selected numbers."
    )

    @property
    def sweep(self) -> str | None:
        """The sweep whose table it is, if it is one."""
        return self.table.removeprefix("sweeps/") if self.table.startswith("sweeps/") else None

    @property
    def other(self) -> dict[str, Any]:
        """Conditions of the rows that it is divided by or that are subtracted; empty if there are none."""
        return self.over or self.minus or {}

    def about(self, experiment: str | None) -> str | None:
        """Name the experiment: its own, or else the given one."""
        return self.where.get("experiment") or self.experiment or experiment

    @model_validator(mode="after")
    def _one_comparison(self):
        if self.over is not None and self.minus is not None:
            raise ValueError("takes over or minus, not both")
        return self


class Test(Selection):
    """Numbers of a table, and what each must be."""

    relation: Relation = Field("equals", description="How a number must compare with `published`.")
    published: float = Field(description="The number to compare with.")
    tolerance: float = Field(
        0.0, ge=0, description="How far from it counts as equal: for a printed number, half of its last digit."
    )


class Evidence(Test):
    """Further numbers for an explanation."""

    relation: Relation | None = Field(
        None, description="Count the numbers that compare so with `published`: {name_count} and {name_share}."
    )
    published: float = Field(0.0, description="The number to compare with.")


class Cause(Test):
    """What was measured in place of what a claim says."""

    text: Name = Field(description="What holds instead, as the end of a sentence that begins with 'Instead,'.")


class Original(Closed):
    """What a claim gave on the source's own data, which are not part of this repository."""

    criterion: Name = Field(description="As in claims.csv. Where the claim has another one now, nothing is shown.")
    observed: float = Field(description="As in claims.csv.")
    n_replicates: int = Field(description="As in claims.csv.")
    verdict: Literal["reproduced", "reproduced_in_distribution", "explained", "not_reproduced", "undecided"] = Field(
        description="As in claims.csv."
    )
    date: Name = Field(description="When it was measured.")


class Claim(Test):
    """A statement of a source, and the numbers that decide on it: one a draw, which is a replicate or what it has."""

    source: Name = Field(description="Who states it.")
    statement: Name = Field(description="What is stated.")
    kind: Literal["number", "inequality", "existence", "identity"] | None = Field(
        None,
        description="How the draws decide (docs/verdicts.md). number: a printed number lies among theirs. inequality: "
        "the relation holds in most. existence: it holds in one. identity: in all, or there is a bug. Default: number "
        "if the relation is equals, else inequality.",
    )
    there_is: bool = Field(
        True, description="For an existence: false if the source says that there is no such draw, and one refutes it."
    )
    threshold_of: Literal["article", "study"] = Field(
        "article", description="Who set the number to compare with: the source, or this study for want of one there."
    )
    draws: Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z -]{0,30}[a-z])?$")] = Field(
        "draws", description="What one number is of, in the plural: draws, starts, traces."
    )
    explanation: list[Name] = Field(
        [],
        description="Sentences about the numbers, true whatever they are; {observed}, {low}, {high}, {share}, {n} and "
        "the names of `evidence` (alone, and with _low, _high, _n, _count, _share: 2.5 and 97.5 percentile of at least "
        "20 draws, how many, how many compare) stand for measured numbers. A sentence whose numbers are not there is "
        "left out.",
    )
    evidence: dict[Slug, Evidence] = Field({}, description="Further numbers for the explanation, by name.")
    because: Cause | None = Field(
        None, description="If the claim does not hold but this does in nearly all draws, it is explained."
    )
    original: Original | None = Field(None, description="Set by the article's `original_data`.")

    @field_validator("explanation", mode="before")
    @classmethod
    def _one_sentence(cls, raw):
        return [raw] if isinstance(raw, str) else raw

    @model_validator(mode="before")
    @classmethod
    def _kind_by_relation(cls, raw):
        if isinstance(raw, dict) and raw.get("kind") is None:
            return {**raw, "kind": "number" if raw.get("relation", "equals") == "equals" else "inequality"}
        return raw


class Untested(Closed):
    """In place of a claim's numbers: a statement of a source that none here can decide on."""

    source: Name = Field(description="Who states it.")
    statement: Name = Field(description="What is stated.")
    not_tested: Name = Field(description="Why, as a sentence.")


AnyClaim = Annotated[
    Annotated[Claim, Tag("claim")] | Annotated[Untested, Tag("untested")],
    Discriminator(lambda raw: "untested" if _has_key(raw, "not_tested") else "claim"),
]


def _has_key(raw, key) -> bool:
    return key in raw if isinstance(raw, dict) else hasattr(raw, key)


class SweepFigure(Closed):
    """What to draw of a sweep."""

    x: Name = Field(description="Varied key on the horizontal axis.")
    y: Name | list[Name] = Field(description="Quantity to draw, a column of the sweep's table; or several, in panels.")
    color: Name | None = Field(
        None, description="What colours tell apart: fit, protocol, or a varied key. Heat map: the vertical axis, a key."
    )
    panels: Name | None = Field(None, description="Varied key that panels tell apart.")
    kind: Literal["lines", "heatmap"] = Field(
        "lines",
        description="lines: mean over the replicates, and where 95 % of them lie. heatmap: the mean, over x and color.",
    )
    where: dict[str, Cell] = Field({}, description="Value that a column must have, by column.")

    @property
    def quantities(self) -> list[str]:
        """What is drawn."""
        return [self.y] if isinstance(self.y, str) else self.y


class Sweep(Closed):
    """Settings of an experiment, varied."""

    experiment: Slug = Field(description="The experiment whose settings are varied.")
    vary: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)] = Field(
        description="Values of each key, named by its path below the experiment, as in data.n_unlabeled."
    )
    zip: bool = Field(
        False, description="Take first values together, second values together, ...; else all combinations."
    )
    replicates: int = Field(50, ge=1, le=100_000, description="Repetitions of every cell.")
    fits: list[Slug] | None = Field(None, description="Fits to tabulate; default: all of the experiment.")
    protocols: list[Slug] | None = Field(
        None, description="Rungs of the ladder to compare by; default: all, if the experiment has protocols."
    )
    measurements: list[Slug] = Field(
        [], description="Measurements of each fit to tabulate beside its scores: those of a run that are one number."
    )
    cells_per_job: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Most cells that one job computes; default: as many as take about a minute, and fewer of a short "
        "sweep.",
    )
    max_cells: int = Field(
        100_000, ge=1, le=1_000_000, description="Most cells allowed: a guard against typing errors."
    )
    figure: SweepFigure | None = Field(None, description="What to draw.")


Experiments = dict[Slug, Experiment]
Sweeps = dict[Slug, Sweep]
Claims = dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{1,3}[a-z]?$")], AnyClaim]


class Article(Closed):
    """A file of its own, named under `articles`: all of one source."""

    source: Name = Field(description="Who says it: the source of each claim below that names none.")
    section: Name | None = Field(
        None, description="Where the report shows its figures: the section of each experiment below; default: `source`."
    )
    original_data: Name | None = Field(
        None,
        description="File with what the claims gave on the source's own data (`make original-data`), relative to the "
        "article.",
    )
    experiments: Experiments = Field({}, description="As in the configuration; paths are relative to the article.")
    sweeps: Sweeps = Field({}, description="As in the configuration.")
    claims: Claims = Field({}, description="As in the configuration.")


class Study(Closed):
    """The whole configuration."""

    seed: int = Field(ge=0, lt=2**64, description="Root of every random draw.")
    experiments: Annotated[Experiments, Field(min_length=1)] = Field(description="Experiments, by name.")
    sweeps: Sweeps = Field({}, description="Sweeps, by name.")
    claims: Claims = Field({}, description="Claims of the sources, by number.")
    articles: dict[Slug, Name] = Field(
        {},
        description="Files of the articles that are part of the study, by name, relative to the file that names them; "
        "each holds an [Article](#article). An overlay's `name: null` leaves one out.",
    )
