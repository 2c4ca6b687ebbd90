"""Changes of the articles by the configuration: results then do not have the settings of the article."""

from dataclasses import dataclass

from em_study.claims.settings import AnyClaim, Claim, Selection
from em_study.configuration.layers import Layer
from em_study.configuration.merging import Layers
from em_study.configuration.study import Study
from em_study.wording import differing, shown

SET_BY_LOADING = ("threshold_of", "original")
MOST_LISTED = 3


@dataclass(frozen=True)
class Change:
    """A setting of an article that a later file has changed.

    Attributes
    ----------
    kind, name : str
        "experiments", "sweeps" or "claims", and the name of the entry.
    key : str
        Path of keys below the entry, with dots.
    now, article : object
        Values in the configuration and in the article; None for no value.
    file : str
        File that changes the key.
    """

    kind: str
    name: str
    key: str
    now: object
    article: object
    file: str

    def __str__(self):
        place = f"{self.name}.{self.key} ({self.file})"
        if self.now is None:
            return f"{place} is removed; the article's is {shown(self.article)}"
        if self.article is None:
            return f"{place} is {shown(self.now)}; the article does not set it"
        return f"{place} is {shown(self.now)}; the article's is {shown(self.article)}"


def changes_of(articles: Layers, merged: Layers, name_of_file) -> list[Change]:
    """List the changes of the articles by later layers, except entries that they remove completely.

    `merged` has all layers, including the articles; `name_of_file` returns the name of a file for messages.
    """
    found = []
    for kind in ("experiments", "sweeps", "claims"):
        for name, own in articles.values.get(kind, {}).items():
            now = merged.values.get(kind, {}).get(name, own)
            differ = differing(own, now)
            if ("data", "source") in differ:  # the other keys belong to another kind of data
                differ = {path: values for path, values in differ.items() if path[0] != "data" or path[1] == "source"}
            for path, (article, now) in differ.items():
                if path and path[0] not in SET_BY_LOADING:
                    file = merged.location((kind, name, *path)).rpartition(":")[0]
                    found.append(
                        Change(
                            kind, name, merged.dotted((kind, name, *path), first=2), now, article, name_of_file(file)
                        )
                    )
    return found


def articles_replaced(first: Layer, articles: list[Layer], merged: Layers, name_of_file) -> list[Change]:
    """List the claims of articles that an overlay replaces by another file than that in the configuration (`first`)."""
    found, before = [], first.values.get("articles") or {}
    for slug, now in (merged.values.get("articles") or {}).items():
        if slug in before and before[slug] != now:
            file = name_of_file(merged.location(("articles", slug)).rpartition(":")[0])
            layer = next((layer for layer in articles if ("articles", slug, "source") in layer.locations), None)
            claims = layer.values.get("claims", {}) if layer else {}
            found += [Change("claims", name, "article", now, before[slug], file) for name in claims]
    return found


def changes_under(name: str, claim: AnyClaim, study: Study, changes: list[Change]) -> list[Change]:
    """Return the changes that the numbers of a claim depend on."""
    if not isinstance(claim, Claim):
        return []
    reached = {("claims", name)}.union(*(_reached(selection, claim, study) for selection in claim.selections.values()))
    return [change for change in changes if (change.kind, change.name) in reached]


def _reached(selection: Selection, claim: Claim, study: Study):
    if selection.sweep is not None:
        yield "sweeps", selection.sweep
        if selection.sweep in study.sweeps:
            yield "experiments", study.sweeps[selection.sweep].experiment
        return
    experiment = selection.about(claim.experiment)
    yield from (("experiments", name) for name in ([experiment] if experiment else study.experiments))


def warnings_of(study: Study, changes: list[Change]) -> dict[str, str]:
    """Describe the changes for each claim whose numbers do not have the settings of its article."""
    found = {name: changes_under(name, claim, study, changes) for name, claim in study.claims.items()}
    return {name: _sentence(under) for name, under in found.items() if under}


def _sentence(changes: list[Change]) -> str:
    more = f"; and {len(changes) - MOST_LISTED} more changes" if len(changes) > MOST_LISTED else ""
    return f"Not with the article's settings: {'; '.join(map(str, changes[:MOST_LISTED]))}{more}."
