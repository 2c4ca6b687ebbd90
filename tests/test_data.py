"""CSV files and drawn data."""

import gzip
import hashlib
import http.server
import re
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

import em_study
from em_study.data.csv import CsvData
from em_study.data.download import fetch, fetched_module
from em_study.data.formats import about_rows
from em_study.data.gaussian_mixture import GaussianMixtureData
from em_study.data.r import lacking
from em_study.data.settings import SOURCES, Data
from em_study.data.sklearn import SklearnData
from em_study.errors import DataError
from em_study.settings import adapter


def read(tmp_path, unlabeled, labeled="x,z,y\n1,2,0\n3,4,1\n", target=None, **settings):
    for name, text in (("u.csv", unlabeled), ("l.csv", labeled)):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    data = CsvData(
        source="csv",
        features=["x", "z"],
        unlabeled={"path": str(tmp_path / "u.csv"), "target": target},
        labeled={"path": str(tmp_path / "l.csv"), "target": "y"},
        **settings,
    )
    return data.load(1, 0, "mine")


def test_csv_is_read_exactly(tmp_path):
    dataset = read(tmp_path, "z,ignored,x\n0.1,a,1e-3\n2,b, 7 \n\n", "x,z,y\n1,2,b\n3,4,a\n")
    np.testing.assert_array_equal(dataset.unlabeled, [[[1e-3, 0.1], [7, 2]]])
    assert dataset.classes.tolist() == ["a", "b"]
    np.testing.assert_array_equal(dataset.labels, [[1, 0]])
    assert dataset.truth is None


def test_classes_are_sorted_by_number(tmp_path):
    dataset = read(tmp_path, "x,z\n1,2\n", "x,z,y\n1,2,10\n1,2,9.0\n")
    assert dataset.classes.tolist() == ["9", "10"]


@pytest.mark.parametrize(
    ("unlabeled", "message"),
    [
        ("", "the file is empty"),
        ("x,z\n", "no rows below the header"),
        ("x,w\n1,2\n", "has no column 'z'. Allowed: x, w"),
        ("x,z\n1,2\n3,oops\n", "row 3, column 'z': must be a finite number, got 'oops'"),
        ("x,z\n1,inf\n", "row 2, column 'z': must be a finite number, got 'inf'"),
        ("x,z\n1,\n", "row 2, column 'z': must be a finite number, got ''"),
        ("x,z\n1,2\n\n3,4\n", "row 3, column 'x'"),
        ("x,z\n1,nan\n", "got 'nan'"),
        ("x,z\n1,2,3\n", "not a valid CSV file"),
        ("x,z,x\n1,2,3\n", "the header has the column 'x' twice"),
        (b"x,z\n\xff,1\n", "not UTF-8 text"),
    ],
)
def test_unusable_rows(tmp_path, unlabeled, message):
    with pytest.raises(DataError) as caught:
        read(tmp_path, unlabeled)
    assert "u.csv" in str(caught.value)
    assert message in str(caught.value)


def test_class_names_are_kept_as_they_are(tmp_path):
    names = ["007", "7.0", "1e3x", "--1", "9007199254740993", "9007199254740992"]
    dataset = read(tmp_path, "x,z\n1,2\n", "x,z,y\n" + "".join(f"1,2,{name}\n" for name in names))
    assert sorted(dataset.classes) == sorted(["007", "7", *names[2:]])


ERRORS = ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "<NA>", "-nan"]  # as sheets write them


@pytest.mark.parametrize("label", ["", "nan", "0.5", "inf", "None", "N/A", *ERRORS])
def test_labels_that_are_no_classes(tmp_path, label):
    with pytest.raises(DataError, match="row 3, column 'y': must be a class"):
        read(tmp_path, "x,z\n1,2\n", f"x,z,y\n1,2,0\n1,2,{label}\n")


@pytest.mark.parametrize("label", ["NA", "nan", "null", "none", "N/A", "NaN", "None"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_names_like_a_missing_value_are_classes_where_the_key_says_so(tmp_path, label, kind):
    with pytest.raises(DataError) as caught:
        read(tmp_path, "x,z\n1,2\n", f"x,z,y\n1,2,b\n1,2,{label}\n1,2,\n")
    *_, row_3, row_4, hint = str(caught.value).splitlines()
    assert "l.csv, row 3, column 'y': must be a class" in row_3
    assert "l.csv, row 4, column 'y': must be a class" in row_4  # an empty cell never is one
    key, settings = hint.removeprefix("If it is the name of a class: set ").removesuffix(".").rsplit(": ", 1)
    assert key == "data.class_names"
    names = yaml.safe_load(settings)
    assert names == [label]
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0], "z": [1.0, 0.0, 2.0], "y": ["01", label, "1e3"]})
    place = str(tmp_path / f"l.{kind}")
    rows.to_csv(place, index=False) if kind == "csv" else rows.to_parquet(place)
    file = {"path": place, "target": "y"}
    data = CsvData(source="csv", features=["x", "z"], unlabeled=file, labeled=file, class_names=names)
    dataset = data.load(1, 0, "mine")
    assert sorted(dataset.classes) == sorted(["01", label, "1e3"])
    assert dataset.classes[dataset.labels[0]].tolist() == ["01", label, "1e3"]
    assert dataset.classes[dataset.truth[0]].tolist() == ["01", label, "1e3"]


def test_only_names_like_a_missing_value_need_the_key():
    with pytest.raises(ValidationError, match="'setosa' does not"):
        CsvData(source="csv", features=["x"], unlabeled={"path": "u.csv"}, class_names=["NA", "setosa"])
    with pytest.raises(ValidationError, match="'#N/A' does not"):
        CsvData(source="csv", features=["x"], unlabeled={"path": "u.csv"}, class_names=["#N/A"])


def test_the_key_of_class_names_moves_no_seed():
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": "u.csv"}}
    assert "class_names" not in CsvData(**data).model_dump(exclude_defaults=True)


@pytest.mark.parametrize("cell", ["#N/A", "-nan", "NA", ""])
def test_a_missing_feature_is_no_number(tmp_path, cell):
    rows = f"x,z\n1,2\n3,{cell}\n5,6\n"
    with pytest.raises(DataError, match=f"u.csv, row 3, column 'z': must be a finite number, got '{cell}'"):
        read(tmp_path, rows)
    np.testing.assert_array_equal(read(tmp_path, rows, missing="allow").unlabeled[0, :, 1], [2, np.nan, 6])


@pytest.mark.parametrize("cell", ERRORS[1:7])
def test_an_error_of_a_sheet_is_no_missing_value(tmp_path, cell):
    with pytest.raises(DataError) as caught:
        read(tmp_path, f"x,z\n1,2\n3,{cell}\n", missing="allow")
    assert "u.csv, row 3, column 'z': must be a finite number, or empty (or NA, N/A" in str(caught.value)


@pytest.mark.parametrize("rows", ["1,True\n2,\n3,False\n", "1,True\n2,False\n", "1,true\n2,NA\n", "1,TRUE\n2,1\n"])
@pytest.mark.parametrize("missing", ["refuse", "allow"])
def test_truth_values_are_not_numbers_whatever_is_next_to_them(tmp_path, rows, missing):
    with pytest.raises(DataError, match=r"u.csv, row 2, column 'z': must be a finite number.*, got '(?i:true)'"):
        read(tmp_path, f"x,z\n{rows}", missing=missing)


def test_ones_and_zeros_next_to_truth_values_are_numbers(tmp_path):
    dataset = read(tmp_path, "x,z,kept\n1,1,True\n2,,False\n3,0,True\n", missing="allow")
    np.testing.assert_array_equal(dataset.unlabeled[0, :, 1], [1, np.nan, 0])


@pytest.mark.parametrize("name", ["u.csv.gz", "u.csv.bz2", "u.csv.zip", "u.csv"])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
@pytest.mark.parametrize("rows", [b"x,z\r\n0.1,2\r\n3,4\r\n", b"x,z\n0.1, 2\n3,4\n\n"])
def test_a_file_is_read_as_what_it_is_whatever_its_name_says(tmp_path, name, pack, rows):
    (tmp_path / name).write_bytes(pack(rows))
    data = CsvData(source="csv", features=["x", "z"], unlabeled={"path": str(tmp_path / name)})
    np.testing.assert_array_equal(data.load(1, 0, "mine").unlabeled, [[[0.1, 2], [3, 4]]])
    assert about_rows(tmp_path / name) in (3, 4)  # the header is counted, and a blank line


def test_a_packed_file_that_is_cut_short_is_reported(tmp_path):
    rows = "x,z\n" + "".join(f"{i},{i * i % 977}\n" for i in range(50_000))
    (tmp_path / "u.csv.gz").write_bytes(gzip.compress(rows.encode())[:50_000])
    data = CsvData(source="csv", features=["x", "z"], unlabeled={"path": str(tmp_path / "u.csv.gz")})
    with pytest.raises(DataError, match=r"u\.csv\.gz: cannot be read"):
        data.load(1, 0, "mine")


def test_true_class_without_a_labeled_row(tmp_path):
    with pytest.raises(DataError, match="the class '7' has no labeled sample in"):
        read(tmp_path, "x,z,t\n1,2,7\n", target="t")


TWO = {"source": "gaussian_mixture", "means": [[2.0], [9.0]], "covariances": [[[16.0]], [[4.0]]]}


def test_legacy_draw_is_the_article_s():
    data = GaussianMixtureData(**TWO, counts=[1000, 500], shared=True, legacy_seed=36788765)
    dataset = data.load(5, 0, "guide")
    draw = np.random.RandomState(36788765)
    expected = np.concatenate([draw.normal(2, 4, 1000), draw.normal(9, 2, 500)])
    np.testing.assert_array_equal(dataset.unlabeled[0, :, 0], expected)
    assert dataset.replicate(4).truth.sum() == 500


def test_shared_rows_are_those_of_replicate_0():
    one = GaussianMixtureData(**TWO, counts=[5, 5]).load(3, 1, "e")
    shared = GaussianMixtureData(**TWO, counts=[5, 5], shared=True).load(3, 1, "e")
    assert (len(one.unlabeled), len(shared.unlabeled)) == (3, 1)
    np.testing.assert_array_equal(one.unlabeled[0], shared.unlabeled[0])


def test_refitted_parameters_vary_as_estimates_do():
    mixture = {**TWO, "means": [[0.0], [40.0]], "weights": [0.2, 0.8], "n_unlabeled": 500}
    reported = GaussianMixtureData(**mixture).load(200, 1, "e")
    dataset = GaussianMixtureData(**mixture, refitted=True).load(200, 1, "e")
    assert np.ptp(reported.true_means) == 40
    errors = np.sqrt([16 / 100, 4 / 400])  # of a mean, from the rows of its class
    np.testing.assert_allclose(dataset.true_means[:, :, 0].std(axis=0), errors, rtol=0.15)
    np.testing.assert_allclose(dataset.true_weights[:, 0].std(), np.sqrt(0.2 * 0.8 / 500), rtol=0.15)
    # The rows are drawn from the refitted mixture: their means spread by both errors.
    np.testing.assert_allclose(dataset.unlabeled[dataset.truth == 1].mean(), 40, atol=0.03)
    of_rows = [x[y == 1].mean() for x, y in zip(dataset.unlabeled, dataset.truth, strict=True)]
    np.testing.assert_allclose(np.std(of_rows), errors[1] * np.sqrt(2), rtol=0.15)


def test_a_refit_that_fails_says_so():
    data = GaussianMixtureData(**TWO, weights=[0.5, 0.5], n_unlabeled=1, refitted=True)
    with pytest.raises(DataError, match=r"data\.refitted: the fit to 1 samples of the mixture failed: component"):
        data.load(1, 0, "e")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_real_data_hide_all_labels_but_a_fraction(name):
    data = SklearnData(source="sklearn", dataset=name, labeled_fraction=0.1, standardize=True)
    dataset = data.load(2, 1, name)
    n_rows = dataset.labeled.shape[1] + dataset.unlabeled.shape[1]
    assert dataset.labeled.shape[1] == pytest.approx(0.1 * n_rows, abs=len(dataset.classes))
    assert set(dataset.labels[0]) == set(range(len(dataset.classes)))
    assert not np.array_equal(dataset.labeled[0], dataset.labeled[1])
    both = np.concatenate([dataset.labeled[0], dataset.unlabeled[0]])
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(both.std(axis=0), 1)


@pytest.fixture
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/u.csv" else 404)
            self.end_headers()
            self.wfile.write(b"x,z\n1,2\n")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


SUM = hashlib.sha256(b"x,z\n1,2\n").hexdigest()


def test_file_is_fetched_and_verified(tmp_path, server):
    fetch(f"{server}/u.csv", SUM, tmp_path / "u.csv")
    assert (tmp_path / "u.csv").read_bytes() == b"x,z\n1,2\n"


@pytest.mark.parametrize(
    ("path", "checksum", "message"),
    [
        ("/u.csv", "0" * 64, f"the file has the sha256 {SUM}"),
        ("/v.csv", SUM, "the server answers 404"),
        (None, SUM, "cannot be fetched.*Is there a network"),
    ],
)
def test_file_that_cannot_be_fetched_leaves_nothing(tmp_path, server, path, checksum, message):
    url = "http://127.0.0.1:9/u.csv" if path is None else server + path
    with pytest.raises(DataError, match=message):
        fetch(url, checksum, tmp_path / "u.csv")
    assert list(tmp_path.iterdir()) == []


def test_code_runs_only_if_its_checksum_is_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = tmp_path / "code.py"
    code.write_text("import pathlib\npathlib.Path('ran').touch()\nvalue = 3\n")
    checksum, url = hashlib.sha256(code.read_bytes()).hexdigest(), f"file:{code}"
    with pytest.raises(DataError, match=r"The file can also be stored as .*/results/downloads/0+\.py$"):
        fetched_module(url, "0" * 64)
    kept = tmp_path / f"results/downloads/{checksum}.py"
    kept.write_text("pathlib.Path('ran').touch()")  # a local file, but another one
    with pytest.raises(DataError, match=f"but the file of {url} has {checksum}"):
        fetched_module(url, checksum)
    assert not (tmp_path / "ran").exists()
    kept.unlink()
    assert fetched_module(url, checksum).value == 3
    code.unlink()  # it is kept
    assert fetched_module(url, checksum).value == 3
    assert (tmp_path / "ran").exists()


def test_a_draw_depends_on_its_own_name_only():
    arguments = {
        "source": "gaussian_mixture",
        "n_unlabeled": 50,
        "weights": [0.3, 0.7],
        "means": [[0.0], [4.0]],
        "covariances": [[[1.0]], [[2.0]]],
    }
    one = GaussianMixtureData(**arguments).load(2, 7, "toy")
    more = GaussianMixtureData(**arguments, n_labeled=9).load(3, 7, "toy")
    np.testing.assert_array_equal(one.unlabeled, more.unlabeled[:2])
    assert not np.array_equal(more.unlabeled[0], more.unlabeled[1])


SMALL = {  # a block of each source
    "gaussian_mixture": {**TWO, "counts": [6, 6], "n_labeled": 3, "holes": {"fraction": 0.2, "keep_a_value": False}},
    "csv": {"features": ["x"], "unlabeled": {"path": "u.csv"}, "labeled": {"path": "l.csv", "target": "y"}},
    "sklearn": {"dataset": "iris"},
    "r_mixture": {**TWO, "n_unlabeled": 9, "weights": [0.5, 0.5], "seed": 20},
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_source_is_what_it_says(tmp_path, monkeypatch, name, seed):
    if SOURCES[name].r_scripts and lacking():
        pytest.skip(lacking())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "u.csv").write_text("x\n1\n2\n")
    (tmp_path / "l.csv").write_text("x,y\n1,a\n2,b\n")
    data = adapter(Data).validate_python({**SMALL[name], "source": name})
    one, same = (data.load(3, seed, "e") for _ in range(2))
    np.testing.assert_array_equal(one.unlabeled, same.unlabeled)
    (n_draws, n_rows, n_features), (n_classes, expected_features) = one.unlabeled.shape, data.shape
    assert n_features == expected_features == len(one.features)
    assert n_classes in (None, len(one.classes))
    assert n_draws == (1 if data.same_samples else 3)
    assert data.has_labels == (one.labeled.shape[1] > 0)
    assert data.knows_classes == (len(one.classes) > 0)
    assert data.incomplete == bool(np.isnan(one.unlabeled).any())
    assert n_rows <= max(data.n_rows, data.expected_samples(look=True))
    assert [*data.problems(3)] == []
    assert data.labels_by.startswith("data.")
    assert data.missing_by.startswith("data.")


def test_nothing_but_its_module_and_the_list_knows_a_source():
    folder = Path(em_study.__file__).parent
    names = re.compile(rf"\b({'|'.join(kind.__name__ for kind in SOURCES.values())})\b|source(\W{{2,3}}|\"\) )== ")
    found = {str(file.relative_to(folder)) for file in folder.rglob("*.py") if names.search(file.read_text())}
    assert found == {*(f"data/{name}.py" for name in (*SOURCES, "settings")), "data/files.py"}  # which reads csv's
