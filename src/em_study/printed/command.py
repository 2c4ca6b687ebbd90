"""The command `em-study printed`: check the numbers that a source prints of one fit."""

from pathlib import Path

import numpy as np

from em_study.configuration.layers import read_file
from em_study.data.csv import CsvFile
from em_study.data.formats import NoColumnsError, look_at
from em_study.errors import StudyError, UnusableInputError
from em_study.printed.checks import IMPOSSIBLE, UNKNOWN, all_checks, unless_broken
from em_study.printed.settings import DEPARTURES, PrintedFit
from em_study.problems import made


def check_file(file: Path):
    """Check the numbers in a YAML file; yield lines, and return 1 if they contradict each other, else 0.

    Raises
    ------
    UnusableInputError
        If the file or its data cannot be used; the text lists all problems.
    """
    try:
        fit, checks = _checked(file)
    except (StudyError, NoColumnsError) as error:
        raise UnusableInputError(str(error)) from None
    for check in checks:
        yield f"{check.outcome:14}  {check.name}: {check.text}"
        if check.reading:
            yield f"{'':14}  nearest reading: {check.reading}"
    outcomes = {check.outcome for check in checks}
    answer = (
        "No contradiction was found" + ", but not every check could tell."
        if UNKNOWN in outcomes
        else "No contradiction was found."
    )
    if IMPOSSIBLE in outcomes:
        answer = "These numbers cannot all belong to one fit of this model."
    yield answer if checks else "Nothing can be checked with these numbers."
    if missing := [name for name in PrintedFit.model_fields if getattr(fit, name) is None and name != "departures"]:
        yield f"Not given, and so not checked: {', '.join(missing)}."
    if fit.departures is None:
        words = "; ".join(f"{name} ({words})" for name, words in DEPARTURES.items())
        yield f"This is for plain EM. What else the fit had belongs under departures ([] for nothing): {words}."
    return int(IMPOSSIBLE in outcomes)


def _checked(file: Path):
    layer = read_file(file)
    fit, problems = made(PrintedFit, layer.values)
    if problems:
        lines = [f"  {layer.location(each.path)} {layer.dotted(each.path)}: {each.message}" for each in problems]
        raise UnusableInputError("\n".join(["The numbers cannot be used:", *lines]))
    if fit.data is None:
        return fit, all_checks(fit)
    from em_study.data.files import read_columns  # slow to import
    from em_study.printed.samples import checks_with_samples

    path = Path(file).parent / fit.data
    X = read_columns(CsvFile(path=str(path)), list(look_at(path).columns), [])[0]
    if np.isnan(X).any() or X.shape != (fit.n_samples or len(X), fit.features or X.shape[1]) or len(X) < 2:
        raise UnusableInputError(f"{path}: the rows or columns are not those of the numbers, or a value is missing")
    fit = fit.model_copy(update={"n_samples": len(X)})
    return fit, all_checks(fit) + [unless_broken(check, fit) for check in checks_with_samples(fit, X)]
