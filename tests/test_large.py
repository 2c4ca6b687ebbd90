"""Large data in the study: files of numbers, predictions in chunks, figures of many samples."""

import numpy as np
import pandas as pd
import pytest
import yaml

from em_study.configuration.loading import load
from em_study.data import files
from em_study.data.csv import CsvData, UnlabeledCsv
from em_study.data.dataset import Dataset
from em_study.data.files import read_files
from em_study.data.formats import about_rows, ending_of, look_at
from em_study.data.storage import write_pieces
from em_study.errors import ConfigurationError, DataError
from em_study.evaluation import scores
from em_study.evaluation.measure import measure
from em_study.figures import fits as fits_figure
from em_study.figures import plane
from em_study.figures.shown import Shown
from em_study.figures.style import save
from em_study.fits.em import run_fit
from em_study.fits.settings import Fit
from em_study.plan.results import Plan


def table(n_rows=1000):
    draw = np.random.default_rng(0)
    y = draw.integers(2, size=n_rows)
    X = draw.standard_normal((n_rows, 2)) + 3 * y[:, None]
    return pd.DataFrame(X, columns=["x1", "x2"]).assign(y=np.array(["no", "yes"])[y])


def settings(path, target="y", **more):
    unlabeled = {"path": str(path)} | ({"target": target} if target else {})
    return {"source": "csv", "features": ["x1", "x2"], "unlabeled": unlabeled, **more}


def read(path, **options):
    return read_files(CsvData(**settings(path, **options)))


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROWS_AT_A_TIME", 300)
    rows = table()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    rows.to_parquet(tmp_path / "rows.parquet", row_group_size=170)
    np.save(tmp_path / "rows.npy", rows[["x1", "x2"]].to_numpy())
    return rows, tmp_path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_give_the_same_rows(saved, ending):
    rows, folder = saved
    found = read(folder / f"rows.{ending}")
    np.testing.assert_array_equal(found.unlabeled[0], rows[["x1", "x2"]])
    assert found.classes.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(found.classes[found.truth[0]], rows["y"])


def test_a_npy_file_has_columns_by_number(saved):
    rows, folder = saved
    np.testing.assert_array_equal(read(folder / "rows.npy", target=None).unlabeled[0], rows[["x1", "x2"]])
    swapped = read_files(CsvData(**settings(folder / "rows.npy", None) | {"features": ["x2", "x1"]}))
    np.testing.assert_array_equal(swapped.unlabeled[0], rows[["x2", "x1"]])
    assert look_at(folder / "rows.npy").columns == ["x1", "x2"]
    with pytest.raises(DataError, match=r"has no column 'x3'. Allowed: x1, x2"):
        read_files(CsvData(**settings(folder / "rows.npy", None) | {"features": ["x3"]}))


def test_what_stands_at_the_end_of_a_file_is_no_row(saved):
    rows, folder = saved
    for end in ("", "\n", "\r\n\n\n", "\n,,\n,, ,,\n", "\n" + ",,,\n" * 1000):
        text = rows.assign(kept=rows["y"] == "yes").to_csv(index=False).strip() + end
        (folder / "rows.csv").write_text(text)
        np.testing.assert_array_equal(read(folder / "rows.csv").unlabeled[0], rows[["x1", "x2"]])
    one = CsvData(source="csv", features=["x1"], unlabeled={"path": str(folder / "one.csv")}, missing="allow")
    (folder / "one.csv").write_text("x1\n1\nNA\n3\n")
    np.testing.assert_array_equal(read_files(one).unlabeled[0, :, 0], [1, np.nan, 3])
    with_holes = table().mask(np.arange(1000)[:, None] % 7 == [[1, 2, 9]])
    with_holes.to_csv(folder / "holes.csv", index=False, na_rep="NA")
    found = read(folder / "holes.csv", missing="allow")
    np.testing.assert_array_equal(found.unlabeled[0], with_holes[["x1", "x2"]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.assign(x1="a"), r"column 'x1': must hold numbers"),
        (lambda t: t.assign(x2=np.inf), r"row 1, column 'x2': must be a finite number, got 'inf'"),
        (
            lambda t: t.assign(x1=t["x1"].mask(t.index == 4)),
            r"row 5, column 'x1': .*got ''(.|\n)*data.missing: allow to treat them",
        ),
        (lambda t: t.assign(y=0.5), r"column 'y': must be a class: a whole number or a name"),
        (lambda t: t.assign(y=t["y"].mask(t.index == 4)), r"row 5, column 'y': must be a class.*got ''"),
        (lambda t: t.assign(y=pd.array([1, None] * 10, "Int64")), r"row 2, column 'y': must be a class.*got ''"),
        (lambda t: t[:0], "the file has no rows"),
        (lambda t: t.drop(columns="x2"), "has no column 'x2'. Allowed: x1, y"),
    ],
)
def test_parquet_that_cannot_be_used(tmp_path, make, message):
    make(table(20)).to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(DataError, match=message):
        read(tmp_path / "bad.parquet")


@pytest.mark.parametrize("ending", ["parquet", "npy"])
def test_a_file_that_is_cut_off_or_another_thing(saved, ending):
    _, folder = saved
    path = folder / f"rows.{ending}"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"rows.{ending}.*: cannot be read"):
        read(path, target=None)
    path.write_bytes(b"x1,x2\n1,2\n")
    with pytest.raises(DataError, match=rf"rows.{ending}.*: cannot be read"):
        read(path, target=None)
    np.save(folder / "objects.npy", np.array([[{}, 1]]))
    with pytest.raises(DataError, match=r"objects.npy: cannot be read \(.*objects"):
        read(folder / "objects.npy", target=None)


def test_columns_of_a_data_frame_s_index_are_columns(tmp_path):
    rows = table(20)
    rows.set_index("x1").to_parquet(tmp_path / "indexed.parquet")
    np.testing.assert_array_equal(read(tmp_path / "indexed.parquet").unlabeled[0], rows[["x1", "x2"]])


def test_several_arrays_are_no_npy_file(tmp_path):
    with open(tmp_path / "several.npy", "wb") as file:
        np.savez(file, a=np.zeros((2, 2)))
    with pytest.raises(DataError, match=r"several.npy: cannot be read"):
        read(tmp_path / "several.npy", target=None)


def test_classes_that_are_equal_as_numbers_keep_their_order(tmp_path):
    (tmp_path / "rows.csv").write_text("x1,x2,y\n1,2,1\n3,4,01\n")
    assert read(tmp_path / "rows.csv").classes.tolist() == ["01", "1"]


def test_a_download_keeps_its_ending():
    assert [ending_of(f"https://x.org/a{end}") for end in (".parquet", ".npy?raw=1", ".csv", "")] == [
        ".parquet",
        ".npy",
        ".csv",
        ".csv",
    ]
    file = UnlabeledCsv(url="https://x.org/a.parquet", sha256="0" * 64)
    assert file.place == f"results/downloads/{'0' * 64}.parquet"


def study_of(folder, **more):
    block = {"data": settings(folder / "rows.csv"), "fits": {"f": {"initialization": "kmeans"}}, **more}
    (folder / "study.yaml").write_text(yaml.safe_dump({"seed": 1, "experiments": {"mine": block}}))
    return load([folder / "study.yaml"]).study


def test_predictions_as_text_of_many_rows_are_told_of(saved):
    rows, folder = saved
    assert Plan(study_of(folder)).large_as_text == {}
    pd.concat([rows] * 120).to_csv(folder / "rows.csv", index=False)
    (found,) = Plan(study_of(folder)).large_as_text.values()
    assert found == pytest.approx(120_000, rel=0.02)
    plan = Plan(study_of(folder, predictions="parquet"))
    assert plan.large_as_text == {}
    assert "results/predictions/mine/f.parquet" in plan.published
    assert about_rows(folder / "rows.npy") == about_rows(folder / "rows.parquet") == 1000
    assert about_rows(folder / "gone.csv") == 0


@pytest.mark.parametrize("ending", ["parquet", "npy"])
def test_a_file_that_is_cut_off_is_told_of_before_any_job(saved, ending):
    _, folder = saved
    path = folder / f"rows.{ending}"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ConfigurationError, match=rf"data.unlabeled.path: .*rows.{ending}: cannot be read"):
        study_of(folder, data=settings(path, None), fits={"f": {"n_components": 2}})


def test_a_target_of_a_npy_file_is_refused(saved):
    _, folder = saved
    with pytest.raises(ConfigurationError, match="file has no column of classes"):
        study_of(folder, data=settings(folder / "rows.npy"))


def fitted(rows):
    dataset = Dataset(
        np.array(["x1", "x2"]),
        np.array(["no", "yes"]),
        rows[["x1", "x2"]].to_numpy()[None],
        (rows["y"] == "yes").to_numpy().astype(int)[None],
        np.empty((1, 0, 2)),
        np.empty((1, 0), dtype=int),
    )
    fit = Fit(initialization="kmeans", tol=1e-3)
    return dataset, fit, run_fit(dataset, fit, 1, 0, "mine", "f")


def test_predictions_are_the_same_in_pieces(tmp_path, monkeypatch):
    dataset, fit, runs = fitted(table())
    write_pieces(tmp_path / "whole.csv", scores.tabulate_predictions(dataset, runs, fit))
    monkeypatch.setattr(scores, "ROWS_AT_A_TIME", 170)
    for ending in ("csv", "parquet"):
        write_pieces(tmp_path / f"pieces.{ending}", scores.tabulate_predictions(dataset, runs, fit))
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "pieces.csv").read_bytes()
    text, binary = pd.read_csv(tmp_path / "whole.csv"), pd.read_parquet(tmp_path / "pieces.parquet")
    assert list(text.columns) == list(binary.columns)
    for column in text:
        expected = text[column].astype(str) if text[column].dtype.kind not in "f" else text[column]
        np.testing.assert_array_equal(binary[column].astype(expected.dtype), expected)
    first = (tmp_path / "pieces.parquet").read_bytes()
    write_pieces(tmp_path / "pieces.parquet", scores.tabulate_predictions(dataset, runs, fit))
    assert (tmp_path / "pieces.parquet").read_bytes() == first


def test_a_figure_of_many_rows_is_small_and_shows_where_they_are(tmp_path):
    rows = table(300_000)
    dataset, _, runs = fitted(rows)
    shown = Shown("mine", {"f": {}}, data=dataset, runs={"f": runs})
    save(fits_figure.draw(shown), tmp_path / "fits.svg", tmp_path / "fits.png")
    assert (tmp_path / "fits.svg").stat().st_size < 1_000_000
    figure = fits_figure.draw(shown)
    (image,) = figure.axes[0].images
    assert round(np.expm1(image.get_array()).sum()) == len(rows)
    x1, _, _, x2 = *image.get_extent()[:2], *image.get_extent()[2:]
    np.testing.assert_allclose([x1, x2], [rows["x1"].min(), rows["x2"].max()])


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_a_density_of_equal_values_is_drawn(width):
    from em_study.figures.style import new_figure

    _, (axes,) = new_figure()
    X = np.column_stack([np.full(plane.MOST_POINTS + 1, 2.0), width * np.arange(plane.MOST_POINTS + 1)])
    plane.scatter(axes, X, "#B0B0B0", "o", 8, "rows")
    X[0] = np.nan
    plane.scatter(axes, X, "#B0B0B0", "o", 8, "rows")
    assert axes.images[1].get_array().sum() > 0
    axes.figure.canvas.draw()


def test_what_takes_memory_is_not_measured_of_many_rows(monkeypatch):
    dataset, fit, runs = fitted(table(300))
    names = {*measure(dataset, {"f": runs}, {"f": fit}, 20, {}, 0, "mine")["measurement"]}
    assert {"passes_of_em", "kmeans_agreement"} <= names
    many = Dataset(*(getattr(dataset, name) for name in ("features", "classes")), *many_rows(dataset))
    names = {
        *measure(many, {"f": runs}, {"f": fit}, 20, {}, 0, "mine", only={"passes_of_em", "smallest_weight"})[
            "measurement"
        ]
    }
    assert names == {"smallest_weight"}


def many_rows(dataset):
    repeats = 200_001 // 300 + 1
    return np.tile(dataset.unlabeled, (1, repeats, 1)), None, dataset.labeled, dataset.labels
