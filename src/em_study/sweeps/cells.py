"""The cells of a sweep: every combination of its values, as the experiment with these values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from em_study.data.settings import Data
from em_study.evaluation.settings import Protocols
from em_study.experiments.settings import Experiment
from em_study.fits.settings import Fit, Fits
from em_study.settings import adapter
from em_study.sweeps.settings import Sweep

BLOCKS = {"data": Data, "fits": Fits, "protocols": Protocols | None}  # blocks that a sweep may vary
REMEMBERED = 4096  # blocks that several cells share


@dataclass(frozen=True)
class Cell:
    """One combination of values.

    Attributes
    ----------
    assignment : dict
        The value of each varied key, by its dotted path.
    experiment : Experiment
        The experiment with these values.
    """

    assignment: dict
    experiment: Experiment


class Cells(Sequence):
    """The cells of a sweep of an experiment, made on request.

    Only the blocks below a varied key are made and validated again; `ValidationError` has the problems of a block.
    Cells leave out parameters that a source printed: these belong to the experiment's own data.
    """

    def __init__(self, sweep: Sweep, experiment: Experiment):
        self.sweep = sweep
        self.experiment = experiment.model_copy(
            update={"replicates": sweep.replicates, "published": {}, "released": None}
        )
        self.block = lru_cache(REMEMBERED)(self._block)

    def __len__(self):
        lengths = list(map(len, self.sweep.vary.values()))
        return min(lengths) if self.sweep.zip else math.prod(lengths)

    def __getitem__(self, number):
        if not 0 <= number < len(self):
            raise IndexError(number)
        places = self.places(number)
        blocks = {block: self.block(block, *(places[key] for key in keys)) for block, keys in self.varied.items()}
        fits = dict(self.experiment.fits) | {block[1]: made for block, made in blocks.items() if len(block) > 1}
        others = {block[0]: made for block, made in blocks.items() if len(block) == 1}
        return Cell(self.assignment(number), self.experiment.model_copy(update={"fits": fits} | others))

    @cached_property
    def varied(self) -> dict[tuple[str, ...], list[str]]:
        """The varied keys of each block, which is one of the experiment or one of its fits."""
        found: dict[tuple[str, ...], list[str]] = {}
        for key in self.sweep.vary:
            parts = tuple(key.split("."))
            found.setdefault(parts[: 2 if parts[0] == "fits" else 1], []).append(key)
        return found

    @property
    def files_vary(self) -> bool:
        """Whether cells may read other files than the experiment."""
        keys = {*self.sweep.vary}
        complete = {"data", "data.source", "protocols", *(f"fits.{fit}" for fit in self.experiment.fits)}
        named = any(key.endswith(".implementation") for key in keys)
        return bool(complete & keys) or named or (bool(self.experiment.data.files) and ("data",) in self.varied)

    @cached_property
    def raw(self) -> dict:
        """The experiment as the configuration has it."""
        return self.experiment.model_dump()

    def places(self, number: int) -> dict[str, int]:
        """Give the position of each key's value in a cell; without `zip` the last key changes from cell to cell."""
        if self.sweep.zip:
            return dict.fromkeys(self.sweep.vary, number)
        places = {}
        for key, values in reversed(self.sweep.vary.items()):
            number, places[key] = divmod(number, len(values))
        return places

    def assignment(self, number: int) -> dict:
        """Give the value of each varied key in a cell."""
        places = self.places(number)
        return {key: values[places[key]] for key, values in self.sweep.vary.items()}

    def _block(self, block: tuple[str, ...], *places: int):
        values = {key: self.sweep.vary[key][place] for key, place in zip(self.varied[block], places, strict=True)}
        made = with_values(self.raw, values)
        for name in block:
            made = made[name]
        return adapter(Fit if len(block) > 1 else BLOCKS[block[0]]).validate_python(made)


def key_of(file: Path) -> str:
    """Read the key of a cell from the name of its file, which also has a checksum of its content."""
    return file.stem.split("_")[0]


def with_values(experiment: dict, values: dict) -> dict:
    """Copy an experiment's block with some keys replaced, each named by its dotted path."""
    result = dict(experiment)
    for path, value in values.items():
        *blocks, last = path.split(".")
        block = result
        for name in blocks:
            block[name] = dict(block[name]) if isinstance(block.get(name), dict) else {}
            block = block[name]
        block[last] = value
    return result
