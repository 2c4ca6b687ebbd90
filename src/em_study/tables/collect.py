"""Put the published tables together from their parts."""

import pandas as pd

from em_study.columns import COLUMNS, PARTS
from em_study.errors import StudyError

COLLECTED = (*PARTS, "diagnosis")  # made of the experiments' parts


def collect(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the parts of a table of `COLUMNS` together, in their order; a StudyError if one has other columns."""
    columns = list(COLUMNS[name])
    for part in parts:
        if list(part.columns) != columns:
            raise StudyError(f"table {name}: columns {list(part.columns)} are not those documented, {columns}")
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
