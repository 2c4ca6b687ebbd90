"""The page, put together: one file that needs no network and no script. All text is escaped."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from em_study import TITLE
from em_study.audit.checksums import configuration_digest
from em_study.claims.verdicts import VERDICTS, style_of_verdicts
from em_study.configuration.study import Study
from em_study.evaluation.protocols import PROTOCOLS, PUBLISHED
from em_study.fits.settings import Fit
from em_study.page.cards import Card
from em_study.page.charts import COLUMNS as DRAWN
from em_study.page.charts import MOST_POINTS, Chart
from em_study.page.origin import written
from em_study.page.stage import Stage
from em_study.plan.sources import LIBRARIES
from em_study.tables.columns import COLUMNS


def make_page(
    cards: list[Card],
    study: Study,
    run: dict,
    code_of: dict[str, list[str]],
    stage: Stage,
    charts: dict[str, Chart],
    changes: list[str],
    template: Path,
) -> str:
    """Make the page.

    Parameters
    ----------
    cards : list of Card
    study : Study
    run : dict
        Commit, versions and so on, to show by name.
    code_of : dict of list of str
        The script of each rule that makes a number, and the modules that it uses.
    stage : Stage
    charts : dict of Chart
        Of the sweeps that are drawn.
    changes : list of str
        What the run has changed of the articles.
    template : Path
        A Jinja template; its style and script lie beside it.
    """
    style, script = ((template.parent / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    style = style_of_verdicts() + style
    configuration = study.model_dump(mode="json")
    packages = run["packages"]
    shown = {
        "commit": f"{run['commit'] or 'none: ' + run['no_commit']}{', with changes' if run['dirty'] else ''}",
        "configuration, sha256": configuration_digest(configuration),
        "Python": run["python"],
        **{name: packages[name] for name in (*LIBRARIES, "pandas", "matplotlib", "snakemake") if name in packages},
        "BLAS": " ".join(run["blas"].values()),
    }
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {}  # keys in the order of the configuration
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        title=TITLE,
        style=Markup(style),  # noqa: S704 (our own file)
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 (our own file)
        script_hash=_hash(script),
        tally=[
            (verdict, found)
            for verdict in VERDICTS.values()
            if (found := [card for card in cards if card.verdict is verdict])
        ],
        sources={
            source: [card for card in cards if card.source == source]
            for source in dict.fromkeys(card.source for card in cards)
        },
        svg=Markup,
        settings={name: written(found) for name, found in configuration["experiments"].items()},
        claims={name: written(found) for name, found in configuration["claims"].items()},
        stage=stage,
        sweeps=[
            (name, chart, configuration["sweeps"][name], written(configuration["sweeps"][name]))
            for name, chart in charts.items()
        ],
        columns=DRAWN,
        most_points=MOST_POINTS,
        seed=study.seed,
        changes=changes,
        code_of=code_of,
        verdicts=COLUMNS["claims"]["verdict"],
        protocols=PROTOCOLS if any(experiment.protocols for experiment in study.experiments.values()) else {},
        published=PROTOCOLS[PUBLISHED].changes(Fit(), 0),
        run=shown,
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
