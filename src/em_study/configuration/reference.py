"""Generate config/README.md, a reference of every key, and config/schema.json for editors."""

import json
import re

from pydantic.json_schema import models_json_schema

from em_study.configuration.study import Article, Study
from em_study.places import ROOT

OPENING = """# The configuration

Every key of `config.yaml`, of the articles that it names, and of the overlays given with `--configfile`. Files are
merged key by key: overlays override `config.yaml`, and `config.yaml` overrides the articles. `null` removes an entry. A
`data` block with another `source` replaces the earlier block. `1e-4` is a number, and `<<` copies the keys of another
block of the same file. Paths of data files are relative to the folder in which `snakemake` runs; in an article, to the
article.

An editor with YAML schemas completes keys and shows their meaning, if the first line of the file names `schema.json` of
this folder, as in `config.yaml`.

This file is generated from the schema by `em-study reference`.
"""
BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
WORDS = {"integer": "whole number", "number": "number", "boolean": "`true` or `false`", "string": "text"}


def reference() -> str:
    """Write the reference as Markdown."""
    blocks, lines = _blocks(), [OPENING.rstrip()]
    for name in dict.fromkeys(["Study", "Article", *_met("Study", blocks, {})]):
        block = blocks[name]
        lines += ["", f"## {name}", "", " ".join(block["description"].split()), ""]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
        for key, found in block["properties"].items():
            if found.get("deprecated"):
                continue
            default = "required" if key in block.get("required", ()) else f"`{_shown(found['default'])}`"
            meaning = found["description"].replace("|", "\\|")
            lines.append(f"| `{key}` | {_kind(found)} | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def schema() -> str:
    """Write the JSON schema of a file of the configuration."""
    files = [{"$ref": f"#/$defs/{model.__name__}"} for model in (Study, Article)]
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$schema": dialect, "anyOf": files, "$defs": _of_a_part(_blocks())}, indent=1) + "\n"


def _blocks() -> dict[str, dict]:
    """Return the schema of each block, by its name."""
    return models_json_schema([(Study, "validation"), (Article, "validation")])[1]["$defs"]


def _of_a_part(found):
    """Relax a schema for a file that has only a part of a block: no key is required, and null removes an entry."""
    if isinstance(found, list):
        return [*map(_of_a_part, found)]
    if not isinstance(found, dict):
        return found
    needless = {"required", "discriminator"} | ({"enum"} if "const" in found else set())
    needless |= {"additionalProperties"} if found.get("additionalProperties") is True else set()
    part = {key: _of_a_part(value) for key, value in found.items() if key not in needless}
    if "oneOf" in part:  # a part of a block may fit several choices
        part["anyOf"] = part.pop("oneOf")
    if "patternProperties" in part:
        entries = {name: {"anyOf": [entry, {"type": "null"}]} for name, entry in part["patternProperties"].items()}
        part |= {"type": ["object", "null"], "patternProperties": entries, "additionalProperties": False}
    return part


def _met(name: str, blocks: dict, found: dict) -> dict:
    """Add the names of a block and of the blocks below it, in the order of their first use."""
    if name not in found:
        found[name] = blocks[name]
        for below in re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(blocks[name])):
            _met(below, blocks, found)
    return found


def _kind(found) -> str:
    """Name a type and its bounds in words."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := found.get("anyOf", found.get("oneOf")):
        return " or ".join(_kind(choice) for choice in choices if choice.get("type") != "null")
    if values := found.get("enum", [found["const"]] if "const" in found else []):
        return ", ".join(f"`{value}`" for value in values)
    if found.get("type") == "object":
        (entry,) = found.get("patternProperties", {"": found.get("additionalProperties")}).values()
        return f"names, each with {_kind(entry if isinstance(entry, dict) else {})}"
    if "items" in found:
        return f"list of {_kind(found['items'])}"
    bounds = ", ".join(f"{sign} {found[key]:g}" for key, sign in BOUNDS.items() if key in found)
    return f"{WORDS.get(found.get('type'), 'word or number')} {bounds}".strip()


def _shown(value) -> str:
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)


def write_reference():
    """Write both files."""
    for name, text in (("README.md", reference()), ("schema.json", schema())):
        (ROOT / "config" / name).write_text(text, encoding="utf-8")
