"""The manifest of a run: everything needed to repeat it, and to check each of its files."""

import importlib.metadata
import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np

from em_study.audit.certificate import certificate_lines
from em_study.data.checksums import Checksums, digest_of, sha256_of
from em_study.errors import StudyError
from em_study.layout import FILES
from em_study.places import ROOT, Places
from em_study.plan.provenance import made_by, read_record
from em_study.plan.sources import all_code

AGAIN = "Delete each file of results listed here, and run the same command again."
PLUGIN = re.compile(r"snakemake-(executor|logger|scheduler|storage|report|software-deployment)-plugin-")


def git_state(root) -> dict:
    """Commit of the study's own repository, and whether files differ from it; without a commit, the reason.

    Parameters
    ----------
    root : path-like
        Root of the study. A repository around it, or one that the environment names, is not its own.

    Returns
    -------
    dict
        `commit`, `dirty` (None without a commit) and `no_commit`, the reason (None with one).
    """
    root = os.path.realpath(root)

    def git(*arguments):
        return subprocess.run(  # noqa: S603 (fixed arguments)
            ["git", "-C", root, *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"},
        )

    def none(reason):
        return {"commit": None, "dirty": None, "no_commit": reason}

    try:
        top = git("rev-parse", "--show-toplevel")
    except OSError:
        return none("git is not installed")
    if top.returncode and "dubious ownership" in top.stderr:
        return none("the repository belongs to another user")
    if top.returncode:
        return none("the study is not in a git repository")
    if os.path.realpath(top.stdout.removesuffix("\n")) != root:
        return none("the repository around the study is not its own")
    commit = git("rev-parse", "--verify", "HEAD")
    if commit.returncode or git("ls-files", "--error-unmatch", "Snakefile", "src/emgmm/em.py").returncode:
        return none("the repository does not track the study")
    # A profile only says where jobs run: setting a partition there changes no result.
    tracked = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)profiles")
    code = git("status", "--porcelain", "--untracked-files=all", "--", "src", "workflow")
    if tracked.returncode or code.returncode:
        return none(f"git cannot list the changes ({tracked.stderr.strip() or code.stderr.strip()})")
    return {"commit": commit.stdout.strip(), "dirty": bool(tracked.stdout or code.stdout), "no_commit": None}


def package_versions(plugins: bool) -> dict[str, str]:
    """Versions of the installed packages: of Snakemake's plugins, which decide where jobs run, or of all others."""
    versions = {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}
    return {name: versions[name] for name in sorted(versions) if bool(PLUGIN.match(name)) is plugins}


def environment() -> dict:
    """Versions of Python and of packages that may affect numbers, the BLAS that NumPy uses, and its threads."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        **made_by(),
        "packages": package_versions(plugins=False),
        "blas": {key: blas[key] for key in ("name", "version") if key in blas},
        "threads": int(os.environ.get("OPENBLAS_NUM_THREADS", os.cpu_count() or 1)),
    }


def make_manifest(git: dict, planned: dict, outputs) -> dict:
    """Describe a run whose results are certified by their records.

    Parameters
    ----------
    git : dict
        Result of `git_state`.
    planned : dict
        Plan of the run. `study`: the effective configuration, defaults filled in, overlays merged.
        `changes`: its changes to the articles.
        `configuration_files`, `article_files`, `files`, `code`: checksums, by name, of config.yaml and its overlays in
        their order, of the articles, of the files of data and implementations, and of what the code computes.
        `records`: checksum of the settings of each job, by its record. `caller`: keys of the Snakefile that uses the
        study as a module, or None. `kernels`: the kernels of our EM.
    outputs : iterable of path-like
        The results.

    Raises
    ------
    StudyError
        If a result does not belong to the plan.
    """
    code = {Places().name(file): file for file in all_code(ROOT)}
    manifest = {
        **git,
        "configuration": planned["study"],
        "configuration_sha256": digest_of(planned["study"]),
        **{name: planned[name] for name in ("changes", "configuration_files", "article_files", "caller", "kernels")},
        "inputs": planned["files"],
        "code": {name: sha256_of(file) for name, file in code.items()},
        "code_computes": planned["code"],
        "outputs": {str(file): sha256_of(file) for file in sorted(map(str, outputs))},
        "records": {name: sha256_of(name) for name in sorted(planned["records"]) if Path(name).is_file()},
        **environment(),
    }
    records = {name: read_record(Path(name)) for name in planned["records"]}
    makers = {json.dumps(record["made_by"], sort_keys=True) for record in records.values() if record}
    manifest["made_by"] = [json.loads(maker) for maker in sorted(makers)]
    problems = [*_changed_meanwhile(manifest), *_not_of_the_plan(manifest, records, planned["records"])]
    if problems:
        count = f"{len(problems)} problem{'s prevent' if len(problems) > 1 else ' prevents'}"
        raise StudyError("\n".join([f"{count} this run from being certified:", *problems, AGAIN]))
    return manifest


def _changed_meanwhile(manifest: dict):
    """Yield the files that have changed since the run was planned."""
    checksums, places = Checksums(), Places()
    for kind, checksum in (
        ("configuration_files", checksums.of),
        ("article_files", checksums.of),
        ("inputs", checksums.of),
        ("code_computes", checksums.of_code),
    ):
        for name, planned in manifest[kind].items():
            file = places.file(name)
            if file.is_file() and checksum(file) == planned:
                continue
            if FILES["download"].pattern.fullmatch(name):
                yield f"{name}: this file differs from the one that was fetched: delete it"
            else:
                yield f"{name}: this file was changed during the run"
    if new := manifest["code"].keys() ^ manifest["code_computes"].keys():
        yield f"{', '.join(sorted(new))}: added or removed during the run"


def _not_of_the_plan(manifest: dict, records: dict, planned: dict[str, str]):
    for name, record in records.items():
        if record and digest_of(record["settings"]) != planned[name]:
            made = next(iter(record["outputs"]), name)
            yield f"{made}: not certified, because it was made with other settings than planned"
    yield from certificate_lines(records, manifest)
