"""Check a run's results against its manifest, its code, its configuration and each other."""

from pathlib import Path

from em_study.audit.certificate import certificate_lines
from em_study.audit.checksums import file_within, leads_out
from em_study.audit.record import RECORDED, changes_in, holding_rows, is_archive, read_manifest
from em_study.data.checksums import Checksums, digest_of, sha256_of
from em_study.layout import CERTIFIED, LEFT, MANIFEST, RESULTS, is_apart, kind_of
from em_study.places import ROOT, Places
from em_study.plan.provenance import read_record


def problems_of(folder: Path, is_own: bool = True):
    """Yield the problems of the run in a folder, a sentence each.

    The run of someone else (`is_own` is false) is not trusted.
    """
    manifest, problem = read_manifest(folder)
    if problem:
        yield problem
        return
    absent = not_here(folder, manifest, is_own)
    records = {path: _record(folder, path, is_own) for path in manifest["records"]}
    made_by = {path: (file, of["rule"]) for file, of in records.items() if of for path in of["outputs"]}
    for kind, name in RECORDED.items():
        recorded = {path: checksum for path, checksum in manifest[kind].items() if path not in absent}
        if kind in ("outputs", "records", "code"):
            outside = [path for path in manifest[kind] if leads_out(path)]
            yield from (f"{path!r}: this {name} file leads out of the folder, and is not read" for path in outside)
            recorded = {path: checksum for path, checksum in recorded.items() if path not in outside}
        found = list(_changed(folder, recorded, kind, manifest, is_own))
        for path, text in found:
            maker = f" (made by rule {made_by[path][1]}, see {made_by[path][0]})" if path in made_by else ""
            yield f"{path}: this {name} file {text}{maker}"
        if kind == "outputs":
            yield from _not_recorded(folder, manifest)
        if kind == "records":
            yield from certificate_lines(records, manifest)
        if found and (kind == "code" or not is_own):
            differs = "the code differs from the code that made the results"
            differs = differs if kind == "code" else f"at least one {name} file differs"
            yield f"{differs}, so nothing was computed again"
            return
    if digest_of(manifest["configuration"]) != manifest["configuration_sha256"]:
        yield f"{MANIFEST}: its configuration does not have the recorded checksum"
    from em_study.audit.again import other_configuration, other_tables  # the code is unchanged, so it can be imported

    if is_own and not absent.intersection(manifest["inputs"]):  # it cannot be loaded without its files
        yield from other_configuration(folder, manifest)
    try:
        yield from other_tables(folder, manifest)
    except Exception as error:  # the tables may hold anything
        yield f"the tables cannot be computed again: {type(error).__name__}: {error}"


def not_here(folder: Path, manifest: dict, is_own: bool) -> set[str]:
    """List recorded files that may be missing: those left out of an archive, and inputs of someone else's results."""
    absent = {*manifest["inputs"]} if not is_own or is_archive(folder) else set()
    if is_archive(folder):
        absent |= {*holding_rows(manifest)}
    elif not is_own:  # results alone do not include files of a repository, or outside of it
        absent |= {*manifest["configuration_files"], *manifest["article_files"]}
        of_a_tree = {path for path in absent if Places(folder).file(path) == ROOT / path}
        return {path for path in absent if path in of_a_tree or file_within(folder, path) is None}
    return {path for path in absent if file_within(folder, path) is None}


def _changed(folder, recorded, kind, manifest, is_own):
    """Yield the path of each recorded file that is missing or differs, and which of these."""
    for path, checksum in recorded.items():
        for file in _files_to_check(folder, path, kind, is_own):
            if file is None or not file.is_file():
                yield path, "is missing"
            elif sha256_of(file) != checksum and not (
                kind == "code" and Checksums().of_code(file) == manifest["code_computes"].get(path)
            ):
                yield path, "differs from the one that the manifest records"


def _record(folder: Path, path: str, is_own: bool) -> dict | None:
    file = folder / path if is_own else file_within(folder / "results", path.removeprefix(RESULTS))
    return None if file is None or leads_out(path) else read_record(file)


def _files_to_check(folder, path, kind, is_own):
    """List the places of a recorded file. Code of someone else is not run; this repository's must equal it."""
    if is_own:
        return [Places(folder).file(path)]
    if kind != "code":
        return [file_within(folder, path)]
    return [ROOT / path, *([file_within(folder, path)] if is_archive(folder) else [])]


def other_words(folder: Path, manifest: dict, is_own: bool) -> list[str]:
    """Name code files that differ from the recorded ones only in comments, docstrings and descriptions."""
    places = {path: _files_to_check(folder, path, "code", is_own) for path in manifest["code"] if not leads_out(path)}
    return [
        path
        for path, files in places.items()
        if any(file and file.is_file() and sha256_of(file) != manifest["code"][path] for file in files)
    ]


def _not_recorded(folder, manifest):
    for file in sorted((folder / "results").rglob("*")):
        path = str(file.relative_to(folder))
        is_callers = manifest["caller"] is not None and path.split("/")[1] not in CERTIFIED
        is_recorded = path in manifest["outputs"] or path in manifest["records"]
        if file.is_file() and not is_recorded and not is_callers and not is_apart(path):
            hint = "; if it is left over, `em-study clean` lists it" if kind_of(path)[0] in LEFT else ""
            yield f"{path}: this file does not belong to the recorded run{hint}"


def verify(folder: Path | None = None):
    """Yield the problems and return 1, or yield that all checks pass. Default: the run in the current folder."""
    place, is_own = folder or Path(), folder is None
    if not place.exists():
        yield f"{place}: this folder does not exist"
        return 1
    if not (place / "results").is_dir() and place.name == "results":
        place = place.parent
    if place.is_file():
        yield f"{place}: not certified, because it has no records; use `em-study compare` to compare a run with it"
        return 1
    found = list(problems_of(place, is_own))
    if found:
        yield from found
        yield f"{len(found)} of the checks failed"
        if any(problem.startswith("results/") for problem in found) and (place / MANIFEST).exists():
            yield f"To make a result again: delete that result and {MANIFEST}, and run the same snakemake command"
        return 1
    manifest, _ = read_manifest(place)
    absent = not_here(place, manifest, is_own)
    n_files = len(manifest["outputs"].keys() - absent)
    if changes := changes_in(manifest):
        yield "These results were not made with the settings of the articles:"
        yield from (f"  {change}" for change in changes)
    this = {"python": manifest["python"], "processor": manifest["processor"]}
    if others := [maker for maker in manifest["made_by"] if maker != this]:
        yield f"some results were made with another Python or processor than {this}: {others}"
    if other := other_words(place, manifest, is_own):
        yield f"differs only in comments and texts, and counts as the same: {', '.join(other)}"
    if absent:
        yield f"not checked, because only their checksums are known: {', '.join(sorted(absent))}"
    checked = [kind for kind in ("inputs", "configuration_files") if absent.isdisjoint(manifest[kind])]
    named = {"inputs": ", inputs", "configuration_files": ", configuration"}
    further = "".join(named[kind] for kind in checked)
    yield f"all checks pass: {n_files} results, their records{further}, code, tables and claims"
    return 0
