"""The command line: its functions exist, its help is complete, and it stays in its own repository."""

import os
import subprocess
import sys
from importlib import import_module
from inspect import signature
from types import SimpleNamespace

import pytest
from project import ROOT, ask, make_project

from em_study import cli
from em_study.cli import COMMANDS, INTERNAL, main

ALL = COMMANDS | INTERNAL
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
def test_what_is_given_is_what_its_function_takes(name):
    module, function = ALL[name].function.split(":")
    taken = signature(getattr(import_module(f"em_study.{module}"), function)).parameters.values()
    required = {parameter.name for parameter in taken if parameter.default is parameter.empty}
    given = {options.get("dest", of.strip("-").replace("-", "_")) for of, options in ALL[name].given.items()}
    assert required <= given <= {parameter.name for parameter in taken}


def test_the_help_names_every_command_and_is_fast(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    output = capsys.readouterr().out
    assert all(f"\n  {name} " in output or f"\n    {name} " in output for name in ALL)
    code = "import sys; from em_study.cli import main\ntry: main(['--help'])\nexcept SystemExit: print({*sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not any(f"'{library}'" in loaded for library in ("numpy", "pandas", "yaml", "pydantic"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_examples_that_are_valid_and_its_exit_codes(name, capsys):
    for example in COMMANDS[name].examples:
        cli._parser().parse_args([name, *example.split()])
    with pytest.raises(SystemExit):
        main([name, "--help"])
    output = capsys.readouterr().out
    assert COMMANDS[name].examples == () or f"\n  em-study {name}" in output
    assert "\nexit code: 0 if " in output
    assert f"em-study {name}" in README or f"`{name}" in README or f"`make {name}" in README


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: iter(()), (0, "", "")),
        (lambda: None, (0, "", "")),
        (lambda: "a text\nof two lines\n", (0, "a text\nof two lines\n", "")),
        (lambda: one_line_and(1), (1, "?[2J\n", "")),
        (lambda: one_line_and(None), (0, "?[2J\n", "")),
        (lambda: raised(cli.StudyError("first\nsecond \x1b")), (1, "", "first\nsecond ?\n")),
        (lambda: raised(FileNotFoundError(2, "No such file", "x")), (1, "", "[Errno 2] No such file: 'x'\n")),
    ],
)
def test_an_answer_is_lines_and_an_exit_code(function, expected, monkeypatch, capsys):
    monkeypatch.setattr(cli, "import_module", lambda name: SimpleNamespace(progress=function))
    assert (main(["progress"]), *capsys.readouterr()) == expected


def one_line_and(code):
    yield "\x1b[2J"
    return code


def raised(error):
    raise error
    yield


@pytest.mark.parametrize("command", ["verify", "outcome", "explain fits mine start 0 n_iter", "compare . ."])
def test_a_command_that_nobody_reads_ends_as_it_would(tiny, command):
    """`em-study verify | head -1` gives no traceback, and the exit code that it has without `head`."""
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs) as unread:
        environment = {**os.environ, "PYTHONPATH": str(tiny / "src")}
        arguments = [sys.executable, "-m", "em_study.cli", *command.split()]
        done = subprocess.run(arguments, cwd=tiny, stdout=unread, stderr=subprocess.PIPE, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_else_is_started_by_a_person():
    begin = {
        file for file in (ROOT / "src/em_study").rglob("*.py") if '\nif __name__ == "__main__":' in file.read_text()
    }
    assert begin == {ROOT / "src/em_study/cli.py", ROOT / "src/em_study/fits/runner.py"}


def test_it_stops_in_another_tree(tmp_path):
    copy = make_project(tmp_path / "copy")
    for folder in (copy, copy / "docs"):
        folder.mkdir(exist_ok=True)
        run = ask(folder, "progress", root=ROOT)
        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr == (
            f"this folder belongs to the repository in {copy}, but this em-study is installed from {ROOT}: "
            f"work there, or use `make` in {copy}, which runs its own code\n"
        )
    assert "there is no complete run here" in ask(copy, "outcome").stderr  # by its own code
    assert "there is no complete run here" in ask(tmp_path, "outcome", root=copy).stderr  # in no tree at all


def test_it_says_so_where_the_tree_is_not(tmp_path):
    installed = make_project(tmp_path / "tree").joinpath("src").rename(tmp_path / "site-packages")
    run = ask(tmp_path, "progress", PYTHONPATH=str(installed))
    assert run.returncode == 1
    assert run.stderr.startswith("em-study is installed without its repository")


OLD = {
    "compare a b": "em-study compare a b",
    "explain": "em-study explain",
    "checkup 'my file.py'": "em-study checkup 'my file.py'",
    "audit.verify": "em-study verify",
    "audit.archive all.zip --with-inputs": "em-study archive all.zip --with-inputs",
    "audit.progress": "em-study progress",
    "audit.stale --delete": "em-study clean --delete",
    "audit.crate": "em-study crate",
    "audit.publish": "em-study publish",
    "audit.original": "em-study original",
    "audit.outcome": "em-study outcome",
    "claims.findings": "em-study findings",
    "configuration.reference": "em-study reference",
    "tables.dictionary": "em-study dictionary",
    "fits.runner mine.py": "python -m em_study.fits.runner mine.py",
    "plan.results": "em-study --help",
}


@pytest.mark.parametrize("old", [*OLD, ""])
def test_the_old_names_answer_with_the_new_ones(old):
    command = f"{sys.executable} -m study{'.' if old else ''}{old}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, env=environment)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"study is em_study now: {OLD.get(old, 'em-study --help')}\n"


def test_the_old_package_is_not_imported():
    with pytest.raises(ImportError, match="the study's package is em_study now"):
        import_module("study")


@pytest.mark.parametrize("words", ["", "verfy", "clean --delet", "progress more", "explain"])
def test_it_is_called_wrongly(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert "usage: em-study" in capsys.readouterr().err
