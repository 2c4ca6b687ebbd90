"""The numbers of one fit, as a source prints them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from em_study.settings import Closed, Name, Printed

Numbers = Annotated[list[Printed], Field(min_length=1, max_length=1000)]
Rows = Annotated[list[Numbers], Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=1, le=10**12)]
DEPARTURES = {
    "ridge": "a ridge on the covariances",
    "prior": "a prior or penalty",
    "trimming": "trimmed samples or a noise component",
    "weights": "sample weights",
}


def _column(raw):
    """Make rows of one entry from a plain list: one feature."""
    plain = isinstance(raw, list) and raw and not any(isinstance(row, list) for row in raw)
    return [[row] for row in raw] if plain else raw


class PrintedFit(Closed):
    """Numbers of one fit of a Gaussian mixture, with the digits that a source prints."""

    n_samples: Count | None = Field(None, description="Number of samples.")
    n_features: Count | None = Field(None, description="Number of features; default: by the means.")
    n_components: Count | None = Field(None, description="Number of components; default: by the weights or means.")
    covariance_type: Literal["full", "tied", "diag", "spherical"] | None = Field(
        None, description="Structure of the covariances; mclust's VVV, EEE, VVI and VII."
    )
    weights: Numbers | None = Field(None, description="Weights of the components.")
    means: Rows | None = Field(None, description="Mean of each component; with one feature a list of numbers.")
    covariances: Rows | Annotated[list[Rows], Field(min_length=1, max_length=1000)] | None = Field(
        None,
        description="Covariance matrix of each component (full), one matrix (tied), variances of each component "
        "(diag; spherical: one each). With one feature a list of variances.",
    )
    standard_deviations: Rows | None = Field(
        None, description="Standard deviations of each component, instead of or beside covariances."
    )
    sample_mean: Numbers | None = Field(None, description="Mean of all samples.")
    sample_covariance: Rows | None = Field(
        None, description="Covariance matrix of all samples; or a list of the variances of the features."
    )
    log_likelihood: Printed | None = Field(None, description="Log-likelihood of all samples, in nats.")
    bic: Printed | None = Field(None, description="BIC, in either sign convention.")
    aic: Printed | None = Field(None, description="AIC, in either sign convention.")
    icl: Printed | None = Field(None, description="ICL, in either sign convention.")
    n_parameters: Count | None = Field(None, description="Number of parameters (degrees of freedom).")
    sizes: Numbers | None = Field(None, description="Number of samples in each component, by the largest posterior.")
    departures: list[Literal[*DEPARTURES]] = Field(
        [],
        description="What the fit did beyond plain EM, which breaks identities: "
        + "; ".join(f"{name}, {words}" for name, words in DEPARTURES.items())
        + ".",
    )
    data: Name | None = Field(None, description="CSV of the samples, one column per feature, from the folder of the file.")

    _columns = field_validator("means", "covariances", "standard_deviations", "sample_covariance", mode="before")(_column)

    @model_validator(mode="after")
    def _shapes_agree(self):
        if self.components is None or self.features is None:
            return self
        K, D = self.components, self.features
        shapes = {"weights": [(K,)], "means": [(K, D)], "sizes": [(K,)], "sample_mean": [(D,)]}
        shapes |= {"standard_deviations": [(K, D), (K, 1)], "sample_covariance": [(D, D), (D, 1)]}
        matrices = {"full": [(K, D, D)], "tied": [(D, D)], "diag": [(K, D)], "spherical": [(K, 1), (K, D)]}
        if D == 1:
            matrices = {name: [(K, 1), (K, 1, 1), *shapes] for name, shapes in matrices.items()}
        shapes["covariances"] = matrices.get(self.covariance_type) or [(K, D, D), (D, D), (K, D), (K, 1)]
        wrong = []
        for name, allowed in shapes.items():
            if (value := getattr(self, name)) is not None and (found := _shape(value)) not in allowed:
                wrong.append(f"{name} has the shape {found}, and must have {' or '.join(map(str, allowed))}")
        if wrong:
            raise ValueError(f"with {K} components and {D} features, " + "; ".join(wrong))
        return self

    @property
    def components(self) -> int | None:
        """Number of components, K."""
        given = [len(each) for each in (self.weights, self.means, self.sizes, self.standard_deviations) if each]
        return self.n_components or (given[0] if given else None)

    @property
    def features(self) -> int | None:
        """Number of features, D."""
        given = [len(each) for each in (*(self.means or ())[:1], self.sample_mean) if each]
        return self.n_features or (given[0] if given else None)


def _shape(value) -> tuple:
    """Return the shape of nested lists; rows of different lengths have the shape of their longest."""
    if not isinstance(value, list):
        return ()
    below = {_shape(each) for each in value}
    return (len(value), *max(below)) if len(below) == 1 else (len(value), *max(below), -1)
