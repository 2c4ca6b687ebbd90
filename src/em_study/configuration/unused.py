"""Keys that only change what is not there: left out with an article, or removed by a layer before."""

from dataclasses import replace

from em_study.claims.settings import Claim, Untested
from em_study.configuration.articles import KINDS, NEEDED, Articles, names_of
from em_study.configuration.layers import Layer
from em_study.experiments.settings import Experiment
from em_study.sweeps.settings import Sweep

KEYS = {
    "experiments": {*Experiment.model_fields},
    "sweeps": {*Sweep.model_fields},
    "claims": {*Claim.model_fields, *Untested.model_fields},
}


def without_unused(layers: list[Layer], articles: Articles, notice) -> tuple[list[Layer], dict[tuple[str, str], str]]:
    """Drop such keys, with a word about each.

    Parameters
    ----------
    layers : list of Layer
        The configuration and its overlays.
    articles : Articles
    notice : callable
        Called with a sentence.

    Returns
    -------
    list of Layer
        Without these keys.
    dict
        Why something is not there, by ("experiments" | "sweeps" | "claims" | "articles", name).
    """
    result, gone = [], dict(articles.left_out)
    here = {key for layer in articles.layers for key in names_of(layer)}
    for layer in layers:
        kept = dict(layer.values)
        for kind in (*KINDS, "articles"):
            blocks = layer.values.get(kind, {})
            if blocks is None:  # it removes them all
                removed = {key for key in here if key[0] == kind}
                gone |= dict.fromkeys(removed, f"{layer.origin((kind,))} removes it")
                here -= removed
                if not removed:
                    del kept[kind]
                continue
            for name, block in blocks.items() if isinstance(blocks, dict) else ():
                key = kind, name
                if key in gone and _only_changes(kind, block):
                    notice(f"{layer.origin(key)} {kind}.{name} is not used, for {gone[key]}")
                    kept[kind] = {other: below for other, below in kept[kind].items() if other != name}
                elif block is None:
                    gone[key] = f"{layer.origin(key)} removes it"
                    here.discard(key)
                else:
                    gone.pop(key, None)
                    here.add(key)
        result.append(replace(layer, values={k: v for k, v in kept.items() if v != {} or layer.values[k] == {}}))
    return result, gone


def _only_changes(kind, block) -> bool:
    """Tell whether a block is no whole one, and holds no key that is wrong in any."""
    if kind == "articles" or not isinstance(block, dict):
        return block is None
    return set(block) <= KEYS[kind] and not NEEDED[kind] <= set(block)
