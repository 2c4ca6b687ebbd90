"""The processes that stay for the next script."""

import pickle
from types import SimpleNamespace

import pytest

from snakemake_executor_plugin_warm import WarmProcess


@pytest.fixture
def process():
    made = WarmProcess()
    yield made
    made.end()


def run(process, folder, text):
    """Run a script that is given a place to write to."""
    (folder / "script.py").write_text(text)
    return process.run(pickle.dumps((str(folder / "script.py"), SimpleNamespace(place=str(folder / "made")))))


def test_scripts_run_one_after_another_in_one_process(process, tmp_path):
    for _ in range(2):
        text = "import os\nwith open(snakemake.place, 'a') as file: print(os.getpid(), file=file)"
        assert run(process, tmp_path, text)
    assert len(set((tmp_path / "made").read_text().split())) == 1


def test_a_script_s_names_are_gone_with_it(process, tmp_path):
    assert run(process, tmp_path, "left = 1")
    assert not run(process, tmp_path, "left")


@pytest.mark.parametrize("text", ["import sys; sys.exit(1)", "1 / 0", "no python", "import sys; sys.exit('why')"])
def test_a_failure_is_told_and_the_process_goes_on(process, tmp_path, text):
    assert not run(process, tmp_path, text)
    assert run(process, tmp_path, "import sys; sys.exit(0)")


def test_a_warning_is_told_again(process, tmp_path):
    text = (
        "import contextlib, warnings\n"
        "with open(snakemake.place, 'a') as file, contextlib.redirect_stderr(file):\n"
        "    warnings.warn('take care')\n"
    )
    for _ in range(2):
        assert run(process, tmp_path, text)
    assert (tmp_path / "made").read_text().count("take care") == 4  # a warning shows its line too


def test_a_process_that_is_gone_is_found(process, tmp_path):
    for _ in range(2):
        with pytest.raises(EOFError):
            run(process, tmp_path, "import os; os._exit(0)")
