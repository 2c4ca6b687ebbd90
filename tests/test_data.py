"""CSV files and drawn data."""

import hashlib
import http.server
import threading

import numpy as np
import pytest

from study.configuration.errors import DataError
from study.configuration.schema import CsvData, GaussianMixtureData, SklearnData
from study.data.download import fetch
from study.data.sources import make_dataset


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
    return make_dataset(data, 1, 0, "mine")


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
        ("x,w\n1,2\n", "there is no column 'z'. Columns: x, w"),
        ("x,z\n1,2\n3,oops\n", "row 3, column 'z': must be a finite number, got 'oops'"),
        ("x,z\n1,inf\n", "row 2, column 'z': must be a finite number, got 'inf'"),
        ("x,z\n1,\n", "row 2, column 'z': must be a finite number, got ''"),
        ("x,z\n1,2\n\n3,4\n", "row 3, column 'x'"),
        ("x,z\n1,nan\n", "got 'nan'"),
        ("x,z\n1,2,3\n", "not a proper CSV file"),
        ("x,z,x\n1,2,3\n", "the column 'x' stands twice"),
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


@pytest.mark.parametrize("label", ["", "nan", "0.5", "inf", "None", "N/A"])
def test_labels_that_are_no_classes(tmp_path, label):
    with pytest.raises(DataError, match="row 3, column 'y': must be a class"):
        read(tmp_path, "x,z\n1,2\n", f"x,z,y\n1,2,0\n1,2,{label}\n")


def test_true_class_without_a_labeled_row(tmp_path):
    with pytest.raises(DataError, match="the class '7' has no row in"):
        read(tmp_path, "x,z,t\n1,2,7\n", target="t")


TWO = {"source": "gaussian_mixture", "means": [[2.0], [9.0]], "covariances": [[[16.0]], [[4.0]]]}


def test_legacy_draw_is_the_article_s():
    data = GaussianMixtureData(**TWO, counts=[1000, 500], shared=True, legacy_seed=36788765)
    dataset = make_dataset(data, 5, 0, "guide")
    draw = np.random.RandomState(36788765)
    expected = np.concatenate([draw.normal(2, 4, 1000), draw.normal(9, 2, 500)])
    np.testing.assert_array_equal(dataset.unlabeled[0, :, 0], expected)
    assert dataset.replicate(4).truth.sum() == 500


def test_shared_rows_are_those_of_replicate_0():
    one = make_dataset(GaussianMixtureData(**TWO, counts=[5, 5]), 3, 1, "e")
    shared = make_dataset(GaussianMixtureData(**TWO, counts=[5, 5], shared=True), 3, 1, "e")
    assert (len(one.unlabeled), len(shared.unlabeled)) == (3, 1)
    np.testing.assert_array_equal(one.unlabeled[0], shared.unlabeled[0])


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_real_data_hide_all_labels_but_a_fraction(name):
    data = SklearnData(source="sklearn", dataset=name, labeled_fraction=0.1, standardize=True)
    dataset = make_dataset(data, 2, 1, name)
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
        ("/u.csv", "0" * 64, f"another file than meant: its sha256 is {SUM}"),
        ("/v.csv", SUM, "the server answers 404"),
        (None, SUM, "cannot be fetched.*Is there a network"),
    ],
)
def test_file_that_cannot_be_fetched_leaves_nothing(tmp_path, server, path, checksum, message):
    url = "http://127.0.0.1:9/u.csv" if path is None else server + path
    with pytest.raises(DataError, match=message):
        fetch(url, checksum, tmp_path / "u.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_draw_depends_on_its_own_name_only():
    arguments = {
        "source": "gaussian_mixture",
        "n_unlabeled": 50,
        "weights": [0.3, 0.7],
        "means": [[0.0], [4.0]],
        "covariances": [[[1.0]], [[2.0]]],
    }
    one = make_dataset(GaussianMixtureData(**arguments), 2, 7, "toy")
    more = make_dataset(GaussianMixtureData(**arguments, n_labeled=9), 3, 7, "toy")
    np.testing.assert_array_equal(one.unlabeled, more.unlabeled[:2])
    assert not np.array_equal(more.unlabeled[0], more.unlabeled[1])
