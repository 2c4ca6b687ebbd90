"""A user's files: partly labeled, of other programs, unusual; read exactly, or refused with a clear message."""

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
from pydantic import ValidationError

from em_study.data import files
from em_study.data.csv import CsvData
from em_study.data.formats import NoColumnsError, about_rows, look_at
from em_study.errors import DataError
from em_study.evaluation.imputed import tabulate_imputed
from em_study.evaluation.scores import evaluate_fit, tabulate_estimates, tabulate_predictions
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from emgmm import MixtureParameters, impute

NAN = np.nan


def data_of(tmp_path, content, name="mine.csv", label=None, **settings):
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    rows = {"path": str(tmp_path / name)} | ({"label": label} if label else {})
    return CsvData(**{"source": "csv", "features": ["x", "z"], "rows": rows, **settings})


def read(tmp_path, content, **settings):
    return data_of(tmp_path, content, **settings).load(1, 0, "mine")


# What is read, and what is said of it.
PLAIN = "x,z\n1.5,2\n3,4.25\n"
SEMICOLONS = "x;z\n1,5;2\n3;4,25\n"


def packed(text, name="a.csv"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, text)
    return target.getvalue()


AS_IT_COMES = {
    "plain": (PLAIN, {}, ""),
    "BOM": ("\ufeff" + PLAIN, {}, ""),
    "two BOMs": ("\ufeff\ufeff" + PLAIN, {}, ""),
    "lines of Windows": (PLAIN.replace("\n", "\r\n"), {}, ""),
    "lines of an old Mac": (PLAIN.replace("\n", "\r"), {}, ""),
    "UTF-16": (PLAIN.encode("utf-16"), {}, "UTF-16"),
    "UTF-16 of the other order": ("\ufeff".encode("utf-16-be") + PLAIN.encode("utf-16-be"), {}, "UTF-16"),
    "Latin-1 in addition": (
        ("ä;" + SEMICOLONS.replace("\n", "\nü;", 2)).encode("latin-1"),
        {"encoding": "latin-1"},
        ...,
    ),
    "semicolons": (SEMICOLONS, {}, "separated by ';', decimal commas"),
    "semicolons and points": (PLAIN.replace(",", ";"), {}, "separated by ';'"),
    "tabs": (PLAIN.replace(",", "\t"), {}, "separated by a tab"),
    "bars": (PLAIN.replace(",", "|"), {}, "separated by '|'"),
    "spaces, as a key says": (PLAIN.replace(",", " "), {"separator": " "}, ""),
    "a German Excel": ("\ufeffx;z;;\r\n1,5;2;;\r\n3;4,25;;\r\n;;;\r\n;;;\r\n", {}, "separated by ';', decimal commas"),
    "quoted decimal commas": ('x,z\n"1,5",2\n3,"4,25"\n', {"decimal": ","}, ""),
    "thousands": ("x;z\n1.5;2\n3;4.25\n", {"thousands": ","}, "separated by ';'"),
    "packed by gzip": (gzip.compress(PLAIN.encode()), {"name": "mine.csv.gz"}, ""),
    "not packed, whatever its name": (PLAIN, {"name": "mine.csv.gz"}, ""),
    "packed, whatever its name": (gzip.compress(PLAIN.encode()), {}, ""),
    "packed by bzip2": (bz2.compress(PLAIN.encode()), {}, ""),
    "packed by xz": (lzma.compress(PLAIN.encode()), {}, ""),
    "a zip of one file": (packed(PLAIN), {"name": "mine.zip"}, ""),
    "rows of commas at the end": (PLAIN.replace("\n", ",,\n") + ",,,\n" * 50, {"missing": "allow"}, ""),
    "unused columns of one name, or of none": ("x,a,a,z,,\n1.5,,,2,,\n3,7,8,4.25,9,\n", {}, ""),
}


@pytest.mark.parametrize("name", AS_IT_COMES)
def test_files_of_other_programs_are_read(tmp_path, name, capsys):
    content, settings, expected = AS_IT_COMES[name]
    dataset = read(tmp_path, content, **settings)
    np.testing.assert_array_equal(dataset.unlabeled, [[[1.5, 2], [3, 4.25]]])
    assert dataset.labeled.shape == (1, 0, 2)
    said = capsys.readouterr().err
    if expected is not ...:
        assert dataset.note_text.partition(": ")[2] == expected
        assert expected in said
        assert bool(said) == bool(expected)


@pytest.mark.parametrize(
    ("cells", "settings", "values"),
    [
        ("1,234;-1,234.5;1234", {"thousands": ","}, [1234, -1234.5, 1234]),
        ("1.234;-1.234,5;1234", {"thousands": "."}, [1234, -1234.5, 1234]),
        ("1 234;1234,5;12", {"thousands": " ", "decimal": ","}, [1234, 1234.5, 12]),
        ("1,5;1,234;0,25", {}, [1.5, 1.234, 0.25]),  # not all may be thousands
        ("0,123;1,234;,5", {}, [0.123, 1.234, 0.5]),
        ("1,5e3;#N/A;-1,", {"missing": "allow"}, [1500, NAN, -1]),
        ("?;-;.;1", {"missing": "allow", "missing_values": ["?", "-", "."]}, [NAN, NAN, NAN, 1]),
        ("-999;-999.0;9", {"missing": "allow", "missing_values": [-999]}, [NAN, NAN, 9]),
        ("n.a.;n.a. ;7", {"missing": "allow", "missing_values": ["n.a."]}, [NAN, NAN, 7]),
    ],
)
def test_numbers_as_they_are_written(tmp_path, cells, settings, values):
    rows = "x;z\n" + "".join(f"{cell};7\n" for cell in cells.split(";"))
    np.testing.assert_array_equal(read(tmp_path, rows, **settings).unlabeled[0, :, 0], values)


NUMBER = "must be a finite number"
REFUSED = {
    "may be thousands": ("x;z\n1,234;2\n", {}, ["row 2, column 'x'", "data.decimal: ','", "data.thousands: ','"]),
    "commas and points": ("x;z\n1,5;2.5\n", {}, ["row 2, column 'x'", "data.decimal: ','"]),
    "points and commas": ("x;z\n1.234,5;2\n", {}, ["got '1.234,5'", "data.decimal: ','"]),
    "no groups of three": ("x;z\n12,34;2\n", {"thousands": ","}, [NUMBER]),
    "True with empty cells": ("x,z\n1,True\n2,\n3,False\n", {"missing": "allow"}, ["row 2, column 'z'", "got 'True'"]),
    "a mark": ("x,z\n1,?\n2,3\n", {"missing": "allow"}, ["got '?'", "data.missing_values: ['?']"]),
    "another mark": ("x,z\n1,-\n2,3\n", {}, ["got '-'", "data.missing_values: ['-']"]),
    "a sheet's error": ("x,z\n1,#VALUE!\n2,3\n", {"missing": "allow"}, ["row 2", "got '#VALUE!'"]),
    "a mark where none may be": ("x,z\n1,?\n2,3\n", {"missing_values": ["?"]}, ["data.missing: allow to treat them"]),
    "too few fields": ("x,z,y\n1,2,3\n4,5\n6,7,8\n", {"missing": "allow"}, ["row 3", "header has 3 fields", "row 2"]),
    "too many fields": ("x,z\n1,2\n4,5,6\n", {}, ["row 3", "header has 2 fields, this row 3"]),
    "commas within": ("x,z\n1,2\n,\n3,4\n", {}, ["row 3, column 'x'"]),
    "2^53": ("x,z\n1,9007199254740993\n", {}, ["row 2, column 'z': is a whole number of at least 2^53", "data.keep"]),
    "2^53 in groups": ("x;z\n1;9,007,199,254,740,993\n", {"thousands": ","}, ["is a whole number of at least 2^53"]),
    "dates": ("x,z\n1,12.03.2021\n", {}, [NUMBER]),
    "Latin-1": ("x,z,ort\n1,2,Köln\n".encode("latin-1"), {}, ["not UTF-8 text", "data.encoding: cp1252", "Köln"]),
    "Latin-1 far down": (b"x,z\n" + b"1,2\n" * 90_000 + b"1,\xe9\n", {}, ["not UTF-8 text", "at byte 360,006"]),
    "another encoding": (PLAIN, {"encoding": "utf-16"}, ["not UTF-16 text"]),
    "a used column twice": ("x,z,x\n1,2,3\n", {}, ["the header has the column 'x' twice"]),
    "another separator than the key's": (SEMICOLONS, {"separator": ","}, ["no column 'x', 'z'. Columns: x;z"]),
    "no such columns": ("a;b;c\n1;2;3\n", {}, ["(separated by ';') has no column 'x', 'z'. Columns: a, b, c"]),
    "letter case": ("X,z\n1,2\n", {}, ["no column 'x'; did you mean 'X'?"]),
    "invisible letters": ("x\u200b,z\n1,2\n", {}, [r"x\u200b"]),
    "Excel": (
        packed("", "[Content_Types].xml"),
        {"name": "mine.xlsx"},
        ["is an Excel workbook: save the sheet as CSV"],
    ),
    "an old Excel": (b"\xd0\xcf\x11\xe0" + b"\0" * 99, {}, ["is an Excel workbook"]),
    "zstd": (b"\x28\xb5\x2f\xfd" + b"\0" * 99, {}, ["packed by zstd"]),
    "no zip": (b"PK\x03\x04" + b"\0" * 99, {}, ["cannot be read"]),
    "commas alone": ("x,z\n,\n,\n", {"missing": "allow"}, ["no rows below the header"]),
    "header alone": ("x,z", {}, ["no rows below the header"]),
    "blank first line": ("\nx,z\n1,2\n", {}, ["the first line is blank"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_reported_in_one_message(tmp_path, name):
    content, settings, expected = REFUSED[name]
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, **settings)
    text = str(caught.value)
    assert all(word in text for word in expected), text
    assert text.startswith(str(tmp_path))
    assert len(text.splitlines()) <= 4


def test_a_zip_of_several_files_is_reported(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", PLAIN)
        archive.writestr("b.csv", PLAIN)
    with pytest.raises(NoColumnsError, match="is a zip archive of 2 files, not of one"):
        look_at(tmp_path / "two.zip")


def test_sixty_thousand_decimals_are_the_nearest_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BYTES_AT_A_TIME", 1 << 16)
    draw, words = random.Random(1), []  # noqa: S311
    for _ in range(15_000):
        words += [
            repr(struct.unpack("d", draw.randbytes(8))[0]),
            f"{draw.gauss(0, 1) * 10 ** draw.randrange(-5, 10):.{draw.randrange(1, 25)}f}",
            f"{draw.getrandbits(120)}.{draw.getrandbits(120)}",
            f"{draw.randrange(10)}.{draw.getrandbits(70)}e{draw.randrange(-300, 280)}",
        ]
    words = [word for word in words if word.lstrip("-") not in ("nan", "inf")]
    right = np.array([float(word) for word in words])
    for separator, decimal in ((",", "."), (";", ",")):
        rows = f"x{separator}z\n" + "".join(f"{word.replace('.', decimal)}{separator}1\n" for word in words)
        np.testing.assert_array_equal(read(tmp_path, rows).unlabeled[0, :, 0], right)


# Other kinds of files.
TABLE = pd.DataFrame({"x": [1.5, 3], "z": [2, 4.25]})


@pytest.mark.parametrize("name", ["mine.parquet", "mine.PARQUET", "mine.feather", "mine.csv"])
def test_binary_files_are_read_whatever_their_name_says(tmp_path, name):
    path = tmp_path / name
    TABLE.to_feather(path) if name.endswith("feather") else TABLE.to_parquet(path)
    data = CsvData(source="csv", features=["z", "x"], rows={"path": str(path)})
    np.testing.assert_array_equal(data.load(1, 0, "e").unlabeled, [[[2, 1.5], [4.25, 3]]])
    assert about_rows(path) == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([True, False]), "must hold numbers, not bool"),
        (pa.array([True, None]), "must hold numbers, not bool"),
        (pa.array(["1", "2"]), "must hold numbers, not string"),
        (pa.array([[1], [2]]), "must hold numbers, not list"),
        (pa.array([2**53 + 1, 1]), "row 1, column 'z': is a whole number of at least 2\\^53"),
        (pa.array([1.0, None]), "row 2, column 'z': must be a finite number"),
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_columns_of_binary_files_that_are_no_numbers(tmp_path, values, expected, kind):
    table, path = pa.table({"x": [1.0, 2.0], "z": values}), tmp_path / f"mine.{kind}"
    pa.parquet.write_table(table, path) if kind == "parquet" else pa.feather.write_feather(table, path)
    with pytest.raises(DataError, match=expected):
        CsvData(source="csv", features=["x", "z"], rows={"path": str(path)}).load(1, 0, "e")


def test_decimals_of_a_database_are_the_nearest_numbers(tmp_path):
    values = pa.array(["0.1", None, "12345678901234567.89"]).cast(pa.decimal128(25, 2))
    pa.parquet.write_table(pa.table({"x": values}), tmp_path / "mine.parquet")
    data = CsvData(source="csv", features=["x"], rows={"path": str(tmp_path / "mine.parquet")}, missing="allow")
    np.testing.assert_array_equal(data.load(1, 0, "e").unlabeled[0, :, 0], [0.1, NAN, 12345678901234567.89])


@pytest.mark.parametrize("array", [np.array([[True, False]]), np.array([[2**53 + 1, 0]])])
def test_npy_files_that_are_no_rows(tmp_path, array):
    np.save(tmp_path / "mine.npy", array)
    with pytest.raises(DataError, match=r"not bool|2\^53"):
        CsvData(source="csv", features=["x1"], rows={"path": str(tmp_path / "mine.npy")}).load(1, 0, "e")


# One file, partly labeled.
PARTLY = "id,x,z,y\na,1,2,\nb,3,4,oak\nc,5,6,#N/A\nd,7,8,ash\n"


def test_an_empty_label_is_none(tmp_path):
    dataset = read(tmp_path, PARTLY, label="y", keep=["id"])
    assert dataset.classes.tolist() == ["ash", "oak"]
    np.testing.assert_array_equal(dataset.unlabeled, [[[1, 2], [5, 6]]])
    np.testing.assert_array_equal(dataset.labeled, [[[3, 4], [7, 8]]])
    assert dataset.labels.tolist() == [[1, 0]]
    assert dataset.truth is None
    assert dataset.order.tolist() == [0, 2, 1, 3]
    assert dataset.kept_columns()["id"].tolist() == ["a", "b", "c", "d"]
    assert dataset.note_text == "2 of 4 samples have a label"


@pytest.mark.parametrize("word", ["NA", "none", "?", "-", "null", "N/A"])
def test_a_word_that_may_be_a_class_or_none_is_asked_about(tmp_path, word):
    rows = PARTLY.replace("#N/A", word)
    with pytest.raises(DataError) as caught:
        read(tmp_path, rows, label="y")
    assert "row 4, column 'y': must be a class" in str(caught.value)
    assert "If it means no label: set data.missing_values: [" in str(caught.value)
    assert "If it is the name of a class: set data.class_names: [" in str(caught.value)
    assert read(tmp_path, rows, label="y", missing_values=[word]).labels.tolist() == [[1, 0]]
    assert read(tmp_path, rows, label="y", class_names=[word]).classes.tolist() == sorted(["ash", "oak", word])


@pytest.mark.parametrize("word", ["#VALUE!", "0.5", "inf"])
def test_labels_that_never_are_classes(tmp_path, word):
    with pytest.raises(DataError, match="row 4, column 'y': must be a class"):
        read(tmp_path, PARTLY.replace("#N/A", word), label="y")


@pytest.mark.parametrize(
    ("rows", "expected"), [("x,z,y\n1,2,\n", "no sample has a label"), ("x,z,y\n1,2,a\n", "every sample")]
)
def test_labels_of_all_rows_or_none(tmp_path, rows, expected):
    with pytest.raises(DataError, match=expected):
        read(tmp_path, rows, label="y")


@pytest.mark.parametrize(("one", "other"), [("adelie", "Adelie"), ("caf\u00e9", "cafe\u0301")])
def test_classes_that_look_alike_are_pointed_out(tmp_path, one, other, capsys):
    dataset = read(tmp_path, f"x,z,y\n1,2,\n1,2,{one}\n1,2,{other}\n", label="y")
    expected = f"classes that differ only in case, or in the composition of Unicode letters: {sorted([one, other])}"
    assert dataset.note_text.endswith(expected.replace("[", "").replace("]", ""))
    assert dataset.note_text.split("; ")[-1] in capsys.readouterr().err
    assert len(dataset.classes) == 2


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (pa.array(["b", None, "a", None]), ["a", "b"]),
        (pa.array(["b", None, "a", None]).dictionary_encode(), ["a", "b"]),
        (pa.array([10, None, 9, None]), ["9", "10"]),
        (pa.array([10.0, NAN, 9.0, None]), ["9", "10"]),
        (pa.array([True, None, False, None]), ["False", "True"]),
    ],
)
def test_labels_of_a_parquet_file(tmp_path, values, classes):
    table = pa.table({"x": [1.0, 2, 3, 4], "y": values, "id": pa.array([7, None, 8, 9])})
    pa.parquet.write_table(table, tmp_path / "mine.parquet")
    rows = {"path": str(tmp_path / "mine.parquet"), "label": "y"}
    dataset = CsvData(source="csv", features=["x"], rows=rows, keep=["id", "y"]).load(1, 0, "e")
    assert dataset.classes.tolist() == classes
    np.testing.assert_array_equal(dataset.labeled[0, :, 0], [1, 3])
    assert dataset.classes[dataset.labels[0]].tolist() == classes[::-1]
    assert dataset.kept_columns()["id"].to_csv(index=False).split() == ["id", "7", '""', "8", "9"]
    assert [*dataset.kept_columns()] == ["id", "y"]


def test_lists_are_no_labels(tmp_path):
    pa.parquet.write_table(pa.table({"x": [1.0], "y": [["a"]]}), tmp_path / "mine.parquet")
    rows = {"path": str(tmp_path / "mine.parquet"), "label": "y"}
    with pytest.raises(DataError, match="column 'y': must hold classes, as text or whole numbers, not list"):
        CsvData(source="csv", features=["x"], rows=rows).load(1, 0, "e")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"rows": None}, "needs either rows"),
        ({"unlabeled": {"path": "u.csv"}}, "needs either rows"),
        ({"labeled": {"path": "l.csv", "target": "y"}}, "takes either rows, or unlabeled and labeled"),
        ({"decimal": ",", "thousands": ","}, "decimal and thousands must differ"),
        ({"encoding": "utf-7b"}, "not a known text encoding"),
        ({"encoding": "base64"}, "not a known text encoding"),
        ({"separator": ";;"}, "at most 1 character"),
    ],
)
def test_keys_that_do_not_go_together(settings, expected):
    with pytest.raises(ValidationError, match=expected):
        CsvData(**{"source": "csv", "features": ["x"], "rows": {"path": "mine.csv"}, **settings})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"keep": ["label"], "label": "y"}, "'label' is also the name of a column in the table of predictions"),
        ({"keep": ["x"]}, "'x' is listed twice, or is one of the features"),
        ({"keep": ["ID"]}, "has no column 'ID'; did you mean 'id'?"),
        ({"label": "x"}, "'x' is also one of the features"),
        ({"resample": "bootstrap"}, "data.resample needs more"),
    ],
)
def test_what_is_wrong_is_reported_before_any_job(tmp_path, settings, expected):
    found = [message for _, message in data_of(tmp_path, PARTLY, **settings).problems(1)]
    assert any(expected in message for message in found), found


# What is made of it.
def many_rows(n_rows=300):
    draw = np.random.default_rng(0)
    y = draw.integers(2, size=n_rows)
    X = draw.standard_normal((n_rows, 2)) + 5 * y[:, None]
    label = np.where(draw.random(n_rows) < 0.2, np.array(["ash", "oak"])[y], None)
    rows = pd.DataFrame(X, columns=["x", "z"]).assign(y=label, id=[f"r{i}" for i in range(n_rows)])
    rows.loc[draw.random(n_rows) < 0.1, "z"] = NAN
    return rows


@pytest.fixture
def fitted(tmp_path):
    rows = many_rows()
    data = data_of(tmp_path, rows.to_csv(index=False), label="y", keep=["id"], missing="allow", resample="bootstrap")
    dataset, fit = data.load(20, 0, "mine"), Fit(initialization="labels", semi_supervised="clamped")
    return rows, data, dataset, run_fit(dataset, fit, 20, 0, "mine", "f"), fit


def test_predictions_are_all_rows_in_the_order_of_the_file(fitted):
    rows, _, dataset, runs, fit = fitted
    (table,) = tabulate_predictions(dataset, runs, fit)
    assert [*table][:5] == ["id", "x", "z", "label", "predicted class"]
    assert table["id"].tolist() == rows["id"].tolist()
    np.testing.assert_array_equal(table[["x", "z"]], rows[["x", "z"]])
    assert table["label"].astype(object).fillna("").tolist() == rows["y"].fillna("").tolist()
    named = rows["y"].notna()
    assert (table["predicted class"].astype(str)[named] == rows["y"][named]).mean() > 0.95
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    np.testing.assert_array_equal(again["label"].isna(), rows["y"].isna())


def test_a_missing_value_of_a_labeled_row_is_imputed_by_its_class(fitted):
    rows, _, dataset, runs, fit = fitted
    table = tabulate_imputed(dataset, runs, fit)
    assert [*table] == ["id", "x", "z", "label", "x was missing", "z was missing"]
    np.testing.assert_array_equal(table["z was missing"], rows["z"].isna())
    end, some = runs.end(0), rows["z"].isna() & (rows["y"] == "oak")
    of_class = MixtureParameters(np.ones(1), end.means[1:], end.covariances[1:])
    np.testing.assert_allclose(table.loc[some, ["x", "z"]], impute(rows.loc[some, ["x", "z"]].to_numpy(), of_class))
    some = rows["z"].isna() & rows["y"].isna()
    np.testing.assert_allclose(table.loc[some, ["x", "z"]], impute(rows.loc[some, ["x", "z"]].to_numpy(), end))
    plain = rows["z"].notna()
    np.testing.assert_array_equal(table.loc[plain, ["x", "z"]], rows.loc[plain, ["x", "z"]])


def test_replicate_0_is_the_file_and_others_are_drawn_within_classes(fitted):
    _, data, dataset, *_ = fitted
    alone = data.model_copy(update={"resample": None}).load(20, 0, "mine")
    for name in ("unlabeled", "labeled", "labels"):
        np.testing.assert_array_equal(getattr(dataset, name)[:1], getattr(alone, name))
        np.testing.assert_array_equal(getattr(dataset, name), getattr(data.load(20, 0, "mine"), name))
    assert (dataset.labels == alone.labels).all()  # as many of each class
    first = {tuple(row) for row in alone.unlabeled[0, :, :1]}
    assert all({tuple(row) for row in each[:, :1]} < first for each in dataset.unlabeled[1:])
    for k in range(2):
        own = set(alone.labeled[0, alone.labels[0] == k, 0])
        assert set(dataset.labeled[:, alone.labels[0] == k, 0].ravel()) <= own
    np.testing.assert_array_equal(dataset.unlabeled[:5], data.load(5, 0, "mine").unlabeled)
    assert (data.same_samples, data.on_own_rows) == (False, False)


def test_estimates_spread_as_theory_says(tmp_path):
    rows = many_rows(400)[["x"]]
    data = data_of(tmp_path, rows.to_csv(index=False), features=["x"], resample="bootstrap")
    dataset, fit = data.load(300, 0, "mine"), Fit(initialization="random_from_data", n_components=1)
    table = tabulate_estimates(dataset, run_fit(dataset, fit, 300, 0, "mine", "f"), fit, "mine", "f", wanted=True)
    means = table.query("parameter == 'mean[0]'")["value"]
    assert means.iloc[0] == pytest.approx(rows["x"].mean())
    assert means.std() == pytest.approx(rows["x"].std() / 20, rel=0.1)


@pytest.mark.parametrize("initialization", ["kmeans", "labels"])
def test_components_of_all_replicates_have_the_names_of_the_first(tmp_path, initialization):
    content = many_rows().to_csv(index=False)
    data = data_of(tmp_path, content, label="y", missing="allow", resample="bootstrap")
    semi = {"semi_supervised": "clamped"} if initialization == "labels" else {"n_components": 2}
    dataset, fit = data.load(20, 0, "mine"), Fit(initialization=initialization, **semi)
    runs = run_fit(dataset, fit, 20, 0, "mine", "f")
    table = tabulate_estimates(dataset, runs, fit, "mine", "f", wanted=True)
    assert len(table) == 20 * 2 * 5
    assert tabulate_estimates(dataset, runs, fit, "mine", "f", wanted=False).empty
    means = table.query("parameter == 'mean[0]'").pivot_table(index="replicate", columns="component", values="value")
    assert means.loc[0].tolist() == runs.end(0).means[:, 0].tolist()
    assert (means.std() < 0.3).all()
    for place, center in ((0, 0), (1, 5)):
        of_place = table.query(f"parameter == 'mean[0]' and place == {place}")
        np.testing.assert_allclose(of_place["value"], center, atol=0.6)
    names = {"ash", "oak"} if initialization == "labels" else {""}
    assert set(table["class"]) == names


def test_what_was_found_out_stands_in_the_tables(tmp_path):
    content = many_rows().drop(columns="id").to_csv(index=False, sep=";", decimal=",")
    dataset = read(tmp_path, content, label="y", missing="allow")
    fit = Fit(initialization="labels", semi_supervised="clamped")
    table = evaluate_fit(dataset, run_fit(dataset, fit, 1, 0, "mine", "f"), fit, "mine", "f")
    assert table["note"][0].startswith("mine.csv: separated by ';', decimal commas; ")
    assert table["n_labeled"][0] + table["n_samples"][0] == 300
