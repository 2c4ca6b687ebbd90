"""The numbers of one fit, as a source prints them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from em_study.settings import Closed, Name, Printed

MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}  # scikit-learn's names and mclust's
FAMILIES = ("EII", "VII", *(v + s + o for o in "IEV" for v in "EV" for s in "EV"))  # volume, shape, orientation
DEPARTURES = {  # from plain EM; each breaks the checks that those before it break, and more
    "early_stop": "a stop before convergence",
    "ridge": "covariance regularization, a constant added to the variances",
    "prior": "a prior or penalty",
    "missing": "missing values",
    "constraints": "constraints on weights or means",
    "trimming": "trimmed samples or a noise component",
    "weights": "sample weights",
}
ALL_DEPARTURES = "; ".join(f"{name} ({words})" for name, words in DEPARTURES.items())

Some = Field(min_length=1, max_length=1000)
Number = Annotated[Printed, Field(ge=-1e30, le=1e30)]
Numbers = Annotated[list[Number], Some]
Rows = Annotated[list[Numbers], Some]
Matrices = Annotated[list[Rows], Some]
Count = Annotated[int, Field(ge=1, le=10**12)]
Model = Literal[*MODELS, *FAMILIES]
Departures = list[Literal[*DEPARTURES]]


class PrintedFit(Closed):
    """Numbers of one fit of a Gaussian mixture, with the digits that a source prints."""

    n_samples: Count | None = Field(None, description="Number of samples.")
    n_features: Count | None = Field(None, description="Number of features; default: by the means.")
    n_components: Count | None = Field(None, description="Number of components; default: by the weights or means.")
    covariance_type: Model | None = Field(None, description="In scikit-learn's or mclust's words.")
    weights: Numbers | None = Field(None, description="Weight of each component.")
    means: Rows | None = Field(None, description="Mean of each component.")
    covariances: Rows | Matrices | None = Field(None, description="Covariances, or variances; one matrix if tied.")
    standard_deviations: Rows | None = Field(None, description="Standard deviations of each component.")
    sample_mean: Numbers | None = Field(None, description="Mean of all samples.")
    sample_covariance: Rows | None = Field(None, description="Covariance matrix of all samples, or their variances.")
    log_likelihood: Number | None = Field(None, description="Log-likelihood of all samples, in nats.")
    bic: Number | None = Field(None, description="BIC, of either sign.")
    aic: Number | None = Field(None, description="AIC, of either sign.")
    icl: Number | None = Field(None, description="ICL, of either sign.")
    n_parameters: Count | None = Field(None, description="Number of parameters (degrees of freedom).")
    sizes: Numbers | None = Field(None, description="Number of samples of each component, by the largest posterior.")
    departures: Departures | None = Field(None, description=f"What was not plain EM: {ALL_DEPARTURES}.")
    data: Name | None = Field(None, description="Table of the samples, from the folder of the file; not in a claim.")

    model = property(lambda self: MODELS.get(self.covariance_type, self.covariance_type))  # by its name in mclust
    components = property(
        lambda self: self.n_components or _length(self.weights, self.means, self.sizes, self.standard_deviations)
    )
    features = property(lambda self: self.n_features or _length(*(self.means or ()), self.sample_mean))

    @field_validator("means", "covariances", "standard_deviations", "sample_covariance", mode="before")
    @classmethod
    def _one_feature(cls, raw):
        plain = isinstance(raw, list) and not any(isinstance(row, list) for row in raw)
        return [[row] for row in raw] if plain else raw

    @model_validator(mode="after")
    def _shapes_agree(self):
        K, D, model = self.components, self.features, self.model or "VVV"
        allowed = {"weights": [(K,)], "sizes": [(K,)], "sample_mean": [(D,)], "sample_covariance": [(D, D), (D, 1)]}
        allowed |= {"means": [(K, D)], "standard_deviations": [(K, D), (K, 1)], "covariances": [(K, D, D)]}
        variances = [(K, D)] * (model[2] == "I") + [(K, 1)] * (D == 1 or model[1:] == "II")
        allowed["covariances"] += [(D, D)] * (model == "EEE") + variances
        wrong = [
            f"{name} must have the shape {' or '.join(map(str, dict.fromkeys(shapes)))}"
            for name, shapes in allowed.items()
            if (value := getattr(self, name)) and not any(_suits(value, shape) for shape in shapes)
        ]
        if wrong:
            raise ValueError(f"for K = {K}, D = {D} and covariance_type {self.covariance_type}, {'; '.join(wrong)}")
        return self


def _length(*lists) -> int | None:
    return next((len(each) for each in lists if each), None)


def _suits(value, shape) -> bool:
    """Return whether nested lists have a shape, in which a length that is not known is None."""
    if not (isinstance(value, list) and shape):
        return not (isinstance(value, list) or shape)
    lengths = {len(each) for each in value if isinstance(each, list)}
    return shape[0] in (None, len(value)) and len(lengths) < 2 and all(_suits(each, shape[1:]) for each in value)
