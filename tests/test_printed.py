"""Printed numbers of a mixture: no false alarm on own fits, planted errors found, the command, claims of the kind."""

import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import yaml

from em_study.claims.evaluate import evaluate_all
from em_study.claims.settings import Claims
from em_study.cli import main
from em_study.configuration.loading import load
from em_study.errors import ConfigurationError
from em_study.intervals import interval, meets, times, whole
from em_study.printed.checks import CONSISTENT, IMPOSSIBLE, UNKNOWN, all_checks, covariance_parameters, parameter_counts
from em_study.printed.settings import FAMILIES, PrintedFit
from em_study.settings import as_params, from_params
from emgmm import GaussianMixtureEM

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "benchmarks"))
import printed as benchmark  # noqa: E402

EXAMPLE = ROOT / "docs/examples/printed.yaml"
IRIS = {"n_samples": 150, "log_likelihood": Decimal("-215.726"), "bic": Decimal("-561.7285")}


def fits(seed, number, **settings):
    generator = np.random.default_rng(seed)
    found = (benchmark.own_fit(generator, **settings) for _ in range(number))
    return [fit for fit in found if fit is not None]


def outcomes_with_samples(numbers, X):
    checks = all_checks(PrintedFit.model_validate(numbers), X)
    return [check.outcome for check in checks if check.name in ("log-likelihood of data", "EM step")]


def outcomes(**numbers):
    return {check.name: check for check in all_checks(PrintedFit.model_validate(numbers))}


# Intervals.
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.60", 0.595, 0.605),
        ("-3", -3.5, -2.5),
        ("1.2e-5", 1.15e-5, 1.25e-5),
        ("1.2e5", 115e3, 125e3),
        ("0", -0.5, 0.5),
    ],
)
def test_a_number_stands_for_all_that_round_to_it(text, low, high):
    assert interval(Decimal(text)) == pytest.approx([low, high])


def test_arithmetic_of_intervals_contains_the_result_of_every_member():
    generator = np.random.default_rng(0)
    for _ in range(200):
        a, b = (np.sort(generator.normal(size=(2, 3)), axis=0) for _ in range(2))
        x, y = (low + generator.uniform(size=3) * (high - low) for low, high in (a, b))
        for result, value in ((a + b, x + y), (a - b[::-1], x - y), (times(a, b), x * y), (a.sum(axis=1), x.sum())):
            assert meets(result, (value, value)).all()


# No false alarm.
@pytest.mark.parametrize("way", [benchmark.decimals, benchmark.significant, benchmark.exponent])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-8, 0.0), (1e8, 0.0), (1.0, 1e6)])
def test_rounded_numbers_of_own_fits_are_never_impossible(way, scale, offset):
    smallest = 8 * (scale < 1) * (way is benchmark.decimals) + (way is not benchmark.decimals)
    for i, fit in enumerate(fits(1, 8, scale=scale, offset=offset)):
        for digits in range(smallest, smallest + 7):
            found = benchmark.impossible(benchmark.printed(fit, way, digits), fit[0] if i == digits else None)
            assert not found, (digits, found)


def test_own_fits_that_stop_early_are_not_impossible():
    for fit in fits(2, 12):
        X, exact, *_ = fit
        model = GaussianMixtureEM(exact["n_components"], reg_covar=0, tol=1e-3, random_state=1).fit(X)
        numbers = {"weights": model.weights_, "means": model.means_, "covariances": model.covariances_}
        numbers = (
            benchmark.written(numbers["weights"], benchmark.decimals, 6),
            *(benchmark.written(numbers[name], benchmark.decimals, 6) for name in ("means", "covariances")),
        )
        made = dict(
            zip(("weights", "means", "covariances"), numbers, strict=True), covariance_type="full", n_samples=len(X)
        )
        made["log_likelihood"] = benchmark.decimals(model.score(X) * len(X), 6)
        assert not benchmark.impossible(made, X)


def test_a_poor_maximum_below_one_gaussian_cannot_be_told():
    X = np.concatenate([np.repeat([-1.0, 1.0], 400), [-13.8, 13.8]])[:, None]
    start = {"means_init": [[-1], [1]], "weights_init": [0.5, 0.5], "precisions_init": [[[1.8]], [[2.0]]]}
    model = GaussianMixtureEM(2, reg_covar=0, tol=1e-12, max_iter=1000, **start).fit(X)
    n, L = len(X), model.score(X) * len(X)
    assert model.converged_
    assert -n / 2 * (np.log(2 * np.pi * X.var()) + 1) - 0.04 * n > L
    numbers = {
        "n_samples": n,
        "n_components": 2,
        "n_features": 1,
        "sample_covariance": [benchmark.decimals(X.var(), 3)],
    }
    found = outcomes(**numbers, log_likelihood=benchmark.decimals(L, 2))["one Gaussian"]
    assert found.outcome == UNKNOWN
    assert "end below it" in found.text


# Identities.
def test_the_numbers_of_parameters_are_those_of_mclust():
    """Of three components of four features, by mclust's nVarParams."""
    found = covariance_parameters(3, 4)
    expected = {
        "EII": 1,
        "VII": 3,
        "EEI": 4,
        "VEI": 6,
        "EVI": 10,
        "VVI": 12,
        "EEE": 10,
        "VEE": 12,
        "EVE": 16,
        "VVE": 18,
    }
    assert found == expected | {"EEV": 22, "VEV": 24, "EVV": 28, "VVV": 30}
    assert set(found) == set(FAMILIES)


def test_bic_and_aic_may_have_either_sign_each():
    n, p, L = 200, 11, -321.123
    for bic_sign in (1, -1):
        for aic_sign in (1, -1):
            numbers = {
                "bic": bic_sign * (p * np.log(n) - 2 * L),
                "aic": aic_sign * (2 * p - 2 * L),
                "log_likelihood": L,
            }
            made = {name: benchmark.decimals(value, 3) for name, value in numbers.items()} | {"n_samples": n}
            counts = parameter_counts(n, *(interval(made[name]) for name in ("log_likelihood", "bic", "aic")))
            assert all(p in whole(pair[bic_sign, aic_sign]) for pair in counts.values())
            assert outcomes(**made, n_parameters=p)["number of parameters"].outcome == CONSISTENT
            assert outcomes(**made, n_parameters=p + 1)["number of parameters"].outcome == IMPOSSIBLE


def test_an_icl_of_the_other_sign_cannot_be_told():
    made = IRIS | {"n_components": 2, "icl": Decimal("-561.7289")}
    assert outcomes(**made)["ICL"].outcome == CONSISTENT
    assert outcomes(**made | {"icl": Decimal("561.7289")})["ICL"].outcome == UNKNOWN
    assert outcomes(**made | {"icl": Decimal("-561.7")})["ICL"].outcome == CONSISTENT
    assert outcomes(**made | {"icl": Decimal("-560.7")})["ICL"].outcome == IMPOSSIBLE


# Planted errors.
@pytest.fixture(scope="module")
def found():
    """Shares of planted errors that are found, and that have a reading."""
    counts, generator = {}, np.random.default_rng(3)
    for fit in fits(4, 60):
        for error, wrong in benchmark.planted(benchmark.printed(fit, benchmark.decimals, 3), fit[3], generator):
            checks = benchmark.impossible(wrong)
            counts.setdefault(error, []).append((bool(checks), any(check.reading for check in checks)))
    return {error: np.mean(each, axis=0) for error, each in counts.items()}


@pytest.mark.parametrize(
    ("error", "share", "readings"),
    [
        ("one parameter too many in the BIC", 1, 1),
        ("covariances counted d^2 in the BIC", 1, 1),
        ("BIC with 10 % fewer samples", 1, 0.9),
        ("one digit of the log-likelihood", 0.9, 0.9),
        ("variances for standard deviations", 0.8, 0.8),
        ("standard deviations for variances", 0.8, 0.8),
        ("one digit of a mean", 0.5, 0),
        ("two weights swapped", 0.8, 0.8),
        ("one digit of a weight", 0.6, 0),
        ("ten too many in a size", 1, 0),
    ],
)
def test_planted_errors_are_found(found, error, share, readings):
    assert found[error][0] >= share
    assert found[error][1] >= readings


def test_the_samples_show_what_the_other_numbers_do_not():
    """Means that are moved apart keep the mixture's mean; the samples show it."""
    X = np.random.default_rng(5).normal(size=(300, 1)) + np.repeat([0.0, 5.0], 150)[:, None]
    model = GaussianMixtureEM(2, reg_covar=0, tol=1e-10, max_iter=5000, random_state=0).fit(X)
    arrays = {"weights": model.weights_, "means": model.means_, "covariances": model.covariances_}
    numbers = {name: benchmark.written(array, benchmark.decimals, 3) for name, array in arrays.items()}
    numbers |= {"covariance_type": "full", "log_likelihood": benchmark.decimals(model.score(X) * 300, 3)}
    assert outcomes_with_samples(numbers, X) == [CONSISTENT, CONSISTENT]
    numbers["means"] = [[numbers["means"][0][0] - Decimal("0.3")], [numbers["means"][1][0] + Decimal("0.3")]]
    assert outcomes_with_samples(numbers, X) == [IMPOSSIBLE, IMPOSSIBLE]


# The command.
def run(tmp_path, capsys, numbers, name="numbers.yaml"):
    file = tmp_path / name
    if isinstance(numbers, bytes):
        file.write_bytes(numbers)
    else:
        file.write_text(numbers if isinstance(numbers, str) else yaml.safe_dump(numbers))
    return (main(["printed", str(file)]), *capsys.readouterr())


def test_the_contract_s_examples(tmp_path, capsys):
    code, text, _ = run(tmp_path, capsys, "n_samples: 150\nlog_likelihood: -215.726\nbic: -561.7285\n")
    assert code == 0
    assert "there are 26 parameters" in text
    assert "No contradiction was found." in text
    assert "Not given, and so not checked: n_features" in text
    assert "ridge (covariance regularization, a constant added to the variances)" in text
    code, text, _ = run(tmp_path, capsys, "n_samples: 150\nlog_likelihood: -215.83\nbic: -561.7\ndepartures: []\n")
    assert code == 1
    assert "imply 25.94 to 25.96 parameters" in text
    assert "cannot all belong to one fit" in text
    assert "possible explanation: 26 parameters belong to a log-likelihood of -215.71" in text
    assert "ridge" not in text


def test_one_impossible_check_among_others_that_cannot_be_told(tmp_path, capsys):
    text = "n_samples: 150\nlog_likelihood: -215\nbic: 1e3\naic: 300.2\n"
    code, text, _ = run(tmp_path, capsys, text)
    assert code == 1
    assert "undecided" in text
    assert "impossible" in text


def test_a_departure_makes_an_identity_one_that_cannot_be_told(tmp_path, capsys):
    numbers = "weights: [0.5, 0.5]\nmeans: [1.0, 3.0]\nsample_mean: [2.5]\ndepartures: "
    code, text, _ = run(tmp_path, capsys, numbers + "[]\n")
    assert code == 1
    assert "is 1.850 to 2.150 in the mixture, and 2.45 to 2.55" in text.replace("1.85 ", "1.850 ").replace(
        "2.15 ", "2.150 "
    )
    code, text, _ = run(tmp_path, capsys, numbers + "[weights]\n")
    assert code == 0
    assert "With sample weights this need not hold." in text


@pytest.mark.parametrize(("departure", "code"), [("early_stop", 1), ("ridge", 1), ("missing", 0)])
def test_a_departure_leaves_the_checks_that_it_does_not_break(tmp_path, capsys, departure, code):
    numbers = "weights: [0.5, 0.5]\nmeans: [1.0, 3.0]\nsample_mean: [2.5]\n"
    assert run(tmp_path, capsys, f"{numbers}departures: [{departure}]\n")[0] == code
    criteria = f"n_samples: 150\nlog_likelihood: -215.83\nbic: -561.7\ndepartures: [{departure}]\n"
    assert run(tmp_path, capsys, criteria)[0] == 1


def test_the_example_of_the_document(capsys):
    assert main(["printed", str(EXAMPLE)]) == 0
    text, document = capsys.readouterr().out, (ROOT / "docs/printed.md").read_text()
    assert text in document
    assert EXAMPLE.read_text() in document


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no numbers. Allowed: n_samples"),
        ("weights: null\n", "has no numbers"),
        ("[1, 2]", "not a list"),
        ("hello", "not text"),
        (b"\xff\xfe\x00\x01\x9c", "not UTF-8"),
        ("bic: .nan\n", ":1 bic: must be a finite number, got NaN"),
        ("bic: 1e999\n", ":1 bic: must be a finite number, got Infinity"),
        ("bic: 1e50\n", ":1 bic: must be less than or equal to"),
        ("n_samples: -5\n", ":1 n_samples: must be greater than or equal to 1, got -5"),
        ("n_samples: 10000000000000\n", ":1 n_samples: must be less than or equal to"),
        ("weights: [0.5, 0.5]\nmeans: [[1, 2], [3]]\n", "means must have the shape (2, 2)"),
        ("weights: [1]\nmeans: [1, 2]\n", "means must have the shape (1, 1)"),
        ("weights: [1]\nmeans: [2]\ndata: nothing.csv\n", ":3 data: "),
        ("weights: [1]\nmeans: [2]\ndata: .\n", ":3 data: "),
        ("weights: []\n", ":1 weights: must have at least one entry"),
        ("means: [[[[1]]]]\n", "means"),
        ("bic: yes\n", ":1 bic: must be a number, got 'yes'"),
    ],
)
def test_unusable_input(tmp_path, capsys, content, said):
    code, text, error = run(tmp_path, capsys, content)
    assert code == 2
    assert not text
    assert said in error


def test_all_problems_at_once_with_the_nearest_name(tmp_path, capsys):
    content = "n_sample: 150\nlog_likelyhood: -3.2\nbic: abc\ncovariance_type: fulll\ndepartures: [rigde]\n"
    code, _, error = run(tmp_path, capsys, content)
    assert code == 2
    assert len(error.splitlines()) == 6
    for line, key, meant in (
        (1, "n_sample", "n_samples"),
        (2, "log_likelyhood", "log_likelihood"),
        (4, "covariance_type", "full"),
        (5, "departures.0", "ridge"),
    ):
        assert f":{line} {key}: " in error
        assert f"did you mean '{meant}'?" in error
    assert f"{tmp_path}/nowhere.yaml" in run_missing(tmp_path, capsys)


def run_missing(tmp_path, capsys):
    assert main(["printed", str(tmp_path / "nowhere.yaml")]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("number", ["0e999999", "1e-999999999", "1e30", "0.0", "-0", "5E+3"])
@pytest.mark.filterwarnings("error")
def test_odd_numbers_are_no_traceback(tmp_path, capsys, number):
    keys = ("log_likelihood", "bic", "aic", "icl")
    content = "n_samples: 1\nn_components: 1000000000\nn_features: 7\ncovariance_type: VEV\n"
    content += "".join(f"{key}: {number}\n" for key in keys)
    assert run(tmp_path, capsys, content)[0] in (0, 1)
    arrays = f"weights: [{number}]\nmeans: [{number}]\ncovariances: [{number}]\nsample_mean: [{number}]\n"
    arrays += f"sample_covariance: [{number}]\nlog_likelihood: {number}\nn_samples: 3\nsizes: [{number}]\n"
    assert run(tmp_path, capsys, arrays)[0] in (0, 1)


def test_a_table_of_samples(tmp_path, capsys):
    X = np.random.default_rng(6).normal(size=(50, 2)).round(3)
    (tmp_path / "x.csv").write_text("a,b\n" + "\n".join(f"{a},{b}" for a, b in X))
    numbers = {"weights": [1.0], "means": [[float(m) for m in X.mean(axis=0).round(3)]], "data": "x.csv"}
    numbers |= {"covariance_type": "tied", "covariances": np.cov(X.T, bias=True).round(3).tolist()}
    assert run(tmp_path, capsys, numbers)[0] == 0
    code, text, _ = run(tmp_path, capsys, numbers | {"covariances": (4 * np.cov(X.T)).round(3).tolist()})
    assert code == 1
    assert "One more step of EM" in text
    assert run(tmp_path, capsys, numbers | {"n_samples": 49})[0] == 2
    (tmp_path / "x.csv").write_text("a,a\n1,2\n3,4\n")
    code, _, error = run(tmp_path, capsys, numbers)
    assert code == 2
    assert "the header must name each column only once, got ['a', 'a']" in error


# Claims.
def claims(**numbers):
    return {"A1": {"statement": "The fit is printed.", "kind": "printed", "numbers": numbers}}


@pytest.mark.parametrize(
    ("numbers", "verdict", "said"),
    [
        (IRIS, "checked", "there are 26 parameters"),
        (
            IRIS | {"bic": Decimal("-561.7"), "log_likelihood": Decimal("-215.83")},
            "not_reproduced",
            "Possible explanation: 26",
        ),
        (IRIS | {"bic": Decimal("1e3")}, "undecided", "as far as the checks decide"),
        ({"n_samples": 3}, "undecided", "as far as the checks decide"),
    ],
)
def test_verdicts_on_printed_numbers(numbers, verdict, said):
    found = from_params(Claims, claims(**numbers))
    (row,) = evaluate_all(found, {})
    assert row["verdict"] == verdict
    assert said in row["explanation"]
    assert row["explanation"].startswith(row["headline"][:-1])
    assert from_params(Claims, as_params(found)) == found


SMALL = """
seed: 1
experiments:
  a:
    data: {source: gaussian_mixture, n_unlabeled: 60, n_labeled: 8, weights: [0.5, 0.5], means: [[0], [4]],
           covariances: [[[1]], [[1]]]}
    fits: {ours: {implementation: emgmm, initialization: labels, semi_supervised: init_only, stopping: article,
                  tol: 1.0e-6, max_iter: 100}}
    replicates: 2
claims:
  A1:
    {statement: The two are of one fit., kind: printed,
     numbers: {n_samples: 150, log_likelihood: -215.726, bic: -561.7285}}
"""


def test_a_study_with_printed_numbers(tmp_path):
    (tmp_path / "config.yaml").write_text(SMALL)
    claim = load([tmp_path / "config.yaml"]).study.claims["A1"]
    assert claim.numbers.bic == Decimal("-561.7285")
    (tmp_path / "wrong.yaml").write_text("claims: {A1: {numbers: {data: x.csv, bicc: 3, weights: [0.5, .nan]}}}")
    with pytest.raises(ConfigurationError) as error:
        load([tmp_path / "config.yaml", tmp_path / "wrong.yaml"])
    assert "claims.A1.numbers.bicc: unknown key; did you mean 'bic'?" in str(error.value)
    assert "claims.A1.numbers.weights.1: must be a finite number" in str(error.value)
    (tmp_path / "data.yaml").write_text("claims: {A1: {numbers: {data: x.csv}}}")
    with pytest.raises(ConfigurationError, match="data is for the command em-study printed only"):
        load([tmp_path / "config.yaml", tmp_path / "data.yaml"])


@pytest.mark.parametrize("change", ["shifted", "scaled", "swapped"])
def test_other_samples_than_those_of_the_fit(tmp_path, capsys, change):
    draw = np.random.default_rng(0)
    X = np.concatenate([draw.normal([0, 5, 9], 1, (80, 3)), draw.normal([4, 9, 13], 1, (120, 3))])
    model = GaussianMixtureEM(2, tol=1e-8, max_iter=1000, reg_covar=0, random_state=0).fit(X)
    numbers = {
        "n_samples": 200,
        "covariance_type": "full",
        "weights": model.weights_.round(3).tolist(),
        "means": model.means_.round(3).tolist(),
        "covariances": model.covariances_.round(3).tolist(),
        "log_likelihood": round(200 * model.score(X), 3),
        "data": "rows.csv",
        "departures": [],
    }
    (tmp_path / "numbers.yaml").write_text(yaml.safe_dump(numbers))
    others = {"shifted": X + 1, "scaled": 10 * X, "swapped": X[:, [1, 0, 2]]}
    for rows, code in ((X, 0), (others[change], 1)):
        np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
        assert main(["printed", str(tmp_path / "numbers.yaml")]) == code
    assert "impossible      mean: " in capsys.readouterr().out


def test_too_many_samples_for_the_effect_of_rounding(monkeypatch):
    monkeypatch.setattr("em_study.printed.checks.LARGEST", 1)
    numbers = {"covariance_type": "full", "weights": [1], "means": [0], "covariances": [[[1]]], "log_likelihood": -3}
    check = all_checks(PrintedFit.model_validate(numbers), np.array([[9.0], [5.0]]))[-1]
    assert (check.outcome, check.text[:26]) == (UNKNOWN, "There are too many samples")
