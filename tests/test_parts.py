"""EM over samples in parts: the same as over one array, with every executor; on a real Dask cluster, too."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from project import FAULT
from test_emgmm import KINDS, assert_same, problem

import emgmm
from emgmm import GaussianMixtureEM, Parts

RULE = emgmm.sklearn_stopping(1e-8, 200)
BORDERS = [0, 37, 37 + 150, 400]


def cut(array):
    return [array[begin:end] for begin, end in pairwise(BORDERS)]


def rows(kind="full", **options):
    X, y, start = problem(0, 400, 2, 3, kind=kind, **options)
    return X, y, start


def saved(folder, arrays, name="rows"):
    paths = [folder / f"{name}_{i}.npy" for i in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        np.save(path, array)
    return paths


def of_each_kind(folder, X):
    """Give one part as an array, one as a .npy file and one as a Parquet file."""
    parts = cut(X)
    pd.DataFrame(parts[2], columns=["a", "b"]).to_parquet(folder / "rows.parquet")
    return Parts([parts[0], *saved(folder, parts[1:2]), str(folder / "rows.parquet")])


def assert_equal(one, other):
    assert (one.n_passes, one.converged, one.collapse) == (other.n_passes, other.converged, other.collapse)
    np.testing.assert_allclose(one.trace, other.trace, rtol=1e-12)
    assert_same(one.parameters, other.parameters, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kernel", ["numpy", "numba"])
def test_parts_are_fitted_as_one_array(kind, kernel, tmp_path):
    X, _, start = rows(kind)
    one = emgmm.expectation_maximization(X, start, RULE)
    assert_equal(emgmm.expectation_maximization(of_each_kind(tmp_path, X), start, RULE, kernel=kernel), one)


@pytest.mark.parametrize("acceleration", ["none", "anderson"])
@pytest.mark.parametrize("incomplete", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("labeled", [False, True])
def test_labels_weights_missing_values_and_acceleration(acceleration, incomplete, weighted, labeled):
    X, y, start = rows()
    draw = np.random.default_rng(0)
    X = np.where(draw.uniform(size=X.shape) < 0.2, np.nan, X) if incomplete else X
    weight = draw.uniform(0.5, 2, size=400) if weighted else None
    labels = np.where(draw.uniform(size=400) < 0.3, y, -1) if labeled else np.full(400, -1)
    free, options = labels == -1, {"acceleration": acceleration}
    own, known = (None if weight is None else weight[chosen] for chosen in (free, ~free))
    clamped = emgmm.labeled_statistics(X[~free], labels[~free], 3, sample_weight=known) if labeled else None
    rule = emgmm.aitken_stopping(1e-7, 60)
    one = emgmm.expectation_maximization(X[free], start, rule, labeled=clamped, sample_weight=own, **options)
    parts = Parts(cut(X), labels=cut(labels), sample_weight=None if weight is None else cut(weight))
    other = emgmm.expectation_maximization(parts, start, rule, **options)
    assert one.n_passes == other.n_passes
    np.testing.assert_allclose(one.trace, other.trace, rtol=1e-11)
    assert_same(one.parameters, other.parameters, rtol=1e-10)


@pytest.mark.parametrize("executor", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_who_ends_first_does_not_matter(executor, tmp_path):
    X, _, start = rows()
    parts = Parts(saved(tmp_path, cut(X)))
    alone = emgmm.expectation_maximization(parts, start, RULE)
    with executor(2) as pool:
        other = emgmm.expectation_maximization(parts, start, RULE, map=pool.map)
    assert other.trace == alone.trace
    np.testing.assert_array_equal(other.parameters.means, alone.parameters.means)


@pytest.mark.parametrize("semi_supervised", ["clamped", "init_only"])
@pytest.mark.parametrize("incomplete", [False, True])
def test_an_estimator_takes_parts(semi_supervised, incomplete):
    X, y, _ = rows()
    if incomplete:
        X[::9, 0] = np.nan
    labels = np.where(np.arange(400) % 4 == 0, y, -1)
    one = GaussianMixtureEM(3, semi_supervised=semi_supervised, tol=1e-8, max_iter=500).fit(X, labels)
    other = GaussianMixtureEM(3, semi_supervised=semi_supervised, tol=1e-8, max_iter=500).fit(
        Parts(cut(X), labels=cut(labels))
    )
    np.testing.assert_allclose(other.means_, one.means_, rtol=1e-9)
    assert other.n_iter_ == one.n_iter_
    np.testing.assert_array_equal(other.predict(X), one.predict(X))


def test_numbers_of_any_kind(tmp_path):
    X = np.round(10 * rows()[0]).astype(int)
    weight = np.arange(400) % 3 + 1
    one = GaussianMixtureEM(2, random_state=0, max_iter=500).fit(X, sample_weight=weight)
    for kernel in ("numpy", "numba"):
        parts = Parts(saved(tmp_path, cut(X)), sample_weight=cut(weight.astype(np.uint8)))
        other = GaussianMixtureEM(2, random_state=0, max_iter=500, kernel=kernel).fit(parts)
        np.testing.assert_allclose(other.means_, one.means_, rtol=1e-9)


def test_weights_of_some_parts_count_in_the_start():
    X, _, _ = rows()
    found, weight = Parts([X, X], sample_weight=[None, np.full(400, 3.0)]).look(map).sample(10**6, map)
    np.testing.assert_array_equal(weight, np.repeat([1.0, 3.0], 400))
    assert not np.shares_memory(found, X)


def test_the_index_of_a_data_frame_is_no_feature(tmp_path):
    frame = pd.DataFrame(rows()[0], columns=["a", "b"])
    frame[frame["a"] > 0].to_parquet(tmp_path / "some.parquet")
    assert GaussianMixtureEM(2).fit(Parts([tmp_path / "some.parquet"])).n_features_in_ == 2


@pytest.mark.parametrize("semi_supervised", ["clamped", "init_only"])
def test_labels_alone(semi_supervised):
    X, y, _ = rows()
    one = GaussianMixtureEM(3, semi_supervised=semi_supervised).fit(X, y)
    other = GaussianMixtureEM(3, semi_supervised=semi_supervised).fit(Parts(cut(X), labels=cut(y)))
    np.testing.assert_allclose(other.means_, one.means_, rtol=1e-12)
    alone = GaussianMixtureEM(1).fit(Parts(cut(X), labels=cut(y)))  # one component: there is nothing to know
    np.testing.assert_allclose(alone.means_[0], X.mean(axis=0))


def test_auto_counts_the_work_on_all_parts(monkeypatch):
    asked = []
    monkeypatch.setattr("emgmm.complete.REPAID", 400 * 3 * 6 * 2.5)
    monkeypatch.setattr("emgmm.parts.samples_to_fit", lambda *a: asked.append(a[3]) or emgmm.e_step.samples_to_fit(*a))
    X, _, start = rows()
    emgmm.expectation_maximization(Parts(cut(X)), start, emgmm.sklearn_stopping(0, 4), kernel="auto")
    assert asked == ["numpy"] * 6 + ["numba"] * 6


def test_a_model_predicts_part_by_part():
    model = GaussianMixtureEM(2).fit(Parts(cut(rows()[0])))
    with pytest.raises(TypeError, match="X must be one array"):
        model.predict(Parts(cut(rows()[0])))


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data", "short_runs"])
def test_starts_look_at_a_sample(init_params, monkeypatch):
    X, _, _ = rows()
    parts = Parts(cut(X)).look(map)
    sample, weight = parts.sample(100, map)
    np.testing.assert_array_equal(sample, np.concatenate([part[::4] for part in cut(X)]))
    assert weight is None
    monkeypatch.setattr("emgmm.estimator.PARTS_SAMPLES", 100)
    model = GaussianMixtureEM(3, init_params=init_params, random_state=0, max_iter=500, tol=1e-6).fit(Parts(cut(X)))
    assert model.converged_
    assert model.score(X) > GaussianMixtureEM(1).fit(X).score(X)


def parquet_of_text(folder):
    pd.DataFrame({"a": ["x"] * 5, "b": ["y"] * 5}).to_parquet(folder / "text.parquet")
    return [folder / "text.parquet"]


def cut_off(folder):
    (path,) = saved(folder, [np.zeros((1000, 2))], "cut")
    path.write_bytes(path.read_bytes()[:5000])
    return [path]


def another_order(folder):
    pd.DataFrame(np.zeros((5, 2)), columns=["a", "b"]).to_parquet(folder / "one.parquet")
    pd.DataFrame(np.zeros((5, 2)), columns=["b", "a"]).to_parquet(folder / "other.parquet")
    return [folder / "one.parquet", folder / "other.parquet"]


BAD = {
    "columns in another order": (another_order, "part .*other.parquet has the columns b, a, and .*one.parquet"),
    "another number of features": (
        lambda _: [np.zeros((5, 3))],
        "part number 1 .from 0. has 3 features, .* first part has 2",
    ),
    "not finite": (lambda _: [np.full((5, 2), np.inf)], "part number 1 .from 0. contains infinite values"),
    "no rows": (lambda _: [np.zeros((0, 2))], "part number 1 .from 0. has no samples"),
    "gone": (lambda folder: [folder / "gone.npy"], "part .*gone.npy cannot be read: FileNotFoundError"),
    "cut off": (cut_off, "part .*cut_0.npy cannot be read: ValueError"),
    "text": (parquet_of_text, "part .*text.parquet must contain numbers"),
    "objects": (lambda folder: saved(folder, [np.array([[{}]])], "o"), "part .*o_0.npy cannot be read: .*allow_pickle"),
    "another kind": (lambda folder: [folder / "rows.txt"], "the file name must end with .npy or .parquet"),
    "one-dimensional": (lambda _: [np.zeros(5)], "part number 1 .from 0. must contain numbers in the shape"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_part_is_named(bad, tmp_path):
    X, _, start = rows()
    make, message = BAD[bad]
    parts = [X, *make(tmp_path)]
    with pytest.raises(ValueError, match=message):
        emgmm.expectation_maximization(Parts(parts), start, RULE)
    with pytest.raises(ValueError, match=message):
        GaussianMixtureEM(2).fit(Parts(parts))


def test_a_file_that_vanishes_on_the_way_is_named(tmp_path):
    X, _, start = rows()
    paths = saved(tmp_path, cut(X))

    def remove(step, *_):
        if step == 3:
            paths[1].unlink()

    with pytest.raises(ValueError, match=r"part .*rows_1.npy cannot be read: FileNotFoundError"):
        emgmm.expectation_maximization(Parts(paths), start, RULE, monitor=remove)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": [np.zeros(3)] * 3}, "must have labels of shape"),
        ({"labels": cut(np.full(400, 3))}, "labels must be integers, -1 or 0 to 2, not 3"),
        ({"labels": cut(np.full(400, -2))}, "labels must be integers, -1 or 0 to 2, not -2"),
        ({"sample_weight": cut(np.full(400, -1.0))}, "weights that are not finite, or negative"),
        ({"labels": [np.zeros(400)]}, "do not have one entry for each part"),
    ],
)
def test_labels_and_weights_that_do_not_suit(options, message):
    X, _, start = rows()
    with pytest.raises(ValueError, match=message):
        emgmm.expectation_maximization(Parts(cut(X), **options), start, RULE)


def test_the_path_of_one_part_is_no_sequence():
    with pytest.raises(ValueError, match=r"must be a sequence of parts, not one path; write \['rows.npy'\]"):
        Parts("rows.npy")


def test_a_feature_without_any_value_is_told_of():
    X, _, start = rows()
    X[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"feature 1 .* has no observed value"):
        emgmm.expectation_maximization(Parts(cut(X)), start, RULE)
    X[BORDERS[1], 1] = 1.0  # in one part only
    assert emgmm.Parts(cut(X)).look(map).n_rows == 400


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    import dask

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    slow = {f"distributed.comm.timeouts.{name}": FAULT for name in ("connect", "tcp")}
    stealing = dask.config.set({"distributed.scheduler.work-stealing": False, **slow})
    with stealing, distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.mark.filterwarnings("ignore")  # the cluster's own
class TestDask:
    def test_files(self, client, tmp_path):
        X, _, start = rows()
        paths = saved(tmp_path, np.array_split(X, 8))
        one = emgmm.expectation_maximization(X, start, RULE)
        assert_equal(emgmm.expectation_maximization(Parts(paths), start, RULE, map=client.get_executor().map), one)

    @pytest.mark.parametrize("kind", ["array", "frame"])
    def test_a_collection_stays_where_it_is(self, client, kind):
        import dask.array
        import distributed

        X, _, start = rows()
        X = np.concatenate([X + 1e-3 * i for i in range(1000)])  # with few samples Dask counts their transfer as free
        rule = emgmm.sklearn_stopping(0, 5)
        if kind == "array":
            collection = dask.array.from_array(X, chunks=(50_000, 2))
        else:
            dataframe = pytest.importorskip("dask.dataframe")
            collection = dataframe.from_pandas(pd.DataFrame(X, columns=["a", "b"]), npartitions=8)
        parts = Parts(collection)
        one = emgmm.expectation_maximization(X, start, rule)
        distributed.wait(parts.columns[1])
        where = client.who_has(parts.columns[1])
        assert_equal(emgmm.expectation_maximization(parts, start, rule, map=client.get_executor().map), one)
        assert client.who_has(parts.columns[1]) == where  # no part has moved, or been copied
        assert len(parts.groups) == 2
        model = GaussianMixtureEM(3, max_iter=500).fit(parts, map=client.get_executor().map)
        np.testing.assert_allclose(model.score(X), GaussianMixtureEM(3, max_iter=500).fit(X).score(X), atol=1e-2)

    def test_parts_of_some_features_are_refused(self, client):
        import dask.array

        with pytest.raises(ValueError, match="each part must have all features"):
            Parts(dask.array.from_array(rows()[0], chunks=(100, 1)))

    def test_a_worker_killed_in_the_middle_loses_nothing(self, client, tmp_path):
        X, _, start = rows()
        paths = saved(tmp_path, np.array_split(X, 8))
        one = emgmm.expectation_maximization(X, start, RULE)
        killed = []

        def kill(step, *_):
            if step == 3:
                worker = next(iter(client.run(os.getpid).values()))
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)

        executor = client.get_executor()
        found = emgmm.expectation_maximization(Parts(paths), start, RULE, map=executor.map, monitor=kill)
        assert killed
        assert_equal(found, one)

    def test_a_bad_part_is_named(self, client, tmp_path):
        X, _, start = rows()
        paths = [*saved(tmp_path, cut(X)), tmp_path / "gone.npy"]
        with pytest.raises(ValueError, match=r"part .*gone.npy cannot be read"):
            emgmm.expectation_maximization(Parts(paths), start, RULE, map=client.get_executor().map)
