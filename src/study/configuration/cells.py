"""The cells of a sweep: every combination of its values, as the experiment with these values."""

import itertools
import json
from dataclasses import dataclass

from study.configuration.schema import Experiment, Sweep


@dataclass(frozen=True)
class Cell:
    """One combination of values.

    Attributes
    ----------
    assignment : dict
        The value of each varied key, by its dotted path.
    experiment : Experiment
        With these values.
    """

    assignment: dict
    experiment: Experiment


def grid(sweep: Sweep) -> list[dict]:
    """List the combinations of values, in order: all, or with `zip` the first values, the second values, ..."""
    rows = zip(*sweep.vary.values(), strict=True) if sweep.zip else itertools.product(*sweep.vary.values())
    return [dict(zip(sweep.vary, values, strict=True)) for values in rows]


def with_values(experiment: dict, values: dict) -> dict:
    """Copy an experiment's block with some keys replaced, each named by its dotted path."""
    result = json.loads(json.dumps(experiment))
    for path, value in values.items():
        *blocks, last = path.split(".")
        block = result
        for name in blocks:
            if not isinstance(block.get(name), dict):
                block[name] = {}
            block = block[name]
        block[last] = value
    return result


def cells(sweep: Sweep, experiment: Experiment) -> list[Cell]:
    """List the cells of a sweep of an experiment."""
    base = experiment.model_dump()
    return [Cell(values, Experiment.model_validate(with_values(base, values))) for values in grid(sweep)]


def shown_value(value):
    """Write a varied value into a table: a list as text."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value
