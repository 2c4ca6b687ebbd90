"""The code that results depend on."""

import importlib.metadata
import platform
import re
from functools import cached_property, lru_cache
from pathlib import Path

from em_study.data.checksums import Checksums

LIBRARIES = ("numpy", "scipy", "scikit-learn")  # whose versions decide on every number
# Packages whose versions count where they are imported, by the name that an import uses.
WHERE_IMPORTED = {"pandas": "pandas", "matplotlib": "matplotlib", "PIL": "pillow", "pyarrow": "pyarrow"}
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
    checksums : Checksums, optional
        That remember those of files which have not changed.
    """

    def __init__(self, root: Path, checksums: Checksums | None = None):
        self.root, self.checksums = root, checksums or Checksums()

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
        return {name: {*_with_packages(found)} & self.modules.keys() for name, found in self._imported.items()}

    @cached_property
    def _imported(self) -> dict[str, set[str]]:
        return {name: _imported(file) for name, file in self.files.items()}

    def of(self, script: str, *modules: str) -> set[str]:
        """Name a script and all modules that it uses, directly or not; beside it, those that it looks up by name."""
        reached, begun = set(), [script, *modules]
        while begun:
            if (name := begun.pop()) not in reached:
                reached.add(name)
                begun += self.imports[name]
        return reached

    @cached_property
    def _checksums(self) -> dict[str, str]:
        return {name: self.checksums.of_code(file) for name, file in self.files.items()}

    @cached_property
    def files(self) -> dict[str, Path]:
        """The modules and scripts, by their names."""
        return self.modules | self.scripts

    def made_of(self, script: str, *modules: str) -> dict[str, str]:
        """Give the checksum of what each module computes that `of` names, and the versions of Python and libraries."""
        reached = sorted(self.of(script, *modules))
        imported = {name.split(".")[0] for module in reached for name in self._imported[module]}
        packages = [*LIBRARIES, *(package for name, package in WHERE_IMPORTED.items() if name in imported)]
        versions = {"python": ".".join(platform.python_version_tuple()[:2])} | {
            name: version(name) for name in packages
        }
        return {name: self._checksums[name] for name in reached} | versions


version = lru_cache(importlib.metadata.version)


def _imported(file: Path) -> set[str]:
    """Name everything that a file imports."""
    found = set()
    for package, names, plain in IMPORT.findall(file.read_text(encoding="utf-8")):
        words = re.findall(r"[\w.]+", names or plain)
        found |= {f"{package}.{word}" for word in words} if package else {*words}
    return found


def _with_packages(names):
    """Name modules, and the packages that they lie in."""
    for parts in (name.split(".") for name in names):
        yield from (".".join(parts[: i + 1]) for i in range(len(parts)))


def all_code(root: Path) -> list[Path]:
    """List the code of the study: whatever of it made a number, it is recorded."""
    return sorted(
        file
        for pattern in ("Snakefile", "src/**/*.py", "workflow/**/*.*")
        for file in root.glob(pattern)
        if "__pycache__" not in file.parts
    )
