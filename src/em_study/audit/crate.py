"""Describe a run as a Workflow Run RO-Crate: `ro-crate-metadata.json` in the folder of the study.

Provenance Run Crate 0.5 on RO-Crate 1.1 (https://w3id.org/ro/wfrun/provenance/0.5): every job as an action, with its
rule, files, times and node, and every file with its checksum. Made of results/manifest.json and results/run.json. It
holds the times of the jobs, as run.json does, and so differs from run to run; the same results give the same bytes.
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
from em_study.data.storage import whole_file
from em_study.errors import StudyError
from em_study.places import Places

FILE = "ro-crate-metadata.json"
RUN = "https://w3id.org/ro/wfrun"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
FORMATS = {
    **{".csv": "text/csv", ".py": "text/x-python", ".yaml": "application/yaml", ".smk": "text/x-python"},
    **{".html": "text/html", ".svg": "image/svg+xml", ".png": "image/png", ".md": "text/markdown"},
    **{".json": "application/json", ".npz": "application/zip", ".css": "text/css", ".js": "text/javascript"},
}
MAIN, LICENSE, README = "Snakefile", "LICENSE", "README.md"
SPDX = "https://spdx.org/licenses/MIT"
AUTHORS = "#authors"


def crate_text(manifest: dict, folder: Path, holds=None) -> str:
    """Write the crate of a run."""
    run = json.loads((folder / "results/run.json").read_text(encoding="utf-8"))
    return json.dumps(crate_of(manifest, run, folder, holds), indent=1) + "\n"


def crate_of(manifest: dict, run: dict, folder: Path, holds=None) -> dict:
    """Describe a run.

    Parameters
    ----------
    manifest, run : dict
        results/manifest.json and results/run.json.
    folder : Path
        Of the run.
    holds : set of str, optional
        Paths that the crate holds; others are named by their checksums alone. Default: all that are there.
    """
    recorded, places = recorded_files(manifest), Places(folder)
    made = {path for job in run["jobs"] for path in job.get("outputs", ())} - recorded.keys()
    recorded |= {path: sha256_of(folder / path) for path in sorted(made) if (folder / path).is_file()}
    there = {path for path in recorded if not leads_out(path) and (folder / path).is_file()}
    inside = there if holds is None else recorded.keys() & holds
    whole_tree = holds is not None or not places.elsewhere  # else the study's own files lie outside
    files = [_file(path, recorded[path], places) for path in sorted(inside - {MAIN})]
    outside = {_urn(recorded[path]): path for path in sorted(recorded.keys() - inside)}
    ids = {path: {"@id": quote(path) if path in inside else _urn(recorded[path])} for path in recorded}
    jobs = [job for job in sorted(run["jobs"], key=lambda job: (job["began"], job["log"])) if "outputs" in job]
    actions = [_action(job, ids) for job in jobs]
    rules, n_unknown = _in_order(jobs), len(run["jobs"]) - len(jobs) + run["jobs_without_a_record"]
    packages = manifest["packages"]
    ended = max((action["endTime"] for action in actions), default="1980-01-01T00:00:00+00:00")
    own = (MAIN, LICENSE, README) if whole_tree else ()
    whole = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Run of the study",
        "description": f"Configuration {manifest['configuration_sha256']}; {n_unknown} jobs have left no record",
        "agent": {"@id": AUTHORS},
        "instrument": ids[MAIN],
        "startTime": min((action["startTime"] for action in actions), default=ended),
        "endTime": ended,
        "object": [ids[path] for kind in ("configuration_files", "article_files", "inputs") for path in manifest[kind]],
        "result": [ids[path] for path in manifest["outputs"]],
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": TITLE,
        "description": "Three tutorials on EM for Gaussian mixtures, reproduced and audited by Snakemake",
        "datePublished": ended,
        "license": {"@id": LICENSE if whole_tree else SPDX},
        "author": {"@id": AUTHORS},
        "publisher": {"@id": AUTHORS},
        "conformsTo": [{"@id": profile} for profile in _profiles()],
        "mainEntity": ids[MAIN],
        "hasPart": [{"@id": path} for path in (*own, *(file["@id"] for file in files))],
        "mentions": [{"@id": each["@id"]} for each in (whole, *actions)],
    }
    graph = [
        {
            "@id": FILE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": WORKFLOW_CRATE}],
        },
        root,
        *(
            {"@id": profile, "@type": "CreativeWork", "name": name, "version": profile.rsplit("/")[-1]}
            for profile, name in _profiles().items()
        ),
        _workflow(_file(MAIN, recorded[MAIN], places) | ids[MAIN], rules, manifest["commit"]),
        *_rules(rules, packages),
        {
            "@id": SNAKEMAKE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "url": {"@id": "https://snakemake.github.io"},
            "identifier": {"@id": "https://snakemake.github.io"},
            "version": packages["snakemake"],
        },
        {"@id": AUTHORS, "@type": "Organization", "name": "The em-study authors", "url": "./"},
        {
            "@id": LICENSE if whole_tree else SPDX,
            "@type": ["File", "CreativeWork"] if whole_tree else "CreativeWork",
            "name": "MIT License",
            "identifier": SPDX,
            "encodingFormat": "text/plain",
        },
        *([_readme()] if whole_tree else []),
        *files,
        *(_outside(urn, path) for urn, path in outside.items() if path != MAIN),
        whole,
        *actions,
    ]
    return {"@context": CONTEXT, "@graph": [_without_short_lists(entity) for entity in graph]}


def _without_short_lists(entity: dict) -> dict:
    """Write a list of one as its value, as the profile recommends, and none not at all."""
    plain = {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in entity.items()}
    return {key: value for key, value in plain.items() if value != []}


def _in_order(jobs: list[dict]) -> list[str]:
    """List the rules, each after those that make its inputs."""
    maker = {path: job["rule"] for job in jobs for path in job["outputs"]}
    order = TopologicalSorter()
    for job in sorted(jobs, key=lambda job: job["rule"]):
        before = {maker[path] for path in job["inputs"] if path in maker} - {job["rule"]}
        order.add(job["rule"], *sorted(before))
    return list(order.static_order())


def _profiles() -> dict[str, str]:
    names = {"process": "Process Run Crate", "workflow": "Workflow Run Crate", "provenance": "Provenance Run Crate"}
    return {f"{RUN}/{key}/0.5": name for key, name in names.items()} | {WORKFLOW_CRATE: "Workflow RO-Crate"}


def _readme() -> dict:
    return {"@id": README, "@type": "File", "about": {"@id": "./"}, "name": "README", "encodingFormat": "text/markdown"}


def _urn(checksum: str) -> str:
    return f"urn:sha256:{checksum}"


def _file(path: str, checksum: str, places: Places) -> dict:
    size = str(places.file(path).stat().st_size)
    kind = FORMATS.get(Path(path).suffix, "application/octet-stream")
    return {
        "@id": quote(path),
        "@type": "File",
        "name": path,
        "contentSize": size,
        "sha256": checksum,
        "encodingFormat": kind,
    }


def _outside(urn: str, path: str) -> dict:
    """Describe a file that is not in the crate."""
    return {"@id": urn, "@type": "CreativeWork", "name": Path(path).name, "sha256": urn.rsplit(":", 1)[-1]}


def _workflow(file: dict, rules: list[str], commit: str | None) -> dict:
    types = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
    return file | {
        "@type": types,
        "name": "em-study",
        "version": commit or "not committed",
        "conformsTo": {"@id": WORKFLOW_PROFILE},
        "programmingLanguage": {"@id": SNAKEMAKE},
        "encodingFormat": "text/x-python",
        "hasPart": [{"@id": f"#tool_{rule}"} for rule in rules],
        "step": [{"@id": f"#step_{rule}"} for rule in rules],
    }


def _rules(rules: list[str], packages: dict):
    for position, rule in enumerate(rules, start=1):
        yield {
            "@id": f"#tool_{rule}",
            "@type": "SoftwareApplication",
            "name": f"rule {rule}",
            "url": "https://snakemake.github.io",
            "softwareVersion": packages["snakemake"],
        }
        yield {
            "@id": f"#step_{rule}",
            "@type": "HowToStep",
            "position": str(position),
            "workExample": {"@id": f"#tool_{rule}"},
        }


def _action(job: dict, ids: dict) -> dict:
    """Describe a job."""
    began = datetime.fromisoformat(job["began"])
    ended = began + timedelta(seconds=job["seconds"])
    return {
        "@id": f"#{job['log']}",
        "@type": "CreateAction",
        "name": f"{job['rule']}: {Path(job['log']).with_suffix('')}",
        "description": f"{job['seconds']} s on {job['node']}",
        "agent": {"@id": AUTHORS},
        "instrument": {"@id": f"#tool_{job['rule']}"},
        "startTime": began.isoformat(timespec="seconds"),
        "endTime": ended.isoformat(timespec="seconds"),
        "object": [ids[path] for path in job["inputs"] if path in ids],
        "result": [ids[path] for path in job["outputs"] if path in ids],
    }


def write_crate():
    """Write the crate of the run in this folder."""
    manifest, problem = needs_a_run(Path())
    if problem:
        raise StudyError(problem)
    if Path(FILE).exists() and not is_ours(Path(FILE)):
        raise StudyError(
            f"{FILE} is here and is not of this study: it was left alone. Move it, or run in another folder"
        )
    with whole_file(FILE) as temporary:
        temporary.write_text(crate_text(manifest, Path()), encoding="utf-8")
