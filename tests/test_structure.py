"""The rooms of the code: what may import what, and that the project's own files agree with each other."""

import ast
import json
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

import emgmm

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
# The way of the data. A room imports from itself, from rooms before it, and from the modules outside of rooms; claims
# and figures are side by side.
ROOMS = ("data", "fits", "evaluation", "diagnosis", "experiments", "watch", "tables", "sweeps", "printed", "claims")
ROOMS += ("figures", "configuration", "plan", "cluster", "audit", "page")
GROUND = {"columns", "errors", "intervals", "layout", "problems", "places", "settings", "wording", "TITLE"}


def imports(file):
    """Names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_rooms_are_those_of_the_way():
    assert {folder.name for folder in (SRC / "em_study").iterdir() if folder.is_dir()} - {"__pycache__"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_arrow_runs_back(room):
    allowed = {*ROOMS[: ROOMS.index(room) + 1]} - ({"claims"} if room == "figures" else set())
    for file in (SRC / "em_study" / room).rglob("*.py"):
        rooms = {name.split(".")[1] for name in imports(file) if name.startswith("em_study.")} - GROUND
        assert rooms <= allowed, f"{file.relative_to(ROOT)} imports from {sorted(rooms - allowed)}"


def test_the_ground_imports_no_room():
    for name in GROUND - {"TITLE"}:
        names = {name for name in imports(SRC / f"em_study/{name}.py") if name.startswith("em_study.")}
        assert {name.split(".")[1] for name in names} <= GROUND, name


def test_the_page_reads_and_does_not_fit():
    for file in (SRC / "em_study/page").glob("*.py"):
        fitting = {name for name in imports(file) if re.match(r"emgmm|em_study\.fits|em_study\.watch(?!\.ways)", name)}
        assert not fitting, f"{file.name} imports {sorted(fitting)}"


def test_the_library_knows_nothing_of_the_study():
    for file in (SRC / "emgmm").glob("*.py"):
        names = {name.split(".")[0] for name in imports(file)}
        assert not names & {"em_study", "pandas", "matplotlib", "pydantic", "yaml", "snakemake"}, file.name


def test_the_modules_of_the_library_import_one_another_one_way():
    files = {f"emgmm.{file.stem}": file for file in (SRC / "emgmm").glob("*.py") if file.stem != "__init__"}
    TopologicalSorter({name: {*imports(file)} & {*files} for name, file in files.items()}).prepare()  # no CycleError


def test_what_the_library_exports_is_there():
    assert len(emgmm.__all__) == len({*emgmm.__all__})
    assert all(hasattr(emgmm, name) for name in emgmm.__all__)
    modules = {path.stem for path in (SRC / "emgmm").glob("*.py")}
    assert {name for name in vars(emgmm) if name[0] != "_"} - modules <= {*emgmm.__all__}


def test_the_study_knows_nothing_of_snakemake():
    for file in (SRC / "em_study").rglob("*.py"):
        assert "snakemake" not in {name.split(".")[0] for name in imports(file)}, file.name


def test_every_requirement_is_locked():
    library, study = (tomllib.loads((ROOT / f"{place}pyproject.toml").read_text()) for place in ("", "src/em_study/"))
    loose = {*library["project"]["dependencies"], *study["project"]["dependencies"]} - {"emgmm"}
    loose |= {*library["dependency-groups"]["dev"]}
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE))
    assert {re.match(r"[A-Za-z0-9_-]+", name)[0].lower() for name in loose} <= locked
    text = (ROOT / "requirements.lock").read_text()
    assert "http" not in text
    assert "index" not in text


def test_every_check_of_the_public_workflows_is_a_target():
    workflows = [yaml.safe_load(file.read_text()) for file in (ROOT / ".github/workflows").glob("*.yml")]
    jobs = [job for workflow in workflows for job in workflow["jobs"].values()]
    commands = {step["run"] for job in jobs for step in job["steps"] if "run" in step}
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    commands = {command for command in commands if command.startswith("make ")} | {hook["entry"] for hook in hooks}
    assert {command.removeprefix("make ") for command in commands} <= targets


def test_the_version_is_the_same_everywhere():
    projects = [
        tomllib.loads((ROOT / f"{place}pyproject.toml").read_text())["project"] for place in ("", "src/em_study/")
    ]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    deposit = json.loads((ROOT / ".zenodo.json").read_text())
    versions = {project["version"] for project in projects} | {citation["version"], deposit["version"]}
    assert len(versions) == 1
    assert re.search(rf"^## \[{re.escape(*versions)}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG, flags=re.MULTILINE)
    assert citation["keywords"] == deposit["keywords"]
    assert citation["title"] == deposit["title"]


def test_the_changelog_keeps_to_its_headings():
    headings = re.findall(r"^(##+) (.*)$", CHANGELOG, flags=re.MULTILINE)
    assert headings[0] == ("##", "[Unreleased]")
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert all(name in kinds if level == "###" else level == "##" for level, name in headings)
