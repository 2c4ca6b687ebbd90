"""The complete configuration, and an article's part of it."""

from typing import Annotated

from pydantic import Field

from em_study.claims.settings import Claims
from em_study.experiments.settings import Experiments
from em_study.settings import Address, Closed, Name, Slug
from em_study.sweeps.settings import Sweeps


class Article(Closed):
    """A separate file, named under `articles`, with everything about one source."""

    source: Name = Field(description="Author or publication: the source of each claim of this file that names none.")
    section: Name | None = Field(
        None, description="Section of the report for the figures of each experiment of this file; default: `source`."
    )
    address: Address | None = Field(
        None, description="Address of the source, for each claim of this file that has none."
    )
    original_data: Name | None = Field(
        None,
        description="File with the results of the claims on the source's own data (`make original-data`), relative to "
        "the article.",
    )
    experiments: Experiments = Field({}, description="As in the configuration; paths are relative to the article.")
    sweeps: Sweeps = Field({}, description="As in the configuration.")
    claims: Claims = Field({}, description="As in the configuration.")


class Study(Closed):
    """The complete configuration."""

    seed: int = Field(ge=0, lt=2**64, description="Root seed of all random numbers.")
    experiments: Annotated[Experiments, Field(min_length=1)] = Field(description="Experiments, by name.")
    sweeps: Sweeps = Field({}, description="Sweeps, by name.")
    claims: Claims = Field({}, description="Claims of the sources, by number.")
    articles: dict[Slug, Name] = Field(
        {},
        description="Files of the articles of the study, by name, relative to the file that names them; each contains "
        "an [Article](#article). `name: null` in an overlay leaves one out.",
    )
