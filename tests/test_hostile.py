"""Input that is wrong on purpose: each gets one clear error, and nothing is written."""

import copy
import csv
import html
import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import run_once
from project import ask, snakemake
from test_configuration import GOOD, TOY, overlay

from em_study.configuration.loading import load
from em_study.data.csv import CsvData
from em_study.data.storage import read_table
from em_study.errors import ConfigurationError, DataError
from em_study.figures.style import letters, new_figure, plain, save

NAMES = [
    *("../up", "a/b", "/etc/passwd", "a b", "a;reboot", "$(touch x)", "`touch x`", "a|b", "a&b", "a\nb", "a\x00b"),
    *("Ünicode", "", "9lives", "-flag", "--config", "con.", "a" * 65, "<script>", "{x}", "%s", "*", "~"),
]
NUMBERS = ["-1", "0.5", "1e400", ".nan", ".inf", "-.inf", "true", "'1'", "[1]", "{a: 1}", "2000-01-01", "0x10", "12:30"]
A_CSV = {"source": "csv", "features": ["a"]}
TEXTS = {
    "python tag": "seed: !!python/object/apply:os.system ['touch x']\n",
    "python name": "seed: !!python/name:os.system\n",
    "unknown tag": "seed: !secret 1\n",
    "binary tag": "seed: !!binary aGk=\n",
    "set": "seed: !!set {a}\n",
    "bomb": "\n".join(
        ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
        + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    ),
    "list that holds itself": "seed: &a [*a]\n",
    "block that holds itself": "seed: &a {b: *a}\n",
    "block that inherits itself": "experiments: &a {<<: *a}\n",
    "deep": "seed: " + "[" * 3000 + "]" * 3000 + "\n",
    "deep blocks": "".join(f"{' ' * i}a:\n" for i in range(200)),
    "unknown alias": "seed: *nobody\n",
    "tab": "experiments:\n\ttoy: 1\n",
    "unclosed quote": "seed: 'one\n",
    "two documents": "seed: 1\n---\nseed: 2\n",
    "same key twice": "seed: 1\nseed: 2\n",
    "number as key": "seed: 1\n? [1, 2]\n: 3\n",
    "scalar": "just text\n",
    "list": "- seed\n",
    "long number": "seed: " + "9" * 5000 + "\n",
    "NUL": "seed: 1\x00\n",
    "control character": "seed: \x07\n",
    "null at the top": "experiments:\n",
    "empty": "",
    "comment": "# nothing\n",
}
BYTES = {
    "UTF-16": "seed: 1\n".encode("utf-16"),
    "Latin-1": "seed: 1 # Ü\n".encode("latin-1"),
    "noise": bytes(range(256)) * 4,
}


def refused(tmp_path, *contents):
    files = []
    for i, content in enumerate(contents):
        files.append(tmp_path / f"{i}.yaml")
        files[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError) as caught:
        load(files)
    text = str(caught.value)
    assert "Traceback" not in text
    assert len(text) < 5000
    assert sorted(tmp_path.iterdir()) == files
    return text


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("place", ["experiments", f"{TOY}.fits", "sweeps"])
def test_names_that_are_no_plain_slugs(tmp_path, name, place):
    study = copy.deepcopy(GOOD)
    fit = {"initialization": "random"}
    wrong = {
        "experiments": {name: GOOD["experiments"]["toy"]},
        f"{TOY}.fits": {name: fit},
        "sweeps": {name: {"experiment": "toy", "vary": {"replicates": [1]}}},
    }
    text = refused(tmp_path, yaml.safe_dump(study), yaml.safe_dump(overlay(place, wrong[place])))
    assert "a name must be lower-case letters" in text


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("key", [f"{TOY}.replicates", f"{TOY}.data.n_unlabeled", f"{TOY}.fits.first.max_iter"])
def test_values_that_are_no_counts(tmp_path, number, key):
    change = yaml.safe_dump(overlay(key, "@")).replace("'@'", number)
    text = refused(tmp_path, yaml.safe_dump(GOOD), change)
    assert key in text
    assert "1.yaml:" in text


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_no_configuration(tmp_path, name):
    refused(tmp_path, TEXTS[name])


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_text(tmp_path, name):
    assert "0.yaml" in refused(tmp_path, BYTES[name])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{TOY}.replicates", 10**12),
        (f"{TOY}.data.n_unlabeled", 10**12),
        (f"{TOY}.data.means", [[0.0] * 2000] * 2),
        (f"{TOY}.fits.first.n_components", 10**6),
        (f"{TOY}.fits.first.max_iter", 10**12),
        (f"{TOY}.bins", 10**9),
        (
            "sweeps",
            {"s": {"experiment": "toy", "vary": {f"data.n_{k}": list(range(1, 999)) for k in ("labeled", "x")}}},
        ),
        ("sweeps", {"s": {"experiment": "toy", "vary": {"__class__.x": [1]}}}),
        ("sweeps", {"s": {"experiment": "toy", "vary": {"..": [1]}}}),
        ("claims", {"A1": {"experiment": "toy"}}),
        *(
            ("claims", {"A1": {"statement": "s", "table": "parameters", "quantity": "value", "published": 1, **odd}})
            for odd in ({"experiment": [1]}, {"where": [1]}, {"where": {"experiment": {}, "parameter": 3}}, {"x": 1})
        ),
        ("sweeps", {"s": {"experiment": [1], "vary": {"data.n_unlabeled": [0]}}}),
        (TOY, {"fits": 3}),
        (TOY, 3),
        (f"{TOY}.section", ""),
        (f"{TOY}.section", "x" * 2000),
        (
            f"{TOY}.data",
            {"source": "csv", "features": ["a"], "unlabeled": {"url": "file:///etc/passwd", "sha256": "0" * 64}},
        ),
        (f"{TOY}.data", {**A_CSV, "unlabeled": {"url": "http://a b", "sha256": "0" * 64}}),
        (f"{TOY}.data", {**A_CSV, "unlabeled": {"url": "http://x/u.csv"}}),
        (f"{TOY}.data", {**A_CSV, "unlabeled": {"url": "http://x/u.csv", "sha256": "../x"}}),
        (f"{TOY}.data", {**A_CSV, "unlabeled": {"path": "/"}}),
        (f"{TOY}.data", {**A_CSV, "unlabeled": {"path": "no\x00such"}}),
    ],
)
def test_absurd_values(tmp_path, key, value):
    refused(tmp_path, yaml.safe_dump(GOOD), yaml.safe_dump(overlay(key, value)))


CSV = {
    "empty": b"",
    "blank": b"\n\n\n",
    "header only": b"x,z\n",
    "other columns": b"a,b\n1,2\n",
    "spaces": b"x z\n1 2\n",
    "text": b"x,z\n1,two\n",
    "hole": b"x,z\n1,\n",
    "short row": b"x,z\n1\n",
    "long row": b"x,z\n1,2,3\n",
    "unclosed quote": b'x,z\n"1,2\n',
    "NaN": b"x,z\n1,nan\n",
    "infinity": b"x,z\n1,inf\n",
    "overflow": b"x,z\n1,1e999\n",
    "thousands": b'x,z\n1,"1,000"\n',
    "underscore": b"x,z\n1,1_000\n",
    "hexadecimal": b"x,z\n1,0x10\n",
    "complex": b"x,z\n1,1j\n",
    "truth": b"x,z\n1,True\n",
    "column twice": b"x,z,x\n1,2,3\n",
    "UTF-16 without its mark": "x,z\n1,2\n".encode("utf-16-le"),
    "noise": bytes(range(256)) * 4,
    "NUL": b"x,z\n1,\x002\n",
    "formula": b"x,z\n1,=1+1\n",
    "html": b"x,z\n1,<b>2</b>\n",
}


@pytest.mark.parametrize("name", CSV)
def test_files_that_are_no_rows(tmp_path, name):
    (tmp_path / "u.csv").write_bytes(CSV[name])
    data = CsvData(source="csv", features=["x", "z"], unlabeled={"path": str(tmp_path / "u.csv")})
    with pytest.raises(DataError) as caught:
        data.load(1, 0, "mine")
    assert "u.csv" in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_corpus_is_large_enough():
    assert 3 * len(NAMES) + 3 * len(NUMBERS) + len(TEXTS) + len(BYTES) + len(CSV) >= 60


TEXT = "A. <b>, {EM} {{ 7 * 7 }} {% endraw %} {# of #} {x, y} $ and $ 100 %s 体重 🐧"
ODD_FEATURES = ["price ($) and tax ($)", "_{x}^2 gain_$_loss_$ <b> %s"]
ODD_CLASSES = ["01", "NA", "1e3"]
ODD_FILES = ["2019", "NA", "01"]
ODD = {
    "articles": {"odd": "odd_article.yaml"},
    "experiments": {
        "named": {
            "section": f"Section {TEXT}",
            "data": {
                **{"source": "csv", "origin": f"From\n{TEXT}", "features": ODD_FEATURES, "class_names": ["NA"]},
                **{"unlabeled": {"path": "2019", "target": "y"}, "labeled": {"path": "l.csv", "target": "y"}},
            },
            "fits": {"clamped": {"initialization": "labels", "semi_supervised": "clamped"}, "true": {}},
            "protocols": {"fit": "true"},
        }
    },
    "sweeps": {
        "files": {
            "experiment": "named",
            "vary": {"data.unlabeled.path": ODD_FILES, "data.origin": [TEXT]},
            "replicates": 2,
            "protocols": [],
            "figure": {"x": "data.unlabeled.path", "y": "n_iter", "color": "data.origin"},
        }
    },
    "claims": {
        f"W{n}": {"source": TEXT, "statement": TEXT, "explanation": "{n} of {{these}}", "kind": "identity", **claim}
        for n, claim in enumerate(
            [
                {
                    **{"table": "sweeps/files", "where": {"data.unlabeled.path": "NA", "fit": "true"}},
                    **{"quantity": "n_samples", "published": 61},
                },
                {
                    **{"experiment": "named", "table": "parameters"},
                    **{"where": {"fit": "clamped", "class": "NA", "parameter": "mean[0]"}},
                    **{"quantity": "value", "published": 4, "tolerance": 1},
                },
                {
                    **{"experiment": "few", "table": "measurements", "where": {"measurement": "kmeans_accuracy"}},
                    **{"quantity": "value", "published": 1},
                },
            ]
        )
    },
}
ODD_ARTICLE = {
    "source": TEXT,
    "experiments": {
        name: {
            "data": {"source": "csv", "features": ["x"], "unlabeled": {"path": f"{name}.csv", "target": "y"}},
            "fits": {
                "km": {"initialization": "kmeans", "n_components": 4},
                "ridge": {"initialization": "kmeans", "n_components": 1, "reg_covar": 0.01},
            },
            **({"protocols": {"fit": "ridge"}} if name == "few" else {}),
        }
        for name in ("few", "equal", "ids")
    },
}


def add_odd_files(folder):
    (folder / "small.yaml").write_text((folder / "config/empty.yaml").read_text())
    draw = np.random.default_rng(0)
    for n, name in enumerate([*ODD_FILES, "l.csv"]):
        y = np.arange(60 + n) % 3
        rows = pd.DataFrame(draw.standard_normal((60 + n, 2)) + 4 * y[:, None], columns=ODD_FEATURES)
        rows.assign(y=np.array(ODD_CLASSES)[y]).to_csv(folder / name, index=False)
    (folder / "few.csv").write_text("x,y\n1,a\n2,b\n4,a\n")
    (folder / "equal.csv").write_text("x,y\n" + "1,a\n1,b\n" * 5)
    (folder / "ids.csv").write_text("x,y\n" + "".join(f"{i * i},id{i}\n" for i in range(8)))
    (folder / "odd_article.yaml").write_text(yaml.safe_dump(ODD_ARTICLE))
    (folder / "odd.yaml").write_text(yaml.safe_dump(ODD))
    (folder / "comments.yaml").write_text("# nothing yet\n")


ODD_OVERLAYS = ["odd.yaml", "comments.yaml"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Give the folder of a study in which every text is odd, and some rows too few."""
    return run_once(tmp_path_factory, "odd", {}, add_odd_files, ODD_OVERLAYS)


def audited(folder, *words):
    run = ask(folder, *words)
    return run.returncode, run.stdout + run.stderr


def test_odd_names_are_in_the_tables_as_they_are(odd):
    with open(odd / "results/tables/parameters.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["fit"] == "clamped"]
    assert list(dict.fromkeys(row["class"] for row in rows)) == ["01", "1e3", "NA"]
    with open(odd / "results/predictions/named/clamped.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    posteriors = [f"posterior of {name}" for name in ("01", "1e3", "NA")]
    assert header == [*ODD_FEATURES, "true class", "predicted class", *posteriors]
    assert [row[2] for row in rows[:3]] == ODD_CLASSES
    assert {row[3] for row in rows} == {*ODD_CLASSES}
    for end in ("", "_summary"):
        with open(odd / f"results/tables/sweeps/files{end}.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(dict.fromkeys(row["data.unlabeled.path"] for row in rows)) == ODD_FILES
        assert {row["data.origin"] for row in rows} == {TEXT}


def test_claims_find_odd_names(odd):
    claims = read_table(odd / "results/tables/claims.csv").set_index("claim")
    assert claims["verdict"].tolist() == ["checked", "checked", "not_tested"]
    assert claims["explanation"].str.endswith("of {these}").tolist()[:2] == [True, True]
    assert claims["statement"].tolist() == [TEXT] * 3


def test_too_few_rows_give_a_failure_in_the_tables(odd):
    fits = read_table(odd / "results/tables/fits.csv").set_index(["experiment", "fit"])["failure"]
    assert fits["few", "km"] == "start: too few samples: 3, but 4 are needed"
    assert "it has lost all its mass" in fits["equal", "km"]
    assert fits[["few", "ids", "equal"]].xs("ridge", level="fit").isna().all()
    log = (odd / "results/logs/measure/few.log").read_text()
    assert "kmeans_accuracy: not measured: k-means with 4 clusters needs as many samples; there are 3" in log
    assert not [log for log in (odd / "results/logs/measure").glob("*.log") if "unexpected" in log.read_text()]


def test_odd_names_are_drawn_as_they_are(odd):
    drawn = (odd / "results/figures/named/fits.svg").read_text()
    for name in ODD_FEATURES:
        name = plain(name).replace(r"\$", "$")
        found = re.search(rf"<!-- {re.escape(html.escape(name))} -->\s*<g [^>]*>(.*?)</g>", drawn, re.DOTALL)[1]
        assert found.count("<use ") == len(name)  # each letter by itself; mathematics has no spaces, nor dollars


@pytest.mark.filterwarnings("error")
def test_letters_that_no_font_has_are_named(tmp_path):
    names = ["体重 (kg)", "\U0001f427 penguin", "tab\there", "é e\u0301 Ελλάδα", "_hidden", "a$b$", "\\frac{a}{b}"]
    reported = [plain(name) for name in names]
    assert reported[3:] == [names[3], "\u2060_hidden", r"a\$b\$", names[6]]
    assert reported[2] == "tab[U+0009]here"
    if ord("体") not in letters():
        assert reported[0] == "[U+4F53 U+91CD] (kg)"
    if 0x1F427 not in letters():
        assert reported[1] == "[penguin] penguin"
    figure, (axes,) = new_figure()
    for name in reported:
        axes.plot([0, 1], [0, 1], label=name)
    axes.set_xlabel("".join(reported))
    legend = axes.legend()
    save(figure, tmp_path / "f.svg", tmp_path / "f.png")
    assert [text.get_text() for text in legend.get_texts()] == reported


def test_odd_texts_are_on_the_page_and_in_the_report_as_they_are(odd, tmp_path):
    page = (odd / "results/index.html").read_text()
    assert html.escape(TEXT) in page or html.escape(TEXT, quote=False) in page
    made = snakemake(odd, "--report", tmp_path / "report.html", overlays=ODD_OVERLAYS)
    assert made.returncode == 0, made.stdout + made.stderr
    report = (tmp_path / "report.html").read_text()
    shown = html.escape(TEXT).replace("{", "&#123;").replace("}", "&#125;")
    shown = json.dumps(shown)[1:-1]
    assert report.count(shown) + report.count(shown.replace("&", "\\u0026")) > 0
    assert "Section A. <\\u2060b>, {\\u2060EM} {\\u2060{\\u2060 7 * 7 }}" in report  # behind invisible letters


def test_odd_results_hold_and_are_compared(odd):
    code, told = audited(odd, "verify")
    assert (code, told.splitlines()[-1][:16]) == (0, "all checks pass:")
    code, told = audited(odd, "compare", "results", "results")
    assert "all 3 verdicts" in told
    assert code == 0
    code, reported = audited(odd, "explain", "W1")
    assert code == 0
    assert "dtype={'class': 'str'}, keep_default_na=False, na_values=['']" in reported


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"experiments:\n  tiny:\n    section: Part A: the rest\n", "wrong.yaml:3: not valid YAML: mapping values"),
        (b"experiments:\n\ttiny: 1\n", "indent by spaces, not tabs. The line is 'tiny: 1'"),
        (b"seed: 1\n\n# caf\xe9\n", "wrong.yaml:3: not UTF-8 text"),
        (
            b"experiments:\n  few:\n    section: 2021-02-30\n    bin: 1\n",
            "wrong.yaml:4 experiments.few.bin: unknown key",
        ),
    ],
)
def test_a_run_reports_file_and_line_of_wrong_yaml(odd, tmp_path, content, message):
    (tmp_path / "wrong.yaml").write_bytes(content)
    run = snakemake(odd, "-n", overlays=[*ODD_OVERLAYS, tmp_path / "wrong.yaml"])
    assert run.returncode == 1
    reported = run.stdout + run.stderr
    assert message in reported
    assert "Traceback" not in reported
