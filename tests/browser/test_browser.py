"""The page in a real browser: `make test-page`, which brings Chromium; `make test` skips these where there is none.

The study is the default one with few replicates, and one claim whose text is hostile.
"""

import base64
import json
import os
import re
import shutil
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from project import FAULT, make_project, snakemake

CHROMIUM = os.environ.get("EM_STUDY_CHROMIUM") or shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="`make test-page` brings a browser")
if not CHROMIUM:
    pytest.skip("there is no Chromium; `make test-page` brings one", allow_module_level=True)

OFFLINE = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
HOSTILE = "<script>document.title = 'stolen'</script><img src=x onerror=alert(1)> & \"quoted\" 'text'"
SAME = 1e-9  # nats a row
TEXT = "p, a, span, b, small, li, td, th, summary, label, text, pre, h2, legend"
# The text whose contrast with what is behind it is below 4.5 : 1, as the WCAG reckon it.
FAINT = """() => {
    const part = (v) => (v / 255) <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
    const light = (color) => {
        const [r, g, b] = color.match(/[0-9.]+/g).map(Number);
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (e) => {
        while (e.parentElement && / 0\\)$/.test(getComputedStyle(e).backgroundColor)) e = e.parentElement;
        return light(getComputedStyle(e).backgroundColor);
    };
    const isText = (e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return [...document.querySelectorAll("TEXT")].filter(isText).filter((e) => {
        const style = getComputedStyle(e), ink = light(e.tagName === "text" ? style.fill : style.color);
        const [high, low] = [ink, behind(e)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05) < 4.5;
    }).map((e) => `${e.tagName}: ${e.textContent.slice(0, 40)}`);
}""".replace("TEXT", TEXT)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Run the study; return the folder."""
    folder = make_project(tmp_path_factory.mktemp("study") / "project", {"claims": {"A1": {"statement": HOSTILE}}})
    run = snakemake(folder, "results/index.html", overlays=["config/quick.yaml"])
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, study):
    """Open the page, with options of a browser's context; there may be no message, and no request."""
    address = (study / "results/index.html").as_uri()
    problems, contexts = [], []

    def open_it(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(1000 * FAULT)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.on("request", lambda request: problems.append(request.url) if request.url != address else None)
        page.goto(address)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(open_page):
    return open_page()


def views(page):
    """Everything that a step moves."""
    sides = [f"#{side}_{part}" for side in ("left", "right") for part in ("picture", "trace", "told")]
    return [page.inner_html(place) for place in sides]


def now(page) -> int:
    return int(re.match(r"step (\d+)", page.inner_text("#now"))[1])


def test_a_step_moves_all_views(page):
    slider, seen = page.get_by_role("slider", name="Step"), [views(page)]
    assert now(page) == 1
    for move in (
        page.get_by_role("button", name="One step on").click,
        lambda: slider.press("ArrowRight"),
        lambda: slider.fill("3"),
    ):
        move()
        seen.append(views(page))
    assert now(page) == 4
    assert slider.get_attribute("aria-valuetext") == "step 4"
    for before, after in pairwise(seen):
        assert all(one != other for one, other in zip(before, after, strict=True))
    page.get_by_role("button", name="One step back").click()
    assert views(page) == seen[2]


def test_play_goes_on_to_the_end(page):
    last = int(page.get_by_role("slider", name="Step").get_attribute("max"))
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1600)
    assert now(page) == 4
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(2000)
    assert now(page) == 4
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(500 * (last + 2))
    assert page.get_by_role("button", name="Play").is_visible()
    assert page.get_by_role("button", name="One step on").is_disabled()
    assert "nats a row" in page.inner_text("#left_told")


def test_the_log_likelihood_that_the_page_computes_is_the_stored_one(page, study):
    scenes = json.loads(page.text_content("#scenes"))["scenes"]
    compared = 0
    for key, scene in scenes.items():
        page.select_option("#experiment", scene["experiment"])
        page.select_option("#draw", key)
        for name, run in scene["runs"].items():
            page.select_option("#left_choice", name)
            page.select_option("#right_choice", name)
            found = page.evaluate(
                """() => Array.from({length: Number(document.getElementById("step").max) + 1}, (_, i) => {
                    const slider = document.getElementById("step");
                    slider.value = i;
                    slider.dispatchEvent(new Event("input"));
                    return Number(document.querySelector("#left_told data").value);
                })"""
            )
            embedded = np.frombuffer(base64.b64decode(run["trace"]), dtype="<f8")
            steps = np.array([step for step in run["steps"] if step <= run["n_steps"]])  # beyond: what the fit returns
            np.testing.assert_allclose(found, embedded, rtol=0, atol=SAME if scene["whole"] else 0)
            is_fit = (study / f"results/fits/{scene['experiment']}/{name}.npz").is_file()
            if is_fit and scene["draw"] is not None:
                with np.load(study / f"results/fits/{scene['experiment']}/{name}.npz") as arrays:
                    stored = arrays["trace"][scene["draw"], steps - 1]
                np.testing.assert_array_equal(embedded[: len(steps)], stored)
                compared += len(stored) if scene["whole"] else 0
    assert compared > 100


def test_every_way_sets_what_it_says(page):
    links = page.locator("a[data-scene]")
    assert links.count() > 10
    for link in links.all():
        wanted = link.evaluate("link => ({...link.dataset})")
        link.evaluate("link => link.click()")
        assert page.input_value("#draw") == wanted["scene"]
        assert page.input_value("#left_choice") == wanted["left"]
        assert page.input_value("#right_choice") == wanted["right"]
        assert now(page) == int(wanted["step"])
        assert page.url.endswith("#show")
        assert page.inner_text("#why") == link.text_content()


def test_rows_that_two_implementations_put_apart_are_as_many_as_the_table_says(page, study):
    agreement = pd.read_csv(study / "results/tables/agreement.csv")
    for row in agreement[(agreement["experiment"] == "customers") & (agreement["replicate"] == 0)].itertuples():
        page.select_option("#left_choice", f"sklearn {row.protocol}")
        page.select_option("#right_choice", "semi_supervised")
        page.get_by_role("slider", name="Step").press("End")
        apart = int(page.inner_text("#differ").split()[0])
        assert apart == round(row.disagreement * row.n_samples)
        assert page.locator("#left_picture .other").count() == apart


def test_every_link_leads_somewhere(page):
    lost = page.eval_on_selector_all(
        "a[href^='#']", "all => all.map(a => a.getAttribute('href')).filter(href => !document.querySelector(href))"
    )
    assert lost == []


def test_every_observed_number_is_that_of_the_table(page, study):
    for row in pd.read_csv(study / "results/tables/claims.csv").itertuples():
        card = page.locator(f"#{row.claim}")
        if row.n_replicates == 0 or row.kind == "identity":
            assert card.locator(".strip").count() == 0
            continue
        line = card.locator(".line").inner_text()
        if pd.isna(row.share_holding):  # each experiment has a row of points
            assert "observed:" not in line
            continue
        number, share = re.search(r"observed: \D*?(-?[\d.,]+(?:e-?\d+)?)( %| percentage points?)?", line).groups()
        number = float(number.replace(",", "").rstrip("."))
        assert number / (100 if share else 1) == pytest.approx(row.observed, rel=0.5, abs=1e-9)
        label = card.get_by_role("img").first.get_attribute("aria-label")
        said = Decimal(re.search(r"observed (-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)", label)[1])
        assert float(said) == pytest.approx(row.observed, abs=0.5001 * 10.0 ** said.as_tuple().exponent)


def test_hostile_text_is_only_text(page):
    assert page.title() != "stolen"
    assert HOSTILE in page.locator("#A1 h4").inner_text()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2  # the scenes, and the page's own


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(open_page, scheme):
    page = open_page(color_scheme=scheme)
    assert page.evaluate(FAINT) == []


def test_it_fits_a_phone(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_points_of_a_sweep_tell_their_numbers(page):
    chart = page.locator("#sweep_steps_by_tolerance")
    point, told = chart.locator(".point").first, chart.locator(".told")
    point.hover()
    assert told.inner_text() == point.locator("title").text_content()
    point.focus()
    page.keyboard.press("ArrowRight")
    second = chart.locator(".point").nth(1)
    assert second.evaluate("point => point === document.activeElement")
    assert told.inner_text() == second.locator("title").text_content()
    assert "steps" in chart.locator(".point").last.locator("title").text_content()


def test_lines_of_a_sweep_can_be_chosen(page):
    chart = page.locator("#sweep_false_convergence")
    lines = chart.locator(".panels .l0")
    assert all(line.is_visible() for line in lines.all())
    chart.get_by_role("checkbox", name="published", exact=True).uncheck()
    assert not any(line.is_visible() for line in lines.all())
    assert chart.locator(".panels .l1").first.is_visible()
    chart.get_by_text("Table", exact=True).click()
    assert chart.get_by_role("row").count() > 5


def test_without_a_script_all_but_the_steps_is_there(open_page, study):
    page = open_page(java_script_enabled=False)
    n_claims = len(pd.read_csv(study / "results/tables/claims.csv"))
    assert page.locator("article").count() == n_claims
    assert page.get_by_text("Watching needs a script").is_visible()
    assert not page.locator("#stage").is_visible()
    assert page.locator("#sweep_labels .panels svg").first.is_visible()
    page.locator("#B2b summary").click()
    assert page.locator("#B2b table").is_visible()


def test_all_that_moves_has_a_name_and_a_value(page):
    stage = page.locator("#stage")
    assert stage.get_by_role("combobox").count() == 4
    for name in ("Experiment", "Draw", "Left", "Right"):
        assert stage.get_by_label(name, exact=True).count() == 1
    names = [image.get_attribute("aria-label") for image in stage.get_by_role("img").all()]
    assert len(names) == 4
    assert all("Step 1 of" in name for name in names)
    assert any("nats a row" in name for name in names)
    point = page.locator("#sweep_labels .point").first
    assert point.get_attribute("role") == "img"


def test_it_begins_at_its_top(page):
    assert page.evaluate("window.scrollY") == 0


def test_the_page_is_small(study):
    assert (study / "results/index.html").stat().st_size < 1_000_000
