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
    sweep_columns : collection of str
        Columns of every sweep's table, beside the varied keys.
    text_columns : collection of str
        Columns that hold no numbers.
    quantities : collection of str
        Columns of a sweep's table that can be drawn.
    protocols, measurements : collections of str
    run_measurements : collection of str
        Those that a sweep can tabulate.
    """

    columns: dict[str, Collection[str]]
    sweep_columns: Collection[str]
    text_columns: Collection[str]
    quantities: Collection[str]
    protocols: Collection[str]
    measurements: Collection[str]
    run_measurements: Collection[str]
