"""Verdicts: the rules of docs/verdicts.md, and that every configured claim can be won and lost by the tables."""

import re
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from em_study.claims.certainty import draws_needed, power, stability
from em_study.claims.checks import sweeps_of
from em_study.claims.comparison import INEQUALITIES, Comparison
from em_study.claims.evaluate import evaluate, evaluate_all
from em_study.claims.findings import document
from em_study.claims.intervals import confidence_interval, share_interval
from em_study.claims.kinds import ENOUGH_REPLICATES, HARDLY_ANY, KINDS, NEARLY_ALL, TAIL
from em_study.claims.numbers import PARTS, Lines, numbers_of, pandas_lines, replicate_columns
from em_study.claims.settings import Argued, Claim, Original, Untested
from em_study.claims.verdicts import VERDICTS
from em_study.columns import COLUMNS, SWEEP_COLUMNS
from em_study.configuration.loading import load
from em_study.evaluation.measurements import QUANTITIES
from em_study.wording import Measured

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


FITS = pd.concat([fits(np.repeat(np.arange(20, 60), 5)), fits(np.full(200, 10), "fast")])
OWN = frozenset({"toy"})
ONE_RUN = frozenset({("toy", "slow")})


def claim(**settings):
    common = {"experiment": "toy", "source": "s", "statement": "s", "table": "fits", "quantity": "n_iter"}
    return Claim(**{**common, "kind": "inequality", "where": {"fit": "slow"}, **settings})


def row_of(settings, *tables, **options):
    return evaluate("A1", claim(**settings), {"fits": pd.concat(tables or [FITS])}, **options)


def verdict(settings, *tables, **options):
    return row_of(settings, *tables, **options)["verdict"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"published": 20, "relation": "at_least"}, "replicated"),
        ({"published": 21, "relation": "at_least"}, "undecided"),  # 195 of 200: the interval holds 95 %
        ({"published": 30, "relation": "more_than"}, "depends_on_draw"),
        ({"published": 58, "relation": "more_than"}, "undecided"),  # 5 of 200
        ({"published": 59, "relation": "more_than"}, "not_replicated"),
        ({"published": 62, "relation": "at_least", "tolerance": 42}, "replicated"),
        ({"published": 2, "relation": "at_least", "over": {"fit": "fast"}}, "replicated"),
        ({"published": 40, "relation": "less_than", "minus": {"fit": "fast"}}, "depends_on_draw"),
        ({"published": 40, "relation": "at_least", "where": {}, "each_draw": "max"}, "depends_on_draw"),
        ({"published": 40, "relation": "at_most", "where": {}, "each_draw": "min"}, "replicated"),
        ({"kind": "number", "published": 10, "where": {"fit": "fast"}}, "replicated"),
        ({"kind": "number", "published": 40.123456}, "replicated"),  # central, whoever prints many digits
        ({"kind": "number", "published": 20}, "undecided"),  # 5 of 200 at it, none below
        ({"kind": "number", "published": 23}, "replicated"),  # 20 of 200 at it or below
        ({"kind": "number", "published": 19, "tolerance": 0.5}, "not_replicated"),
        ({"kind": "estimate", "published": 41, "relation": "at_most"}, "undecided"),
        ({"kind": "estimate", "published": 45, "relation": "at_most"}, "replicated"),
        ({"kind": "estimate", "published": 45, "relation": "more_than"}, "not_replicated"),
        ({"kind": "estimate", "published": 35, "relation": "at_most", "statistic": "mean"}, "not_replicated"),
        ({"kind": "estimate", "published": 40, "tolerance": 5, "relation": "equals"}, "replicated"),
        ({"kind": "estimate", "published": 40, "tolerance": 1, "relation": "equals"}, "undecided"),
        ({"kind": "estimate", "published": 50, "tolerance": 5, "relation": "equals"}, "not_replicated"),
        ({"kind": "existence", "published": 59, "relation": "at_least"}, "replicated"),
        ({"kind": "existence", "published": 61, "relation": "at_least"}, "not_replicated"),
        ({"kind": "existence", "there_is": False, "published": 59, "relation": "at_least"}, "not_replicated"),
        ({"kind": "existence", "there_is": False, "published": 61, "relation": "at_least"}, "replicated"),
        ({"kind": "identity", "published": 20, "relation": "at_least"}, "checked"),
        ({"kind": "identity", "published": 21, "relation": "at_least"}, "bug"),
    ],
)
def test_verdict(settings, expected):
    assert verdict(settings) == expected


@pytest.mark.parametrize(
    ("settings", "numbers", "expected"),
    [
        ({"kind": "number", "published": 4}, [4], "reproduced"),  # one run decides
        ({"kind": "number", "published": 4}, [5], "not_reproduced"),
        ({"kind": "number", "published": 4}, [4, 4, 4, 9], "reproduced"),
        ({"kind": "number", "published": 4}, [4, 9, 9, 9], "depends_on_draw"),
        ({"kind": "number", "published": 4}, [3, 5, 9, 9], "not_reproduced"),
        ({"published": 4, "relation": "at_least"}, [4], "reproduced"),
        ({"published": 4, "relation": "at_least"}, [3], "not_reproduced"),
        ({"published": 4, "relation": "at_least"}, [4] * 73, "reproduced"),
        ({"published": 4, "relation": "at_least"}, [4] * 72, "undecided"),
        ({"kind": "estimate", "published": 4, "relation": "at_most"}, [4], "reproduced"),
        ({"kind": "estimate", "published": 4, "relation": "at_most"}, [5], "not_reproduced"),
        ({"kind": "existence", "published": 4, "relation": "equals"}, [5], "not_reproduced"),
        ({"kind": "identity", "published": 4, "relation": "at_most"}, [4], "checked"),
    ],
)
def test_on_the_own_rows_of_a_source(settings, numbers, expected):
    row = row_of(settings, fits(np.array(numbers, dtype=float)), own=OWN)
    assert (row["verdict"], row["original_verdict"], row["rows_of"]) == (expected, expected, "source")
    assert row["original_observed"] == row["observed"]


@pytest.mark.parametrize("relation", ["at_most", "less_than", "at_least", "more_than"])
@pytest.mark.parametrize(
    ("number", "threshold"), [(1 - 0.975, 0.025), (0.1 + 0.2, 0.3), (1 - 0.99, 0.01), (4 / 160, 0.025)]
)
def test_what_is_equal_but_for_rounding_is_equal(relation, number, threshold):
    held, sign = Comparison(relation, threshold, 0.0), relation.startswith("at")
    for each in (number, threshold, np.nextafter(threshold, 1), np.nextafter(threshold, 0)):
        values = pd.Series([each])
        assert held.count(values) == sign
        assert eval(held.pandas("values"), {"values": values}).sum() == sign  # noqa: S307
    for other in (threshold * (1 + 1e-6), threshold * (1 - 1e-6)):
        assert held.holds(other) == {"at_most": other < threshold, "less_than": other < threshold}.get(
            relation, other > threshold
        )


def experiments(**shares):
    """Make draws of experiments: so many of so many fulfil 'at least 1'."""
    numbers = {name: np.arange(n) < count for name, (count, n) in shares.items()}
    return [fits(values.astype(float), experiment=name) for name, values in numbers.items()]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"a": (100, 100), "b": (100, 100)}, "replicated"),
        ({"a": (0, 100), "b": (1, 400)}, "not_replicated"),
        ({"a": (50, 100), "b": (55, 100)}, "depends_on_draw"),
        ({"a": (20, 100), "b": (80, 100)}, "depends_on_data"),
        ({"a": (0, 20), "b": (20, 20)}, "depends_on_data"),  # though neither is decided
        ({"a": (100, 100), "b": (19, 20)}, "undecided"),  # the second is open
        ({"a": (100, 100), "b": (19, 20), "c": (20, 100)}, "depends_on_data"),
        ({"a": (100, 100), "b": (100, 100), "c": (0, 1)}, "replicated"),  # one data set shows nothing of others
        ({"a": (1000, 1000), "b": (980, 1000)}, "replicated"),  # apart, but both beyond the same cut
        ({"a": (19, 20), "b": (20, 20)}, "undecided"),
    ],
)
def test_experiments_decide_apart(shares, expected):
    row = row_of({"experiment": None, "published": 1, "relation": "at_least"}, *experiments(**shares))
    assert row["verdict"] == expected
    assert np.isnan([row["share_holding"], row["share_low"], row["interval_low"]]).all()
    for name, (count, n) in shares.items():
        told = (
            f"{name} {count:,} of {n:,} replicates"
            if n > 1
            else f"The experiment {name} has a single data set and is left out."
        )
        assert told in row["explanation"]
    assert not re.search(r"\d %", row["headline"])


def test_one_run_on_the_own_rows_is_no_data_set_among_others():
    shares = {"a": (100, 100), "b": (100, 100), "toy": (0, 1)}
    settings = {"experiment": None, "published": 1, "relation": "at_least"}
    row = row_of(settings, *experiments(**shares), own=OWN)
    assert (row["verdict"], row["original_verdict"]) == ("replicated", "not_reproduced")
    assert (row["rows_of"], row["original_observed"]) == ("other", 0)
    assert "On the source's own data the number compared is 0 steps: no. The crit" in row["explanation"]
    assert "toy" not in row["explanation"]


BECAUSE = {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "text": "the other takes ten"}


@pytest.mark.parametrize(("ten", "expected"), [(10, "explained"), (11, "not_replicated")])
def test_a_claim_is_explained_if_the_cause_holds_in_nearly_all_draws(ten, expected):
    settings = {"published": 70, "relation": "at_least", "because": {**BECAUSE, "published": ten}}
    assert verdict(settings) == expected
    mostly = np.where(np.arange(200) < 195, ten, 0)  # of the interval, not all is beyond 95 %
    assert verdict(settings, fits(np.repeat(40, 200)), fits(mostly, "fast")) == "not_replicated"


def test_few_draws_decide_nothing():
    settings = {"published": 10, "relation": "equals"}
    few, enough = fits(np.full(72, 10)), fits(np.full(73, 10))
    assert (verdict(settings, few), verdict(settings, enough)) == ("undecided", "replicated")
    row = row_of(settings, few)
    assert row["draws_needed"] == 73
    assert row["explanation"].endswith("Undecided: about 73 replicates would decide, if the result stays as it is.")
    row = row_of(settings, few, repeated=ONE_RUN)
    assert (row["verdict"], row["n_replicates"]) == ("replicated", 1)  # the same run on the same rows
    assert "One run decides. It is 10 steps." in row["explanation"]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"where": {}}, 1 + 200),
        ({"where": {"fit": "fast", "replicate": 3}}, 1),
        ({"where": {}, "each_draw": "max"}, 200),
        ({"where": {"fit": "slow"}, "minus": {"fit": "fast"}}, 200),
        ({"where": {"fit": "fast"}, "minus": {"fit": "fast"}}, 1),
        ({"where": {}, "experiment": None}, 1 + 200 + 3),
        ({"where": {"fit": "fast"}, "experiment": None}, 1 + 3),
        ({"where": {"fit": "slow"}, "among": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter"}}, 200),
    ],
)
def test_the_lines_of_the_page_count_as_the_claim_does(settings, count):
    if "among" in settings:
        settings = {**settings, "among": {**settings["among"], "relation": "at_least", "published": 0}}
    table = pd.concat([FITS, fits(np.arange(3.0), "fast", experiment="other")], ignore_index=True)
    same = frozenset({("toy", "fast")})
    asked = claim(published=0, statistic="mean", **settings)
    found = numbers_of(asked, {"fits": table}, asked.experiment, same).of_replicates
    assert len(found) == count
    *lines, last = pandas_lines(asked, {"fits": table}, asked.experiment, same)
    given = {"read": table}
    exec("\n".join(lines).replace('pd.read_csv("results/tables/fits.csv")', "read.copy()"), given)  # noqa: S102
    assert eval(last, given) == pytest.approx(found.mean(), rel=1e-12)  # noqa: S307
    assert len(given["x"].dropna()) == count


def test_one_case_decides_an_existence_and_no_few_draws_refute_it():
    settings = {"kind": "existence", "published": 25, "relation": "equals"}
    assert verdict(settings, fits(np.array([25]))) == "replicated"
    assert verdict(settings, fits(np.array([26]))) == "undecided"


def test_runs_that_failed_are_left_out_or_count_against_the_claim():
    table = fits(np.full(100, 20)).assign(failure=["collapsed"] * 5 + [np.nan] * 95)
    settings = {"published": 20, "relation": "at_least", "explanation": "{count} of {n}, and {failed} failed."}
    row = row_of(settings, table)
    assert (row["n_replicates"], row["share_holding"], row["n_failed"], row["verdict"]) == (95, 1, 5, "replicated")
    assert "5 of 100 replicates failed, and are left out. 95 of 95, and 5 failed." in row["explanation"]
    row = row_of({**settings, "failed_runs": "fails"}, table)
    assert (row["n_replicates"], row["share_holding"], row["observed"]) == (100, 0.95, 20)
    assert row["verdict"] == "undecided"
    assert "5 of 100 replicates failed, and count against it. 95 of 100, and 5 failed." in row["explanation"]


def test_a_run_that_failed_is_counted_where_it_is_divided_by():
    failed = fits(np.full(100, 10), "fast").assign(failure=["collapsed"] * 5 + [np.nan] * 95)
    row = row_of({"published": 2, "relation": "at_least", "over": {"fit": "fast"}}, fits(np.full(100, 20)), failed)
    assert (row["n_replicates"], row["n_failed"]) == (95, 5)
    zero = fits(np.where(np.arange(100) < 5, 0, 10), "fast")  # nothing to divide by is another matter
    row = row_of({"published": 2, "relation": "at_least", "over": {"fit": "fast"}}, fits(np.full(100, 20)), zero)
    assert (row["n_replicates"], row["n_failed"]) == (95, 0)
    assert "5 of 100 replicates have no such number" in row["explanation"]


def test_where_every_run_failed_this_is_the_reason():
    rows = evaluate_all({"A1": claim(published=1)}, {"fits": fits(np.arange(3)).assign(failure="collapsed")})
    assert rows[0]["explanation"] == "Not tested: all 3 runs failed (fit slow, experiment toy)."


def test_runs_are_the_same_only_if_every_fit_is():
    settings = {"published": 10, "relation": "equals", "kind": "inequality"}
    table, same = fits(np.full(5, 10)), frozenset({("toy", "slow"), ("toy", "")})
    assert verdict(settings, table, repeated=same) == "replicated"
    assert verdict({**settings, "where": {}}, table, repeated=same) == "replicated"  # no fit is named, and there is one
    assert (
        verdict({**settings, "minus": {"fit": "fast"}}, table, fits(np.zeros(5), "fast"), repeated=same) == "undecided"
    )


def test_a_draw_that_lacks_one_of_its_numbers_has_none():
    lacking = fits(np.arange(41), "fast", failure=["collapsed", *[np.nan] * 40])
    one = claim(published=0, relation="at_least", where={}, each_draw="min")
    row = evaluate("A1", one, {"fits": pd.concat([fits(np.arange(20, 61)), lacking])})
    assert (row["n_replicates"], row["n_failed"]) == (40, 1)


def test_only_the_draws_for_which_another_test_holds():
    among = {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter", "relation": "more_than", "published": 0}
    tables = fits(np.arange(20, 220)), fits(np.where(np.arange(200) < 100, 1, 0), "fast")
    row = row_of({"published": 119, "relation": "at_most", "among": among}, *tables)
    assert (row["n_replicates"], row["verdict"]) == (100, "replicated")
    assert "no such number" not in row["explanation"]  # the others are not missing


def test_a_row_holds_what_the_dictionary_says():
    row = row_of({"kind": "number", "published": 25, "tolerance": 5})
    assert list(row) == list(COLUMNS["claims"])
    assert (row["observed"], row["kind"], row["criterion"]) == (39.5, "number", "n_iter = 25 +- 5 (fit slow)")
    assert (row["share_holding"], row["percentile"]) == pytest.approx((55 / 200, 100 * 27.5 / 200))
    assert (row["range_low"], row["range_high"]) == pytest.approx((20.975, 58.025))
    assert row["interval_low"] < 39.5 < row["interval_high"]
    assert row["mcse"] == pytest.approx((row["interval_high"] - row["interval_low"]) / 3.92, rel=1e-3)
    assert row["share_low"] < 55 / 200 < row["share_high"]
    assert (row["share_needed"], row["rows_of"], row["basis"], row["short"]) == (0.025, "other", "question", "s")
    smallest = row_of({"published": 20, "relation": "at_least", "statistic": "min"})
    assert np.isnan([smallest["interval_low"], smallest["interval_high"], smallest["mcse"]]).all()
    identity = row_of({"kind": "identity", "published": 20, "relation": "at_least"})
    assert np.isnan([identity[name] for name in ("share_holding", "interval_low", "range_low", "stability")]).all()


def test_what_a_source_says_stands_in_the_row():
    said = {"quote": "over 30", "cited": "section 2", "address": "https://a.test/b", "basis": "verbatim", "short": "30"}
    row = row_of({"published": 30, "relation": "more_than", **said})
    assert [row[key] for key in ("quote", "basis", "short")] == ["over 30", "verbatim", "30"]
    assert row["cited"] == "section 2; https://a.test/b"


def test_several_numbers_of_a_draw_are_worth_one():
    row = row_of({"published": 20, "relation": "at_least", "where": {}})
    assert np.isnan([row["interval_low"], row["mcse"]]).all()
    assert (row["n_replicates"], row["share_holding"]) == (400, 0.5)
    assert (row["share_low"], row["share_high"]) == tuple(map(float, share_interval(0.5, 200)))


def test_a_geometric_mean_does_not_depend_on_which_is_divided():
    draw = np.random.default_rng(1)
    slow, fast = draw.lognormal(3, 0.5, 100), draw.lognormal(2, 0.5, 100)
    settings = {"kind": "estimate", "statistic": "geometric_mean", "published": 2, "relation": "at_least"}
    there = row_of({**settings, "over": {"fit": "fast"}}, fits(slow), fits(fast, "fast"))
    back = row_of({**settings, "where": {"fit": "fast"}, "over": {"fit": "slow"}}, fits(slow), fits(fast, "fast"))
    assert there["observed"] == pytest.approx(1 / back["observed"], rel=1e-12)
    assert there["interval_low"] == pytest.approx(1 / back["interval_high"], rel=1e-12)
    row = row_of({**settings, "published": 1}, fits(np.arange(5.0)))
    assert (
        row["explanation"] == "Not tested: n_iter has no geometric mean, because it is not positive in every replicate."
    )


def test_intervals_are_those_of_the_books():
    for count, n in ((0, 10), (3, 7), (60, 60), (72, 73), (500, 1000)):
        books = binomtest(count, n).proportion_ci(0.95, method="wilson")
        assert share_interval(count / n, n) == pytest.approx(tuple(books), rel=1e-12, abs=1e-15)
    assert share_interval(0.0, 10)[0] == 0
    assert share_interval(1.0, 60)[1] == 1
    assert share_interval(0.3, np.inf) == (0.3, 0.3)
    assert confidence_interval(np.arange(10), "median") == (1, 8)  # order statistics 2 and 9
    assert np.isnan(confidence_interval(np.arange(5), "median")).all()
    assert confidence_interval(np.array([0, 1, 1, 1]), "mean", is_share=True) == share_interval(0.75, 4)
    assert confidence_interval(np.ones(20), "mean") == (1, 1)  # each of them a share of samples
    low, high = confidence_interval(np.arange(10.0), "mean")
    assert (low + high) / 2 == pytest.approx(4.5)
    assert high - 4.5 == pytest.approx(2.262 * np.std(np.arange(10), ddof=1) / np.sqrt(10), rel=1e-3)


def test_the_interval_of_a_share_is_written_within_what_shares_can_be():
    accuracy = np.r_[np.ones(19), 0.9]
    row = row_of(
        {"quantity": "accuracy", "kind": "estimate", "statistic": "mean", "relation": "at_least", "published": 0.9},
        fits(np.ones(20), accuracy=accuracy),
    )
    assert row["interval_high"] > 1
    assert "to 100.0)" in row["explanation"]


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
    told = evaluate("A1", one, {"fits": FITS})["explanation"]
    assert told.endswith("lie between 21 and 58 steps. The other takes 10.0, 200 of 200 at most ten.")
    both = pd.concat([FITS, FITS.assign(experiment="other", n_iter=7)])
    assert "There it is 7. The other" in evaluate("A1", one, {"fits": both})["explanation"]


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
        "A9": Argued(source="s", statement="t", by_argument="False as worded: it costs O(n). See Wu."),
    }
    assert Argued(source="s", statement="t", by_argument="True: by Wu. And so on.").basis == "question"
    zero = pd.concat([fits(np.zeros(30)), fits(np.zeros(30), "fast")])
    rows = {row["claim"]: row for row in evaluate_all(claims, {"fits": zero})}
    assert [row["verdict"] for row in rows.values()] == ["not_tested", "undecided", *["not_tested"] * 6, "by_argument"]
    assert rows["A1"]["explanation"] == "Not tested: table fits has no number 'n_iter' for fit other, experiment toy."
    assert rows["A3"]["explanation"] == "Not tested: experiment other is not part of this study."
    assert rows["A4"]["explanation"] == "Not tested: sweep gone is not part of this study."
    assert rows["A5"]["explanation"] == "Not tested: nobody can."
    assert "nothing to divide by: n_iter of fit fast is 0" in rows["A6"]["explanation"]
    assert "nothing to subtract: n_iter of fit other is missing in every replicate" in rows["A7"]["explanation"]
    assert rows["A9"]["headline"] == "False as worded: it costs O(n)."
    assert rows["A8"]["explanation"] == "Not tested: no replicate fulfils the condition 'among'."


def test_the_original_data_stand_beside():
    original = {"observed": 4.0, "n_replicates": 1, "verdict": "reproduced", "date": "2026-01-01"}
    original["evidence"] = {"quick": 9.0}
    original["criterion"] = "n_iter >= 1 (fit slow)"
    quick = {"quick": {"table": "fits", "where": {"fit": "fast"}, "quantity": "n_iter"}}
    told = ["There {own_quick}, {own} of {own_n}; here {quick}."]
    one = claim(
        published=1,
        basis="paraphrase",
        relation="at_least",
        original=original,
        evidence=quick,
        explanation=told,
        headline="Own {own}, new {observed}.",
    )
    row = evaluate("A1", one, {"fits": FITS})
    assert row["headline"] == "Own 4, new 40."
    assert row["explanation"].startswith(
        "Own 4, new 40. On the source's own data the number compared is 4 steps (measured 2026-01-01): reproduced. The "
    )
    assert row["explanation"].endswith("There 9, 4 of 1; here 10.")
    assert (row["original_observed"], row["original_verdict"]) == (4, "reproduced")
    for other in ({"published": 2}, {"published": 1, "where": {"fit": "fast"}}):  # another claim than was measured
        asked = claim(relation="at_least", original=original, headline="Own {own}.", **other)
        row = evaluate("A1", asked, {"fits": FITS})
        assert "own data" not in row["explanation"]
        assert row["headline"].startswith("It holds")  # the other headline has no numbers
        assert np.isnan(row["original_observed"])


def test_words_of_earlier_versions_are_read():
    known = {"criterion": "x", "observed": 1.0, "n_replicates": 1, "date": "d"}
    assert Original(**known, verdict="reproduced_in_distribution").verdict == "depends_on_draw"


ORDER = ["not_replicated", "undecided", "depends_on_draw", "undecided", "replicated"]


def place(count, n):
    """Place a verdict on the way from 'no' to 'yes'."""
    found = verdict({"published": 1, "relation": "at_least"}, fits((np.arange(n) < count).astype(float)))
    return ORDER.index(found) if count < n / 2 else 4 - ORDER[::-1].index(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.data())
def test_a_verdict_goes_by_the_interval(n, data):
    count = data.draw(st.integers(0, n))
    row = row_of({"published": 1, "relation": "at_least"}, fits((np.arange(n) < count).astype(float)))
    low, high = binomtest(count, n).proportion_ci(0.95, method="wilson")
    by_hand = (
        "replicated"
        if low >= 0.95
        else "not_replicated"
        if high <= 0.05
        else "depends_on_draw"
        if low > 0.05 and high < 0.95
        else "undecided"
    )
    assert row["verdict"] == by_hand
    if count < n:
        assert place(count, n) <= place(count + 1, n)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=150), st.integers(-2, 32), st.sampled_from([*INEQUALITIES]))
def test_thresholds_are_those_at_which_the_verdict_turns(draws, threshold, relation):
    table = {"fits": fits(np.array(draws, dtype=float))}
    numbers = numbers_of(claim(published=0, relation=relation), table, "toy")

    def outcome_at(threshold):
        asked = claim(published=threshold, relation=relation)
        return asked.rules.decide(asked, numbers)

    asked, here = claim(published=threshold, relation=relation), outcome_at(threshold)
    low, high = asked.rules.thresholds(asked, numbers)
    others = [at for at in np.arange(-3, 33.5, 0.5) if outcome_at(at) != here]
    if np.isnan(low):
        assert not any(at < threshold for at in others)
    else:
        assert low <= threshold
        assert outcome_at(low - 1e-6) != here
        assert not any(low < at < threshold for at in others)
    if np.isnan(high):
        assert not any(at > threshold for at in others)
    else:
        assert high >= threshold
        assert outcome_at(high + 1e-6) != here
        assert not any(threshold < at < high for at in others)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 120), st.data())
def test_so_many_draws_as_are_told_decide(n, data):
    share = data.draw(st.integers(0, n)) / n
    rule = partial(KINDS["inequality"].rule, None)
    if rule([share], [n]) != "undecided":
        return
    needed = draws_needed([share], [n], KINDS["inequality"].cuts, rule)
    if share in (0.05, 0.95):
        assert np.isnan(needed)
        return
    assert rule([share], [needed]) != "undecided"
    fewer = np.arange(n, needed)  # each of them leaves it open
    assert (rule(np.full((len(fewer), 1), share), fewer[:, None]) == "undecided").all()


def test_an_estimate_says_how_many_draws_it_needs():
    draw = np.random.default_rng(3).normal(0.8, 1, 40)
    settings = {"kind": "estimate", "statistic": "mean", "published": 1, "relation": "at_most"}
    row = row_of(settings, fits(draw))
    assert row["verdict"] == "undecided"
    distance, half = abs(draw.mean() - 1), row["interval_high"] - draw.mean()
    assert row["draws_needed"] == np.ceil(40 * (half / distance) ** 2)


@pytest.mark.parametrize(("count", "n"), [(100, 197), (182, 197), (15, 200), (200, 200), (0, 60), (59, 60), (24, 60)])
def test_stability_is_the_share_of_fresh_runs_that_agree(count, n):
    rule = partial(KINDS["inequality"].rule, None)
    draw = np.random.default_rng(0)
    fresh = draw.binomial(n, draw.beta(count + 0.5, n - count + 0.5, 20_000)) / n
    agree = rule(fresh[:, None], np.array([n])) == rule([count / n], [n])
    assert stability([count / n], [n], rule) == pytest.approx(agree.mean(), abs=0.01)


def test_stability_of_several_experiments_and_of_estimates():
    rule = partial(KINDS["inequality"].rule, None)
    assert stability([0.5, 1.0], [np.inf, np.inf], rule) != stability([0.5], [np.inf], rule)  # both are NaN
    assert stability([0.0, 1.0], [100, 100], rule) > 0.999  # apart in any run
    alone, both = stability([1.0], [80], rule), stability([1.0, 1.0], [80, 80], rule)
    assert both < alone  # either may be open in a fresh run
    draw, settings = np.random.default_rng(5), {"kind": "estimate", "statistic": "mean", "published": 0.2}
    row = row_of({**settings, "relation": "at_most"}, fits(draw.normal(0, 1, 200)))
    mean, error = row["observed"], row["mcse"]
    fresh = mean + np.sqrt(2) * error * draw.standard_normal(100_000) + 1.96 * error <= 0.2
    assert row["stability"] == pytest.approx(fresh.mean() if row["verdict"] == "replicated" else np.nan, abs=0.02)


def test_power_is_the_share_of_runs():
    rule, draw = partial(KINDS["inequality"].rule, None), np.random.default_rng(0)
    for share, n in ((0.9, 60), (0.97, 200), (0.5, 20), (0.99, 100)):
        found = rule(draw.binomial(n, share, 20_000)[:, None] / n, np.array([n]))
        told = power(share, n, rule)
        assert sum(told.values()) == pytest.approx(1)
        for outcome, chance in told.items():
            assert chance == pytest.approx((found == outcome).mean(), abs=0.012)


def test_no_digit_is_beyond_the_standard_error():
    for value, error, told in (
        (92.14, 0.72, "92.1"), (0.26, 0.03, "0.26"), (-0.016, 0.014, "-0.02"), (1234.6, 30, "1,230"), (31.0, 1.3, "31"),
        (2.5e-7, 3e-8, "2.5e-07"), (1e-9, 3e-8, "1e-09"), (0.0, 3e-8, "0"), (4.625, np.nan, "4.625"), (4.0, 0.0, "4"),
        (-0.001, 0.1, "0.0"),
    ):  # fmt: skip
        assert f"{Measured(value, error)}" == told
    assert f"{Measured(0.5076, 0.0356):%}" == "51 %"
    assert f"{Measured(0.5076, 0.0356):.3f}" == "0.508"


@pytest.mark.parametrize(
    ("published", "tolerance", "numbers", "told"),
    [
        (2314, 0.1, [2314.2957], "2,314.3"),  # 2314 would seem to be at it
        (2314, 0.5, [2314.2957], "2,314.3"),
        (2314, 0.0, [2314.0, 2314.4, 2318.0] * 9, "2,314.4"),
        (2314.316, 0.0005, [2314.2957], "2,314.2957"),
        (0.6, 0.0, [0.6], "0.6"),
    ],
)
def test_no_number_seems_to_be_what_it_is_not(published, tolerance, numbers, told):
    settings = {"kind": "number", "published": published, "tolerance": tolerance}
    row = row_of(settings, fits(np.array(numbers)), own=OWN)
    assert re.search(rf"(is|are|[Mm]edian) {re.escape(told)}\b", row["explanation"]), row["explanation"]
    assert (row["verdict"] == "reproduced") == (abs(float(told.replace(",", "")) - published) <= tolerance)


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


def once(table):
    """Leave each row once, where several selections look at it, with the first number of each column."""
    keys = [key for key in (*replicate_columns(table), *PARTS) if key in table]
    return table.groupby(keys, dropna=False, sort=False, as_index=False).first() if len(table) else table


def verdict_of(name, numbers, cause=None):
    claim = TESTED[name]
    tables = {name: pd.DataFrame(columns=columns) for name, columns in COLUMNS.items()}
    tables |= {f"sweeps/{name}": pd.DataFrame(columns=columns_of(sweep)) for name, sweep in STUDY.sweeps.items()}
    tables[claim.table] = rows_of(claim, claim.experiment, numbers)
    if cause is not None:
        more = rows_of(claim.because, claim.experiment, cause)
        tables[claim.table] = pd.concat([tables[claim.table], more]).drop_duplicates()
    return evaluate(name, claim, tables)["verdict"]


def fulfilling(test):
    sign = {"at_least": 1, "more_than": 1, "at_most": -1, "less_than": -1, "equals": 0}[test.relation]
    return test.published + sign * (test.tolerance + 0.001), test.published - (sign or 1) * (test.tolerance + 0.001)


@pytest.mark.parametrize("name", CAN_BE_LOST)
def test_every_claim_can_be_won_and_lost(name):
    claim = TESTED[name]
    good, bad = fulfilling(claim)
    won, lost = ("replicated", "not_replicated") if claim.there_is else ("not_replicated", "replicated")
    assert verdict_of(name, np.full(400, good)) == won
    assert verdict_of(name, np.full(400, bad)) == lost
    one = np.where(np.arange(400) == 0, good, bad)
    assert verdict_of(name, one) == (won if claim.kind == "existence" else lost)
    if claim.kind == "inequality":
        assert verdict_of(name, np.where(np.arange(400) < 200, good, bad)) == "depends_on_draw"
        assert verdict_of(name, np.where(np.arange(400) < 380, good, bad)) == "undecided"  # 95 % of them
        assert verdict_of(name, np.full(72, good)) == "undecided"
    if claim.kind == "existence":
        assert verdict_of(name, np.full(72, bad)) == "undecided"


@pytest.mark.parametrize("name", [name for name, claim in TESTED.items() if claim.kind == "identity"])
def test_an_identity_would_show_a_bug(name):
    good, bad = fulfilling(TESTED[name])
    assert verdict_of(name, np.full(40, good)) == "checked"
    assert verdict_of(name, np.where(np.arange(40) == 0, bad, good)) == "bug"


@pytest.mark.parametrize("name", [name for name, claim in TESTED.items() if claim.because])
def test_a_cause_explains(name):
    claim = TESTED[name]
    good, bad = fulfilling(claim)
    bad = bad if claim.there_is else good
    holding, failing = fulfilling(claim.because)
    if name == "A6":  # the cause looks at the numbers that the claim divides by 1
        assert (verdict_of(name, np.zeros(100)), verdict_of(name, np.full(100, 0.4))) == ("explained", "not_replicated")
        return
    assert verdict_of(name, np.full(100, bad), np.full(100, holding)) == "explained"
    assert verdict_of(name, np.full(100, bad), np.full(100, failing)) == "not_replicated"


NAME_OF_CODE = re.compile(r"\w+_\w+|`|[<>=]=|\+-|\b\w+\(\w*\)")
NAMES = {*COLUMNS["fits"], *COLUMNS["agreement"], *QUANTITIES}


@pytest.mark.parametrize("name", STUDY.claims)
def test_no_name_of_code_is_in_what_a_claim_says(name):
    claim = STUDY.claims[name]
    texts = [*getattr(claim, "explanation", []), claim.headline or "", claim.statement, claim.short or ""]
    texts += [claim.without_numbers[1]] if not isinstance(claim, Claim) else []
    texts += [claim.because.text] if getattr(claim, "because", None) else []
    for text in texts:
        assert not NAME_OF_CODE.search(re.sub(r"\{.*?\}", "1", text)), text


@pytest.mark.parametrize("n", [1, 5, 80])
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
        row = evaluate(name, claim, {table: once(pd.concat(parts)) for table, parts in tables.items()})
        text = row["explanation"]
        assert not re.search(r"nan|inf\b|[{}]|  | \.|\(\)", text), text
        assert text[-1] == "."
        assert row["verdict"] in VERDICTS
        assert (row["verdict"] == "undecided") == ("Undecided: " in text)
        assert text.startswith(row["headline"])
        assert len(row["headline"].split()) <= 25
        assert row["verdict"] == "not_tested" or not NAME_OF_CODE.search(text), text
        assert not re.search(rf"(^|\. )({'|'.join(NAMES)})\b", text), text  # no sentence begins with one


SHARES = {
    # what was called "reproduced in distribution" once, and is clearly false
    "A1": (6, 100, 0.98),
    "A3": (0.5, 5, 0.98),
    "A4": (5.0, 0.1, 0.98),
    "A5": (0.5, 0.994, 0.995),
    "B1": (0.127, 0.9, 0.98),
    "B2b": (0.475, 0.0, 0.98),
    "C5": (0.05, 5, 0.98),
}


@pytest.mark.parametrize("name", SHARES)
def test_what_is_false_in_nearly_all_draws_is_not_replicated(name):
    false, true, share = SHARES[name]
    assert verdict_of(name, np.where(np.arange(400) < share * 400, false, true)) == "not_replicated"


def test_a_threshold_that_hardly_any_draw_reaches_is_not_passed():
    claim = TESTED["A1"].model_copy(update={"published": 75})
    table = rows_of(claim, claim.experiment, np.random.default_rng(0).normal(31, 14, 200))
    assert evaluate("A1", claim, {"fits": table})["verdict"] == "not_replicated"


def test_claims_depend_on_the_sweeps_that_they_name_alone():
    assert set(sweeps_of(STUDY)) == {
        *("steps_by_size", "steps_by_tolerance", "parameter_uncertainty"),
        *("passes_by_separation", "missing_values", "components_and_features"),
    }


def test_the_page_of_criteria_has_the_rules():
    text = (ROOT / "docs/verdicts.md").read_text(encoding="utf-8")
    assert text == document("verdicts.md") + "\n", "run: em-study findings"
    cuts = {f"{100 * cut:g} %" for cut in (NEARLY_ALL, HARDLY_ANY, TAIL)}
    assert cuts | {f"{ENOUGH_REPLICATES} replicates"} <= set(re.findall(r"[\d.]+ (?:%|replicates)", text))
    assert next(n for n in range(1, 200) if share_interval(1.0, n)[0] >= NEARLY_ALL) == ENOUGH_REPLICATES


def test_the_dictionary_names_every_kind_and_verdict():
    assert all(kind in COLUMNS["claims"]["kind"].description for kind in KINDS)
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


def of_table(table, quantity, published, relation, experiment, **settings):
    named = (
        {"quantity": "value", "where": {"measurement": quantity}} if table == "measurements" else {"quantity": quantity}
    )
    where = {"where": named.get("where", {}) | settings.pop("where", {})}
    common = {"experiment": experiment, "source": "s", "statement": "s", "kind": "inequality", "table": table}
    return Claim(**{**common, **named, **where, "published": published, "relation": relation, **settings})


@pytest.mark.parametrize(
    ("used", "turned", "settings"),
    [  # a threshold of the study, and one that the referee found to turn the verdict
        (
            2,
            1.0,
            (
                "fits",
                "n_iter",
                "at_least",
                "customers",
                {"where": {"fit": "unsupervised"}, "over": {"fit": "semi_supervised"}},
            ),
        ),
        (
            1,
            0.3,  # the referee's 0.5 was in standard errors as if classes were known, which are smaller
            (
                "agreement",
                "max_standardized_parameter_difference",
                "at_most",
                "customers",
                {"where": {"protocol": "as_published"}},
            ),
        ),
        (
            1,
            4,
            (
                "agreement",
                "max_standardized_parameter_difference",
                "at_most",
                "customers",
                {"where": {"protocol": "as_published"}},
            ),
        ),
        (0.01, 0.016, ("measurements", "below_bayes", "at_least", "customers", {"where": {"fit": "labels_only"}})),
        (0.2, 0.1, ("measurements", "known_labels_error", "at_most", "customers", {})),
        (0.9, 0.95, ("measurements", "bayes_accuracy", "at_least", "customers", {})),
        (0.125, 0.25, ("measurements", "component_error", "at_most", "guide_draws", {})),
        (
            1.5,
            1.2,
            (
                "measurements",
                "histogram_distance",
                "at_most",
                "guide_draws",
                {"over": {"measurement": "histogram_distance_by_chance"}},
            ),
        ),
    ],
)
def test_the_thresholds_of_the_referee_turn_the_verdict(published, used, turned, settings):
    *named, more = settings
    table, quantity, relation, experiment = named

    def row_at(threshold):
        return evaluate("A1", of_table(table, quantity, threshold, relation, experiment, **more), published)

    row, key = row_at(used), "threshold_low" if turned < used else "threshold_high"
    assert row_at(turned)["verdict"] != row["verdict"]
    assert min(turned, used) <= row[key] <= max(turned, used)
    assert row_at(row[key] + np.sign(turned - used) * 1e-6)["verdict"] != row["verdict"]
    assert row_at((used + row[key]) / 2)["verdict"] == row["verdict"]


@pytest.fixture(scope="module")
def published():
    with zipfile.ZipFile(ROOT / "published/default.zip") as archive:
        names = {name: f"tables/{name}.csv" for name in ("fits", "agreement", "measurements")}
        return {name: pd.read_csv(archive.open(file)) for name, file in names.items()}


def test_what_the_default_study_says_can_be_read(published):
    for row in evaluate_all(TESTED, published):
        if row["verdict"] != "not_tested":  # what the archive has numbers for
            assert len(row["headline"].split()) <= 25, row["headline"]
            assert not NAME_OF_CODE.search(row["explanation"]), row["explanation"]
            sentences = row["explanation"].split(". ")
            assert len(set(sentences)) == len(sentences), row["explanation"]


def test_what_is_looked_at_among_another_table_is_printed_as_it_is_run():
    agreement = FITS.rename(columns={"fit": "protocol", "n_iter": "agreement"})
    slow = {"table": "fits", "where": {"fit": "slow"}, "quantity": "n_iter", "relation": "more_than", "published": 30}
    other = {"table": "agreement", "where": {"protocol": "slow"}, "quantity": "agreement", "relation": "less_than"}
    asked = claim(published=0, among={**slow, "among": {**other, "published": 50}})
    tables = {"fits": FITS, "agreement": agreement}
    found = numbers_of(asked, tables, "toy").of_replicates
    assert found.tolist() == np.repeat(np.arange(31, 50), 5).tolist()
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
    assert numbers_of(hostile, {"fits": table}, "toy").of_replicates.tolist() == [2.0]
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
