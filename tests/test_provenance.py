"""The provenance of each result is recorded, and only recorded results are certified."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import SNAKEMAKE, TINY, ask, make_project, snakemake

from em_study.audit.certificate import certificate_lines
from em_study.audit.manifest import git_state
from em_study.data.checksums import Checksums, read_code, sha256_of
from em_study.errors import StudyError
from em_study.places import Places
from em_study.plan.loaded import LoadedCode
from em_study.plan.provenance import what_differs
from em_study.plan.sources import Code

ROOT = Path(__file__).parent.parent


def output_of(run):
    return run.stdout + run.stderr


@pytest.fixture
def study(tiny, tmp_path):
    """Copy the finished run, with Snakemake's memory of it and the times of its files."""
    return shutil.copytree(tiny, tmp_path / "study")


def replace_unlabeled(folder):
    """Replace the unlabeled samples by others, older than the results, as `cp -p` or `rsync -a` do."""
    file = folder / "unlabeled.csv"
    header, *rows = file.read_text().splitlines()
    file.write_text("\n".join([header, *reversed(rows[1:])]) + "\n")
    os.utime(file, (0, 0))


def test_other_bytes_of_a_file_rerun_whatever_its_time(study):
    replace_unlabeled(study)
    planned = output_of(snakemake(study, "--dry-run"))
    assert "Make the data of mine" in planned
    assert "unlabeled.csv has other content" in planned
    assert "Sweep tolerances: part 0" in planned  # which reads the file itself
    assert snakemake(study).returncode == 0
    manifest = json.loads((study / "results/manifest.json").read_text())
    assert manifest["inputs"]["unlabeled.csv"] == sha256_of(study / "unlabeled.csv")
    record = json.loads((study / "results/records/data/mine.json").read_text())
    assert record["inputs"]["unlabeled.csv"] == sha256_of(study / "unlabeled.csv")
    assert ask(study, "verify").stdout.startswith("all checks pass:")


def test_a_switched_link_reruns(study):
    file = study / "unlabeled.csv"
    (study / "old").mkdir()
    shutil.copy2(file, study / "old/u.csv")
    file.unlink()
    file.symlink_to("old/u.csv")
    assert "Nothing to be done" in output_of(snakemake(study, "--dry-run"))
    shutil.copytree(study / "old", study / "new")
    replace_unlabeled(study)  # behind the link
    file.unlink()
    file.symlink_to("new/u.csv")
    assert "Nothing to be done" in output_of(snakemake(study, "--dry-run"))
    file.unlink()
    file.symlink_to("old/u.csv")
    assert "Make the data of mine" in output_of(snakemake(study, "--dry-run"))


def test_settings_count_without_snakemakes_memory(study):
    shutil.rmtree(study / ".snakemake")
    assert "Nothing to be done" in output_of(snakemake(study, "--dry-run"))  # the records are there
    small = study / "small.yaml"
    text = small.read_text()
    small.write_text(text.replace("semi_supervised: init_only", "semi_supervised: init_only\n        tol: 1e-7"))
    planned = output_of(snakemake(study, "--dry-run"))
    assert "fit.tol is 1e-07, was 0.0001" in planned
    refused = snakemake(study, "--rerun-triggers", "mtime")
    assert refused.returncode != 0
    assert "--rerun-triggers without params is not supported" in output_of(refused)
    assert snakemake(study, "--touch").returncode == 0
    assert "fit.tol is 1e-07, was 0.0001" in output_of(snakemake(study, "--dry-run"))
    assert snakemake(study).returncode == 0
    assert snakemake(study, "--cleanup-metadata", "results/fits/mine/start.npz").returncode == 0
    assert "Nothing to be done" in output_of(snakemake(study, "--dry-run"))


def test_a_lost_record_costs_a_rerun(study):
    (study / "results/records/fits/mine/start.json").unlink()
    planned = output_of(snakemake(study, "--dry-run"))
    assert "Fit mine by EM: start" in planned
    assert "it has no record of its provenance" in planned
    assert "results/fits/mine/start.npz: not certified" in ask(study, "verify").stdout


def test_a_result_that_is_not_what_its_job_wrote_is_not_certified(study):
    file = study / "results/fits/mine/start.npz"
    shutil.copy(study / "results/others/mine/sklearn.npz", file)  # of the same form
    os.utime(file, (0, 0))
    run = snakemake(study, "results/manifest.json", "--forcerun", "manifest")
    assert run.returncode != 0
    assert "results/fits/mine/start.npz: not certified, because it differs from what its job wrote" in output_of(run)
    assert "Traceback" not in output_of(run)
    assert not (study / "results/manifest.json").exists()
    assert not (study / "results/report.html").exists()
    file.unlink()
    assert snakemake(study).returncode == 0
    assert ask(study, "verify").stdout.startswith("all checks pass:")


EDITING = """
def fit(X, weights, means, covariances, **settings):
    with open({file!r}, "a") as file:
        file.write("1,2,0\\n")
    return {{"weights": weights, "means": means, "covariances": covariances}}
"""


def test_a_file_that_is_changed_during_a_run_is_not_certified(tmp_path):
    mine = TINY["experiments"]["mine"]
    fits = {"start": {**mine["fits"]["start"], "implementation": "editing"}}
    experiments = {**TINY["experiments"], "mine": {"data": mine["data"], "fits": fits}}
    settings = {"experiments": experiments, "sweeps": {**TINY["sweeps"], "tolerances": {}}}
    del settings["sweeps"]["tolerances"]
    folder = make_project(tmp_path / "study", settings)
    (folder / "implementations/editing.py").write_text(EDITING.format(file=str(folder / "unlabeled.csv")))
    run = snakemake(folder)
    assert run.returncode != 0
    assert "unlabeled.csv: this file was changed during the run" in output_of(run)
    assert not (folder / "results/manifest.json").exists()


def test_results_of_other_bytes_are_reported_by_their_records():
    fit = {"outputs": {"fit": "1"}, "inputs": {"data": "1"}, "settings": {}, "made_by": {}}
    data = {"outputs": {"data": "1"}, "inputs": {"u.csv": "1"}, "settings": {}, "made_by": {}}
    records, outputs = {"d.json": data, "f.json": fit}, {"data": "1", "fit": "1"}

    def lines(records=records, outputs=outputs, **sources):
        manifest = {"outputs": outputs, "inputs": {"u.csv": "1", **sources}, "code": {}}
        return certificate_lines(records, manifest)

    assert lines() == []
    assert lines(outputs={"data": "2", "fit": "1"}) == [
        "data: not certified, because it differs from what its job wrote: it was changed or replaced since"
    ]
    other = {"d.json": data | {"outputs": {"data": "2"}}, "f.json": fit}
    assert lines(other, {"data": "2", "fit": "1"}) == [
        "fit: not certified, because it was made from another version of data than the present one"
    ]
    assert lines(**{"u.csv": "2"}) == [
        "data: not certified, because its job read another version of u.csv than the one that the run was planned with"
    ]
    assert lines({"f.json": fit, "d.json": None}) == [
        "data: not certified, because no record shows what made it",
        "fit: not certified, because its job read data, which is neither a recorded result nor a known source",
        "d.json: not certified, because this record is missing or broken",
    ]


def test_settings_that_differ_are_named():
    one = {"fit": {"tol": 1e-4, "n": 1}, "seed": 5, "replicates": 20, "files": {"u.csv": "0" * 64}}
    other = {"fit": {"tol": 1e-4, "new": 1}, "seed": 20, "replicates": 5, "files": {"u.csv": "1" * 64}}
    assert what_differs(one, one) == []
    assert what_differs(one, other) == [
        "fit.n is gone",
        "fit.new is new",
        "replicates is 5, was 20",  # Snakemake compares params without their names
        "seed is 20, was 5",
        "u.csv has other content",
    ]


def computed(source):
    checksum, _ = read_code(source)
    return checksum


def test_words_of_code_do_not_count(tmp_path, monkeypatch):
    code = '"""Say."""\nimport os  # why\n\n\ndef f(x):\n    """Say."""\n    return [x, "#"]\n'
    same = 'import os\ndef f(x):\n  return [ x, "#" ]\n'
    assert computed(code.encode()) == computed(same.encode())
    for other in ('"#"', '"# "'), ("x,", "x, 1,"), ("def f(x)", "def f(x, y=1)"), ("import os", "import io"):
        assert computed(same.replace(*other).encode()) != computed(same.encode()), other
    field = 'x: int = Field(1, description="How many. "\n "More.")'
    for words in ('description="Other."', 'description=f"Of {N}." + " ".join(WORDS)', ""):
        assert computed(field.encode()) == computed(f"x: int = Field(1, {words})".encode()), words
    others = (
        'x: int = Field(2, description="Other.")',
        "x: int = Field(1, ge=0)",
    )
    for other in (*others, 'x: int = Other(1, description="Other.")', 'x: int = Field(1, title="Other.")'):
        assert computed(field.encode()) != computed(other.encode()), other
    assert computed(b"x = 1") != computed(b"x = True")
    assert computed(b"def") != computed(b"def ")  # no Python: the bytes
    column = 'Column("share", "in words", label="on the axis")'
    assert computed(column.encode()) == computed(column.replace("words", "others").encode())
    for other in ("share", "axis"):
        assert computed(column.encode()) != computed(column.replace(other, "x").encode())
    (tmp_path / "a.py").write_text("A = 1\n")
    checksums = Checksums(tmp_path / "kept.json")
    before = checksums.of_code(tmp_path / "a.py")
    monkeypatch.setattr("em_study.data.checksums.READER", "of another version")
    monkeypatch.setattr("em_study.data.checksums.read_code", lambda source: ("other", []))
    assert checksums.of_code(tmp_path / "a.py") == "other" != before
    (tmp_path / "a.css").write_text("a {}")
    assert Checksums().of_code(tmp_path / "a.css") == sha256_of(tmp_path / "a.css")


def test_a_job_runs_the_code_of_the_plan_or_not_at_all(tmp_path):
    for file, text in (("src/a.py", "A = 1\n"), ("workflow/scripts/s.py", "import a\n")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    planned = Code(tmp_path).made_of("s.py")
    assert {"a", "s.py", "numpy", "python"} <= planned.keys()
    loaded = LoadedCode(tmp_path)
    loaded.check(planned)
    loaded.check_again()
    (tmp_path / "src/a.py").write_text("A = 2\n")
    (tmp_path / "src/a.py").write_text("A = 1\n")  # put back: what was loaded in between is not known
    with pytest.raises(StudyError, match="a was changed during the run: run the same command again"):
        loaded.check_again()
    with pytest.raises(StudyError, match="a was changed"):
        loaded.check(planned)  # this process is of no more use
    LoadedCode(tmp_path).check(planned)
    (tmp_path / "src/a.py").write_text("A = 2\n")
    with pytest.raises(StudyError, match="a was changed"):
        LoadedCode(tmp_path).check(planned)


def test_checksums_are_remembered_until_the_file_system_says_something_else(tmp_path, monkeypatch):
    file, place = tmp_path / "u.csv", tmp_path / "memory.json"
    file.write_text("1")
    checksums = Checksums(place)
    assert checksums.of(file) == sha256_of(file)
    assert checksums.known == {}  # it may change again and look the same
    monkeypatch.setattr("em_study.data.checksums.JUST_NOW", -1)
    assert checksums.of(file) == checksums.known[str(file)][-1] == sha256_of(file)
    checksums.save()
    assert Checksums(place).known == checksums.known
    times = file.stat()
    file.write_text("2")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # only the time of change shows it
    assert Checksums(place).of(file) == sha256_of(file)
    place.write_text("{")
    assert Checksums(place).of(file) == sha256_of(file)


def test_files_are_called_the_same_wherever_a_run_is(tmp_path, monkeypatch):
    tree, folder = tmp_path / "tree", tmp_path / "run"
    for file in ("tree/config.yaml", "tree/articles/a.yaml", "run/u.csv", "run/config.yaml", "run/results/a.csv"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    monkeypatch.chdir(folder)
    places = Places(root=tree)
    for path, name in (
        ("u.csv", "u.csv"),
        ("config.yaml", "./config.yaml"),
        ("../tree/config.yaml", "config.yaml"),
        ("../tree/articles/a.yaml", "articles/a.yaml"),
        ("results/a.csv", "results/a.csv"),
        ("../other.csv", "../other.csv"),
    ):
        assert places.name(path) == name
        assert places.file(name).resolve() == Path(path).resolve()
    assert places.elsewhere
    monkeypatch.chdir(tree)
    assert not Places(root=tree).elsewhere
    assert Places(root=tree).name("articles/a.yaml") == "articles/a.yaml"
    assert Places(folder=tree / "inner", root=tree).name("inner/u.csv") == "u.csv"


def git(folder, *arguments):
    names = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, env={**os.environ, **names})


def test_the_commit_is_that_of_the_studys_own_tree(tmp_path, monkeypatch):
    outer = tmp_path / "own"
    tree = outer / "em"
    (tree / "src/emgmm").mkdir(parents=True)
    for file in ("Snakefile", "src/emgmm/em.py"):
        (tree / file).write_text("1")

    def none(reason):
        return {"commit": None, "dirty": None, "no_commit": reason}

    assert git_state(tree) == none("the study is not in a git repository")
    git(outer, "init", "-q", ".")
    (outer / "a").write_text("1")
    git(outer, "add", "a")
    git(outer, "commit", "-qm", "one")
    assert git_state(tree) == none("the repository around the study is not its own")
    monkeypatch.setenv("GIT_DIR", str(outer / ".git"))
    assert git_state(tree)["commit"] is None
    monkeypatch.delenv("GIT_DIR")
    git(tree, "init", "-q", ".")
    assert git_state(tree) == none("the repository does not track the study")
    git(tree, "add", "Snakefile", "src")
    git(tree, "commit", "-qm", "one")
    found = git_state(tree)
    assert (len(found["commit"]), found["dirty"], found["no_commit"]) == (40, False, None)
    (tree / "my-changes.yaml").write_text("1")  # an overlay is no code
    assert git_state(tree)["dirty"] is False
    (tree / "src/emgmm/new.py").write_text("1")
    assert git_state(tree)["dirty"] is True
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tree) == none("git is not installed")


def test_a_run_elsewhere_can_be_audited(tmp_path):
    folder, tree = tmp_path / "run", make_project(tmp_path / "tree", TINY)
    folder.mkdir()
    for file in ("unlabeled.csv", "labeled.csv", "small.yaml"):
        shutil.move(tree / file, folder / file)
    run = subprocess.run(
        [*SNAKEMAKE, "--cores", "2", "--directory", folder, "--configfile", folder / "small.yaml"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, output_of(run)
    manifest = json.loads((folder / "results/manifest.json").read_text())
    assert list(manifest["configuration_files"]) == ["config.yaml", "small.yaml"]
    assert {"src/emgmm/em.py", "Snakefile"} <= manifest["code"].keys()
    assert [*manifest["inputs"]] == ["labeled.csv", "unlabeled.csv"]
    assert ask(folder, "verify", root=tree).stdout.startswith("all checks pass:")
    assert "all checks pass:" in ask(tree, "verify", str(folder)).stdout
    assert ask(folder, "crate", root=tree).returncode == 0
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    assert "results/tables/fits.csv" in {entity["@id"] for entity in crate["@graph"]}
    assert ask(folder, "archive", "all.zip", "--with-inputs", root=tree).returncode == 0
    shutil.unpack_archive(folder / "all.zip", tmp_path / "unpacked")
    assert ask(tmp_path / "unpacked", "verify").stdout.startswith("all checks pass:")
    assert ask(folder, "compare", ".", ".", root=tree).returncode == 0
    command = ask(folder, "explain", "fits", "mine", "start", "0", "n_iter", root=tree).stdout.splitlines()[-1]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    again = subprocess.run(
        ["sh", "-c", command.strip()],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, output_of(again)
    assert "Fit mine by EM: start" in output_of(again)
