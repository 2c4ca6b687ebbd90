"""Load a configuration, or report all its problems."""

import re
from dataclasses import dataclass, replace

from em_study.claims.checks import check_claim, check_names, with_numbers
from em_study.claims.settings import TAGS, Claim
from em_study.configuration.articles import read_articles
from em_study.configuration.changes import Change, articles_replaced, changes_of
from em_study.configuration.layers import RECORDED, WRITTEN, Layer, from_caller, read_file
from em_study.configuration.merging import Layers, merge
from em_study.configuration.study import Study
from em_study.errors import ConfigurationError
from em_study.experiments.checks import check_experiment
from em_study.places import Places
from em_study.problems import Problem, made, right_part
from em_study.settings import block, valid
from em_study.sweeps.checks import check_sweep
from em_study.sweeps.settings import Sweep

OTHER = {*TAGS}  # keys of a claim without numbers of this study
THRESHOLD = {"published", "relation", "tolerance"}
CALLER = "the module's config"  # location of the keys of a Snakefile, in messages


@dataclass(frozen=True)
class Loaded:
    """A study, the files of the articles, and the changes of the articles by the configuration."""

    study: Study
    article_files: list[str]
    changes: list[Change]


def load(
    files,
    notice=lambda text: None,
    caller: dict | None = None,
    every_cell: bool = True,
) -> Loaded:
    """Read and validate a configuration.

    Parameters
    ----------
    files : sequence of path-like
        The configuration, then overlays; each overrides those before it, and all override the articles.
    notice : callable
        Called with a sentence about each sweep that is left out, because its experiment has changed or does not exist,
        and about each key that changes something that does not exist.
    caller : dict, optional
        Keys and values of a last overlay that is not a file.
    every_cell : bool
        Check the cells of sweeps too; the process of a job need not repeat that.

    Raises
    ------
    ConfigurationError
        With all problems: file and line, key, what is wrong and what is allowed.
    """
    given = [read_file(file) for file in files]
    if caller:
        given.append(from_caller(caller, CALLER))
    articles = read_articles(given)
    layers = merge([_of_the_study(layer, given) for layer in articles.layers], given, articles.left_out, notice)
    layers.problems += articles.problems
    study, problems = _validate(layers, every_cell)
    left_behind = _sweeps_left_behind(layers, articles.left_out, problems)
    for name, reason in left_behind.items():
        notice(f"sweep {name} is left out: {reason} ({layers.location(('sweeps', name))})")
        del layers.values["sweeps"][name]
        layers.gone["sweeps", name] = reason
    if left_behind:
        study, problems = _validate(layers, every_cell)
    if problems:
        raise ConfigurationError(_report(problems, layers))
    name_of_file = Places().name
    changes = changes_of(merge(articles.layers, []), layers, name_of_file)
    changes += articles_replaced(given[0], articles.layers, layers, name_of_file)
    return Loaded(study, articles.files + articles.original_data, changes)


def _of_the_study(article: Layer, given: list[Layer]) -> Layer:
    """Mark each claim whose threshold a later layer changes: the threshold is then not the source's."""
    claims = dict(block(article.values, "claims"))
    for later in (block(layer.values, "claims") for layer in given):
        for name in claims:
            if isinstance(claims[name], dict) and THRESHOLD & {*block(later, name)}:
                claims[name] = {**claims[name], "threshold_of": "study"}
    return replace(article, values=article.values | ({"claims": claims} if claims else {}))


def _validate(layers: Layers, every_cell: bool) -> tuple[Study | None, list[Problem]]:
    claims, experiments = block(layers.values, "claims"), block(layers.values, "experiments")
    values = layers.values
    if claims:
        values = values | {"claims": {name: with_numbers(raw, experiments) for name, raw in claims.items()}}
    study, problems = made(Study, values)
    crossed = [Problem(path, message) for path, message in _cross_checks(values, every_cell, layers.gone)]
    return study, [*problems, *layers.problems, *crossed]


def _cross_checks(values: dict, every_cell: bool, gone):
    """Yield key and message of each problem across keys, in the parts that are valid by themselves."""
    experiments, sweeps = block(values, "experiments"), block(values, "sweeps")
    for name, experiment in experiments.items():
        if isinstance(experiment, dict):
            yield from check_experiment(experiment, ("experiments", name))
    for name, raw in sweeps.items():
        if sweep := valid(Sweep, right_part(Sweep, raw, ("experiment", "vary", "measurements", "zip"))):
            yield from check_sweep(sweep, experiments, ("sweeps", name), every_cell, gone)
    for name, raw in block(values, "claims").items():
        if isinstance(raw, dict) and OTHER & {*raw}:
            continue
        if claim := valid(Claim, right_part(Claim, raw)):
            yield from check_names(claim, ("claims", name), experiments, sweeps, gone)
        if claim := valid(Claim, raw):
            yield from check_claim(claim, ("claims", name))


def _sweeps_left_behind(layers: Layers, left_out: dict, problems: list[Problem]) -> dict[str, str]:
    """Return the sweeps that a later change of their experiment has made invalid, with the reason."""
    found = {}
    for name, sweep in block(layers.values, "sweeps").items():
        wrong = [problem for problem in problems if problem.path[:2] == ("sweeps", name)]
        if not wrong or not isinstance(sweep, dict):
            continue
        experiment = ("experiments", str(sweep.get("experiment")))
        if experiment in layers.gone and experiment[1] not in block(layers.values, "experiments"):
            if all(problem.path[2:] == ("experiment",) for problem in wrong):
                change = "does not exist" if experiment in left_out else "was removed"
                found[name] = f"its experiment {change} ({layers.gone[experiment]})"
        elif layers.touched.get(experiment, -1) > layers.touched.get(("sweeps", name), -1):
            found[name] = f"a later file changed its experiment, and the sweep is no longer valid: {wrong[0].message}"
    return found


def _report(problems: list[Problem], layers: Layers) -> str:
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = [f"The configuration has {count}:"]
    for problem in problems:
        key = layers.dotted(problem.path)
        where = " ".join(part for part in (problem.location or layers.location(problem.path), key) if part)
        lines.append(f"  {where}: {_as_written(problem, layers)}")
    return "\n".join(lines)


def _as_written(problem: Problem, layers: Layers) -> str:
    """Return a message; a key with two names has the one that the user wrote, or else that of the documents."""
    kind, name = (*problem.path, None, None)[:2]
    blocks = [(kind, name)]
    if kind == "sweeps":
        blocks.append(("experiments", block(block(layers.values, kind), name).get("experiment")))
    words = [word for path in blocks for key, word in layers.written.items() if key[:2] == path]
    if words and RECORDED in words[0]:
        return problem.message
    return re.sub(rf"\bdata\.{RECORDED}\b", f"data.{WRITTEN}", problem.message)
