"""The wheels hold what they say, and the library's works alone in an empty environment."""

import subprocess
import sys
import sysconfig
import zipfile

import pytest
from packaging.metadata import Metadata
from project import ROOT

# Beside the library and what it needs, these are in reach here, but of no wheel.
OTHERS = ("em_study", "study", "snakemake_executor_plugin_warm", "snakemake_logger_plugin_bar")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Build a wheel of the library, and one of the study."""
    folder = tmp_path_factory.mktemp("wheels")
    for place in (ROOT, ROOT / "src/em_study"):
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
    return {file.name.split("-")[0]: file for file in folder.iterdir()}


@pytest.mark.parametrize("name", ["emgmm", "em_study"])
def test_a_wheel_holds_its_package_alone(wheels, name):
    files = [*(ROOT / "src" / name).rglob("*.py"), *(ROOT / "src" / name).rglob("*.R")]
    package = {str(file.relative_to(ROOT / "src")) for file in files}
    with zipfile.ZipFile(wheels[name]) as wheel:
        (about,) = {file.split("/")[0] for file in wheel.namelist()} - {name}
        assert {file for file in wheel.namelist() if not file.startswith(f"{about}/")} == package
        metadata = Metadata.from_email(wheel.read(f"{about}/METADATA"))  # fails if it is not valid, as `twine check`
        assert metadata.name == name.replace("_", "-")
        if name == "emgmm":
            needed = {requirement.name for requirement in metadata.requires_dist if not requirement.marker}
            assert needed == {"numpy", "scipy", "scikit-learn", "threadpoolctl"}
            assert metadata.description == (ROOT / "README.md").read_text(encoding="utf-8")
            assert metadata.description_content_type == "text/markdown"
        else:
            assert b"em-study = em_study.cli:start" in wheel.read(f"{about}/entry_points.txt")


def test_the_library_works_where_its_wheel_alone_is_installed(wheels, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, wheels["emgmm"]], check=True)
    # NumPy, SciPy and scikit-learn without a network: those of here. What is editable here is not among them.
    packages = {"PYTHONPATH": sysconfig.get_path("purelib")}

    def run(*arguments):
        command = [python, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=packages, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout

    assert run("-c", "import emgmm; print(emgmm.__file__)").startswith(str(tmp_path / "venv"))
    found = f"from importlib.util import find_spec; print([name for name in {OTHERS} if find_spec(name)])"
    assert run("-c", found) == "[]\n"
    assert "4 passed" in run("-m", "doctest", "-v", ROOT / "README.md")
