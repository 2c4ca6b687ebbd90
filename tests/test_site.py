"""The site: what a strict build by Sphinx (`make docs`) does not see. Nothing is built here."""

import doctest
import re
from pathlib import Path

import pytest

import emgmm
from em_study.configuration.loading import load

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in DOCS.glob("*.md")}
TAUGHT = ("index", "tutorial", "choosing-k", "coming-from")  # pages whose blocks are run here; others have their own


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], flags=re.DOTALL)


def test_every_public_name_is_on_the_page_of_the_library_once():
    listed = re.findall(r"^   (\w+)$", PAGES["api"], flags=re.MULTILINE)
    assert sorted(listed) == sorted(emgmm.__all__)


def test_every_page_is_in_one_table_of_contents():
    trees = [block for page in PAGES for block in blocks(page, r"\{toctree\}")]
    lines = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    listed = [re.sub(r".*<(.*)>", r"\1", line) for line in lines]
    assert sorted(listed) == sorted({*PAGES, "gallery/index"} - {"index"})


def test_every_example_is_run_and_has_a_figure():
    examples = sorted((DOCS / "examples").glob("*.py"))
    assert len(examples) >= 8
    for file in examples:
        text = file.read_text(encoding="utf-8")
        assert file.name.startswith("plot_"), "sphinx-gallery runs only these"
        assert "plt.show()" in text, file.name
        assert "petroff10" in text, f"{file.name}: colors that all readers can tell apart"
        assert text.count("set_xlabel") + text.count("xlabel=") > 0, file.name


@pytest.mark.parametrize("page", TAUGHT)
def test_the_programs_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for program in blocks(page, "python"):
        if ">>>" in program:
            test = doctest.DocTestParser().get_doctest(program, {}, page, page, 0)
            assert doctest.DocTestRunner().run(test).failed == 0
        else:
            exec(program, names)  # noqa: S102
    assert page != "tutorial" or (tmp_path / "flowers.csv").exists()
    assert page != "choosing-k" or names["search"].best_params_ == {"covariance_type": "full", "n_components": 2}
    assert page != "coming-from" or round(names["model"].bic(names["X"]), 4) == 580.8389


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder with the table that the pages' configurations name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.csv").write_text("id,x1,x2,y\n1,1,2,\n2,1,2,0\n")
    return tmp_path


def test_the_sweep_over_components_is_valid(folder):
    (block,) = blocks("choosing-k", "yaml")
    (folder / "mine.yaml").write_text(block)
    assert "components" in load([ROOT / "config.yaml", ROOT / "config/empty.yaml", "mine.yaml"]).study.sweeps


def test_the_tutorial_says_what_the_command_says_and_its_claim_is_valid(tmp_path, monkeypatch):
    from em_study.new import new

    monkeypatch.chdir(tmp_path)
    (program,), (claim,) = blocks("tutorial", "python"), blocks("tutorial", "yaml")
    exec(program, {})  # noqa: S102
    said = list(new(Path("flowers.csv"), label=None))
    for line in said[:4]:
        assert line in PAGES["tutorial"]
    (tmp_path / "claim.yaml").write_text(claim)
    study = load([ROOT / "config.yaml", ROOT / "config/empty.yaml", "flowers.yaml", "claim.yaml"]).study
    assert study.claims["M1"].published == 0.5
