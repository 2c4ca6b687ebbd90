"""Describe a run as a Workflow Run RO-Crate: `ro-crate-metadata.json` in the folder of the study.

Provenance Run Crate 0.5 on RO-Crate 1.1 (https://w3id.org/ro/wfrun/provenance/0.5): every job as an action, with its
rule, files, times and node, and every file with its checksum. It is made from the manifest and run.json. It holds the
times of the jobs, as run.json does, and so differs from run to run.
"""

import json
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from urllib.parse import quote

from em_study import TITLE
from em_study.audit.checksums import leads_out
from em_study.audit.record import is_ours, needs_a_run, recorded_files
from em_study.data.checksums import sha256_of
from em_study.data.storage import write_text
from em_study.errors import StudyError
from em_study.layout import RUN
from em_study.places import Places

FILE = "ro-crate-metadata.json"
RO_CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    WORKFLOW_CRATE: "Workflow RO-Crate",
}
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SNAKEMAKE, HOME = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake", "https://snakemake.github.io"
CONTEXT = [f"{RO_CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
FORMATS = {
    ".csv": "text/csv",
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".png": "image/png",
    ".py": "text/x-python",
    ".R": "text/x-r",
    ".smk": "text/x-python",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
MAIN, LICENSE, README = "Snakefile", "LICENSE", "README.md"
SPDX = "https://spdx.org/licenses/MIT"
AUTHORS = "#authors"


def crate_text(manifest: dict, folder: Path, holds=None) -> str:
    """Return the text of the crate of a run."""
    run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    return json.dumps(crate_of(manifest, run, folder, holds), indent=1) + "\n"


def crate_of(manifest: dict, run: dict, folder: Path, holds=None) -> dict:
    """Describe a run.

    Parameters
    ----------
    manifest, run : dict
        Contents of the manifest and of run.json.
    folder : Path
        Folder of the run.
    holds : set of str, optional
        Paths that the crate holds; others are listed with their checksums only. Default: all existing files.
    """
    recorded, places = recorded_files(manifest), Places(folder)
    made = {path for job in run["jobs"] for path in job.get("outputs", ())} - recorded.keys()
    recorded |= {path: sha256_of(folder / path) for path in sorted(made) if (folder / path).is_file()}
    present = {path for path in recorded if not leads_out(path) and (folder / path).is_file()}
    inside = present if holds is None else recorded.keys() & holds
    ids = {path: quote(path) if path in inside else f"urn:sha256:{recorded[path]}" for path in recorded}
    jobs = [job for job in sorted(run["jobs"], key=lambda job: (job["began"], job["log"])) if "outputs" in job]
    actions = [_action(job, ids) for job in jobs]
    rules, version = _in_order(jobs), manifest["packages"]["snakemake"]
    n_unknown = len(run["jobs"]) - len(jobs) + run["jobs_without_a_record"]
    ended = max((action["endTime"] for action in actions), default="1980-01-01T00:00:00+00:00")
    sources = [ids[path] for kind in ("configuration_files", "article_files", "inputs") for path in manifest[kind]]
    run_action = _entity(
        "#run",
        "CreateAction",
        name="Run of the study",
        description=f"Configuration {manifest['configuration_sha256']}; {n_unknown} jobs have left no record",
        agent=_ref(AUTHORS),
        instrument=_ref(ids[MAIN]),
        startTime=min((action["startTime"] for action in actions), default=ended),
        endTime=ended,
        object=_refs(sources),
        result=_refs(ids[path] for path in manifest["outputs"]),
    )
    if holds is not None or not places.elsewhere:
        license_, types, own = LICENSE, ["File", "CreativeWork"], (MAIN, LICENSE, README)
        readme = [_entity(README, "File", about=_ref("./"), name="README", encodingFormat="text/markdown")]
    else:  # the study's own files lie outside
        license_, types, own, readme = SPDX, "CreativeWork", (), []
    files = [_file(path, recorded[path], places) for path in sorted(inside - {MAIN})]
    # Files that are not in the crate; files with the same content are one entity.
    outside = {ids[path]: path for path in sorted(recorded.keys() - inside)}
    root = _entity(
        "./",
        "Dataset",
        name=TITLE,
        description="Three tutorials on EM for Gaussian mixtures, reproduced and audited by Snakemake",
        datePublished=ended,
        license=_ref(license_),
        author=_ref(AUTHORS),
        publisher=_ref(AUTHORS),
        conformsTo=_refs(PROFILES),
        mainEntity=_ref(ids[MAIN]),
        hasPart=_refs((*own, *(file["@id"] for file in files))),
        mentions=_refs(each["@id"] for each in (run_action, *actions)),
    )
    snakemake = {"url": _ref(HOME), "identifier": _ref(HOME), "version": version}
    mit = {"name": "MIT License", "identifier": SPDX, "encodingFormat": "text/plain"}
    graph = [
        _entity(FILE, "CreativeWork", about=_ref("./"), conformsTo=_refs([RO_CRATE, WORKFLOW_CRATE])),
        root,
        *(_entity(at, "CreativeWork", name=name, version=at.rsplit("/")[-1]) for at, name in PROFILES.items()),
        _workflow(_file(MAIN, recorded[MAIN], places) | _ref(ids[MAIN]), rules, manifest["commit"]),
        *_rules(rules, version),
        _entity(SNAKEMAKE, "ComputerLanguage", name="Snakemake", **snakemake),
        _entity(AUTHORS, "Organization", name="The em-study authors", url="./"),
        _entity(license_, types, **mit),
        *readme,
        *files,
        *(
            _entity(urn, "CreativeWork", name=Path(path).name, sha256=recorded[path])
            for urn, path in outside.items()
            if path != MAIN
        ),
        run_action,
        *actions,
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _entity(at: str, kind: str | list[str], **fields) -> dict:
    """Describe an entity. A list of one is written as its value, as the profile recommends; empty lists are omitted."""
    plain = {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in fields.items()}
    return {"@id": at, "@type": kind} | {key: value for key, value in plain.items() if value != []}


def _ref(name: str) -> dict:
    return {"@id": name}


def _refs(names) -> list[dict]:
    return [_ref(name) for name in names]


def _in_order(jobs: list[dict]) -> list[str]:
    """List the rules, each after the rules that make its inputs."""
    maker = {path: job["rule"] for job in jobs for path in job["outputs"]}
    order = TopologicalSorter()
    for job in sorted(jobs, key=lambda job: job["rule"]):
        before = {maker[path] for path in job["inputs"] if path in maker} - {job["rule"]}
        order.add(job["rule"], *sorted(before))
    return list(order.static_order())


def _file(path: str, checksum: str, places: Places) -> dict:
    size = str(places.file(path).stat().st_size)
    kind = FORMATS.get(Path(path).suffix, "application/octet-stream")
    return _entity(quote(path), "File", name=path, contentSize=size, sha256=checksum, encodingFormat=kind)


def _workflow(file: dict, rules: list[str], commit: str | None) -> dict:
    return file | _entity(
        file["@id"],
        ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        name="em-study",
        version=commit or "not committed",
        conformsTo=_ref(WORKFLOW_PROFILE),
        programmingLanguage=_ref(SNAKEMAKE),
        encodingFormat="text/x-python",
        hasPart=_refs(f"#tool_{rule}" for rule in rules),
        step=_refs(f"#step_{rule}" for rule in rules),
    )


def _rules(rules: list[str], version: str):
    for position, rule in enumerate(rules, start=1):
        tool = f"#tool_{rule}"
        yield _entity(tool, "SoftwareApplication", name=f"rule {rule}", url=HOME, softwareVersion=version)
        yield _entity(f"#step_{rule}", "HowToStep", position=str(position), workExample=_ref(tool))


def _action(job: dict, ids: dict) -> dict:
    """Describe a job."""
    began = datetime.fromisoformat(job["began"])
    return _entity(
        f"#{job['log']}",
        "CreateAction",
        name=f"{job['rule']}: {Path(job['log']).with_suffix('')}",
        description=f"{job['seconds']} s on {job['node']}",
        agent=_ref(AUTHORS),
        instrument=_ref(f"#tool_{job['rule']}"),
        startTime=began.isoformat(timespec="seconds"),
        endTime=(began + timedelta(seconds=job["seconds"])).isoformat(timespec="seconds"),
        object=_refs(ids[path] for path in job["inputs"] if path in ids),
        result=_refs(ids[path] for path in job["outputs"] if path in ids),
    )


def write_crate():
    """Write the crate of the run in this folder."""
    manifest, problem = needs_a_run(Path())
    if problem:
        raise StudyError(problem)
    if Path(FILE).exists() and not is_ours(Path(FILE)):
        raise StudyError(
            f"{FILE} exists and does not belong to this study, so it was not changed. Move it, or run in another folder"
        )
    write_text(FILE, crate_text(manifest, Path()))
