"""The page of the claims: every number is that of the tables, and nothing in a configuration does it harm."""

import re
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import snakemake

from study.configuration.schema import Claim
from study.page.cards import held_to
from study.page.origin import command_of, files_of, pandas_lines
from study.page.strips import Axis, Held, strip, told_apart
from study.plan.loading import load
from study.plan.results import Plan

NOWHERE = float("nan"), float("nan")
HELD = Held(1.0, np.inf, "held to at least 1")


class Page(HTMLParser):
    """What is read of a page: anchors, links, and text by the place it stands in."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []


@pytest.fixture(scope="module")
def page(project):
    """Read it once, before a test makes another."""
    return (project / "results/index.html").read_text(encoding="utf-8")


@pytest.fixture
def study(project, monkeypatch):
    monkeypatch.chdir(project)
    return load(["config.yaml", "small.yaml"]).study


def test_every_link_leads_somewhere(page):
    read = Page(page)
    assert len(set(read.ids)) == len(read.ids)
    assert set(read.links) <= {f"#{name}" for name in read.ids}


def test_every_claim_has_a_card_with_the_observed_number(page, project, study):
    claims = pd.read_csv(project / "results/tables/claims.csv")
    for row in claims.itertuples():
        card = page[page.index(f'id="{row.claim}"') :]
        card = card[: card.index("</article>")]
        assert (f"{row.observed:.4g}" in card) or row.verdict == "not_tested"
        assert ("<svg" in card) == (row.verdict != "not_tested")


def test_the_lines_of_pandas_give_the_observed_number(project, study):
    claims = pd.read_csv("results/tables/claims.csv").set_index("claim")["observed"]
    tested = 0
    for name, claim in study.claims.items():
        if isinstance(claim, Claim) and np.isfinite(claims[name]):
            lines = pandas_lines(claim, pd.read_csv(f"results/tables/{claim.table}.csv", nrows=0).columns)
            found: dict = {}
            exec("\n".join(lines[:-1]), found)  # noqa: S102 (what the page tells to run)
            assert eval(lines[-1], found) == claims[name], name  # noqa: S307
            tested += 1
    assert tested > 10


def test_the_files_behind_a_number_are_there(project, study):
    for claim in study.claims.values():
        if (
            isinstance(claim, Claim)
            and (claim.experiment in (None, *study.experiments))
            and claim.sweep in (None, *study.sweeps)
        ):
            for path, _ in files_of(claim, Plan(study)):
                assert (project / path).is_file(), path


def test_the_command_makes_the_table_again(project, study):
    claim = study.claims["A1"]
    command = command_of(claim, ["config.yaml", "small.yaml"])
    assert command == (
        "snakemake --cores 4 --configfile small.yaml --forcerun results/data/customers.npz -- results/tables/fits.csv"
    )
    before = (project / "results/tables/fits.csv").read_bytes()
    run = subprocess.run(command.split(), cwd=project, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Fit customers by EM: unsupervised" in run.stderr
    assert (project / "results/tables/fits.csv").read_bytes() == before


def test_the_page_asks_for_nothing_and_runs_nothing(page):
    read = Page(page)
    policy = next(given["content"] for tag, given in read.tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"https?://", page)
    assert all(given["src"].startswith("data:") for tag, given in read.tags if "src" in given)
    assert not any("style" in given or name.startswith("on") for _, given in read.tags for name in given)


def test_text_of_a_configuration_is_escaped(project, study):
    text = "<script>alert(1)</script>"
    (project / "hostile.yaml").write_text(f'claims: {{A1: {{statement: "{text}", source: "{text}"}}}}\n')
    run = snakemake(project, "results/index.html", overlays=["hostile.yaml"])
    assert run.returncode == 0, run.stderr
    page = (project / "results/index.html").read_text()
    assert text not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=50)


@given(NUMBERS, st.floats(-1e6, 1e6))
def test_all_that_is_drawn_lies_on_the_strip(values, end):
    axis = Axis(values, [end, np.median(values)])
    places = [axis.place(value) for value in [*values, end]]
    assert 0 <= min(places) <= max(places) <= 560
    order = np.argsort([*values, end], kind="stable")
    assert (np.diff(np.array(places)[order]) >= -1e-9).all()


@pytest.mark.parametrize(
    "values", [[0.0] * 5, [3.0], [0, 1, 1, 0, 1], [1e-15, 2e-15], [0.0, 1e-12, 1.0], [1 + 1e-12, 1 + 2e-12], [-1, 0, 5]]
)
def test_odd_numbers_are_drawn(values):
    text = strip(values, float(np.median(values)), NOWHERE, HELD)
    assert text.count('class="bar"') >= 1
    assert "nan" not in text
    assert "inf" not in text


def test_ticks_are_written_as_they_are():
    assert told_apart([0.0, 2.5, 5.0, 7.5, 10.0]) == ["0", "2.5", "5", "7.5", "10"]
    assert told_apart([0.998, 0.9985, 0.999]) == ["0.998", "0.9985", "0.999"]


def test_what_a_claim_is_held_to_reads_as_it_is():
    def held(**claim):
        given = {"source": "s", "statement": "s", "table": "fits", "quantity": "n_iter", "published": 4, **claim}
        return held_to(Claim.model_validate(given))

    assert held(tolerance=0.5) == Held(3.5, 4.5, "held to 4 \u00b1 0.5")
    assert held(relation="at_most") == Held(-np.inf, 4.0, "held to at most 4")
    assert held(relation="less_than", kind="existence", there_is=False).text == "none is said to be less than 4"
