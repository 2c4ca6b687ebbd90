"""The distributions hold what they say, and the library's wheel works alone in an empty environment."""

import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest
import trove_classifiers
from packaging.metadata import Metadata
from project import ROOT

# Apart from the library and what it needs, these are in reach here, but of no wheel.
OTHERS = ("em_study", "study", "snakemake_executor_plugin_warm", "snakemake_logger_plugin_bar")


PLACES = {"emgmm": ROOT, "em_study": ROOT / "src/em_study"}


def build(target, place, folder):
    """Build a distribution of a folder into another one, and return its file."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder]
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Build a wheel of the library, and one of the study."""
    return {name: build("wheel", place, tmp_path_factory.mktemp(name)) for name, place in PLACES.items()}


@pytest.mark.parametrize("name", ["emgmm", "em_study"])
def test_a_wheel_holds_its_package_alone(wheels, name):
    files = [*(ROOT / "src" / name).rglob("*.py"), *(ROOT / "src" / name).rglob("*.R")]
    package = {str(file.relative_to(ROOT / "src")) for file in files}
    with zipfile.ZipFile(wheels[name]) as wheel:
        (about,) = {file.split("/")[0] for file in wheel.namelist()} - {name}
        assert {file for file in wheel.namelist() if not file.startswith(f"{about}/")} == package
        metadata = Metadata.from_email(wheel.read(f"{about}/METADATA"))  # fails if it is not valid, as `twine check`
        assert metadata.name == name.replace("_", "-")
        assert metadata.description == (ROOT / "src" / name / "README.md").read_text(encoding="utf-8")
        assert metadata.description_content_type == "text/markdown"
        private = "Private :: Do Not Upload"  # an index refuses it: the study runs where its tree is
        assert {*metadata.classifiers} - {private} <= trove_classifiers.classifiers
        assert (private in metadata.classifiers) == (name == "em_study")
        assert metadata.keywords
        if name == "emgmm":
            needed = {requirement.name for requirement in metadata.requires_dist if not requirement.marker}
            assert needed == {"joblib", "numpy", "scipy", "scikit-learn", "threadpoolctl"}
        else:
            assert b"em-study = em_study.cli:start" in wheel.read(f"{about}/entry_points.txt")


@pytest.mark.parametrize("name", PLACES)
def test_a_source_distribution_makes_the_same_wheel(name, wheels, tmp_path):
    with tarfile.open(build("sdist", PLACES[name], tmp_path / "sdist")) as source:
        source.extractall(tmp_path / "source", filter="data")
    (place,) = (tmp_path / "source").iterdir()
    assert build("wheel", place, tmp_path / "wheel").read_bytes() == wheels[name].read_bytes()


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
    assert run("-c", "import emgmm; print(emgmm.__version__)") == wheels["emgmm"].name.split("-")[1] + "\n"
    assert "11 passed" in run("-m", "doctest", "-v", ROOT / "src/emgmm/README.md")
