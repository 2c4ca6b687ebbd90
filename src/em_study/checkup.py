"""The check-up: whether implementations of EM are correct, and if not, why."""

import json as json_format
import os
import time
import warnings
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from em_study.audit.checksums import one_line
from em_study.diagnosis import reading
from em_study.diagnosis.answer import FIXED, answer, causes
from em_study.diagnosis.conformance import CHECKS, check_up
from em_study.diagnosis.recipe import Problem, Recipe, take_path
from em_study.diagnosis.stopping import stops
from em_study.fits.available import implementation_file, implementations
from em_study.fits.implementations import Implementation
from em_study.fits.runs import PARAMETERS
from emgmm import COVARIANCE_TYPES, MixtureParameters

VERSION = "5"  # of checks, catalogue and texts: a new number whenever an answer may change
SIGNS = {"holds": "ok    ", "fails": "FAILS ", "cannot": "cannot", "skipped": "-     "}
BUILT_IN = {"sklearn": "scikit_learn", "emgmm": "ours"}  # names of the files that wrap them
# Checks that fail because of a note of the reading
NOTED = {"trace": "trace", "loses digits": "far-origin", "far from all": "far-sample", "in place": "inputs"}
NOTED |= {"may stop before": "steps later-steps n_iter trace"}


class InProcess:
    """A function in this process, called like a file."""

    def __init__(self, fit):
        self.fit, self.changed_inputs = fit, []
        self.tolerance_of = getattr(fit, "__globals__", {}).get("TOLERANCE_OF", "mean")

    def call(self, arrays, settings):
        """Return its results, arrays by name; and the error, empty if there was none."""
        given = {name: array.copy() for name, array in arrays.items()}
        try:
            found = self.fit(given["X"], *(given[name] for name in PARAMETERS), **settings)
            return {name: np.asarray(value) for name, value in dict(found).items() if value is not None}, ""
        except NotImplementedError as error:
            return {}, f"{reading.CANNOT}: {error}"
        except Exception as error:
            return {}, f"{type(error).__name__}: {error}"
        finally:
            self.changed_inputs = [name for name in arrays if not np.array_equal(arrays[name], given[name])]


class _AsRead:
    """The textbook's EM with the deviations of another, called like a file."""

    changed_inputs = ()

    def __init__(self, readings, tolerance_of):
        self.tolerance_of = tolerance_of
        self.readings = dict.fromkeys(product(COVARIANCE_TYPES, reading.FEATURES), readings[0])
        for one in readings:
            self.readings |= {(one.kind, some): one for some in reading.FEATURES if one.features in ("", some)}

    def call(self, arrays, settings):
        name, n = settings["covariance_type"], settings["max_iter"]
        features = reading.features_of(arrays["X"])
        kind, read = COVARIANCE_TYPES[name], self.readings[name, features]
        if read.features not in ("", features):
            return {}, reading.CANNOT
        start = MixtureParameters.checked(*(arrays[part] for part in PARAMETERS), name)
        path = take_path(Problem(arrays["X"], start), Recipe(settings["reg_covar"], read.changes), n + 1)
        n = int(min(n, stops(reading.COMPARED[read.declared](path), settings["tol"], 1, 2)))
        n_steps, sees_all = n + read.how_called[0], any("returns the parameters before" in note for note in read.notes)
        if n_steps >= len(path.parameters):
            return {}, "a component collapses"
        weights, means, found = reading.put_in_order(path.parameters[n_steps], read.how_called[1])
        scatter = weights * (found.diagonal(axis1=1, axis2=2) if kind.diagonal else found).T
        n_reported = n if sees_all else n_steps
        ends = (
            weights,
            means,
            kind.pool(scatter.T, weights),
            np.array(n_reported),
            np.array(path.log_likelihoods[:n_reported]),
        )
        return dict(zip((*PARAMETERS, "n_iter", "trace"), ends, strict=True)), ""


def examine(name: str, implementation, names=tuple(CHECKS)) -> dict:
    """Check an implementation and find its deviations; return what `--json` writes.

    Parameters
    ----------
    name : str
        Name of the file or function.
    implementation
        Has `call`, `changed_inputs` and `tolerance_of` (`em_study.fits.implementations.Implementation`).
    names : sequence of str
        Names of the checks.
    """
    begin, following = time.monotonic(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tried = (next(check_up(implementation, kind, ["runs"])) for kind in COVARIANCE_TYPES)
        runs = next(tried)
        if runs.outcome == "cannot":  # perhaps it supports another type
            runs = next((one for one in tried if one.outcome != "cannot"), runs)
        results = [runs]
        readings = (reading.Reading(reading.NOT_RUN, problem=runs.detail),)
        if runs.got is not None or runs.outcome == "holds" or "not finite" in runs.detail:
            readings = tuple(sorted(reading.read_all(implementation), key=_severity))
            why = FIXED[readings[0].outcome] if readings[0].outcome in (reading.OWN_START, reading.NOT_TWICE) else ""
            results = list(check_up(implementation, readings[0].kind, names, why))
            following = _following(implementation, readings, results)
    first, said, found = readings[0], answer(readings), causes(readings[0])
    failing = [one for one in results if one.outcome == "fails"]
    left = " ".join(f"{CHECKS[one.name][:-1]} ({one.detail})." for one in failing if one.name not in following)
    outcome = reading.EXPLAINED if first.outcome == reading.RIGHT and found else first.outcome
    if left and outcome == reading.RIGHT:
        outcome = "steps right, checks fail"
        said[0] = f"Cause: not in its steps, which are the textbook's. Failed checks: {left}"
    elif left and outcome == reading.EXPLAINED:
        said.append(f"These checks fail as well: {left}")
    return {
        "name": name,
        "outcome": outcome,
        "status": 2 if first.outcome == reading.NOT_RUN else int(outcome != reading.RIGHT),
        "answer": said,
        "causes": [{"words": words} | part for words, part in found.items()],
        "checks": [
            {"name": one.name, "must": CHECKS[one.name], "outcome": one.outcome, "detail": one.detail}
            | {"follows": one.name in following}
            for one in results
        ],
        "seconds": round(time.monotonic() - begin, 2),
    }


def _severity(found: reading.Reading) -> int:
    """Order readings: another step, other deviations, none."""
    return 0 if found.changes or found.outcome == reading.NOT_EXPLAINED else 1 + (found.outcome == reading.RIGHT)


def _following(implementation, readings, results) -> list[str]:
    """Name the checks that fail because of the cause: our EM with its deviations fails them with the same values."""
    first = readings[0]
    failed = {one.name: one.got for one in results if one.outcome == "fails"}
    if first.outcome not in (reading.RIGHT, reading.EXPLAINED) or not causes(first):
        return []
    found = ["tolerance"] if first.stops not in ("", "unknown", first.declared) else []
    noted = [names.split() for words, names in NOTED.items() if any(words in note for note in first.notes)]
    found += [name for names in noted for name in names if name in failed]
    found += [
        one.name
        for one in check_up(_AsRead(readings, implementation.tolerance_of), first.kind, failed)
        if one.outcome == "fails" and _same(one.got, failed[one.name])
    ]
    if (
        first.how_called[2] > reading.SAME
    ):  # single precision: they pass to its rounding, except the check that loses more digits
        again = check_up(implementation, first.kind, failed, least=first.how_called[2])
        found += [one.name for one in again if one.outcome == "holds" or one.name == "far-origin"]
    return found


def _same(one, other) -> bool:
    if one is None or other is None or isinstance(one, list) or isinstance(other, list):
        return one is other or (type(one) is type(other) and one == other)
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-6, atol=1e-6 * np.abs(other).max())


def examine_file(file: str, time_limit: float = 10.0, names=tuple(CHECKS)) -> dict:
    """Check and read a file, or a built-in implementation by its name."""
    name = str(file)
    wraps = BUILT_IN.get(name, name)
    if not os.path.exists(name) and wraps in implementations():
        file = implementation_file(wraps)
    if os.path.isfile(file):
        with Implementation(file, time_limit) as implementation:
            return examine(name, implementation, names)
    why = f"{name} is no file." if os.path.exists(name) else f"there is no file {name}."
    found = {"name": name, "outcome": reading.NOT_RUN, "status": 2, "answer": [why]}
    return found | {"causes": [], "checks": [], "seconds": 0.0}


def assert_is_em(fit, time_limit: float = 10.0):
    """Assert in a test that an EM is correct.

    Parameters
    ----------
    fit : callable or path-like
        A function as docs/implementations.md describes it, which is called in this process, or a file that defines one.
    time_limit : float
        Time limit of each call of a file, in seconds.

    Raises
    ------
    AssertionError
        If a check fails; the message lists the failed checks and the cause.
    """
    found = examine(getattr(fit, "__name__", "fit"), InProcess(fit)) if callable(fit) else examine_file(fit, time_limit)
    if found["status"]:
        raise AssertionError("\n".join(_lines(found, only_failing=True)))


def check_files(files, time_limit=10.0, checks=None, json=None, junit=None, quiet=False):
    """Yield the findings about files or built-in names; return 1 if one is not correct, 2 if one cannot be run."""
    names = checks.split(",") if checks else list(CHECKS)
    wrong = [f"there is no check {name}; there are {', '.join(CHECKS)}" for name in names if name not in CHECKS]
    # Never overwrite an implementation that follows --json.
    for name, suffix in ((json, ".json"), (junit, ".xml")):
        wrong += (
            [f"{name}: the name of this file must end with {suffix}"]
            if name and name != "-" and not name.endswith(suffix)
            else []
        )
    wrong += [] if 0 < time_limit <= 86_400 else ["the time limit must be from 0 to 86,400 seconds"]
    if wrong:
        yield from wrong
        return 2
    found = []
    for file in files:
        found.append(examine_file(file, time_limit, names))
        if json != "-":
            yield from [f"{file}:"] if len(files) > 1 else []
            yield from found[-1]["answer"] if quiet else _lines(found[-1])
    text = json_format.dumps({"version": VERSION, "files": found}, indent=2)
    try:
        if json == "-":
            yield from text.splitlines()
        elif json:
            Path(json).write_text(text + "\n", encoding="utf-8")
        if junit:
            Path(junit).write_bytes(_junit(found))
    except OSError as error:
        yield f"cannot be written: {error}"
        return 2
    return max(one["status"] for one in found)


def _lines(found: dict, only_failing=False):
    """Yield the findings as text, the answer last."""
    shown = [one for one in found["checks"] if one["outcome"] == "fails" or not only_failing] * (found["status"] < 2)
    first = next((one for one in shown if one["follows"]), None)
    for one in shown:
        yield f"{SIGNS[one['outcome']]} {one['name']}: {one['must']}"
        why = " (this shows the cause)" if one is first else " (follows from the cause)"
        yield from [f"         {one['detail']}{why if one['follows'] else ''}"] if one["detail"] else []
    yield from [""] if shown else []
    yield from found["answer"]


def _junit(found: list[dict]) -> bytes:
    root = ElementTree.Element("testsuites", name="em-study checkup")
    tags = {"holds": "", "fails": "failure", "error": "error"}
    for one in found:
        name, says = one_line(one["name"]), ("holds", "fails", "error")[one["status"]]
        answered = {"name": "answer", "must": "It is EM.", "outcome": says, "detail": " ".join(one["answer"])}
        suite = ElementTree.SubElement(root, "testsuite", name=name, time=str(one["seconds"]))
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", name="version", value=VERSION)
        for case in [*one["checks"], answered]:
            of = {"classname": name, "name": f"{case['name']}: {case['must']}", "time": "0"}
            element = ElementTree.SubElement(suite, "testcase", of)
            if tag := tags.get(case["outcome"], "skipped"):
                ElementTree.SubElement(element, tag, message=one_line(case["detail"]))
        suite.set("tests", str(len(one["checks"]) + 1))
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
