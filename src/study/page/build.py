"""The page, put together: one file that needs no network and no script. All text is escaped."""

import base64
import hashlib
from pathlib import Path

import jinja2
import yaml
from markupsafe import Markup

from study.audit.checksums import configuration_digest
from study.claims.opening import TITLE
from study.claims.sentences import WORDS
from study.configuration.schema import Study
from study.page.cards import SIGNS, Card
from study.plan.sources import LIBRARIES


def make_page(cards: list[Card], study: Study, run: dict, sweeps: dict[str, str], template: Path, style: Path) -> str:
    """Make the page.

    Parameters
    ----------
    cards : list of Card
    study : Study
    run : dict
        Commit, versions and so on, to show by name.
    sweeps : dict
        The image of each sweep's figure, by its name.
    template, style : Path
        A Jinja template, and its CSS.
    """
    css = style.read_text(encoding="utf-8")
    configuration = study.model_dump(mode="json")
    packages = run["packages"]
    shown = {
        "commit": f"{run['commit'] or 'none'}{', with changes' if run['dirty'] else ''}",
        "configuration, sha256": configuration_digest(configuration),
        "Python": run["python"],
        **{name: packages[name] for name in (*LIBRARIES, "pandas", "matplotlib", "snakemake") if name in packages},
        "BLAS": " ".join(run["blas"].values()),
    }
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        title=TITLE,
        style=Markup(css),  # noqa: S704 (our own file)
        style_hash=_hash(css),
        tally=[
            (verdict, sign, WORDS[verdict], found)
            for verdict, sign in SIGNS.items()
            if (found := [card for card in cards if card.verdict == verdict])
        ],
        sources={
            source: [card for card in cards if card.source == source]
            for source in dict.fromkeys(card.source for card in cards)
        },
        svg=Markup,
        settings={name: _yaml(found) for name, found in configuration["experiments"].items()},
        claims={name: _yaml(found) for name, found in configuration["claims"].items()},
        sweeps=[
            (name, image_uri(file), configuration["sweeps"][name], _yaml(configuration["sweeps"][name]))
            for name, file in sweeps.items()
        ],
        seed=study.seed,
        run=shown,
    )


def image_uri(file) -> str:
    """Embed an image."""
    return f"data:image/webp;base64,{base64.b64encode(Path(file).read_bytes()).decode()}"


def _yaml(settings) -> str:
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
