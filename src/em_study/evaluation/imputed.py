"""The values that a fit imputes."""

import numpy as np
import pandas as pd

from em_study.data.dataset import Dataset
from em_study.data.formats import WAS_MISSING
from em_study.evaluation.scores import PUBLISHED_REPLICATE, listed_rows
from em_study.fits.missing import imputed, imputed_labeled
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit


def tabulate_imputed(dataset: Dataset, runs: Runs, fit: Fit) -> pd.DataFrame:
    """List the samples of replicate 0 in the order of the predictions, with imputed values and marks of these.

    If the fit failed, missing values stay empty.
    """
    rows, parameters = dataset.replicate(PUBLISHED_REPLICATE), runs.end(PUBLISHED_REPLICATE)
    given = filled = rows.unlabeled, rows.labeled
    if parameters is not None:
        filled = imputed(rows, fit.missing, parameters), imputed_labeled(rows, fit, parameters)
    marks = np.isnan(dataset.as_listed(*given))
    names = [f"{feature}{WAS_MISSING}" for feature in dataset.features]
    return pd.concat([listed_rows(dataset, *filled), pd.DataFrame(marks, columns=names)], axis=1)
