"""Real data that come with scikit-learn."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from em_study.data.dataset import Dataset, standardized
from em_study.data.missing_values import Drawn
from em_study.data.seeds import generator

SHAPES = {"iris": (3, 4), "wine": (3, 13), "breast_cancer": (2, 30)}  # classes and features


class SklearnData(Drawn):
    """Real data that come with scikit-learn. A fraction of the samples keep their labels, others in each replicate."""

    labels_by: ClassVar[str] = "data.labeled_fraction above 0"
    reads_samples: ClassVar[bool] = True
    n_rows: ClassVar[int] = 1000  # more than any of the data sets has

    source: Literal["sklearn"] = Field(description="Real data that come with scikit-learn.")
    dataset: Literal["iris", "wine", "breast_cancer"] = Field(description="Name of the data set.")
    labeled_fraction: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="Share of the samples of each class that keep their label, at least one sample; 0: no sample "
        "keeps it.",
    )
    standardize: bool = Field(
        False, description="Scale each feature to mean 0 and standard deviation 1, before values are removed."
    )

    shape = property(lambda self: SHAPES[self.dataset])
    has_labels = property(lambda self: self.labeled_fraction > 0)
    same_samples = property(
        lambda self: self.labeled_fraction == 0 and not self.incomplete
    )  # else other samples keep a label in each

    @property
    def feature_names(self) -> list[str]:
        """Names of the features."""
        return [str(name) for name in self._bunch.feature_names]

    @property
    def _bunch(self):
        from sklearn import datasets  # slow to import

        return getattr(datasets, f"load_{self.dataset}")()

    def complete(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Load the samples, and choose in each replicate those that keep their labels."""
        bunch = self._bunch
        X = standardized(bunch.data) if self.standardize else bunch.data
        y = bunch.target.astype(np.int64)
        unlabeled, labeled = [], []
        for r in range(1 if self.same_samples else replicates):
            draw = generator(seed, experiment, "data", "labeled", r)
            kept = [np.empty(0, dtype=np.int64)]
            for k in np.unique(y) if self.labeled_fraction > 0 else ():
                rows = np.flatnonzero(y == k)
                size = min(max(1, round(self.labeled_fraction * len(rows))), len(rows) - 1)
                kept.append(draw.choice(rows, size=size, replace=False))
            labeled.append(np.sort(np.concatenate(kept)))
            unlabeled.append(np.setdiff1d(np.arange(len(y)), labeled[-1]))
        return Dataset(
            features=np.array(self.feature_names),
            classes=np.array([str(name) for name in bunch.target_names]),
            unlabeled=X[unlabeled],
            truth=y[unlabeled],
            labeled=X[labeled],
            labels=y[labeled],
        )
