"""The code that results depend on."""

import importlib.metadata
import platform
from functools import cached_property, lru_cache
from pathlib import Path

from em_study.data.checksums import Checksums, digest_of, file_state

LIBRARIES = ("numpy", "scipy", "scikit-learn")  # their versions affect every number
# Packages whose versions count only for code that imports them, by the name in the import.
WHERE_IMPORTED = {"pandas": "pandas", "matplotlib": "matplotlib", "PIL": "pillow", "pyarrow": "pyarrow"}
AS_ONE = "emgmm"  # importing a part of the library loads all of it, so it has one checksum
BOOKKEEPING = "em_study.plan.step"  # records jobs, and does not affect their results
# Rules whose scripts compute numbers.
NUMBERS = ("data", "fit", "released", "run_other", "compare", "evaluate", "predict", "measure", "own_data", "tables")
SCRIPTS = {rule: f"{rule}.py" for rule in (*NUMBERS, "sweep_part", "sweep")}


class Code:
    """The modules of the study, the scripts of its workflow, and the imports of each.

    Parameters
    ----------
    root : Path
        Root of the repository.
    checksums : Checksums, optional
        Remembered checksums of files.
    """

    def __init__(self, root: Path, checksums: Checksums | None = None):
        self.root, self.checksums = root, checksums or Checksums()

    @cached_property
    def files(self) -> dict[str, list[Path]]:
        """The files of each module below src, by its dotted name, and of each script, by its file name.

        R files belong to the package that contains them.
        """
        found, src = {}, self.root / "src"
        for file in sorted(src.glob("**/*.py")):
            parts = file.relative_to(src).with_suffix("").parts
            name = AS_ONE if parts[0] == AS_ONE else ".".join(parts).removesuffix(".__init__")
            found.setdefault(name, []).append(file)
        for file in sorted(src.glob("**/*.R")):
            found[".".join(file.relative_to(src).parent.parts)].append(file)
        return found | {name: [file] for name, file in self.scripts.items()}

    @cached_property
    def scripts(self) -> dict[str, Path]:
        """The scripts of the workflow, by the name of the file."""
        return {file.name: file for file in sorted((self.root / "workflow" / "scripts").glob("*.py"))}

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """Direct imports of each module or script, with the packages that contain them."""
        return {
            name: {above for file in files for found in self.checksums.imports_of(file) for above in _with_above(found)}
            for name, files in self.files.items()
        }

    def of(self, script: str, *modules: str) -> set[str]:
        """Return a script and all modules that it uses, directly or not; it looks up `modules` by name."""
        reached, begun = set(), {script, *modules}
        while begun:
            reached |= begun
            begun = set().union(*(self.imports[name] for name in begun)) & self.files.keys() - reached - {BOOKKEEPING}
        return reached

    @lru_cache  # noqa: B019 (a process has one or two)
    def checksum_of(self, name: str) -> str:
        """Return the checksum of what a module or script computes; of the library, one for all its modules."""
        found = [self.checksums.of_code(file) for file in self.files[name]]
        return found[0] if len(found) == 1 else digest_of(found)

    def file_state(self, name: str) -> list[list[int]]:
        """Describe the state of the files of a module or script, without reading them."""
        return [file_state(file) for file in self.files[name]]

    def made_of(self, script: str, *modules: str) -> dict[str, str]:
        """Return the checksums of the modules that `of` returns, and the versions of Python and of libraries."""
        reached = sorted(self.of(script, *modules))
        imported = set().union(*map(self.imports.get, reached))
        packages = [*LIBRARIES, *(package for name, package in WHERE_IMPORTED.items() if name in imported)]
        versions = {"python": ".".join(platform.python_version_tuple()[:2])} | {
            name: version(name) for name in packages
        }
        return {name: self.checksum_of(name) for name in reached} | versions


version = lru_cache(importlib.metadata.version)


def _with_above(name: str):
    """Yield the names of the packages that contain a module, and its own."""
    parts = name.split(".")
    return (".".join(parts[: i + 1]) for i in range(len(parts)))


def all_code(root: Path) -> list[Path]:
    """List all code of the study, which the manifest records."""
    return sorted(
        file
        for pattern in ("Snakefile", "src/**/*.py", "src/**/*.R", "workflow/**/*.*")
        for file in root.glob(pattern)
        if "__pycache__" not in file.parts
    )
