"""Put the published tables together from their parts."""

import pandas as pd

from em_study.columns import COLUMNS, PARTS
from em_study.errors import StudyError

COLLECTED = (*PARTS, "diagnosis")  # made of the experiments' parts


def collect(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the parts of a table together, in their order.

    Parameters
    ----------
    name : str
        A key of `COLUMNS`.
    parts : list of DataFrame

    Raises
    ------
    StudyError
        If a part's columns are not those of the data dictionary.
    """
    columns = list(COLUMNS[name])
    for part in parts:
        if list(part.columns) != columns:
            raise StudyError(f"table {name}: columns {list(part.columns)} are not those documented, {columns}")
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
