"""A kind of figure of an experiment: the function that draws it, when it is drawn, and its data."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from em_study.columns import as_released
from em_study.data.dataset import Dataset
from em_study.data.storage import read_arrays, read_table
from em_study.figures.style import plain
from em_study.fits.runs import Runs, read_runs, read_runs_by_name


@dataclass(frozen=True, eq=False)
class Shown:
    """An experiment and its results. A figure names in `reads` the attributes that it needs; the others are None.

    Attributes
    ----------
    experiment : str
        Its name, for readers.
    fits : dict of dict
        Settings of each fit that is shown, by its name.
    bins : int
        Of histograms.
    others : dict of str
        What is compared with our EM, by its name in tables: its name for readers.
    data : Dataset
    runs : dict of Runs
        Of each fit that is shown.
    other_runs : list of dict of Runs
        Runs of the other implementations, by protocol.
    agreement, diagnosis, measurements, evaluations : DataFrame
        Rows of agreement.csv, diagnosis.csv, measurements.csv and fits.csv.
    original : dict of dict
        The result of each protocol on the source's own samples (`OnOriginalRows`), if known.
    """

    experiment: str
    fits: dict[str, dict[str, Any]] = field(default_factory=dict)
    bins: int = 30
    others: dict[str, str] = field(default_factory=dict)
    data: Dataset | None = None
    runs: dict[str, Runs] | None = None
    other_runs: list[dict[str, Runs]] | None = None
    agreement: Any = None
    diagnosis: Any = None
    measurements: Any = None
    evaluations: Any = None
    original: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def running(self) -> dict[str, str]:
        """Those of `others` that were run here."""
        return {name: title for name, title in self.others.items() if not name.startswith(as_released(""))}

    def ends(self, replicate: int):
        """Return the final parameters of each fit; None for a fit that failed."""
        return {name: runs.end(replicate) for name, runs in self.runs.items()}


@dataclass(frozen=True)
class Figure:
    """A kind of figure.

    Attributes
    ----------
    draw : callable
        From `Shown` to matplotlib's figure.
    names : callable
        From an experiment to the names of these figures of it, and the fits that each shows.
    reads : tuple of str
        Attributes of `Shown`.
    caption : str
    in_report : bool
        Whether the report always embeds it; else only if a claim is about its fit.
    """

    draw: Callable
    names: Callable[[Any], dict[str, list[str]]]
    reads: tuple[str, ...]
    caption: str
    in_report: bool


FIGURES: dict[str, Figure] = {}  # by the name of the module


def drawn(names: Callable, reads: tuple[str, ...], caption: str, in_report: bool = True):
    """Register a function as a kind of figure, whose name is that of its module; see `Figure`."""

    def register(draw):
        FIGURES[draw.__module__.rpartition(".")[2]] = Figure(draw, names, reads, caption, in_report)
        return draw

    return register


def read_shown(
    experiment: str, fits: dict, bins: int, others: dict[str, str], files: dict[str, list[str]], original: dict
) -> Shown:
    """Read the data of a figure from files, by the attributes of `Shown`; `runs`, `evaluations`: one per fit.

    The names of features and classes are those of the user's file, as `plain` text.
    """
    found: dict[str, Any] = {}
    for name, paths in files.items():
        if name == "runs":
            found[name] = read_runs(fits, paths)
        elif name == "data":
            data = read_arrays(paths[0], Dataset)
            names = {of: np.array([plain(name) for name in getattr(data, of)], str) for of in ("features", "classes")}
            found[name] = replace(data, **names)
        elif name == "other_runs":
            found[name] = [read_runs_by_name(path) for path in paths]
        else:
            import pandas as pd  # slow to import

            found[name] = pd.concat([read_table(path) for path in paths], ignore_index=True)
    return Shown(experiment.replace("_", " "), fits, bins, others, original=original, **found)
