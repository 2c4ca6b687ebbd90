"""Join the parts of the published tables."""

import pandas as pd

from em_study.columns import COLUMNS, PARTS
from em_study.errors import StudyError

COLLECTED = (*PARTS, "diagnosis")  # joined from the parts of the experiments


def collect(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Join the parts of a table of `COLUMNS` in their order; a StudyError if one has other columns."""
    columns = list(COLUMNS[name])
    for part in parts:
        if list(part.columns) != columns:
            raise StudyError(
                f"table {name}: the columns {list(part.columns)} differ from the documented ones, {columns}"
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
