"""Names that a configuration may use and that later stages define; they are handed in, so that no arrow runs back."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Vocabulary:
    """What sweeps and claims may name.

    Attributes
    ----------
    columns : dict of collections of str
        Of each table, by its name.
    quantities : collection of str
        Columns of a sweep's table that can be drawn.
    protocols, measurements : collections of str
    """

    columns: dict[str, Collection[str]]
    quantities: Collection[str]
    protocols: Collection[str]
    measurements: Collection[str]
