"""The page in a real browser: `make test-page`, which brings Chromium; `make test` skips these where there is none.

The study is the default one with few replicates, and one claim whose text is hostile.
"""

import base64
import json
import os
import re
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from project import FAULT, make_project, snakemake, wait_for

from emgmm import StoppingRule, expectation_maximization, labeled_statistics, maximization, weighted_statistics
from emgmm.covariance import COVARIANCE_TYPES

CHROMIUM = os.environ.get("EM_STUDY_CHROMIUM") or shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="`make test-page` brings a browser")
if not CHROMIUM:
    pytest.skip("there is no Chromium; `make test-page` brings one", allow_module_level=True)

OFFLINE = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
HOSTILE = "<script>document.title = 'stolen'</script><img src=x onerror=alert(1)> & \"quoted\" 'text'"
SAME = 1e-9  # nats per sample
TEXT = "p, a, span, b, small, li, td, th, summary, label, text, pre, h2, legend, dd, dt"
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


def now(page) -> int:
    return int(re.match(r"step (\d+)", page.inner_text("#now"))[1])


def test_half_steps_move_what_is_theirs(page):
    slider, seen = page.get_by_role("slider", name="Step"), []
    page.locator("a[data-scene]", has_text="initial parameters without labels").click()
    assert now(page) == 1
    for move in (
        lambda: None,
        page.get_by_role("button", name="Half a step on").click,
        lambda: slider.press("ArrowRight"),
        lambda: slider.fill("4"),
    ):
        move()
        fills = page.eval_on_selector_all(
            "#left_picture path[fill][transform]", "all => all.map(e => e.attributes.fill.value)"
        )
        seen.append((page.inner_html("#left_picture .components"), fills, page.inner_html("#left_trace")))
    (start, colors, trace), (moved, kept, _), (still, new, on), (later, _, _) = seen
    assert start != moved == still != later  # the M-step moves components,
    assert colors == kept != new  # the E-step colors samples,
    assert trace != on  # and finds the log-likelihood
    assert now(page) == 3
    assert slider.get_attribute("aria-valuetext").startswith("step 3 of")
    page.get_by_role("button", name="Half a step back").click()
    assert page.inner_text("#now").startswith("step 2 of")
    assert "M-step" in page.inner_text("#now")


def test_play_goes_on_to_the_end(page):
    page.locator("a[data-scene]", has_text="initial parameters without labels").click()
    last = int(page.get_by_role("slider", name="Step").get_attribute("max"))
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(2100)
    assert now(page) == 3
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(2000)
    assert now(page) == 3
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(500 * (last + 2))
    assert page.get_by_role("button", name="Play").is_visible()
    assert page.get_by_role("button", name="Half a step on").is_disabled()
    assert "nats per sample" in page.inner_text("#left_state")
    assert "It stops because the last change" in page.inner_text("#left_state")


def test_it_opens_on_a_false_convergence(page):
    assert "a false convergence" in page.locator("#ways a").first.inner_text()
    assert page.input_value("#left_choice") != page.input_value("#right_choice")
    assert "is below the tolerance" in page.inner_text("#left_state")


def test_the_log_likelihood_that_the_page_computes_is_the_stored_one(page, study):
    scenes = json.loads(page.text_content("#scenes"))["scenes"]
    compared = 0
    for key, scene in scenes.items():
        page.select_option("#experiment", scene["experiment"])
        page.select_option("#replicate", key)
        for name, run in scene["runs"].items():
            page.select_option("#left_choice", name)
            page.select_option("#right_choice", name)
            found = page.evaluate(
                """() => Array.from({length: Number(document.getElementById("step").max) / 2 + 1}, (_, i) => {
                    const slider = document.getElementById("step");
                    slider.value = 2 * i;
                    slider.dispatchEvent(new Event("input"));
                    return Number(document.querySelector("#left_state data").value);
                })"""
            )
            embedded = np.frombuffer(base64.b64decode(run["trace"]), dtype="<f8")
            steps = np.array([step for step in run["steps"] if step <= run["n_steps"]])  # beyond: what the fit returns
            np.testing.assert_allclose(found, embedded, rtol=0, atol=SAME if scene["complete"] else 0)
            is_fit = (study / f"results/fits/{scene['experiment']}/{name}.npz").is_file()
            if is_fit and scene["replicate"] is not None:
                with np.load(study / f"results/fits/{scene['experiment']}/{name}.npz") as arrays:
                    stored = arrays["trace"][scene["replicate"], steps - 1]
                np.testing.assert_array_equal(embedded[: len(steps)], stored)
                compared += len(stored) if scene["complete"] else 0
    assert compared > 100


def test_every_way_sets_what_it_says(page):
    links = page.locator("a[data-scene]")
    assert links.count() > 10
    for link in links.all():
        wanted = link.evaluate("link => ({...link.dataset})")
        link.evaluate("link => link.click()")
        assert page.input_value("#replicate") == wanted["scene"]
        assert page.input_value("#left_choice") == wanted["left"]
        assert page.input_value("#right_choice") == wanted["right"]
        steps = page.get_attribute("#step", "aria-valuetext")  # after the last step it returns what comes of it
        assert int(wanted["step"]) == int(re.search(r"\d+", steps)[0]) + steps.startswith("after")
        assert page.url.endswith("#show")
        assert page.inner_text("#why_watch") == link.text_content()


def test_a_link_leads_back_to_what_is_watched(page):
    page.locator("a[data-scene]", has_text="initial parameters without labels").click()
    page.get_by_role("slider", name="Step").fill("4")
    link, shown = page.get_attribute("#watch_link", "href"), page.inner_html("#left_picture")
    page.reload()
    assert page.inner_html("#left_picture") != shown
    page.evaluate("link => { location.hash = link; }", link)
    assert wait_for(lambda: now(page) == 3)
    assert page.inner_html("#left_picture") == shown


def test_samples_with_another_label_are_as_many_as_the_table_says(page, study):
    agreement = pd.read_csv(study / "results/tables/agreement.csv")
    page.select_option("#experiment", "customers")
    for row in agreement[(agreement["experiment"] == "customers") & (agreement["replicate"] == 0)].itertuples():
        page.select_option("#left_choice", f"sklearn {row.protocol}")
        page.select_option("#right_choice", "semi_supervised")
        page.get_by_role("slider", name="Step").press("End")
        apart = int(page.inner_text("#differ").split()[0])
        assert apart == round(row.disagreement * row.n_samples)
        page.evaluate("rings.checked = true, rings.dispatchEvent(new Event('change'))")
        assert page.locator("#left_picture .other").count() == apart


def test_every_link_leads_somewhere(page):
    lost = page.eval_on_selector_all(
        "a[href^='#']",
        "all => all.map(a => a.getAttribute('href')).filter(href => !document.querySelector(href.split('?')[0]))",
    )
    assert lost == []


def test_every_observed_number_is_that_of_the_table(page, study):
    for row in pd.read_csv(study / "results/tables/claims.csv").itertuples():
        card = page.locator(f"#{row.claim}")
        if row.n_replicates == 0 or row.kind == "identity":
            assert card.locator(".strip").count() == 0
            continue
        observed = card.locator(".key .observed")
        if pd.isna(row.share_holding) or observed.count() == 0:  # experiments have points, yes and no have a share
            assert observed.count() == 0
            assert pd.isna(row.share_holding) or f"{round(row.n_replicates):,}" in card.locator(".line").inner_text()
            continue
        text = observed.text_content()
        number, share = re.search(r"^\D*?(-?[\d.,]+(?:e-?\d+)?)( %| percentage points?)?", text).groups()
        number = float(number.replace(",", "").rstrip("."))
        assert number / (100 if share else 1) == pytest.approx(row.observed, rel=0.5, abs=1e-9)
        label = card.locator("svg.strip[role=img]").last.get_attribute("aria-label")
        said = Decimal(re.search(r"observed (-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)", label)[1])
        scaled = row.observed * (100 if share else 1)
        assert float(said) == pytest.approx(scaled, abs=0.5001 * 10.0 ** said.as_tuple().exponent)


def test_a_card_opens_from_its_line_and_by_its_link(open_page, page, study):
    claim = page.locator("#A5")
    card, link = claim.locator("article"), claim.locator(".line a")
    assert not card.is_visible()
    link.click()
    assert (card.is_visible(), link.get_attribute("aria-expanded")) == (True, "true")
    assert page.url.endswith("#A5")
    page.keyboard.press("Enter")
    assert (card.is_visible(), link.get_attribute("aria-expanded")) == (False, "false")
    for script in (True, False):
        other = open_page(java_script_enabled=script)
        other.goto(f"{other.url}#A5")
        assert other.locator("#A5 article").is_visible()
        assert not other.locator("#A6 article").is_visible()


def test_cards_name_no_code_outside_of_what_is_folded(page):
    """Names of code are those with an underscore."""
    for claim in page.locator("tbody.claim").all():
        text = claim.evaluate(
            """claim => { const copy = claim.cloneNode(true);
            for (const part of copy.querySelectorAll("details")) part.remove(); return copy.textContent; }"""
        )
        found = {*re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", re.sub(r"https?://\S+", "", text))}
        assert found <= {"get_random_psd"}, claim.get_attribute("id")  # the article's word


def test_claims_are_filtered_and_sorted(page, study):
    claims = pd.read_csv(study / "results/tables/claims.csv")
    lines = page.locator("tbody.claim")
    assert lines.first.get_attribute("class").split()[1] in ("bug", "not_reproduced", "not_replicated", "explained")
    page.locator("select[name=source]").select_option(label="article B (Goeduhub)")
    shown = [line.get_attribute("id") for line in lines.all() if line.is_visible()]
    assert sorted(shown) == sorted(claims.loc[claims["source"] == "article B (Goeduhub)", "claim"])
    assert page.inner_text("#n_shown") == f"{len(shown)} of {len(claims)} shown"
    page.locator("select[name=verdicts]").select_option("false_by_argument")
    assert {line.get_attribute("id") for line in lines.all() if line.is_visible()} == {"B6"}
    page.evaluate("location.hash = '#A5'")  # a link shows its claim whatever is filtered
    assert wait_for(lambda: page.evaluate("document.querySelector('#A5').classList.contains('open')"))
    assert page.locator("#A5").is_visible()
    page.click("[data-sort=id]")
    ids = [line.get_attribute("id") for line in lines.all()]
    assert ids[:3] == ["A1", "A2", "A3"]
    page.click("[data-sort=id]")
    assert [line.get_attribute("id") for line in lines.all()] == ids[::-1]


def test_a_dozen_claims_fit_a_laptop(open_page):
    page = open_page(viewport={"width": 1400, "height": 860})
    page.evaluate("document.querySelector('#lines').scrollIntoView()")
    heights = page.eval_on_selector_all("tr.line", "all => all.map(line => line.getBoundingClientRect().bottom)")
    assert sum(0 < height < 860 for height in heights) >= 12


# ---- the playground


def emgmm_problem(number):
    """Make a problem, and the result of 50 steps of emgmm; each type has one feature and two."""
    random = np.random.default_rng(number)
    kind = [*COVARIANCE_TYPES][number % 4]
    n_features, n_components, n = 1 + number // 4 % 2, 2 + number % 3, 60 + 30 * number
    X = random.standard_normal((n, n_features)) + 2.5 * random.integers(n_components, size=n)[:, None]
    responsibilities = random.dirichlet(np.ones(n_components), n)
    labels = np.where(random.random(n) < 0.2, random.integers(n_components, size=n), -1) if number % 5 == 0 else None
    reg_covar = [0.0, 1e-3][number % 3 // 2]
    start = maximization(weighted_statistics(X, responsibilities, kind))
    known = None if labels is None else labeled_statistics(X[labels >= 0], labels[labels >= 0], n_components, kind)
    unlabeled = X if labels is None else X[labels < 0]
    stopping = StoppingRule(tol=0.0, max_iter=50, before_maximization=False, earliest=2)
    found = expectation_maximization(unlabeled, start, stopping, labeled=known, reg_covar=reg_covar)
    given = {
        **{"X": X.ravel().tolist(), "d": n_features, "labels": None if labels is None else labels.tolist()},
        **{"R": responsibilities.ravel().tolist(), "type": kind, "reg": reg_covar},
    }
    return given, found


STEPS = """({X, d, labels, R, type, reg}) => {
    const all = samples(Float64Array.from(X), d), trace = [];
    let found = mStep(all, Float64Array.from(R), type);
    if (labels) Object.assign(all, {labels: Int32Array.from(labels), mode: "clamped"});
    for (let i = 0; i < 50; i++) {
        const {R, logLikelihood} = eStep(all, found);
        trace.push(logLikelihood);
        found = mStep(all, R, type, reg);
    }
    return {trace, weights: [...found.weights], means: [...found.means], covariances: [...found.covariances]};
}"""


@pytest.mark.parametrize("number", range(20))
def test_fifty_steps_here_are_those_of_emgmm(browser_page, number):
    given, found = emgmm_problem(number)
    end, here = found.parameters, browser_page.evaluate(STEPS, given)
    np.testing.assert_allclose(here["trace"], found.trace, rtol=0, atol=1e-10)
    np.testing.assert_allclose(here["weights"], end.weights, rtol=0, atol=1e-10)
    np.testing.assert_allclose(here["means"], end.means.ravel(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(here["covariances"], end.covariance_matrices.ravel(), rtol=0, atol=1e-10)


@pytest.fixture(scope="module")
def browser_page(browser, study):
    """Open the page once for what it computes."""
    page = browser.new_page()
    page.goto((study / "results/index.html").as_uri())
    yield page
    page.close()


def run_on(page):
    page.click("#play_run")
    assert wait_for(lambda: page.evaluate("!playground.running"))
    return page.inner_text("#play_why")


def test_the_playground_opens_on_the_false_convergence(page):
    assert page.input_value("#play_exercise") == "false_convergence"
    why = run_on(page)
    assert why.startswith("EM stops after step 2: the last change")
    assert "cannot be estimated" in why
    page.select_option("#play_tol", "1e-9")
    assert "EM stops after step" in run_on(page)
    means = sorted(page.evaluate("[...playground.found.means]"))
    assert means == pytest.approx([20, 40], abs=0.5)


def test_the_two_halves_of_a_step(page):
    page.select_option("#play_exercise", "labels")
    assert page.inner_text("#play_half") == "E-step"
    start = page.evaluate("[...playground.found.means]")
    page.click("#play_half")
    assert page.inner_text("#play_half") == "M-step"
    assert page.evaluate("[...playground.found.means]") == start
    page.select_option("#play_click", "predict")
    page.click("#play_picture", position={"x": 200, "y": 200})
    page.click("#play_half")
    assert page.evaluate("[...playground.found.means]") != start
    assert "is off by" in page.inner_text("#play_guess")


def test_identical_components_stay_until_one_is_moved(page):
    page.select_option("#play_exercise", "identical")
    run_on(page)
    one, other = page.evaluate("[[...playground.found.means.slice(0, 2)], [...playground.found.means.slice(2)]]")
    assert one == pytest.approx(other, abs=1e-12)
    page.locator("#play_picture .handle").last.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#play_moved").is_visible()
    run_on(page)
    one, other = page.evaluate("[[...playground.found.means.slice(0, 2)], [...playground.found.means.slice(2)]]")
    assert np.hypot(*np.subtract(one, other)) > 2


def test_a_start_that_collapses_does(page):
    page.select_option("#play_exercise", "collapse")
    assert "A component collapses in the M-step of step" in run_on(page)
    assert page.is_disabled("#play_step")
    page.select_option("#play_reg", "1e-2")
    assert "EM stops after step" in run_on(page)


def test_labels_that_stay_stop_it_elsewhere_and_acceleration_ends_alike(page):
    page.select_option("#play_exercise", "labels")
    first = run_on(page)
    page.select_option("#play_mode", "clamped")
    assert run_on(page) != first
    page.select_option("#play_tol", "1e-12")
    page.click("#play_again")
    run_on(page)
    plain, n_steps = page.evaluate("[playground.trace.at(-1), playground.trace.length]")
    page.check("#play_fast")
    page.click("#play_again")
    run_on(page)
    fast, n_fast = page.evaluate("[playground.trace.at(-1), playground.trace.length]")
    assert fast == pytest.approx(plain, abs=1e-8)
    assert n_fast < n_steps


def test_a_mean_can_be_dragged_where_the_exercise_says_so(page):
    page.select_option("#play_exercise", "identical")
    page.locator("#play_picture").scroll_into_view_if_needed()
    box = page.locator("#play_picture .handle").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y)
    page.mouse.up()
    one, other = page.evaluate("[[...playground.found.means.slice(0, 2)], [...playground.found.means.slice(2)]]")
    assert (other[0] > one[0] + 0.5, other[1]) == (True, pytest.approx(one[1], abs=0.02))
    assert page.evaluate("playground.samples.n") == 300


def test_steps_end_where_it_takes_no_more(page):
    page.emulate_media(reduced_motion="reduce")
    page.select_option("#play_exercise", "labels")
    page.evaluate("play_tol.add(new Option('0')), play_tol.value = '0'")
    assert run_on(page) == "EM stops because this page allows at most 5000 steps."


@pytest.mark.parametrize("fast", [False, True])
def test_a_link_leads_back_to_a_state_of_the_playground(page, fast):
    page.select_option("#play_exercise", "identical")
    page.select_option("#play_start", "samples")
    page.set_checked("#play_fast", fast)
    page.select_option("#play_type", "tied")
    for _ in range(3):
        page.click("#play_step")
    link, means = page.get_attribute("#play_link", "href"), page.evaluate("[...playground.found.means]")
    page.reload()
    page.evaluate("link => { location.hash = link; }", link)
    assert wait_for(lambda: page.evaluate("playground.trace.length === 3"))
    assert page.evaluate("[...playground.found.means]") == means
    assert page.input_value("#play_type") == "tied"


def test_rows_of_ones_own(page):
    page.select_option("#play_exercise", "own")
    rows = "".join(f"{5 * (i % 2) + i % 7 / 10};{i % 5};{'ab'[i % 2] if i < 10 else ''}\n" for i in range(40))
    page.fill("#play_csv", f"u;v;label\n{rows}")
    page.click("#play_csv_use")
    assert page.inner_text("#play_error") == ""
    assert page.evaluate("[playground.samples.n, playground.samples.d, playground.features.join()]") == [40, 2, "u,v"]
    assert page.input_value("#play_start") == "labels"
    run_on(page)
    assert sorted(page.evaluate("[...playground.found.weights]")) == pytest.approx([0.5, 0.5], abs=0.01)
    for text, wrong in (
        ("x\n1\nb\n", "Line 3: 'b' in column x is not a number."),
        ("u,v\n1,\n2,3\n", "Line 2: '' in column v is not a number."),
        ("u\nb\n", "No column has numbers. Write one or two columns of numbers, separated by commas."),
        ("x\n1\n-1e300\n", "Line 3: -1e300 in column x is too large; the largest number allowed is 1e+100."),
        ("", "The text has no rows. Write one sample per line."),
        ("a,b\n", "There are no rows below the column names."),
        ("x,y\n" + "".join(f"{i},{i}\n" for i in range(9)), "Column y has 9 different labels; at most 6 are allowed."),
    ):
        page.fill("#play_csv", text)
        page.click("#play_csv_use")
        assert page.inner_text("#play_error") == wrong
    assert page.evaluate("playground.samples.n") == 40


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("x,y\n1,a\n2,b\n3,a\n4,b\n", "All samples have a label, so no sample is left for the likelihood"),
        (
            "x\n3\n3\n3\n",
            "These initial parameters do not exist. Component 0: its covariance is singular",
        ),
        ("x\n3\n", "These initial parameters do not exist. Component 0: its covariance is singular"),
    ],
)
def test_rows_that_no_step_can_be_taken_from(page, rows, why):
    page.select_option("#play_exercise", "own")
    page.fill("#play_csv", rows)
    page.click("#play_csv_use")
    assert page.inner_text("#play_why").startswith(why)
    assert page.is_disabled("#play_run")
    if "y" in rows:
        page.select_option("#play_mode", "clamped")
        assert page.is_enabled("#play_run")


def test_clicks_add_samples_and_labels(page):
    page.select_option("#play_exercise", "labels")
    n, labeled = page.evaluate("[playground.samples.n, playground.samples.labels.filter(k => k >= 0).length]")
    page.select_option("#play_click", "add")
    page.click("#play_picture", position={"x": 80, "y": 60})
    assert page.evaluate("playground.samples.n") == n + 1
    page.select_option("#play_click", "label1")
    page.click("#play_picture", position={"x": 80, "y": 60})
    assert page.evaluate("playground.samples.labels.filter(k => k >= 0).length") == labeled + 1
    page.click("#play_rows summary")
    page.wait_for_function("$('play_csv').value")  # filled in after the click
    assert page.input_value("#play_csv").count("\n") == n + 2


def test_hostile_text_is_only_text(page):
    assert page.title() != "stolen"
    assert HOSTILE in page.locator("#A1 .statement").text_content()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3  # the scenes, the colors, and the page's own


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(open_page, scheme):
    page = open_page(color_scheme=scheme)
    page.evaluate("for (const claim of document.querySelectorAll('.claim')) claim.classList.add('open')")
    assert page.evaluate(FAINT) == []


def test_it_fits_a_phone(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    page.evaluate("for (const claim of document.querySelectorAll('.claim')) claim.classList.add('open')")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(SMALLEST) >= 12


SMALLEST = """() => Math.min(...[...document.querySelectorAll("text, p, a, li, td, th, small, pre")].filter(
    (e) => e.getClientRects().length && e.textContent.trim()).map((e) => {
    const matrix = e.tagName === "text" ? e.getScreenCTM() : {a: 1};
    return Math.hypot(matrix.a, matrix.b ?? 0) * parseFloat(getComputedStyle(e).fontSize);
}))"""


def test_it_prints_on_a_dozen_pages(page):
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) <= 12


def test_points_of_a_sweep_show_their_numbers(page):
    chart = page.locator("#sweep_steps_by_tolerance")
    point, readout = chart.locator(".point").first, chart.locator(".readout")
    point.hover()
    assert readout.inner_text() == point.locator("title").text_content() + "; steps"
    point.focus()
    page.keyboard.press("ArrowRight")
    second = chart.locator(".point").nth(1)
    assert second.evaluate("point => point === document.activeElement")
    assert readout.inner_text() == second.locator("title").text_content() + "; steps"


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
    assert page.locator("tbody.claim").count() == page.locator("article").count() == n_claims
    assert page.get_by_text("Watching needs scripts").is_visible()
    assert page.get_by_text("Trying EM needs scripts").is_visible()
    assert not page.locator("#stage").is_visible()
    assert page.locator("#sweep_labels .panels svg").first.is_visible()
    page.locator("#B2b .line a").click()
    page.locator("#B2b summary").last.click()
    assert page.locator("#B2b pre").first.is_visible()


def test_all_that_moves_has_a_name_and_a_value(page):
    stage = page.locator("#stage")
    assert stage.get_by_role("combobox").count() == 4
    for name in ("Experiment", "Replicate", "Left", "Right"):
        assert stage.get_by_label(name, exact=True).count() == 1
    names = [image.get_attribute("aria-label") for image in stage.get_by_role("img").all()]
    assert len(names) == 4
    assert all("Step " in name for name in names)
    assert any("nats per sample" in name for name in names)
    point = page.locator("#sweep_labels .point").first
    assert point.get_attribute("role") == "img"


def test_it_begins_at_its_top(page):
    assert page.evaluate("window.scrollY") == 0


def test_the_page_is_small(study):
    assert (study / "results/index.html").stat().st_size < 1_000_000
