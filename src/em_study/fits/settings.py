"""Settings of a fit."""

from typing import Annotated, Literal

from pydantic import Field

from em_study.settings import Closed, Slug


class Fit(Closed):
    """One way to fit the data by EM."""

    initialization: Literal[
        "random",
        "labels",
        "shrunken_labels",
        "kmeans",
        "k-means++",
        "random_responsibilities",
        "random_from_data",
        "r_kmeans",
        "r_hc",
        "quantiles",
    ] = Field(
        "random",
        description="random: parameters drawn as in article A, for data of about unit scale. labels: estimated from "
        "the labeled rows. shrunken_labels: the same, safe for few labels a class (docs/labels.md). r_kmeans, r_hc, "
        "quantiles: estimated from a partition of the rows, the components in the order of the means of the first "
        "feature; by R's kmeans (Hartigan-Wong, the best of 10 starts), by the hierarchical clustering of R's package "
        "mclust (hcVVV, of one feature hcV; where a cluster has but one row, every row is shared: 0.05 to each other "
        "cluster), or, of one feature, in groups of equal size. The others are scikit-learn's (its 'random' is "
        "random_responsibilities).",
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
    def from_labels(self) -> bool:
        """Tell whether EM starts from the labeled rows."""
        return self.initialization.endswith("labels")

    @property
    def uses_labels(self) -> bool:
        """Tell whether labels say which component is which class."""
        return self.from_labels or self.semi_supervised != "none"


Fits = Annotated[dict[Slug, Fit], Field(min_length=1)]
