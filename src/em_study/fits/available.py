"""Where EM implementations are: files that a configuration names."""

import ast
import importlib.metadata
import os
import sys
from functools import lru_cache
from pathlib import Path

from em_study.data import r
from em_study.errors import StudyError

FOLDER = "implementations"
SKLEARN = "sklearn"
BUILT_IN = ("emgmm", SKLEARN)  # that a fit runs in its own process
OURS = Path(__file__).parents[3] / FOLDER  # those of the repository
# What a file may say by TOLERANCE_OF (docs/implementations.md has the meaning); and the factor from a tolerance of the
# mean log-likelihood of n samples, which is `mean` at the end, to one of that.
TOLERANCES = {
    "mean": lambda n, mean: 1.0,
    "sum": lambda n, mean: float(n),
    "relative": lambda n, mean: n / (1.0 + abs(n * mean)),
}


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


def wrapped_versions(files) -> dict[str, str]:
    """Versions of what files of implementations wrap: the installed ones of the packages that they import, and of R."""
    return {name: version for file in files for name, version in _wrapped(str(file))}


def tolerance_of(file: str | None) -> str:
    """Say what an implementation compares its tolerance with, by the file, which is not run; None is built in.

    Raises
    ------
    StudyError
        If its TOLERANCE_OF is none of `TOLERANCES`; the text begins with the line.
    """
    for node in _parsed(file).body if file else ():
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "TOLERANCE_OF" for target in node.targets):
            said = getattr(node.value, "value", None)
            if said not in TOLERANCES:
                allowed, shown = ", ".join(map(repr, TOLERANCES)), ast.unparse(node.value)[:80]
                raise StudyError(f"line {node.lineno}: TOLERANCE_OF must be one of {allowed}, not {shown}")
            return said
    return "mean"


def takes_labels(file: str | None) -> bool:
    """Tell whether an implementation can clamp labels: whether the function `fit` of its file takes them."""
    functions = [node for node in _parsed(file).body if isinstance(node, ast.FunctionDef)] if file else []
    return any(
        argument.arg == "labels"
        for function in functions
        if function.name == "fit"
        for argument in (*function.args.args, *function.args.kwonlyargs)
    )


def _parsed(file) -> ast.Module:
    """Parse a file; what is no code of Python is empty here, and says so when it is run."""
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


@lru_cache
def _wrapped(file: str) -> list[tuple[str, str]]:
    tree = _parsed(file)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module or ''}.{alias.name}" for alias in node.names}
    of_r = r.versions() if any(f"{name}.".startswith(f"{r.__name__}.") for name in imported) else {}
    packages = {name.split(".")[0] for name in imported} - sys.stdlib_module_names - {"emgmm", "em_study", ""}
    known = importlib.metadata.packages_distributions() if packages else {}
    named = sorted({distribution for name in packages for distribution in known.get(name, ())})
    return [*((name, importlib.metadata.version(name)) for name in named), *of_r.items()]


def kernel_versions(fits) -> dict[str, str]:
    """Versions of what compiles the kernels of some fits: results depend on them where they are used."""
    return {name: importlib.metadata.version(name) for name in sorted({fit.kernel for fit in fits} - {"numpy"})}
