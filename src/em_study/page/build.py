"""The page, put together: one file that needs no network and no script. All text is escaped."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from em_study import TITLE
from em_study.claims.verdicts import VERDICTS, style_of_verdicts, tally
from em_study.configuration.study import Study
from em_study.data.checksums import digest_of
from em_study.evaluation.protocols import PROTOCOLS, PUBLISHED, settings
from em_study.figures.style import COMPONENTS
from em_study.page.cards import Card
from em_study.page.charts import COLUMNS as DRAWN
from em_study.page.charts import MOST_POINTS, Chart
from em_study.page.origin import written
from em_study.page.own_data import OwnData
from em_study.plan.sources import LIBRARIES


def make_page(
    cards: list[Card],
    study: Study,
    run: dict,
    code_of: dict[str, list[str]],
    frames: dict[str, dict],
    charts: dict[str, Chart],
    own: list[OwnData],
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
    frames : dict of dict
        What of each experiment can be watched, as `em_study.watch.frames.frames_of` packs it.
    charts : dict of Chart
        Of the sweeps that are drawn.
    own : list of OwnData
        Of the experiments on a user's own data.
    changes : list of str
        What the run has changed of the articles.
    template : Path
        A Jinja template; its style and script lie beside it.
    """
    style, script = ((template.parent / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    style = style_of_verdicts() + style
    configuration = study.model_dump(mode="json")
    packages = run["packages"]
    compared = [experiment for experiment in study.experiments.values() if experiment.protocols]
    scenes = {key: scene for found in frames.values() for key, scene in found["scenes"].items()}
    shown = {
        "commit": f"{run['commit'] or 'none: ' + run['no_commit']}{', with changes' if run['dirty'] else ''}",
        "configuration, sha256": digest_of(configuration),
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
        svg=Markup,
        written=written,
        configuration=configuration,
        changes=changes,
        cards=cards,
        tally=tally((card.verdict, card.claim.basis, card) for card in cards),
        verdicts=VERDICTS,
        ways=[way for found in frames.values() for way in found["ways"]],
        left_out={name: reason for found in frames.values() for name, reason in found["left_out"].items()},
        scenes={"palette": COMPONENTS, "scenes": scenes},
        charts=charts,
        own=own,
        columns=DRAWN,
        most_points=MOST_POINTS,
        protocols=PROTOCOLS if compared else {},
        published=settings(PUBLISHED, compared[0].compared_fit, 0) if compared else {},
        code_of=code_of,
        run=shown,
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
