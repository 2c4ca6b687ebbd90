"""config/README.md: every key of the configuration, from the schema."""

import json
import types
import typing

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from em_study.configuration.study import Article, Study

OPENING = """# The configuration

Every key of `config.yaml`, of the articles that it names, and of the files given with `--configfile`. These overlays
are merged over config.yaml key by key, and config.yaml over the articles. A `null` removes an entry; a `data` block
with another `source` replaces the one below it. `1e-4` is a number here, and `<<` takes over the keys of another block
of the same file. Paths of data are relative to the folder in which `snakemake` runs; in an article, to the article.

Made from the schema by `em-study reference > config/README.md`.
"""


def reference() -> str:
    """Write the reference as Markdown."""
    lines = [OPENING.rstrip()]
    for model in [Study, Article, *_models(Study)[1:]]:
        lines += ["", f"## {model.__name__}", "", _sentence(model), "", "| key | value | default | meaning |"]
        lines.append("|---|---|---|---|")
        for name, field in model.model_fields.items():
            default = "required" if field.default is PydanticUndefined else f"`{_shown(field.default)}`"
            meaning = (field.description or "").replace("|", "\\|")
            lines.append(f"| `{name}` | {_kind(field.annotation, field.metadata)} | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _sentence(model):
    return " ".join(model.__doc__.split())


def _models(model, seen=None):
    """Every block, in the order in which the configuration meets them."""
    seen = {} if seen is None else seen
    seen[model] = None
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                _models(part, seen)
    return list(seen)


def _parts(annotation):
    yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)


def _kind(annotation, metadata=()) -> str:
    """Name a type and its bounds in words."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(parts[0], [bound for extra in parts[1:] for bound in getattr(extra, "metadata", [extra])])
    if origin is typing.Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(part, metadata) for part in parts if part is not types.NoneType)
    if origin is dict:
        return f"names, each with {_kind(parts[1])}"
    if origin is list:
        return f"list of {_kind(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    words = {int: "whole number", float: "number", bool: "`true` or `false`", str: "text"}
    return words.get(annotation, "word or number") + _bounds(metadata)


def _bounds(metadata) -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    found = [
        f"{sign} {getattr(bound, key):g}"
        for bound in metadata
        for key, sign in signs.items()
        if getattr(bound, key, None) is not None
    ]
    return f" {', '.join(found)}" if found else ""


def _shown(value) -> str:
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)
