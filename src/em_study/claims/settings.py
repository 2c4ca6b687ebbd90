"""Settings of a claim: the statement of a source, and the numbers that decide on it."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from em_study.claims.comparison import RELATIONS, Comparison
from em_study.claims.kinds import KINDS, Inequality
from em_study.claims.verdicts import (
    BY_ARGUMENT,
    CHECKED,
    FALSE_BY_ARGUMENT,
    FORMER,
    NOT_REPRODUCED,
    NOT_TESTED,
    TRUE_BY_ARGUMENT,
    UNDECIDED,
    VERDICTS,
    Verdict,
)
from em_study.columns import COLUMNS, COUNT, PARTS
from em_study.evaluation.measurements import QUANTITIES
from em_study.printed.checks import CONSISTENT, IMPOSSIBLE, all_checks
from em_study.printed.settings import PrintedFit
from em_study.settings import Address, Closed, Name, Printed, Scalar, Slug, block, half_digit, valid
from em_study.wording import at_most_words


def _table(name):
    if name not in PARTS and not re.fullmatch(r"sweeps/[a-z][a-z0-9_]{0,63}", name):
        raise ValueError(f"is '{name}'. Allowed: {', '.join(PARTS)}, and sweeps/ with a name")
    return name


Relation = Literal[*RELATIONS]


class Selection(Closed):
    """Numbers of a table: a column of the rows that fulfil all conditions. A run that failed has no numbers."""

    experiment: Slug | None = Field(None, description="The experiment; default: the claim's, or all.")
    table: Annotated[str, AfterValidator(_table)] = Field(
        description=f"The table: {', '.join(PARTS)}, or sweeps/ and a sweep's name."
    )
    where: dict[str, Scalar] = Field(
        {}, description="Value that a column must have, by column; an empty text for an empty cell."
    )
    quantity: Name = Field(description="The column of the numbers.")
    over: Annotated[dict[str, Scalar], Field(min_length=1)] | None = Field(
        None,
        description="Divide by the same quantity in the rows that have these values instead, replicate by replicate; "
        "replicates without a divisor are left out.",
    )
    minus: Annotated[dict[str, Scalar], Field(min_length=1)] | None = Field(
        None, description="Subtract the same quantity, likewise."
    )
    among: "Test | None" = Field(None, description="Only the replicates for which this holds as well.")
    each_draw: Literal["min", "max", "sum"] | None = Field(
        None, description="How to combine the several numbers of a replicate into one."
    )
    statistic: Literal["median", "mean", "geometric_mean", "min", "max"] = Field(
        "median", description="The observed statistic of the selected numbers; geometric_mean: for ratios."
    )

    @property
    def sweep(self) -> str | None:
        """The sweep whose table it is, if it is one."""
        return self.table.removeprefix("sweeps/") if self.table.startswith("sweeps/") else None

    @property
    def other(self) -> dict[str, Any]:
        """Conditions of the rows that are the divisor or are subtracted; empty if there are none."""
        return self.over or self.minus or {}

    def conditions(self, experiment: str | None) -> dict[str, Any]:
        """Collect the conditions of its rows, by column; in a sweep, all are of one experiment."""
        experiment = None if self.sweep else self.about(experiment)
        return self.where | ({} if experiment is None else {"experiment": experiment})

    @property
    def tables(self) -> set[str]:
        """The tables that it reads."""
        return {self.table} | (self.among.tables if self.among else set())

    def about(self, experiment: str | None) -> str | None:
        """Name the experiment: its own, or else the given one."""
        return self.where.get("experiment") or self.experiment or experiment

    @model_validator(mode="after")
    def _one_comparison(self):
        if self.over is not None and self.minus is not None:
            raise ValueError("must have over or minus, not both")
        return self


class Test(Selection):
    """Numbers of a table, and the criterion for each."""

    relation: Relation = Field("equals", description="Relation that a number must have to `published`.")
    published: float = Field(description="The number to compare with.")
    tolerance: float = Field(
        0.0,
        ge=0,
        description="Largest difference that counts as equal. Default for the kind number: half of the last digit of "
        "`published` as it is written (0.60 has two digits; for an integer 0.5, but 0 if it is a count); else 0.",
    )

    @property
    def comparison(self) -> Comparison:
        """The criterion for each number."""
        return Comparison(self.relation, self.published, self.tolerance)


class Evidence(Test):
    """Further numbers for an explanation."""

    relation: Relation | None = Field(
        None, description="Count the numbers with this relation to `published`: {name_count} and {name_share}."
    )
    published: float = Field(0.0, description="The number to compare with.")


class Cause(Test):
    """What holds instead of the claim, as a test."""

    failed_runs: ClassVar[str] = "left_out"

    text: Name = Field(description="What holds instead, as the end of a sentence that begins with 'Instead,'.")


class Original(Closed):
    """The result of a claim on the source's own data, which are not part of this repository."""

    criterion: Name = Field(
        description="As in claims.csv. The result is shown only if the claim still has this criterion."
    )
    observed: float = Field(description="As in claims.csv.")
    n_replicates: int = Field(description="As in claims.csv.")
    verdict: Literal[*(name for name in VERDICTS if name != NOT_TESTED.name)] = Field(description="As in claims.csv.")
    evidence: dict[Slug, float] = Field({}, description="The numbers of the claim's `evidence` there, by name.")
    date: Name = Field(description="When it was measured.")

    @field_validator("verdict", mode="before")
    @classmethod
    def _former_word(cls, word):
        return FORMER.get(word, word) if isinstance(word, str) else word


class Statement(Closed):
    """A statement of a source, and its place there."""

    source: Name = Field(
        "this study", description="Who states it; default: the source of the article, else this study."
    )
    statement: Name = Field(description="The statement as a sentence.")
    short: Annotated[Name, AfterValidator(at_most_words(10))] | None = Field(
        None, description="The statement in at most ten words, for lists; default: the statement."
    )
    basis: Literal["verbatim", "paraphrase", "figure", "inferred", "question"] = Field(
        "question",
        description="How the statement comes from the source: in its words (verbatim); in ours (paraphrase); from an "
        "image that was not seen (figure); by inference (inferred); or not at all, as a question of this study "
        "(question). Default: paraphrase in an article, else question.",
    )
    quote: Annotated[Name, AfterValidator(at_most_words(25))] | None = Field(
        None, description="The source's own words, at most 25."
    )
    cited: Name | None = Field(None, description="Place of the quote or statement: section, sentence, figure.")
    address: Address | None = Field(None, description="Address of the source; default: that of the article.")
    headline: Name | None = Field(
        None,
        description="The finding in a sentence of at most 25 words, without names of code, with placeholders as in "
        "`explanation`, and true whatever the numbers are. Default: a sentence by the kind.",
    )


class Claim(Test, Statement):
    """A statement of a source, and the numbers that decide on it: one or more for each replicate."""

    kind: Literal[*KINDS] | None = Field(
        None,
        description="How the replicates decide (docs/verdicts.md). "
        + " ".join(f"{name}: {kind.brief}." for name, kind in KINDS.items())
        + " Default: number if the relation is equals, else inequality.",
    )
    there_is: bool = Field(
        True,
        description="For an existence: false if the source states that there is no such case, so that one refutes it.",
    )
    failed_runs: Literal["left_out", "fails"] = Field(
        "left_out", description="Whether a run that failed counts against the claim; its number is reported either way."
    )
    threshold_of: Literal["article", "study"] = Field(
        "article", description="Who set the number to compare with: the source, or this study if the source gives none."
    )
    by_construction: bool = Field(
        False,
        description="Whether it holds because of how the data are made, so that the result is no evidence for it.",
    )
    draws: Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z -]{0,30}[a-z])?$")] = Field(
        "replicates", description="Word for what has one number, in the plural: replicates, runs, random starts."
    )
    explanation: list[Name] = Field(
        [],
        description="Sentences about the numbers, true whatever these are. Placeholders stand for measured numbers: "
        "{observed}, {mcse} (its Monte Carlo standard error), {low} and {high} (2.5 and 97.5 percentile), {count}, {n} "
        "and {share} (of those that fulfil the criterion), {failed} (runs); the names of `evidence`, alone and with "
        "_low, _high, _n, _count, _share; {own}, {own_n} and {own_<name of evidence>}: the same on the source's own "
        "data, from the article's `original_data`. Without a format, or with % for a percentage, no digit is beyond "
        "the standard error. Percentiles need 73 replicates. A sentence with a number that does not exist is left out.",
        json_schema_extra={"type": ["array", "string"]},  # one sentence may stand by itself
    )
    evidence: dict[Slug, Evidence] = Field({}, description="Further numbers for the explanation, by name.")
    because: Cause | None = Field(
        None, description="If the claim does not hold but this does in nearly all replicates, it is explained."
    )
    original: Original | None = Field(None, description="Set by the article's `original_data`.")

    @field_validator("explanation", mode="before")
    @classmethod
    def _one_sentence(cls, raw):
        return [raw] if isinstance(raw, str) else raw

    @model_validator(mode="before")
    @classmethod
    def _kind_by_relation(cls, raw):
        if not isinstance(raw, dict):
            return raw
        if raw.get("kind") is None:
            raw = {**raw, "kind": "number" if raw.get("relation", "equals") == "equals" else "inequality"}
        published = valid(Printed, raw.get("published"))
        if raw["kind"] == "number" and raw.get("tolerance") is None and published is not None:
            raw = {**raw, "tolerance": 0.0 if _is_count(raw) else half_digit(published)}
        return raw

    @property
    def rules(self) -> Inequality:
        """The rules of its kind."""
        return KINDS[self.kind]

    @property
    def selections(self) -> dict[tuple, Selection]:
        """The claim, its cause, its evidence, and the condition `among` of each; by their keys below the claim."""
        found: dict[tuple, Selection] = {(): self}
        if self.because is not None:
            found["because",] = self.because
        found |= {("evidence", name): selection for name, selection in self.evidence.items()}
        for below, selection in list(found.items()):
            while selection.among is not None:
                below, selection = (*below, "among"), selection.among
                found[below] = selection
        return found


def _is_count(raw: dict) -> bool:
    """Whether the numbers of a claim as read are counts."""
    of = block(raw, "where").get("measurement") if raw.get("table") == "measurements" else raw.get("quantity")
    known = COLUMNS["fits"] | COLUMNS["agreement"] | QUANTITIES
    return not raw.get("over") and isinstance(of, str) and of in known and known[of].unit == COUNT


class Untested(Statement):
    """A statement of a source that no number of this study can decide."""

    not_tested: Name = Field(description="The reason why it is not tested, as a sentence.")

    without_numbers = property(lambda self: (NOT_TESTED, f"Not tested: {self.not_tested}"))


class Argued(Statement):
    """A statement of a source that mathematics or the literature decides."""

    by_argument: Name = Field(
        description='The argument in sentences, with literature. It begins with "True:", "False as worded:" or similar.'
    )

    without_numbers = property(lambda self: (BY_ARGUMENT, self.by_argument))

    @property
    def decided(self) -> Verdict:
        """True or false by the argument, if its first word is that."""
        ways = {"true": TRUE_BY_ARGUMENT, "false": FALSE_BY_ARGUMENT}
        return ways.get(re.split(r"\W", self.by_argument, maxsplit=1)[0].lower(), BY_ARGUMENT)


class PrintedNumbers(Statement):
    """A statement of a source with the numbers that it prints of one fit, which identities of EM decide."""

    kind: Literal["printed"] = Field(description="That identities among the printed numbers decide (docs/printed.md).")
    numbers: PrintedFit = Field(description="The numbers, with the digits that are printed.")

    @field_validator("numbers")
    @classmethod
    def _without_data(cls, numbers):
        if numbers.data is not None:
            raise ValueError("data is for the command em-study printed only: remove it")
        return numbers

    @property
    def without_numbers(self) -> tuple[Verdict, str]:
        """The verdict by the checks, and their sentences."""
        checks = all_checks(self.numbers)
        outcomes = {check.outcome for check in checks}
        if IMPOSSIBLE in outcomes:
            verdict, answer = NOT_REPRODUCED, "The printed numbers cannot all belong to one fit of this model."
        elif outcomes == {CONSISTENT}:
            verdict, answer = CHECKED, "The printed numbers contradict no identity that was checked."
        else:
            verdict, answer = UNDECIDED, "The printed numbers contradict no identity, as far as the checks decide."
        kept = [check for check in checks if check.outcome == IMPOSSIBLE] or checks
        said = [f"{each.text} Possible explanation: {each.reading}." if each.reading else each.text for each in kept]
        return verdict, " ".join([answer, *said])


TAGS = {"not_tested": "untested", "by_argument": "argued", "numbers": "printed"}  # by the key that tells the kind
AnyClaim = Annotated[
    Annotated[Claim, Tag("claim")]
    | Annotated[Untested, Tag("untested")]
    | Annotated[Argued, Tag("argued")]
    | Annotated[PrintedNumbers, Tag("printed")],
    Discriminator(lambda raw: _tag(raw)),
]


def _tag(raw) -> str:
    kind = raw.get("kind") if isinstance(raw, dict) else getattr(raw, "kind", None)
    by_key = next((tag for key, tag in TAGS.items() if _has_key(raw, key)), "claim")
    return "printed" if kind == "printed" else by_key


def _has_key(raw, key) -> bool:
    return key in raw if isinstance(raw, dict) else hasattr(raw, key)


Claims = dict[Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{1,3}[a-z]?$")], AnyClaim]
