"""Articles: one file a source, with its experiments, sweeps and claims. They lie below config.yaml and its overlays."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from study.configuration.errors import ConfigurationError
from study.configuration.layers import KeyPath, Layer, read_file
from study.configuration.schema import Article, Name
from study.configuration.wording import nearest, shown

KINDS = ("experiments", "sweeps", "claims")
NEEDED = {"experiments": "data", "sweeps": "vary", "claims": "statement"}  # without it, a block only changes another


@dataclass
class Articles:
    """The articles of a study.

    Attributes
    ----------
    layers : list of Layer
        One an article, in the order in which they are named.
    files : list of str
    problems : list of (path, message)
    left_out : dict
        The article's slug, by ("experiments" | "sweeps" | "claims", name), of those that are not part of the study.
    """

    layers: list[Layer] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: list[tuple[KeyPath, str]] = field(default_factory=list)
    left_out: dict[tuple[str, str], str] = field(default_factory=dict)


def read_articles(layers: list[Layer]) -> Articles:
    """Read the articles that the layers name, each relative to the file that names it.

    Raises
    ------
    ConfigurationError
        If an article cannot be read, or is not YAML.
    """
    found, place = Articles(), {}
    named, removed = _named(layers)
    for slug, (path, origin) in named.items():
        try:
            layer = read_file(path)
        except ConfigurationError as error:
            raise ConfigurationError(f"{origin} articles.{slug}: {error}") from None
        found.files.append(str(path))
        found.layers.append(_as_layer(layer, slug, path, found.problems))
        for kind, name in _names(layer):
            if (kind, name) in place:
                lines = " and ".join((place[kind, name], layer.origins[kind, name]))
                found.problems.append(((kind, name), f"stands in two articles, at {lines}"))
            place[kind, name] = layer.origins[kind, name]
    for slug, path in _other_articles(layers[0].folder, removed, found.files):
        try:
            names = _names(read_file(path))
        except ConfigurationError:
            continue  # it is not part of the study
        found.left_out |= {key: slug for key in names if key not in place}
    return found


def without_left_out(layers: list[Layer], articles: Articles, notice) -> list[Layer]:
    """Drop the keys that only change an article which is left out, with a word about each."""
    result, whole = [], set()
    for layer in layers:
        kept = dict(layer.values)
        for kind, name in _names(layer):
            block = layer.values[kind][name]
            if isinstance(block, dict) and NEEDED[kind] in block:
                whole.add((kind, name))
            if (kind, name) in whole or (kind, name) not in articles.left_out:
                continue
            slug = articles.left_out[kind, name]
            notice(f"{layer.origins[kind, name]} {kind}.{name} is not used, for article {slug} is left out")
            kept[kind] = {key: value for key, value in kept[kind].items() if key != name}
        result.append(replace(layer, values={k: v for k, v in kept.items() if v != {} or layer.values[k] == {}}))
    return result


def _named(layers):
    """Path and origin of each article by its slug, and the paths of those that a later layer removes."""
    named, removed = {}, {}
    for layer in layers:
        block = layer.values.get("articles", {})
        if block is None:  # an overlay leaves them all out
            block = dict.fromkeys(named)
        for slug, path in block.items() if isinstance(block, dict) else ():
            if path is None and slug in named:
                removed[slug] = named.pop(slug)[0]
            elif isinstance(path, str):
                named[slug] = (_relative(layer.folder / path), layer.origins["articles", slug])
    return named, removed


def _other_articles(folder, removed, files):
    """Articles that are not part of the study: removed by an overlay, or in the folder `articles` and not named."""
    yield from removed.items()
    for path in sorted((folder / "articles").glob("*.yaml")):
        if str(_relative(path)) not in files:
            yield path.stem, path


def _names(layer: Layer) -> list[tuple[str, str]]:
    return [(kind, name) for kind in KINDS if isinstance(layer.values.get(kind), dict) for name in layer.values[kind]]


def _as_layer(layer: Layer, slug: str, file: Path, problems) -> Layer:
    """Turn an article into a layer: who says it goes to each claim, its section to each experiment."""
    origins = {path: origin for path, origin in layer.origins.items() if path and path[0] in KINDS}
    origins |= {("articles", slug, key): layer.origins.get((key,), f"{file}:1") for key in (*layer.values, "source")}
    for key, value in layer.values.items():
        if key not in Article.model_fields:
            problems.append((("articles", slug, key), f"unknown key{nearest(key, list(Article.model_fields))}"))
        elif key in KINDS and not isinstance(value, dict):
            problems.append((("articles", slug, key), f"must be a block of keys and values, got {shown(value)}"))
    source = layer.values.get("source")
    if source is None:
        problems.append((("articles", slug, "source"), "is required, but missing: who says it"))
    section = layer.values.get("section", source)
    for key, text in (("source", source), ("section", section)):
        if text is not None and not _is_text(text):
            problems.append((("articles", slug, key), f"must be text of at most 1000 letters, got {shown(text)}"))
    blocks = {kind: layer.values[kind] for kind in KINDS if isinstance(layer.values.get(kind), dict)}
    values = _moved(blocks, layer.folder)
    for kind, key, text in (("claims", "source", source), ("experiments", "section", section)):
        for block in values.get(kind, {}).values() if text is not None else ():
            if isinstance(block, dict):
                block.setdefault(key, text)
    return Layer(layer.folder, values, origins)


def _is_text(value) -> bool:
    try:
        TypeAdapter(Name).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _moved(value, folder: Path, is_path: bool = False):
    """Copy values with each data file's path taken from the article's folder."""
    if isinstance(value, dict):
        return {key: _moved(below, folder, key.split(".")[-1] == "path") for key, below in value.items()}
    if isinstance(value, list):
        return [_moved(below, folder, is_path) for below in value]
    return str(_relative(folder / value)) if is_path and isinstance(value, str) else value


def _relative(path: Path) -> Path:
    """Write a path without detours by `..`."""
    return Path(os.path.normpath(path))
