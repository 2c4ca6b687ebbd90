"""Check the numbers that a source prints of one fit: `em-study printed`."""

from pathlib import Path

import numpy as np

from em_study.configuration.layers import read_file
from em_study.data.formats import NoColumnsError, look_at
from em_study.data.settings import SOURCES
from em_study.errors import ConfigurationError, DataError, UnusableInputError
from em_study.printed.checks import IMPOSSIBLE, UNKNOWN, all_checks
from em_study.printed.settings import ALL_DEPARTURES, PrintedFit
from em_study.problems import made


def check_file(file: Path):
    """Check the numbers in a YAML file; yield lines, and return 1 if they contradict each other, else 0.

    Raises
    ------
    UnusableInputError
        If the file or its data cannot be used; the text lists all problems.
    """
    fit, X = _read(file)
    checks = all_checks(fit, X)
    for check in checks:
        yield f"{check.outcome:14}  {check.name}: {check.text}"
        if check.reading:
            yield f"{'':14}  possible explanation: {check.reading}"
    outcomes = {check.outcome for check in checks}
    if IMPOSSIBLE in outcomes:
        yield "These numbers cannot all belong to one fit of this model."
    else:
        found = f"No contradiction was found{', but some checks are undecided' * (UNKNOWN in outcomes)}."
        yield found if checks else "No check can be made of these numbers: no identity connects them."
    if missing := [name for name in PrintedFit.model_fields if getattr(fit, name) is None and name != "departures"]:
        yield f"Not given, and so not checked: {', '.join(missing)}."
    if fit.departures is None:
        text = "This is for plain EM. If the fit had any of these, list it under departures, else write []"
        yield f"{text}: {ALL_DEPARTURES}."
    return int(IMPOSSIBLE in outcomes)


def _read(file: Path):
    """Return the numbers, with the moments of the samples if they are not printed, and the samples or None."""
    try:
        layer = read_file(file)
    except ConfigurationError as error:
        raise UnusableInputError(str(error)) from None
    fit, problems = made(PrintedFit, layer.values)
    if problems:
        keys = [f"{layer.location(each.path)} {layer.dotted(each.path)}".strip() for each in problems]
        lines = [f"  {key}: {each.message}" for key, each in zip(keys, problems, strict=True)]
        raise UnusableInputError("\n".join(["The numbers cannot be used:", *lines]))
    if all(value is None for value in layer.values.values()):
        raise UnusableInputError(f"{file}: has no numbers. Allowed: {', '.join(PrintedFit.model_fields)}")
    if fit.data is None:
        return fit, None
    path = Path(file).parent / fit.data
    try:
        settings = {"source": "csv", "features": look_at(path).columns, "rows": {"path": str(path)}, "missing": "allow"}
        table, problems = made(SOURCES["csv"], settings)
        if problems:
            raise DataError(f"{path}: the header {problems[0].message}")
        X = table.load(1, 0, "").unlabeled[0]
        if np.isnan(X).any() or X.shape != (fit.n_samples or len(X), fit.features or X.shape[1]) or len(X) < 2:
            raise DataError(f"{path} must have n_samples rows and n_features columns, and no missing value")
    except (DataError, NoColumnsError) as error:
        raise UnusableInputError(f"{layer.location(('data',))} data: {error}") from None
    own = {"n_samples": len(X), "sample_mean": X.mean(axis=0).tolist()}
    own["sample_covariance"] = np.atleast_2d(np.cov(X.T, bias=True)).tolist()
    return PrintedFit(**own | fit.model_dump(exclude_none=True)), X
