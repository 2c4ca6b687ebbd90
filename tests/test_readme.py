"""What the READMEs say is so: YAML blocks are valid, examples run, links lead somewhere, numbers are the tables'."""

import doctest
import json
import re
import tomllib
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from em_study.audit.results import Results
from em_study.claims.findings import document, tables_of, within
from em_study.configuration.loading import load
from em_study.data.storage import read_table
from em_study.evaluation.agreement import compare
from em_study.evaluation.compared import Compared
from em_study.evaluation.protocols import LADDER, Other, run_protocol
from em_study.evaluation.scores import evaluate_fit
from em_study.fits.em import run_fit

ROOT = Path(__file__).parent.parent
README, LIBRARY, OWN_STUDY, OWN_DATA, FINDINGS, RESULTS = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        "src/emgmm/README.md",
        "docs/own-study.md",
        "docs/own-data.md",
        "docs/findings.md",
        "benchmarks/RESULTS.md",
    )
)
BLOCKS = re.findall(r"```yaml\n(.*?)```", README + OWN_STUDY + OWN_DATA, flags=re.DOTALL)
ARTICLES = [block for block in BLOCKS if "source: A. Author" in block]
LANDING = ("README.md", "src/emgmm/README.md", "docs/own-study.md", "docs/own-data.md", "CHANGELOG.md", "SECURITY.md")
LANDING += ("CODE_OF_CONDUCT.md", "paper/paper.md")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder with the files that the blocks name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.csv").write_text("id,x1,x2,y\n1,1,2,\n2,1,2,0\n")
    measures = "bill_length_mm;bill_depth_mm;flipper_length_mm;body_mass_g"
    (tmp_path / "penguins.csv").write_text(
        f"id;date;{measures};species\n1;2007-11-11;39,1;18,7;181;3750;Adelie\n2;2007-11-12;46,5;17,9;192;3500;\n"
    )
    return tmp_path


@pytest.mark.parametrize("block", [block for block in BLOCKS if block not in ARTICLES])
def test_every_block_is_a_valid_overlay(block, folder):
    (folder / "overlay.yaml").write_text(block)
    told = []
    load([ROOT / "config.yaml", "overlay.yaml"], told.append)
    assert told == []


def test_the_article_is_valid(folder):
    (article,) = ARTICLES
    (folder / "mine.yaml").write_text(article)
    (folder / "overlay.yaml").write_text("articles: {mine: mine.yaml}")
    assert load([ROOT / "config.yaml", "overlay.yaml"]).study.claims["W1"].source == "A. Author (2021)"


def test_the_example_article_is_valid(folder):
    (folder / "overlay.yaml").write_text(f"articles: {{other: {ROOT / 'articles/iris_elsewhere.yaml'}}}")
    assert "D1" in load([ROOT / "config.yaml", "overlay.yaml"]).study.claims


def test_the_blocks_are_found():
    assert len(BLOCKS) == 4


@pytest.mark.parametrize(("file", "examples"), [("README.md", 4), ("src/emgmm/README.md", 11)])
def test_the_library_example_runs(file, examples):
    assert doctest.testfile(str(ROOT / file), module_relative=False) == (0, examples)


@pytest.mark.parametrize("file", LANDING)
def test_links_lead_to_files_and_headings(file):
    text = re.sub(r"```.*?```", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        name, _, heading = link.partition("#")
        target = (ROOT / file).parent / name if name else ROOT / file
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings}, link


def test_the_picture_of_the_page_is_small():
    assert re.findall(r"!\[.+?\]\((.*?)\)", README) == ["docs/page.png", "docs/agreement_ladder.png"]
    assert (ROOT / "docs/page.png").stat().st_size < 200_000


def test_versions_are_those_of_the_project():
    library = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    study = tomllib.loads((ROOT / "src/em_study/pyproject.toml").read_text())["project"]
    pythons = [name.split(" :: ")[-1] for name in library["classifiers"] if re.search(r"Python :: 3\.\d", name)]
    assert f"`Python {', '.join(pythons)}`" in README
    assert library["requires-python"] == study["requires-python"] == f">={pythons[0]}"
    (snakemake,) = (name.partition(">=")[2] for name in study["dependencies"] if name.startswith("snakemake"))
    assert f"`Snakemake {snakemake.rpartition('.')[0]} or newer`" in README
    assert f"| emgmm {library['version']} |" in LIBRARY


def test_the_speed_in_the_library_readme_is_measured():
    section = LIBRARY[LIBRARY.index("## Speed") : LIBRARY.index("## Limitations")]
    rows = re.findall(r"^\| (\d.*) \|$", section, flags=re.MULTILINE)
    assert len(rows) == 8
    measured = [line.replace("*", "") for line in RESULTS.splitlines() if "| scikit-learn |" in line]
    for row in rows:
        *data, numba, numpy = row.split(" | ")
        (line,) = (line for line in measured if line.startswith(f"| {' | '.join(data)} |"))
        assert f"| {numba} | {numpy} |" in line
    missing = RESULTS[RESULTS.index("## Missing values") : RESULTS.index("## A cluster")]
    ratios = re.findall(r"\| \*\*([\d.]+)\*\* \([\d. -]+\) \|", missing)
    assert f"{min(ratios)} to {max(ratios)} times as long" in section


def cells_of(begin, end):
    """Return the cells of the rows of results between two texts that contain numbers alone, but for the first cell."""
    lines = RESULTS[RESULTS.index(begin) : RESULTS.index(end)].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return [cells for cells in rows if all(cell[:1].isdigit() for cell in cells[1:])]


def test_what_is_said_of_acceleration_is_measured():
    library = " ".join(LIBRARY.split())
    page = " ".join((ROOT / "docs/speed.md").read_text(encoding="utf-8").split())
    shares = {cells[0]: cells[2:] for cells in cells_of("| EM's passes |", "Ends: runs")}
    assert len(shares) == 5
    for passes, (squarem, daarem, l_bfgs, ours, _) in shares.items():
        assert f"| {passes} | {ours} | {squarem} | {daarem} | {l_bfgs} |" in page
    squarem, _, _, ours, _ = zip(*(shares[each] for each in ("1,000 or more", "100 to 300", "below 30")), strict=True)
    said = "it takes {} times as many with .* 100 to 300, {} times, and below 30, {} times".format(*ours)
    assert re.search(f"{said} .* SQUAREM takes {squarem[0]}, {squarem[1]} and {squarem[2]} times as many", library)
    slow = [cells[2:] for cells in cells_of("Slow data", "`aitken_stopping(1e-6)`") if float(cells[0]) <= 2]
    medians = [sorted(int(cell.split()[0].replace(",", "")) for cell in cells) for cells in zip(*slow, strict=True)]
    em, squarem, daarem, l_bfgs, ours = (f"{least:,} to {most:,}" for least, _, most in medians)
    assert f"takes {em} passes, ours {ours}, SQUAREM {squarem}, DAAREM {daarem} and L-BFGS {l_bfgs}" in page
    assert f"EM takes {em} passes, {ours} with acceleration" in library


def test_numbers_of_article_a_are_those_of_the_study():
    """Computed anew: a change of the code that moves them makes this fail."""
    study = load([ROOT / "config.yaml"]).study
    customers, seed = study.experiments["customers"], study.seed
    dataset = customers.data.load(customers.replicates, seed, "customers")
    runs = {
        name: run_fit(dataset, fit, customers.replicates, seed, "customers", name)
        for name, fit in customers.fits.items()
    }
    fits = [evaluate_fit(dataset, runs[name], fit, "customers", name) for name, fit in customers.fits.items()]
    assert document("steps.md", {"fits": pd.concat(fits).replace({"failure": {"": None}})}) in FINDINGS
    ours, fit = runs[customers.protocols.fit], customers.compared_fit
    theirs = {rung: run_protocol(rung, dataset, ours, fit) for rung in LADDER}
    assert (
        document("ladder.md", {"agreement": compare(dataset, [Compared(ours, fit, [(Other(), theirs)])], "customers")})
        in FINDINGS
    )


def test_each_finding_is_one_line_with_a_link():
    begin, empty, *lines, last, end = within(README).splitlines()
    assert (empty, last) == ("", "")
    assert begin.startswith("<!--")
    assert end.startswith("<!--")
    assert [line.partition(". ")[0] for line in lines] == [str(1 + place) for place in range(len(lines))]
    assert all("](docs/findings.md#" in line and len(line) <= 220 for line in lines)


def test_the_findings_are_those_of_the_published_tables(tmp_path):
    with zipfile.ZipFile(ROOT / "published/default.zip") as published:
        published.extractall(tmp_path)
    tables = {
        name: read_table(tmp_path / f"tables/{name}.csv") for name in ("agreement", "claims", "fits", "measurements")
    }
    assert within(README) == document("highlights.md", tables)


def test_the_paper_has_the_numbers_of_the_findings_and_cites_what_it_lists():
    paper = (ROOT / "paper/paper.md").read_text(encoding="utf-8")
    findings = paper[paper.index("# Findings") : paper.index("# Performance")]
    speed = paper[paper.index("# Performance") : paper.index("# Limitations")]
    for section, source in ((findings, FINDINGS + README), (speed, LIBRARY)):
        numbers = {number.strip(".,") for number in re.findall(r"\d[\d.,e-]*", section.replace("x86_64", ""))}
        assert numbers <= {number.strip(".,") for number in re.findall(r"\d[\d.,e-]*", source)}
    entries = re.findall(r"^@\w+\{(\w+),", (ROOT / "paper/paper.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {*entries} == {*re.findall(r"@(\w+)", paper)}
    assert len(paper.split()) <= 1200  # two pages


def test_all_numbers_are_those_of_the_last_run():
    manifest = ROOT / "results/manifest.json"
    if not manifest.exists() or list(json.loads(manifest.read_text())["configuration_files"]) != ["config.yaml"]:
        pytest.skip("the default study has not been run here")
    if json.loads(manifest.read_text())["processor"] != Results(ROOT / "published/default.zip").manifest["processor"]:
        pytest.skip(
            "another kind of processor, which rounds otherwise: `make compare` tells whether the run is the same"
        )
    tables = tables_of(ROOT / "results/tables")
    assert within(README) == document("highlights.md", tables), "run: em-study findings"
    assert document("findings.md", tables) + "\n" == FINDINGS, "run: em-study findings"
