"""Layers merged key by key, without entries that only change something that does not exist."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from em_study.claims.settings import Argued, Claim, PrintedNumbers, Untested
from em_study.configuration.layers import KeyPath, Layer
from em_study.experiments.settings import Experiment
from em_study.problems import Problem
from em_study.settings import block
from em_study.sweeps.settings import Sweep

KINDS = ("experiments", "sweeps", "claims")
NEEDED = {  # a block with all of these keys defines a new entry; any other changes an existing one
    "experiments": {"data", "fits"},
    "sweeps": {"experiment", "vary"},
    "claims": {"statement"},
}
KEYS = {
    "experiments": {*Experiment.model_fields},
    "sweeps": {*Sweep.model_fields},
    "claims": {key for kind in (Claim, Untested, Argued, PrintedNumbers) for key in kind.model_fields},
}


@dataclass
class Layers(Layer):
    """Layers, merged into one.

    Attributes
    ----------
    problems : list of Problem
    gone : dict
        Reason why something is absent or changed, by its path: left out with an article, or removed by a null.
    touched : dict
        Number of the last layer that set or removed anything in a block, by the path of the block.
    """

    problems: list[Problem] = field(default_factory=list)
    gone: dict[KeyPath, str] = field(default_factory=dict)
    touched: dict[KeyPath, int] = field(default_factory=dict)


def merge(articles: list[Layer], layers: list[Layer], left_out=(), notice=lambda text: None) -> Layers:
    """Merge the articles, then each layer over those before it.

    Mappings are merged key by key, anything else is replaced; a null removes the key. A `data` block with another
    `source` replaces the earlier block completely.

    Parameters
    ----------
    articles, layers : list of Layer
    left_out : dict
        Reason why an entry of an article is absent, by ("experiments" | "sweeps" | "claims", name).
    notice : callable
        Called with a sentence about each block of a layer that only changes something that does not exist.
    """
    merged = Layers(Path(), {}, {}, gone=dict(left_out))
    for number, layer in [*((0, article) for article in articles), *enumerate(layers, start=1)]:
        values = _without_unused(layer, merged, notice) if number else layer.values
        removed: list[KeyPath] = []
        found: list[Problem] = []
        merged.values = _merge(merged.values, values, (), removed, found)
        merged.problems += [replace(problem, location=layer.location(problem.path)) for problem in found]
        for gone in removed:
            merged.gone[gone] = f"{layer.location(gone)} removes it"
            merged.locations = {path: line for path, line in merged.locations.items() if path[: len(gone)] != gone}
        merged.locations |= layer.locations
        merged.written |= layer.written
        merged.touched |= dict.fromkeys(layer.locations, number)
    return merged


def _merge(base, overlay, path, removed, problems):
    merged = dict(base)
    for key, value in overlay.items():
        here = (*path, key)
        if value is None:
            if key not in merged:
                existing = f". Existing keys: {', '.join(merged)}" if merged else ""
                text = f"null removes a key, but there is none of this name; write {{}} for an empty block{existing}"
                problems.append(Problem(here, text))
            merged.pop(key, None)
            removed.append(here)
        elif isinstance(value, dict):
            below = block(merged, key)
            if key == "data" and value.get("source") not in (None, below.get("source")):
                below = {}
            merged[key] = _merge(below, value, here, removed, problems)
        else:
            merged[key] = value
    return merged


def _without_unused(layer: Layer, merged: Layers, notice) -> dict:
    """Return a layer's values without those that only change, or remove, something that does not exist."""
    kept = dict(layer.values)
    for kind in (*KINDS, "articles"):
        there = block(merged.values, kind)
        if layer.values.get(kind, {}) is None:  # removes all entries
            merged.gone |= dict.fromkeys([(kind, name) for name in there], f"{layer.location((kind,))} removes it")
            if not there:
                del kept[kind]
        for name, below in block(layer.values, kind).items():
            key = kind, name
            if name not in there and key in merged.gone and _only_changes(kind, below):
                notice(f"{layer.location(key)} {kind}.{name} is not used, because {merged.gone[key]}")
                kept[kind] = {other: value for other, value in kept[kind].items() if other != name}
    return {key: value for key, value in kept.items() if value != {} or layer.values[key] == {}}


def _only_changes(kind, below) -> bool:
    """Return whether a block only changes an entry: it does not define one, and has valid keys only."""
    if kind == "articles" or not isinstance(below, dict):
        return below is None
    return set(below) <= KEYS[kind] and not NEEDED[kind] <= set(below)
