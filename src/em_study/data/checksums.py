"""Checksums of files, and of what code computes. This module imports nothing of the study: `verify` uses it."""

import ast
import hashlib
import json
import os
import time
from pathlib import Path

MEMORY = Path(".snakemake/checksums.json")  # in the folder of a run
JUST_NOW = 2_000_000_000  # nanoseconds in which a file may change again without a new time of change


def sha256_of(path) -> str:
    """Checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


READER = sha256_of(__file__)  # results of another version of `read_code` are not used


def file_state(path) -> list[int]:
    """Describe the state of a file without reading it: a change of content changes it, as ctime cannot be set."""
    found = os.stat(path)
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def digest_of(settings) -> str:
    """Checksum of settings, in their canonical form."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def read_code(source: bytes) -> tuple[str, list[str]]:
    """Return the checksum of what Python code computes, and the names that it imports.

    The checksum is of the syntax tree, which has no comments, without docstrings and without the texts of `Field` and
    `Column`, which are params of the jobs that write them. Code that this Python cannot parse is represented by its
    bytes, without imports.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return hashlib.sha256(source).hexdigest(), []
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return hashlib.sha256(repr(_plain(tree)).encode()).hexdigest(), sorted(names)


def _plain(node):
    """Convert a syntax tree to tuples, the same in every version of Python: empty fields are left out."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    fields = {name: getattr(node, name, None) for name in node._fields if name not in ("kind", "ctx", "type_comment")}
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _has_docstring(node):
        fields["body"] = node.body[1:]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Field":
        fields["keywords"] = [keyword for keyword in node.keywords if keyword.arg != "description"]
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Column":
        fields["args"] = node.args[:1] + node.args[2:]
    kept = ((name, _plain(value)) for name, value in fields.items() if value is not None and value != [])
    return (type(node).__name__, *kept)


def _has_docstring(node) -> bool:
    first = node.body[0] if node.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return False
    return isinstance(first.value.value, str)


class Checksums:
    """Checksums of files, remembered as long as the state of a file is unchanged.

    Parameters
    ----------
    place : Path, optional
        File that keeps the checksums from one command to the next, once its folder exists.
    """

    def __init__(self, place: Path | None = None):
        self.place, self.is_new = place, False
        try:
            self.known = json.loads(place.read_text(encoding="utf-8")) if place else {}
            if not all(isinstance(value, list) for value in self.known.values()):
                raise ValueError
        except (OSError, ValueError, AttributeError):  # no such file, or another format
            self.known = {}

    def of(self, path) -> str:
        """Checksum of a file."""
        state, (*before, kept) = file_state(path), self.known.get(str(path), [None])
        if before == state:
            return kept
        found = sha256_of(path)
        if time.time_ns() - state[-1] > JUST_NOW:
            self._remember(str(path), [*state, found])
        return found

    def of_code(self, path) -> str:
        """Return the checksum of what a Python module computes; of another file, that of its bytes."""
        return self._code(path)[0] if Path(path).suffix == ".py" else sha256_of(path)

    def imports_of(self, path) -> list[str]:
        """Name everything that a Python module imports; nothing for other files."""
        return self._code(path)[1:] if Path(path).suffix == ".py" else []

    def _code(self, path) -> list[str]:
        source = Path(path).read_bytes()
        key = f"code {hashlib.sha256(source).hexdigest()} by {READER}"
        if key not in self.known:
            checksum, imports = read_code(source)
            self._remember(key, [checksum, *imports])
        return self.known[key]

    def _remember(self, key, value):
        self.known[key], self.is_new = value, True

    def save(self):
        """Store new checksums for the next command."""
        if self.place is None or not self.is_new or not self.place.parent.is_dir():
            return
        temporary = self.place.with_name(f".{self.place.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(self.known), encoding="utf-8")
            os.replace(temporary, self.place)
        except OSError:  # a read-only folder; the next command computes them again
            temporary.unlink(missing_ok=True)
