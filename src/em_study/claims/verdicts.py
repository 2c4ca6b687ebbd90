"""The verdicts: their names in tables, their words for readers, and their colors."""

import re
from dataclasses import dataclass

GRAY = "#555555", "#b4b4b4"
GREEN = "#00694e", "#5fd3ae"
BLUE = "#00588a", "#7cc4f0"
PURPLE = "#6f3a87", "#d2a5e6"
AMBER = "#8a5a00", "#f0b94d"
RED = "#b03a00", "#ff9a66"


SHOWN: dict[str, "Verdict"] = {}  # in the order in which they are defined, and listed: what fails first
VERDICTS: dict[str, "Verdict"] = {}  # those of tables


@dataclass(frozen=True)
class Verdict:
    """A verdict on a claim.

    Attributes
    ----------
    name : str
        Its name in tables.
    words : str
        Its words for readers.
    sign : str
        Its sign, so that color is not the only difference.
    colors : (str, str)
        On white and on black, with a contrast of at least 4.5 : 1.
    meaning : str
        The condition under which a claim has it.
    answer : str
        Replaces `words` for a question of this study; empty if they fit.
    by_data : bool
        Whether the data could have decided otherwise.
    in_tables : bool
        Whether tables have it; else they have a more general one.
    """

    name: str
    words: str
    sign: str
    colors: tuple[str, str]
    meaning: str
    answer: str = ""
    by_data: bool = True
    in_tables: bool = True

    def __post_init__(self):
        """List it."""
        SHOWN[self.name] = self
        if self.in_tables:
            VERDICTS[self.name] = self

    def said_of(self, basis: str) -> str:
        """Give its words for a statement of a source, or for a question of this study, by the claim's `basis`."""
        return self.answer if self.answer and basis == "question" else self.words

    def in_short(self, basis: str) -> str:
        """Give its words up to the first punctuation mark, for a list."""
        return re.split("[;:,]", self.said_of(basis))[0]


BUG = Verdict("bug", "a bug, or other settings", "\u203c", RED, "An identity fails.", by_data=False)
NOT_REPRODUCED = Verdict(
    "not_reproduced",
    "not reproduced",
    "\u2715",
    RED,
    "On the source's own data, or by its own numbers, it does not hold.",
    "no",
)
NOT_REPLICATED = Verdict(
    "not_replicated", "not replicated", "\u2717", RED, "On new data of the same kind it does not hold.", "no"
)
EXPLAINED = Verdict(
    "explained",
    "does not hold; what holds instead was measured",
    "\u25c6",
    AMBER,
    "It does not hold; the article's file names what holds instead, and this holds by the rule of an inequality.",
    "no; what holds instead was measured",
)
FALSE_BY_ARGUMENT = Verdict(
    "false_by_argument",
    "false by argument",
    "\u2234",
    RED,
    "Mathematics or the literature decides, against it as it is worded.",
    by_data=False,
    in_tables=False,
)
BY_DATA = Verdict("depends_on_data", "depends on the data", "\u25a3", PURPLE, "Experiments differ by more than chance.")
DEPENDS = Verdict(
    "depends_on_draw", "depends on the draw", "\u25d0", BLUE, "It holds in some replicates, not in others."
)
UNDECIDED = Verdict(
    "undecided",
    "undecided: the numbers do not settle it",
    "?",
    GRAY,
    "The 95 % interval contains the threshold; more replicates make it narrower. Or printed numbers are too few or too "
    "coarse.",
)
REPLICATED = Verdict("replicated", "replicated", "\u25c9", GREEN, "On new data of the same kind it holds.", "yes")
REPRODUCED = Verdict("reproduced", "reproduced", "\u25cf", GREEN, "On the source's own data it holds.", "yes")
CHECKED = Verdict(
    "checked",
    "agrees with mathematics; checked",
    "\u2713",
    GRAY,
    "An identity holds; or printed numbers contradict none.",
    by_data=False,
)
TRUE_BY_ARGUMENT = Verdict(
    "true_by_argument",
    "true by argument",
    "\u2234",
    GRAY,
    "Mathematics or the literature decides, for it.",
    by_data=False,
    in_tables=False,
)
BY_ARGUMENT = Verdict(
    "by_argument", "decided by argument", "\u2234", GRAY, "Mathematics or the literature decides.", by_data=False
)
NOT_TESTED = Verdict("not_tested", "not tested", "\u2013", GRAY, "There are no numbers for it.", by_data=False)
CLAIMS, QUESTIONS = "Stated by the sources, decided by data", "Asked by this study, decided by data"
BY_CONSTRUCTION, BY_MATHEMATICS = "Follows from how the data are made", "Decided by mathematics or argument"
UNTESTED = "Not tested"
FORMER = {"reproduced_in_distribution": DEPENDS.name}  # words of earlier versions, in files of users


def tally(judged) -> dict[str, dict[Verdict, list]]:
    """Group items (Verdict, basis, by_construction, item) by what decides and who states it, then by verdict.

    Only the first group is evidence on the sources.
    """
    found: dict[str, dict[Verdict, list]] = {
        part: {} for part in (CLAIMS, QUESTIONS, BY_CONSTRUCTION, BY_MATHEMATICS, UNTESTED)
    }
    for verdict, basis, by_construction, each in sorted(judged, key=lambda one: [*SHOWN].index(one[0].name)):
        part = QUESTIONS if basis == "question" else CLAIMS
        if not verdict.by_data:
            part = UNTESTED if verdict is NOT_TESTED else BY_MATHEMATICS
        elif by_construction:
            part = BY_CONSTRUCTION
        found[part].setdefault(verdict, []).append(each)
    return {part: verdicts for part, verdicts in found.items() if verdicts}


def style_of_verdicts() -> str:
    """Write the CSS of verdicts on the page."""
    light, dark = (
        ":root { " + " ".join(f"--{name}: {verdict.colors[theme]};" for name, verdict in SHOWN.items()) + " }"
        for theme in (0, 1)
    )
    lines = [light, f"@media (prefers-color-scheme: dark) {{ {dark} }}"]
    for name, verdict in SHOWN.items():
        lines.append(f".verdict.{name} {{ color: var(--{name}); }}")
        if verdict.colors != GRAY:
            lines.append(f".claim.{name} {{ --verdict: var(--{name}); }}")
    return "\n".join(lines) + "\n"
