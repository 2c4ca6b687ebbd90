"""The code that results depend on."""

import hashlib
import importlib.metadata
import os
import re
from functools import cached_property
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "scikit-learn")  # whose versions decide on numbers
SCRIPTS = {  # of each rule that makes a number
    **{
        rule: f"{rule}.py"
        for rule in ("data", "fit", "compare", "evaluate", "predict", "measure", "tables", "sweep_part", "sweep")
    },
    "sklearn": "run_sklearn.py",
}
# An import statement as ruff formats it, wherever it stands.
IMPORT = re.compile(r"^[ ]*(?:from ([\w.]+) import (\([^)]*\)|.+)|import (.+))$", re.MULTILINE)


class Code:
    """The modules of the study, the scripts of its workflow, and what each of them imports.

    Parameters
    ----------
    root : Path
        Of the repository.
    """

    def __init__(self, root: Path):
        self.root = root

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Every module below src, by its dotted name."""
        src = self.root / "src"
        return {
            ".".join(file.relative_to(src).with_suffix("").parts).removesuffix(".__init__"): file
            for file in sorted(src.glob("**/*.py"))
        }

    @cached_property
    def scripts(self) -> dict[str, Path]:
        """The scripts of the workflow, by the name of the file."""
        return {file.name: file for file in sorted((self.root / "workflow" / "scripts").glob("*.py"))}

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """Modules of ours that each module or script imports itself, with the packages that they lie in."""
        return {name: self._imported(file) for name, file in (self.modules | self.scripts).items()}

    def _imported(self, file: Path) -> set[str]:
        found = set()
        for package, names, plain in IMPORT.findall(file.read_text(encoding="utf-8")):
            words = re.findall(r"[\w.]+", names or plain)
            dotted = [f"{package}.{word}" for word in words] if package else words
            for parts in (name.split(".") for name in dotted):
                found |= {".".join(parts[: i + 1]) for i in range(len(parts))}
        return found & self.modules.keys()

    def of(self, script: str, *modules: str) -> set[str]:
        """Name a script and all modules that it uses, directly or not; beside it, those that it looks up by name."""
        reached, begun = set(), [script, *modules]
        while begun:
            if (name := begun.pop()) not in reached:
                reached.add(name)
                begun += self.imports[name]
        return reached

    @cached_property
    def _digests(self) -> dict[str, str]:
        files = self.modules | self.scripts
        return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}

    @cached_property
    def _versions(self) -> list[str]:
        return [importlib.metadata.version(package) for package in LIBRARIES]

    def digest(self, script: str, *modules: str) -> str:
        """Make one checksum of all that `of` names and of the versions of the libraries below them."""
        content = [(name, self._digests[name]) for name in sorted(self.of(script, *modules))]
        return hashlib.sha256(repr((content, self._versions)).encode()).hexdigest()


def all_code(root: Path) -> list[str]:
    """List the code of the study: whatever of it made a number, it is recorded."""
    return sorted(
        os.path.relpath(file)
        for pattern in ("Snakefile", "src/**/*.py", "workflow/**/*.*")
        for file in root.glob(pattern)
        if "__pycache__" not in file.parts
    )
