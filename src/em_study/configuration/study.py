"""The whole configuration, and an article's part of it."""

from typing import Annotated

from pydantic import Field

from em_study.claims.settings import Claims
from em_study.experiments.settings import Experiments
from em_study.settings import Address, Closed, Name, Slug
from em_study.sweeps.settings import Sweeps


class Article(Closed):
    """A file of its own, named under `articles`: all of one source."""

    source: Name = Field(description="Who says it: the source of each claim below that names none.")
    section: Name | None = Field(
        None, description="Where the report shows its figures: the section of each experiment below; default: `source`."
    )
    address: Address | None = Field(None, description="Where it can be read: that of each claim below that names none.")
    original_data: Name | None = Field(
        None,
        description="File with what the claims gave on the source's own data (`make original-data`), relative to the "
        "article.",
    )
    experiments: Experiments = Field({}, description="As in the configuration; paths are relative to the article.")
    sweeps: Sweeps = Field({}, description="As in the configuration.")
    claims: Claims = Field({}, description="As in the configuration.")


class Study(Closed):
    """The whole configuration."""

    seed: int = Field(ge=0, lt=2**64, description="Root of every random draw.")
    experiments: Annotated[Experiments, Field(min_length=1)] = Field(description="Experiments, by name.")
    sweeps: Sweeps = Field({}, description="Sweeps, by name.")
    claims: Claims = Field({}, description="Claims of the sources, by number.")
    articles: dict[Slug, Name] = Field(
        {},
        description="Files of the articles that are part of the study, by name, relative to the file that names them; "
        "each holds an [Article](#article). An overlay's `name: null` leaves one out.",
    )
