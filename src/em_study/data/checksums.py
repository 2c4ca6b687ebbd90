"""Checksums of files, and of code by what it computes. It imports nothing of the study, so that `verify` can use it."""

import ast
import hashlib
import json
import os
import time
from pathlib import Path

MEMORY = Path(".snakemake/checksums.json")  # in the folder of a run
JUST_NOW = 2_000_000_000  # nanoseconds, in which a file may change again and look the same


def sha256_of(path) -> str:
    """Checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def what_is_there(path) -> list[int]:
    """Describe a file, without reading it, by what changes with its content: its time of change cannot be set."""
    found = os.stat(path)
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def computing_checksum(source: bytes) -> str:
    """Checksum of what Python code computes: of its syntax tree without docstrings and comments.

    Nor are descriptions of columns a part of it: what repeats these goes by the checksum of the data dictionary.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # for another Python
        return hashlib.sha256(source).hexdigest()
    return hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()


def _plain(node):
    """Write a syntax tree as tuples, the same by every version of Python: what is empty is left out."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    fields = {name: getattr(node, name, None) for name in node._fields if name not in ("kind", "ctx", "type_comment")}
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _has_docstring(node):
        fields["body"] = node.body[1:]
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Column":
        fields["args"] = node.args[:1] + node.args[2:]
    kept = ((name, _plain(value)) for name, value in fields.items() if value is not None and value != [])
    return (type(node).__name__, *kept)


def _has_docstring(node) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


class Checksums:
    """Checksums of files, remembered as long as the file system says the same of a file.

    Parameters
    ----------
    place : Path, optional
        File in which they are kept from one command to the next, once its folder is there.
    """

    def __init__(self, place: Path | None = None):
        self.place, self.is_new = place, False
        try:
            self.known = json.loads(place.read_text(encoding="utf-8")) if place else {}
            if not all(isinstance(value, (str, list)) for value in self.known.values()):
                raise ValueError
        except (OSError, ValueError, AttributeError):  # there is none, or it is another
            self.known = {}

    def of(self, path) -> str:
        """Checksum of a file."""
        said, (*before, kept) = what_is_there(path), self.known.get(str(path), [None])
        if before == said:
            return kept
        found = sha256_of(path)
        if time.time_ns() - said[-1] > JUST_NOW:
            self._remember(str(path), [*said, found])
        return found

    def of_code(self, path) -> str:
        """Checksum of what a file of code computes, or of its bytes where it is no Python module."""
        if Path(path).suffix != ".py":
            return sha256_of(path)
        source = Path(path).read_bytes()
        of_bytes = hashlib.sha256(source).hexdigest()
        if of_bytes not in self.known:
            self._remember(of_bytes, computing_checksum(source))
        return self.known[of_bytes]

    def _remember(self, key, value):
        self.known[key], self.is_new = value, True

    def save(self):
        """Keep what was found for the next command."""
        if self.place is None or not self.is_new or not self.place.parent.is_dir():
            return
        temporary = self.place.with_name(f".{self.place.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(self.known), encoding="utf-8")
            os.replace(temporary, self.place)
        except OSError:  # a folder that is only read; next time they are made anew
            temporary.unlink(missing_ok=True)
