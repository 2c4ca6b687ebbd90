"""Articles: one file per source, with its experiments, sweeps and claims. config.yaml and overlays override them."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from em_study.configuration.layers import Layer, read_file
from em_study.configuration.merging import KINDS, NEEDED
from em_study.configuration.study import Article
from em_study.errors import ConfigurationError
from em_study.problems import Problem
from em_study.settings import Address, Name, block, valid
from em_study.wording import nearest, shown


@dataclass
class Articles:
    """The articles of a study.

    Attributes
    ----------
    layers : list of Layer
        One per article, in the order in which they are named.
    files : list of str
    original_data : list of str
        Files that the articles name under `original_data`.
    problems : list of Problem
    left_out : dict
        Reason why something is not part of the study, by ("experiments" | "sweeps" | "claims", name).
    """

    layers: list[Layer] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    original_data: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)


def read_articles(layers: list[Layer]) -> Articles:
    """Read the articles that the layers name, each relative to the file that names it."""
    found, place = Articles(), {}
    named, others = _named(layers)
    for slug, path in named.items():
        try:
            layer = read_file(path)
            if str(path) in found.files:
                raise ConfigurationError(f"{path} is named twice")
        except ConfigurationError as error:
            found.problems.append(Problem(("articles", slug), str(error)))
            continue
        found.files.append(str(path))
        found.layers.append(_as_layer(layer, slug, path, found.problems))
        _add_original_data(found, layer, slug)
        for key in names_of(layer):
            if key in place:
                lines = f"{place[key]} and {layer.location(key)}"
                found.problems.append(Problem(key, f"is defined in two articles: {lines}"))
            place[key] = layer.location(key)
    for kind, name in names_of(layers[0]):
        if (kind, name) in place and NEEDED[kind] <= {*block(layers[0].values[kind], name)}:
            lines = f"{place[kind, name]} and {layers[0].location((kind, name))}"
            found.problems.append(Problem((kind, name), f"is defined in an article and in the configuration: {lines}"))
    found.left_out = {key: why for key, why in _left_out(layers[0].folder, others, found.files) if key not in place}
    return found


def _named(layers) -> tuple[dict[str, Path], list[tuple[Path, str]]]:
    """Return the paths of the articles by name; and paths that are no longer named, with the reason."""
    named, others = {}, []
    for layer in layers:
        leaves_all_out = layer.values.get("articles", {}) is None
        for slug, value in (dict.fromkeys(named) if leaves_all_out else block(layer.values, "articles")).items():
            path = _relative(layer.folder / value) if isinstance(value, str) else None
            if slug in named and path != named[slug]:
                others.append((named[slug], f"article {slug if path is None else named[slug]} is left out"))
            if path is not None:
                named[slug] = path
            elif value is None:
                named.pop(slug, None)
    return named, others


def _left_out(folder, others, files):
    """Yield the contents of articles that are not part of the study, once named or in the folder `articles`."""
    in_folder = [path for path in sorted((folder / "articles").glob("*.yaml")) if str(_relative(path)) not in files]
    for path, why in (*((path, f"article {path} is not named") for path in in_folder), *others):
        try:
            yield from ((key, why) for key in names_of(read_file(path)))
        except ConfigurationError:
            continue  # ignored: it is not part of the study


def names_of(layer: Layer) -> list[tuple[str, str]]:
    """List the contents of a layer: ("experiments" | "sweeps" | "claims", name)."""
    return [(kind, name) for kind in KINDS for name in block(layer.values, kind)]


def _as_layer(layer: Layer, slug: str, file: Path, problems) -> Layer:
    """Convert an article to a layer: copy its source to each claim, and its section to each experiment."""
    locations = {path: line for path, line in layer.locations.items() if path and path[0] in KINDS}
    locations |= {
        ("articles", slug, key): layer.locations.get((key,), f"{file}:1") for key in (*layer.values, "source")
    }
    for key, value in layer.values.items():
        if key not in Article.model_fields:
            problems.append(Problem(("articles", slug, key), f"unknown key{nearest(key, list(Article.model_fields))}"))
        elif key in KINDS and not isinstance(value, dict):
            problems.append(Problem(("articles", slug, key), f"must be a block of keys and values, got {shown(value)}"))
    source = layer.values.get("source", "unknown")
    if "source" not in layer.values:
        problems.append(
            Problem(("articles", slug, "source"), "is required, but missing: it names the author or publication")
        )
    section = layer.values.get("section", source)
    address = layer.values.get("address")
    for key, text in (("source", source), ("section", section)):
        if valid(Name, text) is None:
            message = f"must be text of at most 1000 letters, got {shown(text)}"
            problems.append(Problem(("articles", slug, key), message))
    if address is not None and valid(Address, address) is None:
        problems.append(Problem(("articles", slug, "address"), f"must be an http(s) address, got {shown(address)}"))
        address = None
    blocks = {kind: layer.values[kind] for kind in KINDS if isinstance(layer.values.get(kind), dict)}
    values = _moved(blocks, layer.folder)
    defaults = {
        "claims": {"source": source, "basis": "paraphrase", "address": address},
        "experiments": {"section": section},
    }
    for kind, of_kind in defaults.items():
        for name in block(values, kind):
            found = block(values[kind], name)
            found |= {key: text for key, text in of_kind.items() if key not in found and text is not None}
    return Layer(layer.folder, values, locations, layer.written)


def _add_original_data(found: Articles, article: Layer, slug: str):
    """Add the results on the source's own data to each claim and experiment of the article's layer."""
    file = article.values.get("original_data")
    if not isinstance(file, str):
        return
    path = _relative(article.folder / file)
    try:
        values = read_file(path).values
    except ConfigurationError as error:
        found.problems.append(Problem(("articles", slug, "original_data"), str(error)))
        return
    found.original_data.append(str(path))
    outcomes = block(values, "claims")
    for name, claim in block(found.layers[-1].values, "claims").items():
        if isinstance(claim, dict) and isinstance(outcomes.get(name), dict) and "not_tested" not in claim:
            claim["original"] = {**outcomes[name], "date": values.get("date")}
    for name, agreement in block(values, "agreement").items():
        if isinstance(experiment := block(found.layers[-1].values, "experiments").get(name), dict):
            experiment["original"] = agreement


def _moved(value, folder: Path, is_path: bool = False):
    """Copy values, with paths of data files resolved from the folder of the article."""
    if isinstance(value, dict):
        return {key: _moved(below, folder, key.split(".")[-1] == "path") for key, below in value.items()}
    if isinstance(value, list):
        return [_moved(below, folder, is_path) for below in value]
    return str(_relative(folder / value)) if is_path and isinstance(value, str) else value


def _relative(path: Path) -> Path:
    """Simplify a path that contains `..`."""
    return Path(os.path.normpath(path))
