"""Make the page of the claims."""

import json
from functools import cache
from pathlib import Path

from em_study.audit.manifest import environment, git_state
from em_study.audit.record import forget_descriptions
from em_study.configuration.study import Study
from em_study.data.checksums import sha256_of
from em_study.data.storage import read_table, write_text
from em_study.page.build import make_page, ways_of
from em_study.page.cards import card_of
from em_study.page.charts import chart_of
from em_study.page.own_data import as_data, own_data_of
from em_study.page.why import why_of
from em_study.places import ROOT
from em_study.plan.results import Plan
from em_study.plan.step import logged
from em_study.settings import from_params
from em_study.sweeps.settings import text_keys

with logged(snakemake):
    forget_descriptions(snakemake.params.caller)
    study = from_params(Study, snakemake.params.study)
    claims = read_table(snakemake.input.claims)
    text = {f"sweeps/{name}": text_keys(sweep.vary) for name, sweep in study.sweeps.items()}
    tables = {
        name: read_table(file, text.get(name, ()))
        for name, file in zip(snakemake.params.tables, snakemake.input.tables, strict=True)
    }
    found = dict(zip(claims["claim"], claims.itertuples(), strict=True))
    plan, checksum = Plan(study), cache(sha256_of)
    frames = [json.loads(Path(file).read_text(encoding="utf-8")) for file in snakemake.input.watch]
    frames = dict(zip(study.experiments, frames, strict=True))
    scenes = {name: of_experiment["scenes"] for name, of_experiment in frames.items()}
    cards = [
        card_of(name, claim, found[name], tables, plan, scenes, checksum, snakemake.params.configuration)
        for name, claim in study.claims.items()
    ]
    summaries = {
        name: read_table(file, text[f"sweeps/{name}"])
        for name, file in zip(snakemake.params.sweeps, snakemake.input.summaries, strict=True)
    }
    charts = {name: chart_of(summaries[name], study.sweeps[name]) for name in plan.drawn}
    pictures = {of: as_data(png) for of, png in plan.pictures.items()}
    own = [
        own_data_of(
            name,
            study.experiments[name],
            json.loads(Path(file).read_text(encoding="utf-8")),
            {key: (study.sweeps[key], summaries[key]) for key in plan.choosing if study.sweeps[key].experiment == name},
            {fit: pictures[name, fit] for fit in study.experiments[name].fits},
        )
        for name, file in zip(plan.of_users, snakemake.input.own_data, strict=True)
    ]
    run = {**git_state(ROOT), **environment()}
    given = snakemake.params
    compared = [read_table(snakemake.input[name]) for name in ("agreement", "diagnosis")]
    why = why_of(study, *compared, ways_of(frames))
    of_run = run, given.code_of, frames, charts, own, why, given.changes, Path(snakemake.input.template)
    html = make_page(cards, study, *of_run)
    write_text(snakemake.output[0], html)
