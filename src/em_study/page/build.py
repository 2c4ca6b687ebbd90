"""Build the page: one file that needs no network, and whose text needs no script. All text is escaped."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from em_study import TITLE
from em_study.claims.verdicts import QUESTIONS, SHOWN, style_of_verdicts, tally
from em_study.configuration.study import Study
from em_study.data.checksums import digest_of
from em_study.evaluation.protocols import PROTOCOLS
from em_study.experiments.settings import Experiment
from em_study.figures.panels import TERMS, WITH_TERMS
from em_study.figures.style import COMPONENTS
from em_study.page.cards import Card
from em_study.page.charts import COLUMNS as DRAWN
from em_study.page.charts import MOST_POINTS, Chart
from em_study.page.own_data import OwnData
from em_study.page.provenance import written
from em_study.page.why import Why
from em_study.plan.sources import LIBRARIES
from em_study.watch.ways import FALSE_CONVERGENCE, Way

ON_CARD = {"statement", "short", "quote", "cited", "address", "basis", "headline", "explanation", "original"}
SCRIPTS = ("em.js", "page.js", "play.js")


def make_page(
    cards: list[Card],
    study: Study,
    run: dict,
    code_of: dict[str, list[str]],
    frames: dict[str, dict],
    charts: dict[str, Chart],
    own: list[OwnData],
    why: Why | None,
    changes: list[str],
    template: Path,
) -> str:
    """Make the page.

    Parameters
    ----------
    cards : list of Card
    study : Study
    run : dict
        Commit, versions and so on, by the name that the page shows.
    code_of : dict of list of str
        The script of each rule that computes a number, and the modules that it uses.
    frames : dict of dict
        The runs of each experiment that can be watched, as `em_study.watch.frames.frames_of` packs them.
    charts : dict of Chart
        Of the sweeps that have a figure.
    own : list of OwnData
        Of the experiments on a user's data.
    why : Why or None
        The comparison with another implementation.
    changes : list of str
        Changes that the run made to the articles' settings.
    template : Path
        A Jinja template; its style and scripts are in the same folder.
    """
    style, *scripts = ((template.parent / name).read_text(encoding="utf-8") for name in ("page.css", *SCRIPTS))
    style, script = style_of_verdicts() + style, "".join(scripts)
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
    files = dict(sorted({path: checksum for card in cards for path, checksum, _ in card.files}.items()))
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
        tally=tally((card.verdict, card.claim.basis, card.by_construction, card) for card in cards),
        n_stated=sum(card.claim.basis != "question" for card in cards),
        n_asked=sum(card.claim.basis == "question" for card in cards),
        sources=sources_of(cards),
        sources_all=list(dict.fromkeys(card.claim.source for card in cards)),
        listed_verdicts=[verdict for name, verdict in SHOWN.items() if name in _verdict_names(cards)],
        ranks={card.name: [*SHOWN].index(card.verdict.name) for card in cards},
        files=files,
        number_of={path: i for i, path in enumerate(files)},
        settings_of={
            card.name: card.claim.model_dump(mode="json", exclude_none=True, exclude=ON_CARD) for card in cards
        },
        verdicts=SHOWN,
        questions=QUESTIONS,
        why=why,
        ways=ways_of(frames),
        palette=COMPONENTS,
        left_out={name: reason for found in frames.values() for name, reason in found["left_out"].items()},
        scenes={"palette": COMPONENTS, "scenes": scenes},
        charts=charts,
        own=own,
        terms=terms_of(study),
        data_sets={name: data_set(experiment) for name, experiment in study.experiments.items()},
        columns=DRAWN,
        most_points=MOST_POINTS,
        protocols=PROTOCOLS if compared else {},
        published=next((one.others[0].call for one in compared if one.protocols.published is None), {}),
        code_of=code_of,
        run=shown,
    )


def ways_of(frames: dict[str, dict]) -> list[Way]:
    """List all pairs of runs to watch: a false convergence first, because readers expect it least."""
    ways = [Way(**way) for found in frames.values() for way in found["ways"]]
    return sorted(ways, key=lambda way: FALSE_CONVERGENCE not in way.text)


def terms_of(study: Study) -> list[str]:
    """Explain the values of settings in this study that a reader may not know."""
    used = {fit.semi_supervised for experiment in study.experiments.values() for fit in experiment.fits.values()}
    missing = (getattr(experiment.data, "holes", None) for experiment in study.experiments.values())
    used |= {holes.mechanism for holes in missing if holes}
    varied = (sweep.vary.items() for sweep in study.sweeps.values())
    used |= {value for of_sweep in varied for key, values in of_sweep if key.endswith(WITH_TERMS) for value in values}
    return [text for term, text in TERMS.items() if term in used]


def data_set(experiment: Experiment) -> str:
    """Describe the samples of an experiment in a line."""
    data, n = experiment.data, experiment.replicates
    (n_classes, n_features), parts = data.shape, []
    if data.holds_user_data:
        parts.append("Your own data")
    elif data.reads_samples:
        parts.append("Real data")
    else:
        parts.append(f"Simulated, {data.n_rows:,} unlabeled samples")
    parts.append(f"{n_features} feature{'s' * (n_features != 1)}")
    if n_classes is not None:
        parts.append(f"{n_classes} class{'es' * (n_classes != 1)}")
    parts += ["some labels known"] * data.has_labels + ["some values missing"] * data.incomplete
    same = ", the same samples in each" if data.same_samples else ""
    parts.append(f"{n:,} replicates{same}" if n > 1 else "one replicate")
    return f"{', '.join(parts)}."


def sources_of(cards: list[Card]) -> dict[str, str | None]:
    """List the sources of the claims, each with its address if one is known."""
    found: dict[str, str | None] = {}
    for claim in (card.claim for card in cards if card.claim.basis != "question"):
        found[claim.source] = found.get(claim.source) or claim.address
    return found


def _verdict_names(cards: list[Card]) -> set[str]:
    return {found[0].name for card in cards for found in (card.line.on_source, card.line.on_new) if found}


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
