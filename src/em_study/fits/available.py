"""Where EM implementations are: files that a configuration names."""

import ast
import importlib.metadata
import os
import sys
from functools import lru_cache
from pathlib import Path

FOLDER = "implementations"
SKLEARN = "sklearn"
BUILT_IN = ("emgmm", SKLEARN)  # that a fit runs in its own process
OURS = Path(__file__).parents[3] / FOLDER  # those of the repository


def implementation_file(name: str) -> str | None:
    """Find the file of an implementation, in the folder of the run or else the repository; None if it is built in."""
    if name in BUILT_IN:
        return None
    own = Path(FOLDER) / f"{name}.py"
    return str(own) if own.exists() else os.path.relpath(OURS / f"{name}.py")


def implementations() -> list[str]:
    """Name all that there are."""
    found = {file.stem for folder in (Path(FOLDER), OURS) for file in folder.glob("*.py")}
    return [*BUILT_IN, *sorted(found - {*BUILT_IN})]


def implementation_files(experiment) -> list[str]:
    """List the files of the implementations that the fits and protocols of an experiment name."""
    named = [fit.implementation for fit in experiment.fits.values()]
    named += experiment.protocols.implementations if experiment.protocols else []
    return sorted({file for name in named if (file := implementation_file(name))})


def tolerance_of(name: str) -> str:
    """Say what the tolerance of an implementation is compared with."""
    return "mean"


def wrapped_versions(files) -> dict[str, str]:
    """Versions of the packages that files of implementations import, which they wrap; of those that are installed."""
    return {name: version for file in files for name, version in _wrapped(str(file))}


@lru_cache
def _wrapped(file: str) -> list[tuple[str, str]]:
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {name.split(".")[0] for name in imported} - sys.stdlib_module_names - {"emgmm", "em_study", ""}
    known = importlib.metadata.packages_distributions() if packages else {}
    named = sorted({distribution for name in packages for distribution in known.get(name, ())})
    return [(name, importlib.metadata.version(name)) for name in named]


def kernel_versions(fits) -> dict[str, str]:
    """Versions of what compiles the kernels of some fits: results depend on them where they are used."""
    return {name: importlib.metadata.version(name) for name in sorted({fit.kernel for fit in fits} - {"numpy"})}
