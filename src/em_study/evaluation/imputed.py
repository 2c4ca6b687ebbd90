"""The values that a fit puts where they are missing."""

import numpy as np
import pandas as pd

from em_study.data.dataset import Dataset
from em_study.data.formats import WAS_MISSING
from em_study.evaluation.scores import PUBLISHED_REPLICATE
from em_study.fits.missing import imputed
from em_study.fits.runs import Runs
from em_study.fits.settings import Fit


def tabulate_imputed(dataset: Dataset, runs: Runs, fit: Fit) -> pd.DataFrame:
    """List the unlabeled rows of replicate 0 as a fit fills them in, and beside them which values it has filled in.

    Where the fit failed they stay empty.
    """
    rows, parameters = dataset.replicate(PUBLISHED_REPLICATE), runs.end(PUBLISHED_REPLICATE)
    values = rows.unlabeled if parameters is None else imputed(rows, fit.missing, parameters)
    table = pd.DataFrame(values, columns=[str(feature) for feature in dataset.features])
    marks = pd.DataFrame(np.isnan(rows.unlabeled), columns=[f"{feature}{WAS_MISSING}" for feature in table])
    return pd.concat([table, marks], axis=1)
