"""The interface of a source of data."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from em_study.data.dataset import Dataset
from em_study.settings import Closed, Name

MAX_DRAWN_VALUES = 200_000_000  # 1.6 GB of float64


class Source(Closed):
    """A source of data.

    A source is one module: a class with the keys of its block, among them `source: Literal["its name"]`, and with the
    attributes below, as class variables or properties. `Data` in `data/settings.py` lists it; no other module knows it.

    Attributes
    ----------
    shape : tuple of (int or None, int)
        Numbers of classes (None if only the data show it) and of features.
    n_rows : int
        Number of unlabeled samples of a replicate, exact or estimated.
    has_labels : bool
        Whether there are labeled samples.
    knows_classes : bool
        Whether the data determine the number of classes.
    same_samples : bool
        Whether every replicate has the same samples.
    incomplete : bool
        Whether values may be missing.
    files : list
        The data files to read, each with its `place` and `url`.
    reads_samples : bool
        Whether the samples are read, not drawn. Read samples are by default taken for those of the source of a claim.
    resamples : bool
        Whether the replicates are drawn with replacement from samples that are read.
    holds_user_data : bool
        Whether the samples are a user's own, so that results which contain them may be private.
    draws_one_mixture : bool
        Whether every replicate is drawn from the same known mixture.
    r_scripts : tuple of str
        The scripts of `data/r` that draw the samples.
    labels_by, missing_by : str
        The keys that give labeled samples and missing values, for messages.
    """

    knows_classes: ClassVar[bool] = True
    same_samples: ClassVar[bool] = False
    incomplete: ClassVar[bool] = False
    files: ClassVar[list] = []
    reads_samples: ClassVar[bool] = False
    resamples: ClassVar[bool] = False
    holds_user_data: ClassVar[bool] = False
    missing_by: ClassVar[str] = "data.holes"  # messages show the name that the user wrote
    draws_one_mixture: ClassVar[bool] = False
    r_scripts: ClassVar[tuple[str, ...]] = ()

    origin: Name | None = Field(
        None,
        description="Provenance of the data, or of the parameters of a simulation, as a sentence for readers.",
    )

    rows_of: Literal["source", "other"] | None = Field(
        None,
        description="Whose data these are. source: the data of the source of a claim, so that one run decides whether "
        "a number is reproduced; other: new data. Default: source if the data are read, other if they are drawn.",
    )

    @property
    def on_own_rows(self) -> bool:
        """Whether the data are those of the source of a claim."""
        return self.reads_samples if self.rows_of is None else self.rows_of == "source"

    @property
    def feature_names(self) -> list[str]:
        """Names of the features."""
        return [f"x{d + 1}" for d in range(self.shape[1])]

    @abstractmethod
    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw or read the samples of an experiment.

        Raises
        ------
        DataError
            If a file cannot be used; the text names file, row and column.
        """

    def expected_samples(self, look: bool) -> int:
        """Estimate all samples of a replicate, for the resources of a job; files are opened only if `look` is set."""
        return self.n_rows

    def too_many(self, replicates: int, n_rows: int) -> Iterator[tuple[tuple, str]]:
        """Yield a problem if the replicates have more values than are allowed."""
        n_draws = 1 if self.same_samples else replicates
        values = n_draws * n_rows * self.shape[1]
        if values > MAX_DRAWN_VALUES:
            message = f"replicates x samples x features is {values:,}; at most {MAX_DRAWN_VALUES:,} are allowed"
            yield ("replicates",), message

    def problems(self, replicates: int) -> Iterator[tuple[tuple, str]]:
        """Yield (keys below the experiment, message) of each problem between keys, or of a file."""
        yield from ()
