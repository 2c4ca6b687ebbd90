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
        "short_runs",
        "r_kmeans",
        "r_hc",
        "quantiles",
    ] = Field(
        "random",
        description="How the initial parameters are chosen. random: drawn as in article A, for data of about unit "
        "scale. labels: estimated from the labeled samples. shrunken_labels: the same, safe for few labels per class "
        "(docs/labels.md). r_kmeans, r_hc, quantiles: estimated from a partition of the samples, with the components "
        "in the order of their means in the first feature. r_kmeans: by R's kmeans (Hartigan-Wong, the best of 10 "
        "starts). r_hc: by the hierarchical clustering of R's package mclust (hcVVV; hcV for one feature); if a "
        "cluster has only one sample, every sample gives a weight of 0.05 to each other cluster. quantiles: groups of "
        "equal size, for one feature. short_runs: the likeliest of five short runs of our EM, from groups of samples "
        "that k-means++ chooses. The others are scikit-learn's (its 'random' is random_responsibilities here).",
    )
    semi_supervised: Literal["none", "init_only", "clamped"] = Field(
        "none",
        description="init_only: the labeled samples give the initial parameters, and are not fitted (article A's). "
        "clamped: they stay in the likelihood, with their class fixed.",
    )
    n_components: int | None = Field(
        None, ge=1, le=1000, description="Number of components. Default: the number of classes of the data."
    )
    covariance_type: Literal["full", "tied", "diag", "spherical"] = Field(
        "full",
        description="full: one matrix per component. tied: one matrix for all components. diag: features do not "
        "covary. spherical: one variance per component.",
    )
    tol: float = Field(
        1e-4, ge=0, description="Tolerance: stop when the mean log-likelihood changes by less, in nats per sample."
    )
    max_iter: int = Field(
        1000,
        ge=0,
        le=10_000_000,
        description="Most steps, or with an acceleration most passes over the data; 0: only the initial parameters.",
    )
    reg_covar: float = Field(
        0.0, ge=0, description="Covariance regularization: added to each variance, in squared units of the features."
    )
    n_init: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Number of random initializations; the fit with the highest likelihood is kept.",
    )
    implementation: Slug = Field(
        "emgmm",
        description="emgmm: our EM. sklearn: scikit-learn's EM from the same initial parameters (with its stopping "
        "rule). Any other name: the EM in implementations/<name>.py, from the same initial parameters "
        "(docs/implementations.md).",
    )
    time_limit: float = Field(
        60.0, gt=0, le=86_400, description="Most seconds that an implementation in a file may take for one replicate."
    )
    stopping: Literal["article", "sklearn", "aitken"] = Field(
        "article",
        description="Stopping rule of our EM. article: test the change of the log-likelihood before the M-step, as "
        "article A does. sklearn: test it after the M-step, as scikit-learn does. aitken: test the estimated distance "
        "from the limit (Aitken's extrapolation) in place of the change, so that slow convergence is not mistaken for "
        "the end.",
    )
    acceleration: Literal["none", "anderson"] = Field(
        "none",
        description="Acceleration of our EM. anderson: extrapolate the steps where EM is slow; the fit may reach "
        "another local maximum than plain EM.",
    )
    kernel: Literal["numpy", "numba"] = Field(
        "numpy",
        description="Code that computes the steps of our EM. numba (needs the extra `fast`) is faster, with the same "
        "result up to rounding.",
    )
    missing: Literal["observed", "complete_rows", "column_means"] = Field(
        "observed",
        description="How missing values are treated. observed: maximum likelihood on the observed values. "
        "complete_rows: complete-case analysis, only samples without missing values are fitted. column_means: mean "
        "imputation, with the means of the unlabeled samples. Each fit is evaluated on the observed values of all "
        "unlabeled samples.",
    )

    @property
    def from_labels(self) -> bool:
        """Whether the labeled samples give the initial parameters."""
        return self.initialization.endswith("labels")

    @property
    def uses_labels(self) -> bool:
        """Whether labels determine which component is which class."""
        return self.from_labels or self.semi_supervised != "none"


Fits = Annotated[dict[Slug, Fit], Field(min_length=1)]
