"""What the study asks of a source of rows, whichever it is."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from em_study.data.dataset import Dataset
from em_study.settings import Closed, Name


class Source(Closed):
    """Where rows come from.

    A source is one module: a class with the keys of its block, among them `source: Literal["its name"]`, and what is
    asked below; `Data` in `data/settings.py` lists it. Nothing else knows the sources.

    Attributes
    ----------
    holds_user_rows : bool
        Whether its rows are a user's own, so that results which hold them are not to be given away unseen.
    labels_by, missing_by : str
        What a message names as giving labeled rows, and missing values.
    """

    holds_user_rows: ClassVar[bool] = False
    labels_by: ClassVar[str]
    missing_by: ClassVar[str] = "data.holes"

    origin: Name | None = Field(
        None,
        description="Where the rows, or the numbers that they are drawn with, come from, as a sentence for readers.",
    )

    @abstractmethod
    def load(self, replicates: int, seed: int, experiment: str) -> Dataset:
        """Draw or read the rows of an experiment.

        Raises
        ------
        DataError
            If a file cannot be used; the text names file, row and column.
        """

    @property
    @abstractmethod
    def shape(self) -> tuple[int | None, int]:
        """Numbers of classes, None if only the rows tell, and of features."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Unlabeled rows of a replicate, or about so many."""

    @property
    @abstractmethod
    def has_labels(self) -> bool:
        """Whether there are labeled rows."""

    @property
    def knows_classes(self) -> bool:
        """Whether the rows tell how many classes there are."""
        return True

    @property
    def files(self) -> list:
        """The data files that it reads, each with its `place` and `url`."""
        return []

    @property
    def same_rows(self) -> bool:
        """Whether every replicate has the same rows."""
        return False

    @property
    def incomplete(self) -> bool:
        """Whether values may be missing."""
        return False

    def expected_rows(self, look: bool) -> int:
        """Estimate all rows of a replicate, for what a job needs; unless `look` is set, without a look at files."""
        return self.n_rows

    def problems(self, replicates: int) -> Iterator[tuple[tuple, str]]:
        """Yield (keys below the experiment, message) of each mistake that more than one key, or a file, shows."""
        yield from ()
