"""Verdicts: the rules of docs/verdicts.md, and that every configured claim can be won and lost by the tables."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from em_study.claims import kinds
from em_study.claims.checks import sweeps_of
from em_study.claims.findings import document
from em_study.claims.intervals import confidence_interval, share_interval
from em_study.claims.judge import judge, judge_all
from em_study.claims.numbers import Lines, numbers_of, pandas_lines
from em_study.claims.settings import Claim, Untested
from em_study.claims.verdicts import VERDICTS
from em_study.columns import COLUMNS, SWEEP_COLUMNS
from em_study.configuration.loading import load

ROOT = Path(__file__).parent.parent


def fits(n_iter, fit="slow", **columns):
    return pd.DataFrame(
        {
            "experiment": "toy",
            "fit": fit,
            "replicate": np.arange(len(n_iter)),
            "n_iter": n_iter,
            "failure": np.nan,
            **columns,
        }
    )


FITS = pd.concat([fits(np.arange(20, 61)), fits(np.full(41, 10), "fast")])


def claim(**settings):
    common = {"experiment": "toy", "source": "s", "statement": "s", "table": "fits", "quantity": "n_iter"}
    return Claim(**{**common, "kind": "inequality", "where": {"fit": "slow"}, **settings})


def verdict(settings, *tables, **options):
    return judge("A1", claim(**settings), {"fits": pd.concat(tables or [FITS])}, **options)["verdict"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"published": 20, "relation": "at_least"}, "reproduced"),
        ({"published": 21, "relation": "at_least"}, "reproduced"),  # 40 of 41
        ({"published": 30, "relation": "more_than"}, "reproduced_in_distribution"),
        ({"published": 58, "relation": "more_than"}, "not_reproduced"),  # 2 of 41
        ({"published": 62, "relation": "at_least", "tolerance": 42}, "reproduced"),
        ({"published": 2, "relation": "at_least", "over": {"fit": "fast"}}, "reproduced"),
        ({"published": 40, "relation": "less_than", "minus": {"fit": "fast"}}, "reproduced_in_distribution"),
        ({"published": 40, "relation": "at_least", "where": {}, "each_draw": "max"}, "reproduced_in_distribution"),
        ({"published": 40, "relation": "at_most", "where": {}, "each_draw": "min"}, "reproduced"),
        ({"kind": "number", "published": 10, "where": {"fit": "fast"}}, "reproduced"),
        ({"kind": "number", "published": 40, "tolerance": 0.5}, "not_reproduced"),  # one draw at it
        ({"kind": "number", "published": 40, "tolerance": 1}, "reproduced_in_distribution"),
        (
            {"kind": "number", "published": 21, "tolerance": 1},
            "reproduced_in_distribution",
        ),  # 3 of 41 at it, none below
        ({"kind": "number", "published": 20.5, "tolerance": 0.5}, "not_reproduced"),  # too few on one side
        ({"kind": "existence", "published": 60, "relation": "at_least"}, "reproduced"),  # one draw
        ({"kind": "existence", "published": 61, "relation": "at_least"}, "not_reproduced"),
        ({"kind": "existence", "there_is": False, "published": 60, "relation": "at_least"}, "not_reproduced"),
        ({"kind": "existence", "there_is": False, "published": 61, "relation": "at_least"}, "reproduced"),
        ({"kind": "identity", "published": 20, "relation": "at_least"}, "reproduced"),
        ({"kind": "identity", "published": 21, "relation": "at_least"}, "not_reproduced"),  # all but one
    ],
)
def test_verdict(settings, expected):
    assert verdict(settings) == expected


BECAUSE = {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "text": "the other takes ten"}


@pytest.mark.parametrize(("ten", "expected"), [(10, "explained"), (11, "not_reproduced")])
def test_a_claim_is_explained_if_the_cause_holds_in_nearly_all_draws(ten, expected):
    settings = {"published": 70, "relation": "at_least", "because": {**BECAUSE, "published": ten}}
    assert verdict(settings) == expected
    mostly = np.where(np.arange(41) < 38, ten, 0)  # the median is not enough
    assert verdict(settings, fits(np.arange(20, 61)), fits(mostly, "fast")) == "not_reproduced"


@pytest.mark.parametrize("kind", ["inequality", "number"])
def test_few_draws_decide_nothing(kind):
    settings = {"kind": kind, "published": 10, "relation": "equals"}
    few, enough = fits(np.full(19, 10)), fits(np.full(20, 10))
    assert (verdict(settings, few), verdict(settings, enough)) == ("undecided", "reproduced")
    row = judge("A1", claim(**settings), {"fits": few}, frozenset({("toy", "slow")}))
    assert (row["verdict"], row["n_replicates"]) == ("reproduced", 1)  # the same run on the same rows
    assert row["explanation"].startswith("All runs on these rows are the same: n_iter = 10 (fit slow) holds.")


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"where": {}}, 1 + 41),
        ({"where": {"fit": "fast", "replicate": 3}}, 1),
        ({"where": {}, "each_draw": "max"}, 41),
        ({"where": {"fit": "slow"}, "minus": {"fit": "fast"}}, 41),
        ({"where": {"fit": "fast"}, "minus": {"fit": "fast"}}, 1),
        ({"where": {}, "experiment": None}, 1 + 41 + 3),
        ({"where": {"fit": "fast"}, "experiment": None}, 1 + 3),
        ({"where": {"fit": "slow"}, "among": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter"}}, 41),
    ],
)
def test_the_lines_of_the_page_count_as_the_claim_does(settings, count):
    if "among" in settings:
        settings = {**settings, "among": {**settings["among"], "relation": "at_least", "published": 0}}
    table = pd.concat([FITS, fits(np.arange(3.0), "fast", experiment="other")], ignore_index=True)
    same = frozenset({("toy", "fast")})
    asked = claim(published=0, statistic="mean", **settings)
    found = numbers_of(asked, {"fits": table}, asked.experiment, same).of_draws
    assert len(found) == count
    *lines, last = pandas_lines(asked, {"fits": table}, asked.experiment, same)
    given = {"read": table}
    exec("\n".join(lines).replace('pd.read_csv("results/tables/fits.csv")', "read.copy()"), given)  # noqa: S102
    assert eval(last, given) == pytest.approx(found.mean(), rel=1e-12)  # noqa: S307
    assert len(given["x"].dropna()) == count


def test_one_case_decides_an_existence_and_no_few_draws_refute_it():
    settings = {"kind": "existence", "published": 25, "relation": "equals"}
    assert verdict(settings, fits(np.array([25]))) == "reproduced"
    assert verdict(settings, fits(np.array([26]))) == "undecided"


def test_runs_that_failed_are_left_out_and_counted():
    table = fits(np.arange(20, 61))
    table["failure"] = ["collapsed", *[np.nan] * 40]
    row = judge("A1", claim(published=20, relation="at_least"), {"fits": table})
    assert row["n_replicates"] == 40
    assert "1 of 41 draws have no such number, and are left out." in row["explanation"]


def test_where_every_run_failed_this_is_the_reason():
    rows = judge_all({"A1": claim(published=1)}, {"fits": fits(np.arange(3)).assign(failure="collapsed")})
    assert rows[0]["explanation"] == "Not tested: every one of 3 runs failed (fit slow, experiment toy)."


def test_runs_are_the_same_only_if_every_fit_is():
    settings = {"published": 10, "relation": "equals", "kind": "inequality"}
    table, same = fits(np.full(5, 10)), frozenset({("toy", "slow"), ("toy", "")})
    assert verdict(settings, table, repeated=same) == "reproduced"
    assert verdict({**settings, "where": {}}, table, repeated=same) == "reproduced"  # no fit is named, and there is one
    assert (
        verdict({**settings, "minus": {"fit": "fast"}}, table, fits(np.zeros(5), "fast"), repeated=same) == "undecided"
    )


def test_a_draw_that_lacks_one_of_its_numbers_has_none():
    lacking = fits(np.arange(41), "fast", failure=["collapsed", *[np.nan] * 40])
    one = claim(published=0, relation="at_least", where={}, each_draw="min")
    row = judge("A1", one, {"fits": pd.concat([fits(np.arange(20, 61)), lacking])})
    assert row["n_replicates"] == 40
    assert "1 of 41 draws have no such number" in row["explanation"]


def test_draws_of_several_experiments_have_no_interval_and_are_counted_apart():
    table = pd.concat([FITS, FITS.assign(experiment="other", n_iter=7)])
    row = judge("A1", claim(experiment=None, published=20, relation="at_least"), {"fits": table})
    assert np.isnan([row["interval_low"], row["share_low"]]).all()
    assert row["explanation"].startswith(
        "n_iter >= 20 (fit slow) in 41 of 82 draws (50.0%; toy 41 of 41, other 0 of 41)."
    )


def test_only_the_draws_for_which_another_test_holds():
    among = {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "relation": "more_than", "published": 0}
    tables = fits(np.arange(20, 61)), fits(np.where(np.arange(41) < 30, 1, 0), "fast")
    row = judge("A1", claim(published=49, relation="at_most", among=among), {"fits": pd.concat(tables)})
    assert (row["n_replicates"], row["verdict"]) == (30, "reproduced")
    assert "no such number" not in row["explanation"]  # the others are not missing


def test_a_row_holds_what_the_dictionary_says():
    row = judge("A1", claim(kind="number", published=25, tolerance=5), {"fits": FITS})
    assert list(row) == list(COLUMNS["claims"])
    assert (row["observed"], row["kind"], row["criterion"]) == (40, "number", "n_iter = 25 +- 5 (fit slow)")
    assert (row["share_holding"], row["percentile"]) == pytest.approx((11 / 41, 100 * 5.5 / 41))
    assert (row["range_low"], row["range_high"]) == (21, 59)
    assert row["interval_low"] < 40 < row["interval_high"]
    assert row["share_low"] < 11 / 41 < row["share_high"]
    smallest = judge("A1", claim(published=20, relation="at_least", statistic="min"), {"fits": FITS})
    assert np.isnan([smallest["interval_low"], smallest["interval_high"]]).all()


def test_several_numbers_of_a_draw_are_not_independent():
    row = judge("A1", claim(published=0, relation="at_least", where={}), {"fits": FITS})
    assert np.isnan([row["interval_low"], row["share_low"]]).all()


def test_intervals_are_those_of_the_books():
    assert share_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)  # Wilson
    assert share_interval(60, 60)[1] == 1
    assert confidence_interval(np.arange(10), "median") == (1, 8)  # order statistics 2 and 9
    assert np.isnan(confidence_interval(np.arange(5), "median")).all()
    assert confidence_interval(np.array([0, 1, 1, 1]), "mean") == share_interval(3, 4)
    low, high = confidence_interval(np.arange(10.0), "mean")
    assert (low + high) / 2 == pytest.approx(4.5)
    assert high - 4.5 == pytest.approx(2.262 * np.std(np.arange(10), ddof=1) / np.sqrt(10), rel=1e-3)


def test_a_median_is_within_its_interval_as_often_as_said():
    draw, inside = np.random.default_rng(0), 0
    for _ in range(400):
        low, high = confidence_interval(draw.standard_normal(30), "median")
        inside += low <= 0 <= high
    assert 0.93 <= inside / 400 <= 1


def test_evidence_that_is_not_there_takes_its_sentence_along():
    evidence = {
        "there": {"experiment": "other", "table": "fits", "quantity": "n_iter"},
        "quick": {
            "table": "fits",
            "where": {"fit": "fast"},
            "quantity": "n_iter",
            "relation": "at_most",
            "published": 10,
        },
    }
    texts = ["There it is {there:.0f}.", "The other takes {quick:.1f}, {quick_count} of {quick_n} at most ten."]
    one = claim(published=1, relation="at_least", explanation=texts, evidence=evidence)
    told = judge("A1", one, {"fits": FITS})["explanation"]
    assert told.endswith("lie from 21 to 59. The other takes 10.0, 41 of 41 at most ten.")
    both = pd.concat([FITS, FITS.assign(experiment="other", n_iter=7)])
    assert "There it is 7. The other" in judge("A1", one, {"fits": both})["explanation"]


def test_numbers_that_are_not_there_are_told():
    claims = {
        "A1": claim(published=1, where={"fit": "other"}),
        "A2": claim(published=1),
        "A3": claim(published=1, experiment="other"),
        "A4": claim(published=1, table="sweeps/gone"),
        "A5": Untested(source="s", statement="t", not_tested="nobody can."),
        "A6": claim(published=1, over={"fit": "fast"}),
        "A7": claim(published=1, minus={"fit": "other"}),
        "A8": claim(
            published=1, among={"table": "fits", "quantity": "n_iter", "relation": "more_than", "published": 9}
        ),
    }
    zero = pd.concat([fits(np.zeros(30)), fits(np.zeros(30), "fast")])
    rows = {row["claim"]: row for row in judge_all(claims, {"fits": zero})}
    assert [row["verdict"] for row in rows.values()] == ["not_tested", "not_reproduced", *["not_tested"] * 6]
    assert rows["A1"]["explanation"] == "Not tested: table fits has no number 'n_iter' of fit other, experiment toy."
    assert rows["A3"]["explanation"] == "Not tested: experiment other is not part of this study."
    assert rows["A4"]["explanation"] == "Not tested: sweep gone is not part of this study."
    assert rows["A5"]["explanation"] == "Not tested: nobody can."
    assert "nothing to divide by: n_iter of fit fast is 0" in rows["A6"]["explanation"]
    assert "nothing to subtract: n_iter of fit other is missing in every draw" in rows["A7"]["explanation"]
    assert rows["A8"]["explanation"] == "Not tested: no draw fulfils the condition 'among'."


def test_the_original_data_stand_beside():
    original = {"observed": 4.0, "n_replicates": 1, "verdict": "reproduced", "date": "2026-01-01"}
    original["criterion"] = "n_iter = 1 (fit slow)"
    row = judge("A1", claim(published=1, original=original), {"fits": FITS})
    assert row["explanation"].endswith(
        "On the source's own data, with its settings (measured 2026-01-01), it is 4: reproduced."
    )
    assert (row["original_observed"], row["original_verdict"]) == (4, "reproduced")
    for other in ({"published": 2}, {"published": 1, "where": {"fit": "fast"}}):  # another claim than was measured
        row = judge("A1", claim(original=original, **other), {"fits": FITS})
        assert "own data" not in row["explanation"]
        assert np.isnan(row["original_observed"])


@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=20, max_size=60))
def test_more_draws_that_hold_never_make_a_verdict_worse(holding):
    order = ["not_reproduced", "reproduced_in_distribution", "reproduced"]
    test = {"published": 1, "relation": "at_least"}
    before = order.index(verdict(test, fits(np.array(holding, dtype=float))))
    better = order.index(verdict(test, fits(np.array([*holding, True], dtype=float))))
    first = holding.index(False) if False in holding else 0
    turned = [*holding[:first], True, *holding[first + 1 :]]
    assert before <= order.index(verdict(test, fits(np.array(turned, dtype=float))))
    assert before <= better


# The claims of the default study, on tables made for them.
STUDY = load([ROOT / "config.yaml"]).study
TESTED = {name: claim for name, claim in STUDY.claims.items() if isinstance(claim, Claim)}
CAN_BE_LOST = [name for name, claim in TESTED.items() if claim.kind != "identity"]


def columns_of(sweep):
    """List the columns of a sweep's table."""
    return [*sweep.vary, *SWEEP_COLUMNS, *sweep.measurements]


def rows_of(selection, experiment, numbers):
    """Make rows of a table from which a selection gets these numbers, one a draw."""
    sweep = selection.sweep
    columns = list(COLUMNS[selection.table]) if sweep is None else columns_of(STUDY.sweeps[sweep])
    table = pd.DataFrame(index=range(len(numbers)), columns=columns, dtype=object)
    table["replicate"] = np.arange(len(numbers))
    if selection.sweep is None:
        table["experiment"] = selection.experiment or experiment or "any"
    for column, value in selection.where.items():
        table[column] = np.nan if value == "" else value
    table[selection.quantity] = numbers
    other = selection.over if selection.over is not None else selection.minus
    if other is None:
        return table
    return pd.concat([table, table.assign(**other, **{selection.quantity: 1.0 if selection.over else 0.0})])


def judged(name, numbers, cause=None):
    claim = TESTED[name]
    tables = {name: pd.DataFrame(columns=columns) for name, columns in COLUMNS.items()}
    tables |= {f"sweeps/{name}": pd.DataFrame(columns=columns_of(sweep)) for name, sweep in STUDY.sweeps.items()}
    tables[claim.table] = rows_of(claim, claim.experiment, numbers)
    if cause is not None:
        more = rows_of(claim.because, claim.experiment, cause)
        tables[claim.table] = pd.concat([tables[claim.table], more]).drop_duplicates()
    return judge(name, claim, tables)["verdict"]


def fulfilling(test):
    sign = {"at_least": 1, "more_than": 1, "at_most": -1, "less_than": -1, "equals": 0}[test.relation]
    return test.published + sign * (test.tolerance + 0.001), test.published - (sign or 1) * (test.tolerance + 0.001)


@pytest.mark.parametrize("name", CAN_BE_LOST)
def test_every_claim_can_be_won_and_lost(name):
    claim = TESTED[name]
    good, bad = fulfilling(claim)
    won, lost = ("reproduced", "not_reproduced") if claim.there_is else ("not_reproduced", "reproduced")
    assert judged(name, np.full(40, good)) == won
    assert judged(name, np.full(40, bad)) == lost
    one = np.where(np.arange(40) == 0, good, bad)
    assert judged(name, one) == (won if claim.kind == "existence" else lost)
    if claim.kind == "inequality":
        assert judged(name, np.where(np.arange(40) < 20, good, bad)) == "reproduced_in_distribution"
        assert judged(name, np.where(np.arange(40) < 37, good, bad)) == "reproduced_in_distribution"
    if claim.kind != "existence":
        assert judged(name, np.full(19, good)) == "undecided"


@pytest.mark.parametrize("name", [name for name, claim in TESTED.items() if claim.kind == "identity"])
def test_an_identity_would_show_a_bug(name):
    good, bad = fulfilling(TESTED[name])
    assert judged(name, np.full(40, good)) == "reproduced"
    assert judged(name, np.where(np.arange(40) == 0, bad, good)) == "not_reproduced"


@pytest.mark.parametrize("name", [name for name, claim in TESTED.items() if claim.because])
def test_a_cause_explains(name):
    claim = TESTED[name]
    good, bad = fulfilling(claim)
    bad = bad if claim.there_is else good
    holding, failing = fulfilling(claim.because)
    if name == "A6":  # the cause looks at the numbers that the claim divides by 1
        assert (judged(name, np.zeros(40)), judged(name, np.full(40, 0.4))) == ("explained", "not_reproduced")
        return
    assert judged(name, np.full(40, bad), np.full(40, holding)) == "explained"
    assert judged(name, np.full(40, bad), np.full(40, failing)) == "not_reproduced"


@pytest.mark.parametrize("n", [1, 5, 20])
@pytest.mark.parametrize("kind", ["good", "bad", "mixed", "equal"])
def test_sentences_can_be_read_whatever_the_numbers(n, kind):
    evidence = kind != "equal"  # then there is none
    for name, claim in TESTED.items():
        good, bad = fulfilling(claim)
        numbers = {"good": np.full(n, good), "bad": np.full(n, bad), "equal": np.zeros(n)}
        numbers["mixed"] = np.where(np.arange(n) % 2, good, bad)
        tables = {table: [pd.DataFrame(columns=columns)] for table, columns in COLUMNS.items()}
        for sweep, block in STUDY.sweeps.items():
            tables[f"sweeps/{sweep}"] = [pd.DataFrame(columns=columns_of(block))]
        tables[claim.table].append(rows_of(claim, claim.experiment, numbers[kind]))
        for selection in claim.evidence.values() if evidence else ():
            told = selection.model_copy(update={"experiment": selection.experiment or "elsewhere"})
            tables[selection.table].append(rows_of(told, claim.experiment, numbers[kind]))
        # several selections may divide by the same rows
        row = judge(name, claim, {table: pd.concat(parts).drop_duplicates() for table, parts in tables.items()})
        text = row["explanation"]
        assert not re.search(r"nan|inf\b|[{}]|  | \.|\(\)", text), text
        assert text[-1] == "."
        assert row["verdict"] in VERDICTS
        assert (row["verdict"] == "undecided") == ("so few decide nothing" in text)


SHARES = {
    # what was called "reproduced in distribution" once, and is clearly false
    "A1": (6, 100, 0.965),
    "A3": (0.5, 5, 0.96),
    "A4": (5.0, 0.1, 0.97),
    "A5": (0.5, 0.994, 0.96),
    "B1": (0.127, 0.9, 0.96),
    "B2": (0.475, 0.0, 0.95),  # 57 of 60 at chance
    "C5": (0.05, 5, 0.96),
}


@pytest.mark.parametrize("name", SHARES)
def test_what_is_false_in_nearly_all_draws_is_not_reproduced(name):
    false, true, share = SHARES[name]
    assert judged(name, np.where(np.arange(200) < share * 200, false, true)) == "not_reproduced"


def test_a_number_that_no_draw_comes_near_is_not_reproduced():
    assert judged("A2", np.where(np.arange(200) < 100, 2, 60)) == "not_reproduced"


def test_a_threshold_that_hardly_any_draw_reaches_is_not_passed():
    claim = TESTED["A1"].model_copy(update={"published": 60})
    table = rows_of(claim, claim.experiment, np.random.default_rng(0).normal(31, 14, 200))
    assert judge("A1", claim, {"fits": table})["verdict"] == "not_reproduced"


def test_claims_depend_on_the_sweeps_that_they_name_alone():
    assert sweeps_of(STUDY) == ["agreement_by_size", "steps_by_tolerance", "passes_by_separation", "missing_values"]


def test_the_page_of_criteria_has_the_rules():
    text = (ROOT / "docs/verdicts.md").read_text(encoding="utf-8")
    assert text == document("verdicts.md") + "\n", "run: em-study findings"
    cuts = (kinds.NEARLY_ALL, kinds.HARDLY_ANY, kinds.AT_IT)
    assert {f"{100 * cut:g} %" for cut in cuts} | {f"{kinds.ENOUGH_DRAWS} draws"} <= set(
        re.findall(r"\d+ (?:%|draws)", text)
    )


def test_the_dictionary_names_every_kind_and_verdict():
    assert all(kind in COLUMNS["claims"]["kind"].description for kind in kinds.KINDS)
    assert all(verdict in COLUMNS["claims"]["verdict"].description for verdict in VERDICTS)


def test_every_verdict_can_be_read_in_its_color():
    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    for verdict in VERDICTS.values():
        on_white, on_black = map(luminance, verdict.colors)
        assert 1.05 / (on_white + 0.05) > 4.5
        assert (on_black + 0.05) / (luminance("#16181a") + 0.05) > 4.5


def test_what_is_looked_at_among_another_table_is_printed_as_it_is_run():
    agreement = FITS.rename(columns={"fit": "protocol", "n_iter": "agreement"})
    slow = {"table": "fits", "where": {"fit": "slow"}, "quantity": "n_iter", "relation": "more_than", "published": 30}
    other = {"table": "agreement", "where": {"protocol": "slow"}, "quantity": "agreement", "relation": "less_than"}
    asked = claim(published=0, among={**slow, "among": {**other, "published": 50}})
    tables = {"fits": FITS, "agreement": agreement}
    found = numbers_of(asked, tables, "toy").of_draws
    assert found.tolist() == [*range(31, 50)]
    *lines, last = pandas_lines(asked, tables, "toy", frozenset())
    given = {"tables": tables}
    text = re.sub(r'pd.read_csv\("results/tables/(\w+).csv"\)', r'tables["\1"].copy()', "\n".join(lines))
    exec(text, given)  # noqa: S102
    assert eval(last, given) == found.median()  # noqa: S307


HOSTILE = "x'] + [print('run')] + ['\"{0}"


def test_no_text_of_a_configuration_is_run(capsys):
    table = fits(np.arange(3.0), HOSTILE).rename(columns={"n_iter": HOSTILE})
    among = {"table": "fits", "where": {"fit": HOSTILE}, "quantity": HOSTILE, "relation": "at_least", "published": 0}
    hostile = claim(published=0, quantity=HOSTILE, where={"fit": HOSTILE, HOSTILE: 2.0}, among=among)
    assert numbers_of(hostile, {"fits": table}, "toy").of_draws.tolist() == [2.0]
    plain = claim(
        published=0, where={"fit": "slow", "n_iter": 2.0}, among={**among, "where": {"fit": "x"}, "quantity": "n_iter"}
    )
    lines = (Lines(each, {"fits": table}, "toy") for each in (hostile, plain))
    assert next(lines).templates == next(lines).templates
    *printed, last = pandas_lines(hostile, {"fits": table}, "toy", frozenset())
    given = {"read": table}
    exec("\n".join(printed).replace('pd.read_csv("results/tables/fits.csv")', "read.copy()"), given)  # noqa: S102
    assert eval(last, given) == 2  # noqa: S307
    assert capsys.readouterr().out == ""
