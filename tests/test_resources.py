"""Resources that jobs ask for, and how sweeps are divided into jobs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from em_study.configuration.study import Study
from em_study.experiments.settings import Experiment
from em_study.plan.resources import (
    LONG_FIT,
    LONG_PART,
    MOST_CELLS,
    MOST_MEMORY,
    MOST_MINUTES,
    SHORT_PART,
    Cost,
    parts_by_time,
    seconds_allowed,
    seconds_of_cells,
    seconds_of_step,
    size_of,
)
from em_study.plan.results import Plan
from em_study.sweeps.cells import Cells
from em_study.sweeps.settings import Sweep

DATA = {
    "source": "gaussian_mixture",
    "n_unlabeled": 1000,
    "weights": [0.5, 0.5],
    "means": [[0.0], [3.0]],
    "covariances": [[[1.0]], [[1.0]]],
}
EXPERIMENT = Experiment.model_validate({"data": DATA, "fits": {"ours": {}}, "replicates": 10})


def varied(**keys):
    return Sweep.model_validate({"experiment": "any", "replicates": 10, **keys})


def larger(**data):
    return Experiment.model_validate({"data": DATA | data, "fits": {"ours": {}}, "replicates": 10})


@pytest.mark.parametrize("step", ["fit", "measure", "evaluate"])
def test_more_samples_and_replicates_ask_for_more_time(step):
    asked = seconds_of_step(step, EXPERIMENT, None)
    assert seconds_of_step(step, larger(n_unlabeled=100_000), None) > 10 * asked
    repeated = EXPERIMENT.model_copy(update={"replicates": 1000})
    assert seconds_of_step(step, repeated, None) == pytest.approx(100 * asked)


def test_a_long_fit_of_our_em_has_threads():
    fits = {"ours": {}, "short": {"max_iter": 1}, "theirs": {"implementation": "sklearn"}}
    large = Experiment.model_validate({"data": DATA | {"n_unlabeled": 10_000_000}, "fits": fits, "replicates": 10})
    many = EXPERIMENT.model_copy(update={"replicates": 100_000})  # of few samples each
    plan = Plan(Study.model_construct(experiments={"large": large, "small": EXPERIMENT, "many": many}))
    asked = {name: plan.threads({"experiment": "large", "fit": name}) for name in fits}
    assert asked == {"ours": 2, "short": 1, "theirs": 1}
    assert plan.cost("fit", {"experiment": "many", "fit": "ours"}).seconds > LONG_FIT
    assert [plan.threads({"experiment": name, "fit": "ours"}) for name in ("small", "many")] == [1, 1]


def test_more_samples_ask_for_more_memory_up_to_a_bound():
    asked = [Cost(1.0, larger(n_unlabeled=n_rows)).memory_mb(1) for n_rows in (1000, 1_000_000, 100_000_000)]
    assert asked[0] < asked[1] < asked[2]
    assert Cost(1.0, EXPERIMENT).memory_mb(2) == 2 * asked[0]
    assert Cost(1.0, larger(n_unlabeled=100_000_000)).memory_mb(2) == MOST_MEMORY


def test_each_attempt_asks_for_twice_as_much_up_to_a_bound():
    assert [Cost(100.0).minutes(attempt) for attempt in (1, 2, 3)] == [18, 36, 72]
    assert Cost(1e9).minutes(1) == Cost(1e9).minutes(5) == MOST_MINUTES


def test_the_time_limit_of_an_implementation_in_a_file_is_asked_for():
    fit = {"implementation": "opencv", "time_limit": 30.0}
    slow = Experiment.model_validate({"data": DATA, "fits": {"theirs": fit}, "replicates": 10})
    assert seconds_allowed(EXPERIMENT) == 0
    assert seconds_allowed(slow) == 300
    assert Cost(0.1, slow, 300.0).minutes(1) == 6


def test_the_size_of_a_file_counts_for_resources_only(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("x\n" + "1.0\n" * 1_000_000)
    data = {"source": "csv", "features": ["x"], "unlabeled": {"path": str(file)}}
    read = Experiment.model_validate({"data": data, "fits": {"ours": {}}})
    assert size_of(read)[0] == 10_000
    assert size_of(read, look=True)[0] == 400_000


def test_cells_differ_by_the_keys_that_cost_time():
    vary = {"data.n_unlabeled": [1000, 100_000], "fits.ours.tol": [1e-2, 1e-4]}
    seconds = seconds_of_cells(Cells(varied(vary=vary), EXPERIMENT))
    assert seconds.shape == (4,)
    assert seconds[0] == seconds[1]
    assert seconds[2] == seconds[3] > 10 * seconds[0]


def test_a_value_that_is_valid_only_with_others_is_no_obstacle():
    vary = {"data.weights": [[0.5, 0.5], [1.0]], "data.counts": [None, None], "data.means": [[[0.0], [3.0]], [[0.0]]]}
    seconds = seconds_of_cells(Cells(varied(vary=vary, zip=True), EXPERIMENT))
    assert seconds.shape == (2,)
    assert (seconds > 0).all()


@given(
    st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=200),
    st.sampled_from([None, 1, 3]),
)
def test_parts_hold_every_cell_once_in_their_order(seconds, most):
    seconds = np.array(seconds)
    parts = parts_by_time(seconds, varied(vary={"data.n_unlabeled": [1]}, cells_per_job=most))
    assert [number for part in parts for number in part] == list(range(len(seconds)))
    for part in parts:
        assert len(part) <= (most or MOST_CELLS)
        assert seconds[part].sum() <= LONG_PART + 2 * seconds.max()


def test_parts_are_neither_many_and_short_nor_few_and_long():
    assert len(parts_by_time(np.full(100, SHORT_PART / 200), varied(vary={"data.n_unlabeled": [1]}))) == 1
    assert len(parts_by_time(np.full(100, 1.0), varied(vary={"data.n_unlabeled": [1]}))) == 8
    assert len(parts_by_time(np.full(30, 1.0), varied(vary={"data.n_unlabeled": [1]}))) == 3
    assert len(parts_by_time(np.full(100_000, 0.06), varied(vary={"data.n_unlabeled": [1]}))) == 100
