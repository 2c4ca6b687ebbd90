"""The code that results depend on."""

import hashlib
import importlib.metadata
import os
from modulefinder import ModuleFinder
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "scikit-learn")  # whose versions decide on numbers


def imported_by(script, src) -> list[str]:
    """List every module below `src` that a script imports, directly or not.

    Parameters
    ----------
    script, src : path-like

    Returns
    -------
    list of str
        Sorted paths, relative to the folder of the run.
    """
    finder = ModuleFinder(path=[str(src)])
    finder.run_script(str(script))
    files = [found.__file__ for name, found in finder.modules.items() if name != "__main__"]
    return sorted(os.path.relpath(file) for file in files if file)


def all_code(root: Path) -> list[str]:
    """List the code of the study: whatever of it made a number, it is recorded."""
    return sorted(
        os.path.relpath(file)
        for pattern in ("Snakefile", "src/**/*.py", "workflow/**/*.*")
        for file in root.glob(pattern)
        if "__pycache__" not in file.parts
    )


def digest_of(code) -> str:
    """Make one checksum of code files and the versions of the libraries below them."""
    files = [hashlib.sha256(Path(file).read_bytes()).digest() for file in code]
    versions = [importlib.metadata.version(package) for package in LIBRARIES]
    return hashlib.sha256(b"".join(files) + repr(versions).encode()).hexdigest()
