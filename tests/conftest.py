"""What several test files share."""

import pytest
from project import TINY, make_project, snakemake


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Run a tiny study by 4 cores; nobody may change it."""
    folder = make_project(tmp_path_factory.mktemp("tiny"), TINY)
    run = snakemake(folder, cores=4)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder
