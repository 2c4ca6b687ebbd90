"""Load a configuration, or say everything that is wrong with it."""

from pydantic import ValidationError

from study.configuration.checks import cross_checks
from study.configuration.problems import Problem, problem_of
from study.configuration.schema import Study
from study.configuration.yaml_layers import Layers, read_layers
from study.errors import ConfigurationError


def load(files, notice=lambda text: None) -> Study:
    """Read and validate a configuration.

    Parameters
    ----------
    files : sequence of path-like
        The configuration, then overlays; each is merged over those before it.
    notice : callable
        Called with a sentence about each sweep that is left out: an overlay has changed its experiment under it.

    Returns
    -------
    Study

    Raises
    ------
    ConfigurationError
        With every problem: file and line, key, what is wrong and what is allowed.
    """
    layers = read_layers(files)
    study, problems = _validate(layers)
    for name in _sweeps_left_behind(layers, problems):
        first = next(problem for problem in problems if problem.path[:2] == ("sweeps", name))
        notice(f"sweep {name} is left out, for the experiment has changed under it: {first.message}")
        del layers.values["sweeps"][name]
        study, problems = _validate(layers)
    if problems:
        raise ConfigurationError(_report(problems, layers))
    return study


def _validate(layers: Layers) -> tuple[Study | None, list[Problem]]:
    study, problems = None, []
    try:
        study = Study.model_validate(layers.values)
    except ValidationError as error:
        problems = [problem_of(detail) for detail in error.errors(include_url=False)]
    problems += [Problem(path, message) for path, message in (*layers.problems, *cross_checks(layers.values))]
    return study, problems


def _sweeps_left_behind(layers: Layers, problems: list[Problem]) -> list[str]:
    """Sweeps that do not suit an experiment which a later file has changed, or removed."""
    names = dict.fromkeys(problem.path[1] for problem in problems if problem.path[0] == "sweeps" and problem.path[1:])
    sweeps, touched = layers.values.get("sweeps"), layers.touched
    return [
        name
        for name in names
        if isinstance(sweeps.get(name), dict)
        and touched.get(("experiments", sweeps[name].get("experiment")), -1) > touched["sweeps", name]
    ]


def _report(problems: list[Problem], layers: Layers) -> str:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [f"The configuration has {count}:"]
    for problem in problems:
        key = ".".join(map(str, problem.path))
        where = " ".join(part for part in (layers.origin(problem.path), key) if part)
        lines.append(f"  {where}: {problem.message}")
    return "\n".join(lines)
