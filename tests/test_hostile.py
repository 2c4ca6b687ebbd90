"""Input that is wrong on purpose: each gets one clear error, and nothing is written."""

import copy

import pytest
import yaml
from test_configuration import GOOD, TOY, overlay

from study.configuration.errors import ConfigurationError, DataError
from study.configuration.schema import CsvData
from study.data.sources import make_dataset
from study.plan.loading import load

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
    "semicolons": b"x;z\n1;2\n",
    "tabs": b"x\tz\n1\t2\n",
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
    "UTF-16": "x,z\n1,2\n".encode("utf-16"),
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
        make_dataset(data, 1, 0, "mine")
    assert "u.csv" in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_corpus_is_large_enough():
    assert 3 * len(NAMES) + 3 * len(NUMBERS) + len(TEXTS) + len(BYTES) + len(CSV) >= 60
