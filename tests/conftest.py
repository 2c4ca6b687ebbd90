"""What several test files share."""

import fcntl
import os
import shutil

import hypothesis
import pytest
from project import SMALL, TINY, make_project, snakemake

from emgmm import complete

# No test fails for being slow, and where a machine decides each run has the same examples.
hypothesis.settings.register_profile(
    "study",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
hypothesis.settings.load_profile("study")


def run_once(tmp_path_factory, name, settings, add_files=lambda folder: None, overlays=()):
    """Run a study by 4 cores, once for all of pytest's processes; nobody may change it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.with_suffix(".done").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            add_files(make_project(folder, settings))
            run = snakemake(folder, cores=4, overlays=overlays)
            assert run.returncode == 0, run.stdout + run.stderr
            folder.with_suffix(".done").touch()
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Give the folder of a tiny study."""
    return run_once(tmp_path_factory, "tiny", TINY)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Copy a small study."""
    made = run_once(tmp_path_factory, "small", SMALL)
    return shutil.copytree(made, tmp_path_factory.mktemp("project") / "project")


@pytest.fixture(scope="module", params=["numpy", "numba"])
def every_kernel(request):
    """Run a module's tests by each kernel, whichever they ask for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complete, "checked_kernel", lambda kernel: request.param)
        yield
