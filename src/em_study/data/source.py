"""What the study asks of a source of rows, whichever it is."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from em_study.data.dataset import Dataset
from em_study.settings import Closed, Name

MAX_DRAWN_VALUES = 200_000_000  # 1.6 GB of float64


class Source(Closed):
    """Where rows come from.

    A source is one module: a class with the keys of its block, among them `source: Literal["its name"]`, and what is
    asked below, as class variables or properties; `Data` in `data/settings.py` lists it. Nothing else knows of it.

    Attributes
    ----------
    shape : tuple of (int or None, int)
        Numbers of classes, None if only the rows tell, and of features.
    n_rows : int
        Unlabeled rows of a replicate, or about so many.
    has_labels : bool
        Whether there are labeled rows.
    knows_classes : bool
        Whether the rows tell how many classes there are.
    same_samples : bool
        Whether every replicate has the same rows.
    incomplete : bool
        Whether values may be missing.
    files : list
        The data files that it reads, each with its `place` and `url`.
    reads_samples : bool
        Whether its rows are read, not drawn: by default they are then those of who is judged by them.
    resamples : bool
        Whether its replicates are drawn with replacement from rows that are read.
    holds_user_data : bool
        Whether its rows are a user's own, so that results which hold them are not to be given away unseen.
    draws_one_mixture : bool
        Whether every replicate is drawn from the same known mixture.
    r_scripts : tuple of str
        The scripts of `data/r` that draw its rows.
    labels_by, missing_by : str
        What a message names as giving labeled rows, and missing values.
    """

    knows_classes: ClassVar[bool] = True
    same_samples: ClassVar[bool] = False
    incomplete: ClassVar[bool] = False
    files: ClassVar[list] = []
    reads_samples: ClassVar[bool] = False
    resamples: ClassVar[bool] = False
    holds_user_data: ClassVar[bool] = False
    missing_by: ClassVar[str] = "data.holes"
    draws_one_mixture: ClassVar[bool] = False
    r_scripts: ClassVar[tuple[str, ...]] = ()

    origin: Name | None = Field(
        None,
        description="Where the rows, or the numbers that they are drawn with, come from, as a sentence for readers.",
    )

    rows_of: Literal["source", "other"] | None = Field(
        None,
        description="Whose the rows are. source: those that the source of a claim had, so that one run decides whether "
        "a number is reproduced; other: new ones. Default: source where they are read, other where they are drawn.",
    )

    @property
    def on_own_rows(self) -> bool:
        """Whether the rows are those of the source of a claim."""
        return self.reads_samples if self.rows_of is None else self.rows_of == "source"

    @property
    def feature_names(self) -> list[str]:
        """Names of the features."""
        return [f"x{d + 1}" for d in range(self.shape[1])]

    @abstractmethod
    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw or read the rows of an experiment.

        Raises
        ------
        DataError
            If a file cannot be used; the text names file, row and column.
        """

    def expected_samples(self, look: bool) -> int:
        """Estimate all rows of a replicate, for what a job needs; unless `look` is set, without a look at files."""
        return self.n_rows

    def too_many(self, replicates: int, n_rows: int) -> Iterator[tuple[tuple, str]]:
        """Yield that replicates have more values than there is room for, if they do."""
        n_draws = 1 if self.same_samples else replicates
        values = n_draws * n_rows * self.shape[1]
        if values > MAX_DRAWN_VALUES:
            told = f"replicates x rows x features is {values:,}; at most {MAX_DRAWN_VALUES:,} are allowed"
            yield ("replicates",), told

    def problems(self, replicates: int) -> Iterator[tuple[tuple, str]]:
        """Yield (keys below the experiment, message) of each mistake that more than one key, or a file, shows."""
        yield from ()
