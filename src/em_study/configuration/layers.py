"""YAML files, with file and line of each value."""

import math
import re
from dataclasses import dataclass, field
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

MAX_VALUES = 1_000_000  # more than any study has; a guard against aliases that multiply without end
MAX_DEPTH = 50
KeyPath = tuple[str | int, ...]
# A key of drawn data with two names: that which users write, and that which records, tables and seeds keep.
WRITTEN, RECORDED = "missingness", "holes"


if yaml.__with_libyaml__:
    from yaml.cyaml import CParser

    class _SafeLoader(Composer, CParser, SafeConstructor, Resolver):
        """PyYAML's loader with libyaml, five times as fast; nodes are composed in Python, safe at any depth."""

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
    """One set of keys and values: of a YAML file, or of a Snakefile that uses the study as a module.

    Attributes
    ----------
    folder : Path
        Folder from which its paths are resolved.
    values : dict
    locations : dict
        "file:line" of each path of keys.
    written : dict
        A key that has two names as it was written, by its path.
    """

    folder: Path
    values: dict
    locations: dict[KeyPath, str]
    written: dict[KeyPath, str] = field(default_factory=dict)

    def location(self, path: KeyPath) -> str:
        """Return file and line of a key, or of the nearest block around it whose location is known."""
        while path and path not in self.locations:
            path = path[:-1]
        return self.locations.get(path, "")

    def dotted(self, path: KeyPath, first: int = 0) -> str:
        """Write the keys of a path as the user wrote them, with dots; `first` is the position of the first key."""
        words = [self.written.get(path[: i + 1], str(key)) for i, key in enumerate(path)]
        return ".".join(words[first:])


def read_file(file) -> Layer:
    """Read a YAML file.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is not YAML, or repeats a key.
    """
    if wrong := as_placeholder(file):
        raise ConfigurationError(f"{file}: {wrong}")
    return _with_recorded_names(Layer(Path(file).parent, *_read(str(file))))


def from_caller(values: dict, name: str) -> Layer:
    """Make a layer of keys and values that are not in a file; messages give `name` as their location."""
    locations: dict[KeyPath, str] = {}

    def note(value, path):
        locations[path] = name
        if len(locations) > MAX_VALUES or len(path) > MAX_DEPTH:
            raise ConfigurationError(f"{name}: too many values, or nested too deeply")
        for key, below in value.items() if isinstance(value, dict) else ():
            note(below, (*path, key))

    note(values, ())
    return _with_recorded_names(Layer(Path(), values, locations))


def _with_recorded_names(layer: Layer) -> Layer:
    """Rename keys that have two names to the recorded one, and note what was written.

    Raises
    ------
    ConfigurationError
        If a block has both names of a key.
    """
    locations, written = {}, {}
    for path, location in layer.locations.items():
        recorded = _recorded_path(path)
        if recorded in locations:
            both = f"{WRITTEN} and {RECORDED} are two names of the same key"
            raise ConfigurationError(f"{location}: {both}: write only {WRITTEN}")
        locations[recorded] = location
        if path and isinstance(path[-1], str) and (WRITTEN in path[-1] or RECORDED in path[-1]):
            written[recorded] = path[-1]

    def renamed(value, path):
        if isinstance(value, dict):
            keys = {word: _recorded_path((*path, word))[-1] for word in value}
            return {keys[word]: renamed(below, (*path, keys[word])) for word, below in value.items()}
        if isinstance(value, list):
            return [renamed(below, (*path, i)) for i, below in enumerate(value)]
        return _recorded(path, value) if "figure" in path[2:3] else value

    return Layer(layer.folder, renamed(layer.values, ()), locations, written)


def _recorded_path(path: KeyPath) -> KeyPath:
    found: KeyPath = ()
    for word in path:
        found = (*found, _recorded(found, word))
    return found


def _recorded(path: KeyPath, word):
    """Return the recorded name of a key in the block at `path`, or of a column that a sweep or a claim names there."""
    if not isinstance(word, str) or WRITTEN not in word:
        return word
    kind, below = path[:1], [part for part in path[2:] if isinstance(part, str)]
    if word == WRITTEN and (kind, below) in ((("experiments",), ["data"]), (("sweeps",), ["vary", "data"])):
        return RECORDED
    prefix, name, rest = word.partition(f"data.{WRITTEN}")
    is_key = kind in (("sweeps",), ("claims",)) and not prefix and name and rest[:1] in ("", ".")
    return f"data.{RECORDED}{rest}" if is_key else word


def _read(file: str):
    try:
        text = Path(file).read_bytes().decode()
    except FileNotFoundError:
        reason = "there is no such file"
        if Path(file).suffix not in (".yaml", ".yml", ".json"):
            reason += "; --configfile takes all words up to the next option: put -- before a target"
        raise ConfigurationError(f"{file}: {reason}") from None
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 text ({error.reason}): save the file as UTF-8"
        raise _wrong(file, error.object.decode("latin-1"), error.object.count(b"\n", 0, error.start), reason) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({error})") from None
    locations: dict[KeyPath, str] = {}
    try:
        loader = _Yaml12Loader(text)
        node = loader.get_single_node()
        values = {} if node is None else _construct(loader, node, (), file, locations)
        loader.dispose()
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply") from None
    except yaml.reader.ReaderError as error:
        reason = f"contains a character that YAML does not allow (U+{error.character:04X})"
        raise _wrong(file, text, len(text[: error.position + 1].splitlines()) - 1, reason) from None
    except yaml.YAMLError as error:
        marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
        lines = [mark.line for mark in marks if mark] or [0]
        line = next(
            (line for line in lines if _line(text, line).strip()), lines[0]
        )  # the end of a file has no text to show
        reason = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        if isinstance(error, (ScannerError, ParserError)):
            by_tab = "\t" in _line(text, line)
            reason += "; indent by spaces, not tabs" if by_tab else "; a text with ': ', ' #' or brackets needs quotes"
        raise _wrong(file, text, line, reason) from None
    if not isinstance(values, dict):
        found = {list: "a list", str: "text"}.get(type(values), f"a {type(values).__name__}")
        raise ConfigurationError(f"{file}: must have keys and values at its top level, not {found}")
    return values, locations


def _wrong(file: str, text: str, line: int, reason: str) -> ConfigurationError:
    """Make an error about a line of a file, which it quotes."""
    return ConfigurationError(f"{file}:{line + 1}: {reason}. The line is {shown(_line(text, line).strip())}")


def _line(text: str, number: int) -> str:
    return "".join(text.splitlines()[number : number + 1])


def _construct(loader, node, path: KeyPath, file: str, locations: dict[KeyPath, str]):
    """Convert a YAML node to plain values, and note the location of each."""
    line = node.start_mark.line + 1
    locations.setdefault(path, f"{file}:{line}")
    if len(locations) > MAX_VALUES or len(path) > MAX_DEPTH:
        raise ConfigurationError(f"{file}:{line}: too many values, or nested too deeply")
    if isinstance(node, yaml.SequenceNode):
        return [_construct(loader, n, (*path, i), file, locations) for i, n in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        values, inherited = {}, {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigurationError(f"{file}:{key_line}: a key must be a plain word")
            key = key_node.value
            if key == "<<":  # YAML's merge key: a block of defaults
                defaults = _construct(loader, value_node, path, file, locations)
                for block in reversed(defaults if isinstance(defaults, list) else [defaults]):
                    if not isinstance(block, dict):
                        raise ConfigurationError(
                            f"{file}:{key_line}: << must be followed by a block of keys and values"
                        )
                    inherited |= block
                continue
            if key in values:
                raise ConfigurationError(f"{file}:{key_line}: the key '{key}' is given twice in one block")
            locations[(*path, key)] = f"{file}:{key_line}"
            values[key] = _construct(loader, value_node, (*path, key), file, locations)
        removed = {key for key, value in values.items() if value is None and key in inherited}
        return {key: value for key, value in (inherited | values).items() if key not in removed}
    try:
        value = loader.construct_object(node)
        return Written(node.value) if isinstance(value, float) and math.isfinite(value) else value
    except (ValueError, LookupError):
        raise ConfigurationError(f"{file}:{line}: not a readable value: {shown(node.value)}") from None
