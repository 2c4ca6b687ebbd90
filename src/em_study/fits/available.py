"""The EM implementations that a configuration may name: built in, or files."""

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
BUILT_IN = ("emgmm", SKLEARN)  # run in the process of the fit
OURS = Path(__file__).parents[3] / FOLDER  # the implementations of the repository
# Values of TOLERANCE_OF in a file (explained in docs/implementations.md), each with the factor that converts a
# tolerance of the mean log-likelihood; n is the number of samples, and `mean` the final mean log-likelihood.
TOLERANCES = {
    "mean": lambda n, mean: 1.0,
    "sum": lambda n, mean: float(n),
    "relative": lambda n, mean: n / (1.0 + abs(n * mean)),
}


def implementation_file(name: str) -> str | None:
    """Return the file of an implementation, in the folder of the run or else the repository; None if it is built in."""
    if name in BUILT_IN:
        return None
    own = Path(FOLDER) / f"{name}.py"
    return str(own) if own.exists() else os.path.relpath(OURS / f"{name}.py")


def implementations() -> list[str]:
    """Name all implementations."""
    found = {file.stem for folder in (Path(FOLDER), OURS) for file in folder.glob("*.py")}
    return [*BUILT_IN, *sorted(found - {*BUILT_IN})]


def implementation_files(experiment) -> list[str]:
    """List the files of the implementations that the fits and protocols of an experiment name."""
    named = [fit.implementation for fit in experiment.fits.values()]
    named += experiment.protocols.implementations if experiment.protocols else []
    return sorted({file for name in named if (file := implementation_file(name))})


def wrapped_versions(files) -> dict[str, str]:
    """Return the installed versions of the packages that files of implementations import, and those of R."""
    return {name: version for file in files for name, version in _wrapped(str(file))}


def tolerance_of(file: str | None) -> str:
    """Return TOLERANCE_OF of the file of an implementation, without running it; `file` is None if it is built in.

    Raises
    ------
    StudyError
        If TOLERANCE_OF is not one of `TOLERANCES`; the message begins with the line number.
    """
    for node in _parsed(file).body if file else ():
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "TOLERANCE_OF" for target in node.targets):
            value = getattr(node.value, "value", None)
            if value not in TOLERANCES:
                allowed, shown = ", ".join(map(repr, TOLERANCES)), ast.unparse(node.value)[:80]
                raise StudyError(f"line {node.lineno}: TOLERANCE_OF must be one of {allowed}, not {shown}")
            return value
    return "mean"


def takes_labels(file: str | None) -> bool:
    """Return whether an implementation can clamp labels: whether its function `fit` has the parameter `labels`."""
    functions = [node for node in _parsed(file).body if isinstance(node, ast.FunctionDef)] if file else []
    return any(
        argument.arg == "labels"
        for function in functions
        if function.name == "fit"
        for argument in (*function.args.args, *function.args.kwonlyargs)
    )


def _parsed(file) -> ast.Module:
    """Parse a file; invalid code counts as empty here, and raises its error when it is run."""
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
    """Return the versions of the packages that compile the kernels of some fits, on which the results depend."""
    return {name: importlib.metadata.version(name) for name in sorted({fit.kernel for fit in fits} - {"numpy"})}
