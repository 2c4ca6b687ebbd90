"""The numbers of one fit, as a source prints them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from em_study.settings import Closed, Name, Printed

Number = Annotated[Printed, Field(ge=-1e30, le=1e30)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=1000)]
Rows = Annotated[list[Numbers], Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=1, le=10**12)]
MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}  # scikit-learn's names and mclust's
FAMILIES = ("EII", "VII", *(v + s + o for o in "IEV" for v in "EV" for s in "EV"))  # volume, shape, orientation
DEPARTURES = {
    "ridge": "covariance regularization, a constant added to the variances",
    "prior": "a prior or penalty",
    "missing": "missing values",
    "trimming": "trimmed samples or a noise component",
    "weights": "sample weights",
    "constraints": "constraints on weights or means",
    "early_stop": "a stop before convergence",
}
UNBROKEN = {  # the departures that do not break a check; any other does
    **dict.fromkeys(("covariances", "standard deviations"), (*DEPARTURES,)),
    "mean": ("ridge", "early_stop"),
    "covariance": ("early_stop",),
    **dict.fromkeys(
        ("weights", "number of parameters", "covariance family"), ("ridge", "prior", "missing", "early_stop")
    ),
    **dict.fromkeys(("ICL", "sizes"), ("ridge", "prior", "missing", "early_stop", "constraints")),
}


class PrintedFit(Closed):
    """Numbers of one fit of a Gaussian mixture, with the digits that a source prints."""

    n_samples: Count | None = Field(None, description="Number of samples.")
    n_features: Count | None = Field(None, description="Number of features; default: by the means.")
    n_components: Count | None = Field(None, description="Number of components; default: by the weights or means.")
    covariance_type: Literal[*MODELS, *FAMILIES] | None = Field(
        None, description="In scikit-learn's or mclust's words."
    )
    weights: Numbers | None = Field(None, description="Weight of each component.")
    means: Rows | None = Field(None, description="Mean of each component.")
    covariances: Rows | Annotated[list[Rows], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="Covariance matrix, or variances of the features, of each component; if tied, one matrix."
    )
    standard_deviations: Rows | None = Field(None, description="Standard deviations of each component.")
    sample_mean: Numbers | None = Field(None, description="Mean of all samples.")
    sample_covariance: Rows | None = Field(
        None, description="Covariance matrix of all samples, or a list of variances."
    )
    log_likelihood: Number | None = Field(None, description="Log-likelihood of all samples, in nats.")
    bic: Number | None = Field(None, description="BIC, of either sign.")
    aic: Number | None = Field(None, description="AIC, of either sign.")
    icl: Number | None = Field(None, description="ICL, of either sign.")
    n_parameters: Count | None = Field(None, description="Number of parameters (degrees of freedom).")
    sizes: Numbers | None = Field(None, description="Number of samples of each component, by the largest posterior.")
    departures: list[Literal[*DEPARTURES]] | None = Field(
        None, description="What was not plain EM: " + "; ".join(f"{k}, {v}" for k, v in DEPARTURES.items()) + "."
    )
    data: Name | None = Field(None, description="Table of the samples, from the folder of the file; not in a claim.")

    @field_validator("means", "covariances", "standard_deviations", "sample_covariance", mode="before")
    @classmethod
    def _one_feature(cls, raw):
        plain = isinstance(raw, list) and not any(isinstance(row, list) for row in raw)
        return [[row] for row in raw] if plain else raw

    @model_validator(mode="after")
    def _shapes_agree(self):
        K, D, model = self.components, self.features, self.model
        allowed = {"weights": [(K,)], "sizes": [(K,)], "sample_mean": [(D,)], "sample_covariance": [(D, D), (D, 1)]}
        allowed |= {"means": [(K, D)], "standard_deviations": [(K, D), (K, 1)], "covariances": [(K, D, D)]}
        allowed["covariances"] += [(D, D)] * (model == "EEE") + [(K, 1)] * (D == 1 or model in ("EII", "VII"))
        allowed["covariances"] += [(K, D)] * (model is not None and model[2] == "I")
        wrong = [
            f"{name} must have the shape {' or '.join(map(str, dict.fromkeys(shapes)))}"
            for name, shapes in allowed.items()
            if (value := getattr(self, name)) and not any(_suits(value, shape) for shape in shapes)
        ]
        if wrong:
            raise ValueError(f"for K = {K}, D = {D} and covariance_type {self.covariance_type}, {'; '.join(wrong)}")
        return self

    @property
    def components(self) -> int | None:
        """Number of components, K."""
        given = (self.weights, self.means, self.sizes, self.standard_deviations)
        return self.n_components or next((len(each) for each in given if each), None)

    @property
    def features(self) -> int | None:
        """Number of features, D."""
        return self.n_features or next((len(each) for each in (*(self.means or ()), self.sample_mean) if each), None)

    @property
    def model(self) -> str | None:
        """Structure of the covariances by its name in mclust."""
        return MODELS.get(self.covariance_type, self.covariance_type)


def _suits(value, shape) -> bool:
    """Return whether nested lists have a shape, in which a length that is not known is None."""
    if not isinstance(value, list) or not shape:
        return not isinstance(value, list) and not shape
    ragged = len({len(each) for each in value if isinstance(each, list)}) > 1
    return shape[0] in (None, len(value)) and not ragged and all(_suits(each, shape[1:]) for each in value)
