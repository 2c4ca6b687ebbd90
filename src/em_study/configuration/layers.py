"""YAML files, with the file and line that each value comes from."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.parser import ParserError
from yaml.resolver import Resolver
from yaml.scanner import ScannerError

from em_study.errors import ConfigurationError
from em_study.settings import Written
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


@dataclass
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
        """Where a key stands, or the nearest block around it whose place is known."""
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, "")


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


def _read(file: str):
    try:
        text = Path(file).read_bytes().decode()
    except FileNotFoundError:
        told = "there is no such file"
        if Path(file).suffix not in (".yaml", ".yml", ".json"):
            told += " of a configuration; --configfile takes all words up to the next option: put -- before a target"
        raise ConfigurationError(f"{file}: {told}") from None
    except UnicodeDecodeError as error:
        told = f"not UTF-8 text ({error.reason}): save the file as UTF-8"
        raise _wrong(file, error.object.decode("latin-1"), error.object.count(b"\n", 0, error.start), told) from None
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
        told = f"holds a character that YAML does not allow (U+{error.character:04X})"
        raise _wrong(file, text, len(text[: error.position + 1].splitlines()) - 1, told) from None
    except yaml.YAMLError as error:
        marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
        lines = [mark.line for mark in marks if mark] or [0]
        line = next((line for line in lines if _line(text, line).strip()), lines[0])  # the end of a file says nothing
        told = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        if isinstance(error, (ScannerError, ParserError)):
            by_tab = "\t" in _line(text, line)
            told += "; indent by spaces, no tabs" if by_tab else "; a text with ': ', ' #' or brackets needs quotes"
        raise _wrong(file, text, line, told) from None
    if not isinstance(values, dict):
        found = {list: "a list", str: "text"}.get(type(values), f"a {type(values).__name__}")
        raise ConfigurationError(f"{file}: must hold keys and values at its top level, not {found}")
    return values, origins


def _wrong(file: str, text: str, line: int, told: str) -> ConfigurationError:
    """Say what is wrong with a line of a file, with what stands there."""
    return ConfigurationError(f"{file}:{line + 1}: {told}. The line is {shown(_line(text, line).strip())}")


def _line(text: str, number: int) -> str:
    return "".join(text.splitlines()[number : number + 1])


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
        value = loader.construct_object(node)
        return Written(node.value) if isinstance(value, float) and math.isfinite(value) else value
    except (ValueError, LookupError):
        raise ConfigurationError(f"{file}:{line}: not a value that can be read: {shown(node.value)}") from None
