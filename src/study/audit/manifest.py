"""The manifest of a run: enough to repeat it, and to check every file of it."""

import importlib.metadata
import os
import platform
import re
import subprocess

import numpy as np
from threadpoolctl import threadpool_info

from study.audit.checksums import configuration_digest, sha256_of

PLUGIN = re.compile(r"snakemake-(executor|logger|scheduler|storage|report|software-deployment)-plugin-")


def checksums(files) -> dict[str, str]:
    """Checksum of each file, by its path."""
    return {str(file): sha256_of(file) for file in sorted(map(str, files))}


def git_state(folder) -> dict:
    """Commit of a folder's repository, and whether files differ from it; null where there is no repository."""

    def git(*arguments):
        found = subprocess.run(  # noqa: S603 (fixed arguments)
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.strip() if found.returncode == 0 else None

    try:
        # A profile says where jobs run: whoever sets a partition in one changes no result.
        kept = "--untracked-files=no", "--", ".", ":(exclude)profiles"
        commit, changes = git("rev-parse", "HEAD"), git("status", "--porcelain", *kept)
    except FileNotFoundError:  # no git
        commit, changes = None, None
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def package_versions(plugins: bool) -> dict[str, str]:
    """Versions of the installed packages: of Snakemake's plugins, which say where jobs run, or of all others."""
    versions = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    return {name: versions[name] for name in sorted(versions) if bool(PLUGIN.match(name)) is plugins}


def environment() -> dict:
    """Versions of Python and the packages that may decide on numbers, the BLAS that NumPy uses, and its threads."""
    config = np.show_config(mode="dicts")
    blas, simd = config["Build Dependencies"]["blas"], config.get("SIMD Extensions", {})
    return {
        "python": platform.python_version(),
        "packages": package_versions(plugins=False),
        "blas": {key: blas[key] for key in ("name", "version") if key in blas},
        "processor": {"blas": _architecture(), "numpy": simd.get("found", [])},
        "threads": int(os.environ.get("OPENBLAS_NUM_THREADS", os.cpu_count() or 1)),
    }


def _architecture() -> str | None:
    """Name the kind of processor that the BLAS has chosen its code for."""
    return next((found.get("architecture") for found in threadpool_info() if found["user_api"] == "blas"), None)


def make_manifest(
    git: dict, configuration: dict, config_files, articles, caller, kernels, inputs, code, outputs
) -> dict:
    """Describe a run.

    Parameters
    ----------
    git : dict
        What `git_state` tells.
    configuration : dict
        The effective one: defaults filled in, overlays merged.
    config_files, articles : iterable of path-like
        config.yaml and its overlays in their order, and the articles that they name.
    caller : dict or None
        Keys of the Snakefile that takes the study as a module, if there is one.
    kernels : list of str
        That our EM runs with.
    inputs, code, outputs : iterable of path-like
        The user's data files, the code of the study, and the results.
    """
    return {
        **git,
        "configuration": configuration,
        "configuration_sha256": configuration_digest(configuration),
        "configuration_files": {str(file): sha256_of(file) for file in config_files},
        "article_files": checksums(articles),
        "caller": caller,
        "kernels": kernels,
        "inputs": checksums(inputs),
        "code": checksums(code),
        "outputs": checksums(outputs),
        **environment(),
    }
