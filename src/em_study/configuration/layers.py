"""YAML files, merged key by key, with the file and line that each value came from."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from em_study.errors import ConfigurationError
from em_study.problems import Problem
from em_study.wording import as_placeholder, shown

MAX_VALUES = 1_000_000  # more than any study; stops aliases that multiply without end
MAX_DEPTH = 50
KeyPath = tuple[str | int, ...]


if yaml.__with_libyaml__:
    from yaml.cyaml import CParser

    class _SafeLoader(Composer, CParser, SafeConstructor, Resolver):
        """PyYAML's, which reads by libyaml, five times as fast, and composes in Python, which no depth can break."""

        def __init__(self, stream):
            CParser.__init__(self, stream)
            for part in (Composer, SafeConstructor, Resolver):
                part.__init__(self)

else:
    _SafeLoader = yaml.SafeLoader


class _Yaml12Loader(_SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2: 1e-4 is a number, `no` and 12:30 are text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own class attribute)


for _tag, _pattern, _first in [
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
]:
    _Yaml12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


@dataclass(frozen=True)
class Layer:
    """One source of keys and values: a YAML file, or what a caller hands over.

    Attributes
    ----------
    folder : Path
        Where the paths in it begin.
    values : dict
    origins : dict
        "file:line" of each path of keys.
    """

    folder: Path
    values: dict
    origins: dict[KeyPath, str]

    def origin(self, path: KeyPath) -> str:
        """Where a key stands."""
        return origin_of(path, self.origins)


@dataclass
class Layers:
    """Merged values, and where each came from.

    Attributes
    ----------
    values : dict
    origins : dict
        "file:line" of each path of keys.
    problems : list of Problem
    removed : set of paths
        That a null has removed.
    touched : dict
        Number of the last layer that set, or removed, anything in a block, by the block's path.
    """

    values: dict = field(default_factory=dict)
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    removed: set[KeyPath] = field(default_factory=set)
    touched: dict[KeyPath, int] = field(default_factory=dict)

    def origin(self, path: KeyPath) -> str:
        """Where a key stands; for a key that is missing, where the block stands that lacks it."""
        return origin_of(path, self.origins)


def origin_of(path: KeyPath, origins: dict[KeyPath, str]) -> str:
    """Where a key stands, or the nearest block around it whose place is known."""
    while path and path not in origins:
        path = path[:-1]
    return origins.get(path, "")


def merge(articles: list[Layer], layers: list[Layer]) -> Layers:
    """Merge the articles, then each layer over those before it.

    Mappings are merged key by key, anything else is replaced; a null removes the key. A `data` block with another
    `source` than the one below it replaces it whole.
    """
    merged = Layers()
    for number, layer in [*((0, article) for article in articles), *enumerate(layers, start=1)]:
        removed: list[KeyPath] = []
        found: list[Problem] = []
        merged.values = _merge(merged.values, layer.values, (), removed, found)
        merged.problems += [replace(problem, origin=layer.origin(problem.path)) for problem in found]
        merged.removed |= set(removed)
        for gone in removed:
            merged.origins = {path: o for path, o in merged.origins.items() if path[: len(gone)] != gone}
        merged.origins |= layer.origins
        merged.touched |= dict.fromkeys(layer.origins, number)
    return merged


def read_file(file) -> Layer:
    """Read a YAML file.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is not YAML, or repeats a key.
    """
    if wrong := as_placeholder(file):
        raise ConfigurationError(f"{file}: {wrong}")
    return Layer(Path(file).parent, *_read(str(file)))


def from_caller(values: dict, name: str) -> Layer:
    """Take keys and values that stand in no file; messages call them by a name."""
    origins: dict[KeyPath, str] = {}

    def note(value, path):
        origins[path] = name
        if len(origins) > MAX_VALUES or len(path) > MAX_DEPTH:
            raise ConfigurationError(f"{name}: too many values, or nested too deeply")
        for key, below in value.items() if isinstance(value, dict) else ():
            note(below, (*path, key))

    note(values, ())
    return Layer(Path(), values, origins)


def _merge(base, overlay, path, removed, problems):
    merged = dict(base)
    for key, value in overlay.items():
        here = (*path, key)
        if value is None:
            if key not in merged:
                there = f". There is: {', '.join(merged)}" if merged else ""
                text = f"there is nothing to remove by null; an empty block is written {{}}{there}"
                problems.append(Problem(here, text))
            merged.pop(key, None)
            removed.append(here)
        elif isinstance(value, dict):
            below = merged.get(key)
            below = below if isinstance(below, dict) else {}
            if key == "data" and value.get("source") not in (None, below.get("source")):
                below = {}
            merged[key] = _merge(below, value, here, removed, problems)
        else:
            merged[key] = value
    return merged


def _read(file: str):
    try:
        text = Path(file).read_bytes().decode()
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file") from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise ConfigurationError(f"{file}:{line}: not UTF-8 text ({error.reason})") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({error})") from None
    origins: dict[KeyPath, str] = {}
    try:
        loader = _Yaml12Loader(text)
        node = loader.get_single_node()
        values = {} if node is None else _construct(loader, node, (), file, origins)
        loader.dispose()
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply") from None
    except yaml.reader.ReaderError as error:
        raise ConfigurationError(f"{file}: holds a character that YAML does not allow ({error.character})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{file}{line}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{file}: must hold keys and values at its top level, not {_kind(values)}")
    return values, origins


def _construct(loader, node, path: KeyPath, file: str, origins: dict[KeyPath, str]):
    """Turn a YAML node into plain values, noting where each stands."""
    line = node.start_mark.line + 1
    origins.setdefault(path, f"{file}:{line}")
    if len(origins) > MAX_VALUES or len(path) > MAX_DEPTH:
        raise ConfigurationError(f"{file}:{line}: too many values, or nested too deeply")
    if isinstance(node, yaml.SequenceNode):
        return [_construct(loader, n, (*path, i), file, origins) for i, n in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        values, inherited = {}, {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigurationError(f"{file}:{key_line}: a key must be a plain word")
            key = key_node.value
            if key == "<<":  # YAML's merge key: a block of defaults
                defaults = _construct(loader, value_node, path, file, origins)
                for block in reversed(defaults if isinstance(defaults, list) else [defaults]):
                    if not isinstance(block, dict):
                        raise ConfigurationError(f"{file}:{key_line}: << must stand before a block of keys and values")
                    inherited |= block
                continue
            if key in values:
                raise ConfigurationError(f"{file}:{key_line}: the key '{key}' is given twice in one block")
            origins[(*path, key)] = f"{file}:{key_line}"
            values[key] = _construct(loader, value_node, (*path, key), file, origins)
        removed = {key for key, value in values.items() if value is None and key in inherited}
        return {key: value for key, value in (inherited | values).items() if key not in removed}
    try:
        return loader.construct_object(node)
    except (ValueError, LookupError):
        raise ConfigurationError(f"{file}:{line}: not a value that can be read: {shown(node.value)}") from None


def _kind(value) -> str:
    return {list: "a list", str: "text"}.get(type(value), f"a {type(value).__name__}")
