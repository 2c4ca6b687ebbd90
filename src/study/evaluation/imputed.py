"""The values that a fit puts where they are missing."""

import numpy as np
import pandas as pd

from emgmm import MixtureParameters, impute
from study.configuration.schema import Fit
from study.data.dataset import Dataset, Replicate
from study.evaluation.scores import PUBLISHED_REPLICATE
from study.fits.missing import column_means
from study.fits.runs import Runs


def imputed(rows: Replicate, missing: str, parameters: MixtureParameters):
    """Fill in the unlabeled rows (N, D): by their expectation under the fit, or the means that it was given.

    `missing` is what the fit took of such rows (`Fit.missing`).
    """
    X = rows.unlabeled
    return np.where(np.isnan(X), column_means(X), X) if missing == "column_means" else impute(X, parameters)


def tabulate_imputed(dataset: Dataset, runs: Runs, fit: Fit) -> pd.DataFrame:
    """List the unlabeled rows of replicate 0 as a fit fills them in, and beside them which values it has filled in.

    Where the fit failed they stay empty.
    """
    rows, parameters = dataset.replicate(PUBLISHED_REPLICATE), runs.end(PUBLISHED_REPLICATE)
    values = rows.unlabeled if parameters is None else imputed(rows, fit.missing, parameters)
    table = pd.DataFrame(values, columns=[str(feature) for feature in dataset.features])
    marks = pd.DataFrame(np.isnan(rows.unlabeled), columns=[f"{feature} was missing" for feature in table])
    return pd.concat([table, marks], axis=1)
