"""Broken or hostile implementations: one sentence says what is wrong and where; no process is left behind."""

import os
import signal
import subprocess
import sys
import uuid

import pytest
from project import FAULT, wait_for
from test_emgmm import problem

from em_study.fits import implementations
from em_study.fits.implementations import Implementation

X, _, START = problem(0)
HEAD = "def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):"
GOOD = "return dict(weights=weights, means=means, covariances=covariances)"


@pytest.fixture
def at_work(monkeypatch):
    """Give a function that lists the processes that a test has started, and which still run."""
    token = uuid.uuid4().hex
    monkeypatch.setenv("STARTED_BY", token)

    def has_token(process):
        try:  # what a process began with stays there, and a zombie has nothing
            with open(f"/proc/{process}/environ", "rb") as environment:
                return token.encode() in environment.read()
        except OSError:
            return False

    return lambda: [process for process in os.listdir("/proc") if process.isdigit() and has_token(process)]


def run(implementation, number=0.0):
    return implementation.run(X, START, tol=0.0, max_iter=5, reg_covar=number)


# What a call does and the run's failure; {line} is its own line, {fit} that of the function. All are of one file.
IN_A_CALL = [
    ("1 / 0", "line {line}: ZeroDivisionError: division by zero"),
    ("np.linalg.cholesky(-np.eye(2))", "line {line}: LinAlgError: Matrix is not positive definite"),
    ("import nothing_such", "line {line}: ModuleNotFoundError: No module named 'nothing_such'"),
    ("from . import helper", "line {line}: ImportError: attempted relative import with no known parent package"),
    ("return undefined", "line {line}: NameError: name 'undefined' is not defined"),
    ("fit()", "line {line}: TypeError: fit() missing 4 required positional arguments"),
    ("fit(X, weights, means, covariances, covariance_type=1, tol=0, max_iter=9, reg_covar=-1)", "line {again}: Recurs"),
    ("raise Untellable", "mine.py: Untellable: an error without a readable message"),
    ("raise ValueError('a' * 10**7)", "line {line}: ValueError: aaaaaaa"),
    (r"raise ValueError('\x1b[31mred\nand\x00 \u202e')", r"line {line}: ValueError: \x1b[31mred and\x00 \u202e"),
    ("raise ValueError", "line {line}: ValueError"),
    ("raise NotImplementedError('no tied\\ncovariances')", "mine.py: it cannot do this: no tied covariances"),
    ("raise ExceptionGroup('two', [ValueError(1), ValueError(2)])", "line {line}: ExceptionGroup: two (2 sub-exc"),
    ("raise KeyboardInterrupt", "line {line}: KeyboardInterrupt"),
    ("raise GeneratorExit", "line {line}: GeneratorExit"),
    ("sys.exit('enough')", "line {line}: SystemExit: enough"),
    ("class Mine(BaseException): pass\n        raise Mine(3)", "line {next}: Mine: 3"),
    ("input('Which? ')", "line {line}: EOFError: EOF when reading a line"),
    ("np.zeros((10**8, 10**8))", "MemoryError: Unable to allocate"),
    ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "line {line}: KeyboardInterrupt"),
    ("return None", "line {fit}: TypeError: it must return a dict of arrays and numbers, not NoneType"),
    ("return weights, means, covariances", "it must return a dict of arrays and numbers, not tuple"),
    ("return [weights]", "it must return a dict of arrays and numbers, not list"),
    ("return (lambda: (yield))()", "it must return a dict of arrays and numbers, not generator"),
    ("async def f(): pass\n        return f()", "it must return a dict of arrays and numbers, not coroutine"),
    ("return {}", "mine.py: it does not return weights"),
    ("return dict(weights=weights, means=None, covariances=covariances)", "mine.py: it does not return means"),
    ("return good | {'means': [[1, 2], [3]]}", "ValueError: means: setting an array element with a sequence"),
    ("return good | {'means': object()}", "arrays and numbers; means has others, or masked values"),
    ("return good | {'means': np.ma.masked_less(means, 99)}", "arrays and numbers; means has others, or masked values"),
    ("return good | {'means': 'abc'}", "means must be numbers of shape (2, 2), not <U3 ()"),
    ("return good | {'means': means + 0j}", "means must be numbers of shape (2, 2), not complex128 (2, 2)"),
    ("return good | {'means': means * np.nan}", "means are not finite"),
    ("return good | {'means': means / 0}", "means are not finite"),
    ("return good | {'means': np.longdouble('1e4000') * np.ones((2, 2))}", "means are not finite"),
    ("return good | {'means': means[:, :1]}", "means must be numbers of shape (2, 2), not float64 (2, 1)"),
    ("return good | {'means': np.broadcast_to(0.0, (10**9, 10**9))}", "it returns 8,000,000,000,000,000,"),
    ("return good | {'means': np.empty((0, 2))}", "means must be numbers of shape (2, 2), not float64 (0, 2)"),
    ("return good | {'means': Lazy()}", "line 8: RuntimeError: not computed"),
    ("return Untold(good)", "line 12: RuntimeError: no entries"),
    ("return good | {'weights': weights.astype(np.float16) * 1.001}", "weights must be positive with sum 1"),
    ("return good | {'weights': weights * [-1, 1]}", "weights must be positive with sum 1"),
    ("return good | {'covariances': -covariances}", "its covariance is singular"),
    ("return good | {'covariances': covariances * 1e308}", "covariances are not finite"),
    ("return good | {'covariances': covariances + [[0, 1], [0, 0]]}", "covariances must be symmetric"),
    ("return good | {'n_iter': -1}", "n_iter must be a whole number from 0 to max_iter = 5, not -1"),
    ("return good | {'n_iter': 10**30}", "arrays and numbers; n_iter has others, or masked values"),
    ("return good | {'n_iter': 2.0}", "n_iter must be a whole number"),
    ("return good | {'n_iter': True}", "n_iter must be a whole number"),
    ("return good | {'n_iter': [1]}", "n_iter must be a whole number"),
    ("return good | {'converged': 'yes'}", "converged must be true or false, not yes"),
    ("return good | {'trace': [[1.0]]}", "trace must be finite numbers, one per step"),
    ("return good | {'trace': [[1.0], []]}", "ValueError: trace: setting an array element with a sequence"),
    ("return good | {'trace': [0.0] * 7}", "trace has 7 values for max_iter = 5 steps"),
]
# What is odd, and yet no failure
HARMLESS = [
    "return good | {'converged': None, 'trace': None, 'n_iter': None}",
    "return good | {'model': object(), 3: lambda: 0, 'log': 'x' * 10**6}",
    "return good | {'means': means.view(Own), 'weights': np.ma.array(weights)}",
    "print('x' * 10**7); print('y' * 10**7, file=sys.stderr); sys.stdin.read()\n        return good",
    "sys.stdout = sys.stderr = sys.stdin = None\n        return good",
    "os.write(1, b'x')\n        return good",
    "os.fork()\n        return good",  # two return, and one answers
    "os.fork() or 1 / 0\n        return good",
    "threading.Thread(target=time.sleep, args=[900]).start()\n        return good",
    "atexit.register(time.sleep, 900); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        return good",
    "os.chdir('/'); os.environ.clear(); np.seterr(all='raise'); warnings.simplefilter('error')\n        return good",
    "X[:] = 0; weights[:] = 0.5; means.shape = (4,)\n        means.shape = (2, 2); return good",
    "sys.modules.clear(); sys.path.clear(); sys.argv.clear()\n        return good",
]
TOP = """import atexit, os, signal, sys, threading, time, warnings
import numpy as np
class Untellable(Exception):
    def __str__(self):
        raise self
class Lazy:
    def __array__(self, *_, **__):
        raise RuntimeError("not computed")
class Own(np.ndarray): pass
class Untold(dict):
    def get(self, name):
        raise RuntimeError("no entries")
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Give an implementation that does what the number says that it is given for `reg_covar`, and the lines."""
    text = f"{TOP}{HEAD}\n    if reg_covar == -1: return fit(X, weights, means, covariances, covariance_type=1, "
    text += f"tol=0, max_iter=9, reg_covar=-1)\n    good = {GOOD[7:]}\n"
    lines = []
    for number, body in enumerate([body for body, _ in IN_A_CALL] + HARMLESS):
        text += f"    if reg_covar == {number}:\n"
        lines.append(text.count("\n") + 1)
        text += f"        {body}\n"
    file = tmp_path_factory.mktemp("many") / "mine.py"
    file.write_text(f"{text}    return good\n")
    with Implementation(file, time_limit=FAULT) as implementation:
        yield implementation, lines


@pytest.mark.parametrize("number", range(len(IN_A_CALL)), ids=[body[:50] for body, _ in IN_A_CALL])
def test_what_goes_wrong_in_a_call_is_said_with_its_line(many, number):
    implementation, lines = many
    fit = TOP.count("\n") + 1
    line = lines[number]
    expected = IN_A_CALL[number][1].format(line=line, next=line + 1, fit=fit, again=fit + 1)
    failure = run(implementation, number).failure
    assert expected in failure
    assert failure.isprintable()
    assert len(failure) < 1100
    assert run(implementation, 1e6).failure == ""  # the next run is not disturbed


@pytest.mark.parametrize("number", range(len(HARMLESS)), ids=[body[:50] for body in HARMLESS])
def test_what_is_odd_may_be_right(many, number):
    implementation, _ = many
    got = run(implementation, len(IN_A_CALL) + number)
    assert got.failure == ""
    assert implementation.changed_inputs == (["X", "weights"] if "X[:]" in HARMLESS[number] else [])


OPENING = f"""import builtins, ctypes, multiprocessing, os, signal, stat, subprocess, sys, time
def deep(*_): sorted([1], key=deep)
def write_on_the_connection(data):
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            stat.S_ISSOCK(os.fstat(number).st_mode) and os.write(number, data)
        except OSError:
            pass
    time.sleep(900)
def fit({HEAD[8:]}
    """
# What a call does that does not return, and the failure; the call is line 11.
WITHOUT_END = [
    ("os._exit(3)", "mine.py: its process ended with exit status 3"),
    (r"os.write(2, b'a\n\n\33[2Jb\xff\n'); os._exit(0)", r"exit status 0; its last output: a | \x1b[2Jb�"),
    ("print('y' * 10**7, 'end', file=sys.stderr); os._exit(1)", "yyy end"),
    (
        "print('why', file=sys.stderr); os.abort()",
        "line 11: its process was ended by signal 6, Aborted; its last output: why",
    ),
    ("ctypes.string_at(0)", "line 11: its process was ended by signal 11, Segmentation fault"),
    ("sys.setrecursionlimit(10**6); deep()", "line 2: its process was ended by signal 11, Segmentation fault"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "mine.py: its process was ended by signal 9, Killed"),
    ("os.kill(os.getpid(), signal.SIGTERM)", "mine.py: its process was ended by signal 15, Terminated"),
    ("os.kill(os.getppid(), signal.SIGKILL); time.sleep(900)", "mine.py: its process was ended by signal 9, Killed"),
    ("os.kill(os.getppid(), 9) if os.fork() else os.setsid(); time.sleep(900)", "was ended by signal 9, Killed"),
    (
        "os.kill(int(open(f'/proc/{os.getppid()}/stat').read().split()[3]), 9); time.sleep(900)",
        "its process and its watcher have ended",
    ),
    ("os.killpg(0, signal.SIGTERM); time.sleep(900)", "mine.py: its process was ended by signal 15, Terminated"),
    (
        "signal.setitimer(signal.ITIMER_REAL, 0.1); time.sleep(900)",
        "mine.py: its process was ended by signal 14, Alarm clock",
    ),
    ("os.closerange(0, 9999)", "mine.py: its process ended with exit status 1"),
    (
        "sys.modules['json'].dumps = None; return 1",
        "exit status 1; its last output: TypeError: 'NoneType' object is",
    ),
    ("builtins.isinstance = None; return 1", "exit status 1; its last output: TypeError: 'NoneType' object is"),
    (r"write_on_the_connection(b'\0\0\0\5hello')", "mine.py: its process sent something that is not an answer"),
    ("write_on_the_connection(b'hello')", "mine.py: its process sent something that is not an answer"),
]
SLOW = [
    "while True: pass",
    "time.sleep(900)",
    "os.kill(os.getpid(), signal.SIGSTOP)",
    "os.kill(os.getppid(), signal.SIGSTOP); time.sleep(900)",
    "ctypes.PyDLL(None).sleep(900)",  # no other thread of it runs meanwhile
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); [time.sleep(1) for _ in range(900)]",
    "os.system('sleep 900')",
    "multiprocessing.get_context('spawn').Pool(2).map(time.sleep, [900] * 2)",
    "[os.fork() for _ in range(6)]; time.sleep(900)",
    "os.fork() or (os.setsid(), os.fork() or time.sleep(900)); time.sleep(900)",
    "subprocess.Popen(['sleep', '900'], start_new_session=True); time.sleep(900)",
    "[os.kill(os.getpid(), signal.SIGSTOP) if os.fork() else os.setsid() for _ in range(3)]; time.sleep(900)",
    "while True: os.fork() and os._exit(0)",
]


@pytest.fixture
def failure(tmp_path):
    """Give a function that runs a file and returns the failure."""

    def of(text, time_limit=FAULT):
        (tmp_path / "mine.py").write_bytes(text if isinstance(text, bytes) else text.encode())
        with Implementation(tmp_path / "mine.py", time_limit) as implementation:
            return run(implementation).failure

    return of


@pytest.mark.parametrize(("body", "expected"), WITHOUT_END, ids=[body[:50] for body, _ in WITHOUT_END])
def test_how_its_process_ended_is_said(failure, at_work, body, expected):
    said = failure(f"{OPENING}{body}\n")
    assert expected in said
    assert said.isprintable()
    assert len(said) < 1000
    assert at_work() == []


def test_the_line_at_which_it_was_ended_is_said(failure):
    text = f"import sys, time\n{HEAD}\n    print('why', file=sys.stderr)\n    while 1:\n        time.sleep(1)\n"
    assert failure(text, 1) == "mine.py, line 5: it does not end within 1 s"
    text = f"import os, sys, time\n{HEAD}\n    time.sleep(1)\n    print('why', file=sys.stderr)\n    os._exit(3)\n"
    assert failure(text, 3) == "mine.py: its process ended with exit status 3; its last output: why"


@pytest.mark.parametrize("body", SLOW, ids=[body[:50] for body in SLOW])
def test_what_does_not_end_is_ended_with_all_that_it_started(failure, at_work, body):
    said = failure(f"{OPENING}{body}\n", 0.5)
    assert "it does not end within 0.5 s" in said or "exit status 0" in said
    assert at_work() == []


UNUSABLE = [  # the file, and the failure
    ("", "mine.py: cannot be imported: AttributeError: it has no function fit"),
    ("fit = 3\n", "mine.py: cannot be imported: AttributeError: it has no function fit"),
    ("if __name__ == '__main__':\n    def fit(): pass\n", "it has no function fit"),
    ("x = 1\ndef fit(:\n", "mine.py, line 2: cannot be imported: SyntaxError: invalid syntax"),
    ("if 1:\n\tx = 1\n        y = 2\n", "line 3: cannot be imported: TabError: inconsistent use of tabs and spaces"),
    ("def fit():\nreturn 1\n", "line 2: cannot be imported: IndentationError: expected an indented block"),
    ("x = 1\ny = 'é'\n".encode("latin-1"), "line 2: cannot be imported: SyntaxError: (unicode error) 'utf-8' codec"),
    ("# coding: klingon\n", "cannot be imported: SyntaxError: "),
    ("x = 1\n".encode("utf-16"), "cannot be imported: SyntaxError: "),
    (b"\xa7\r\r\n\0\0\0\0\xe3", "cannot be imported: SyntaxError: "),
    (b"x = 1\n" * 2 * 10**6, "cannot be imported: ValueError: it has 12,000,000 bytes, more than 10,000,000"),
    ("x = " + "(" * 10**5, "cannot be imported: SyntaxError: too many nested parentheses"),
    ("x = " + "-" * 10**6 + "1", "cannot be imported: "),
    ("import numpy as np\nimport nothing_such\n", "line 2: cannot be imported: ModuleNotFoundError: No module"),
    ("from .other import fit\n", "line 1: cannot be imported: ImportError: attempted relative import"),
    ("import other\n", "line 1: cannot be imported: ModuleNotFoundError: No module named 'other'"),
    ("\n1 / 0\n", "line 2: cannot be imported: ZeroDivisionError: division by zero"),
    ("def f(): f()\nf()\n", "line 1: cannot be imported: RecursionError: maximum recursion depth exceeded"),
    ("input()\n", "line 1: cannot be imported: EOFError"),
    ("exit(4)\n", "line 1: cannot be imported: SystemExit: 4"),
    ("raise KeyboardInterrupt\n", "line 1: cannot be imported: KeyboardInterrupt"),
    ("raise NotImplementedError('later')\n", "mine.py: cannot be imported: it cannot do this: later"),
    ("import os\nos._exit(0)\n", "mine.py: cannot be imported: its process ended with exit status 0"),
    ("import os, sys\nsys.exit('bye') if os.fork() else None\n", "line 2: cannot be imported: SystemExit: bye"),
    ("import ctypes\nctypes.string_at(0)\n", "line 2: cannot be imported: its process was ended by signal 11"),
    ("import atexit, time\natexit.register(time.sleep, 900)\n1 / 0\n", "line 3: cannot be imported: ZeroDivision"),
]
USABLE = [
    "\ufeff" + TOP + HEAD + GOOD,
    (TOP + HEAD + GOOD).replace("\n", "\r\n"),
    "# coding: latin-1\nx = '\xe9'\n".encode("latin-1") + (HEAD + GOOD).encode(),
    "def fit(X, weights, means, covariances, **_): " + GOOD,
    "class Fit:\n    def __call__(self, X, weights, means, covariances, **_): " + GOOD + "\nfit = Fit()\n",
    "print('x' * 10**7)\nimport sys; print('x' * 10**7, file=sys.stderr)\n" + HEAD + GOOD,
    "import threading, time\nthreading.Thread(target=time.sleep, args=[900]).start()\n" + HEAD + GOOD,
    "import os\nos.fork()\n" + HEAD + GOOD,
    "from multiprocessing import get_context\ndef one(x): return x\n"
    + HEAD
    + "\n    with get_context('spawn').Pool(1) as p: p.map(one, [1])\n    with get_context('fork').Pool(1) as p: "
    "p.map(one, [1])\n    " + GOOD,
]
WRONG = [
    ("def fit(X): pass", "line 1: TypeError: fit() got an unexpected keyword argument 'weights'"),
    ("\ndef fit(X, weights, means, /, covariances, **_): pass", "line 2: TypeError: fit() "),
    ("def fit(X, extra, **_): pass", "line 1: TypeError: fit() missing 1 required positional argument: 'extra'"),
    ("class fit:\n    def __init__(self, X, **_): pass", "it must return a dict of arrays and numbers, not fit"),
    ("async def fit(X, **_): pass", "line 1: TypeError: it must return a dict of arrays and numbers, not coroutine"),
]


@pytest.mark.parametrize(
    ("text", "expected"), [*UNUSABLE, *((text, "") for text in USABLE), *WRONG], ids=lambda text: str(text)[:40]
)
def test_what_a_file_holds_is_said(failure, at_work, tmp_path, text, expected):
    (tmp_path / "other.py").write_text("")
    said = failure(text)
    assert (expected in said) if expected else not said
    assert said.isprintable()
    assert at_work() == []
    assert sorted(os.listdir(tmp_path)) == ["mine.py", "other.py"]


@pytest.mark.parametrize("name", ["numpy.py", "random.py", "-m.py", "my 'file\".py", "é\n.py", "no_suffix", "x.txt"])
def test_a_file_may_be_called_as_it_likes(tmp_path, monkeypatch, name):
    (tmp_path / name).write_text(f"import numpy, random\n{HEAD} raise ValueError(random.Random.__name__)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with Implementation(name) as implementation:
        said = run(implementation).failure
    assert said == f"{name}, line 2: ValueError: Random".replace("\n", r"\n")


def test_what_is_no_file_is_said(tmp_path):
    (tmp_path / "loop.py").symlink_to("loop.py")
    os.mkfifo(tmp_path / "pipe.py")
    for path in (tmp_path, tmp_path / "nothing.py", tmp_path / "loop.py", tmp_path / "pipe.py"):
        with Implementation(path) as implementation:
            assert run(implementation).failure == f"there is no file {path}"


def test_an_import_without_end_is_ended(failure, at_work, monkeypatch):
    monkeypatch.setattr(implementations, "START_LIMIT", 0.5)
    assert "cannot be imported: it does not end within 0.5 s" in failure("import time\ntime.sleep(900)\n")
    assert at_work() == []


def checkup(file, *words, **options):
    command = [sys.executable, "-m", "em_study.cli", "checkup", str(file), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        (None, 2, "there is no file "),
        ("fit = 1", 2, "mine.py: cannot be imported: AttributeError: it has no function fit"),
        ("import os\nos.abort()", 2, "mine.py, line 2: cannot be imported: its process was ended by signal 6, Aborted"),
        (f"{HEAD} 1 / 0", 2, "mine.py, line 1: ZeroDivisionError: division by zero"),
    ],
)
def test_exit_status_of_the_check_up(tmp_path, text, status, expected):
    if text:
        (tmp_path / "mine.py").write_text(text)
    with checkup(tmp_path / "mine.py") as process:
        output, errors = process.communicate(timeout=FAULT)
    assert (process.returncode, errors) == (status, "")
    assert expected in output
    assert output.count("\n") == 1


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_when_the_check_up_is_ended_nothing_stays(tmp_path, at_work, by):
    ready = tmp_path / "ready"
    begin = f"os.fork() or (os.setsid(), os.fork() or open({str(ready)!r}, 'w').close()); time.sleep(900)"
    (tmp_path / "mine.py").write_text(f"import os, time\n{HEAD} {begin}\n")
    with checkup(tmp_path / "mine.py", "--time-limit", str(FAULT)) as process:
        try:
            assert wait_for(ready.exists, process)
            assert len(at_work()) == 6  # it, the two that watch, and three
            process.send_signal(by)
            output, errors = process.communicate(timeout=FAULT)
        finally:
            process.kill()
    assert (output, errors) == ("", "")
    assert process.returncode == {signal.SIGINT: 130}.get(by, -by)
    assert wait_for(lambda: not at_work())
