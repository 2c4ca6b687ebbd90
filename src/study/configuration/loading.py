"""Load a configuration, or say everything that is wrong with it."""

from dataclasses import dataclass

from pydantic import ValidationError

from study.configuration.articles import Articles, read_articles, without_left_out
from study.configuration.checks import cross_checks
from study.configuration.errors import ConfigurationError
from study.configuration.layers import Layers, from_caller, merge, read_file
from study.configuration.problems import Problem, problem_of
from study.configuration.schema import Study
from study.configuration.vocabulary import Vocabulary

CALLER = "the module's config"  # what messages call keys that a Snakefile hands over


@dataclass(frozen=True)
class Loaded:
    """A study, and the files that it was read from beside those that were named."""

    study: Study
    article_files: list[str]


def load(files, vocabulary: Vocabulary, notice=lambda text: None, caller: dict | None = None) -> Loaded:
    """Read and validate a configuration.

    Parameters
    ----------
    files : sequence of path-like
        The configuration, then overlays; each is merged over those before it, and all over the articles.
    vocabulary : Vocabulary
    notice : callable
        Called with a sentence about each sweep that is left out, for its experiment has changed under it, and about
        each key that changes an article which is left out.
    caller : dict, optional
        Keys and values of a last overlay that is no file.

    Raises
    ------
    ConfigurationError
        With every problem: file and line, key, what is wrong and what is allowed.
    """
    given = [read_file(file) for file in files]
    if caller:
        given.append(from_caller(caller, CALLER))
    articles = read_articles(given)
    layers = merge([*articles.layers, *without_left_out(given, articles, notice)])
    layers.problems += articles.problems
    study, problems = _validate(layers, vocabulary)
    for name in _sweeps_left_behind(layers, articles, problems):
        first = next(problem for problem in problems if problem.path[:2] == ("sweeps", name))
        notice(f"sweep {name} is left out, for the experiment has changed under it: {first.message}")
        del layers.values["sweeps"][name]
        study, problems = _validate(layers, vocabulary)
    if problems:
        raise ConfigurationError(_report(problems, layers))
    return Loaded(study, articles.files)


def _validate(layers: Layers, vocabulary: Vocabulary) -> tuple[Study | None, list[Problem]]:
    study, problems = None, []
    try:
        study = Study.model_validate(layers.values)
    except ValidationError as error:
        problems = [problem_of(detail) for detail in error.errors(include_url=False)]
    told = (*layers.problems, *cross_checks(layers.values, vocabulary))
    return study, problems + [Problem(path, message) for path, message in told]


def _sweeps_left_behind(layers: Layers, articles: Articles, problems: list[Problem]) -> list[str]:
    """Sweeps that do not suit an experiment which a later layer has changed, or removed, or left out."""
    names = dict.fromkeys(problem.path[1] for problem in problems if problem.path[0] == "sweeps" and problem.path[1:])
    sweeps, touched = layers.values.get("sweeps"), layers.touched
    experiments = {name: str(sweeps[name].get("experiment")) for name in names if isinstance(sweeps.get(name), dict)}
    return [
        name
        for name, experiment in experiments.items()
        if ("experiments", experiment) in articles.left_out
        or touched.get(("experiments", experiment), -1) > touched["sweeps", name]
    ]


def _report(problems: list[Problem], layers: Layers) -> str:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [f"The configuration has {count}:"]
    for problem in problems:
        key = ".".join(map(str, problem.path))
        where = " ".join(part for part in (layers.origin(problem.path), key) if part)
        lines.append(f"  {where}: {problem.message}")
    return "\n".join(lines)
