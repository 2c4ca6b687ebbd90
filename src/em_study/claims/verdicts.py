"""The verdicts: as tables have them, as people read them, and how they look."""

from dataclasses import dataclass

GRAY = "#555555", "#b4b4b4"
GREEN = "#00694e", "#5fd3ae"
BLUE = "#00588a", "#7cc4f0"
PURPLE = "#6f3a87", "#d2a5e6"
AMBER = "#8a5a00", "#f0b94d"
RED = "#b03a00", "#ff9a66"


@dataclass(frozen=True)
class Verdict:
    """What is said of a claim.

    Attributes
    ----------
    name : str
        In tables.
    words, answer : str
        For people: of what a source states, and of a question that this study asks itself.
    sign : str
        So that none is told by its color alone.
    colors : (str, str)
        On white and on black, with a contrast of 4.5 : 1 and more.
    meaning : str
        When a claim has it, in docs/verdicts.md.
    by_data : bool
        Whether the data could have decided otherwise.
    """

    name: str
    words: str
    answer: str
    sign: str
    colors: tuple[str, str]
    meaning: str
    by_data: bool = True

    def said_of(self, basis: str) -> str:
        """Say it of what a source states, or of a question of this study, by the claim's `basis`."""
        return self.answer if basis == "question" else self.words


NOT_REPRODUCED = Verdict(
    "not_reproduced",
    "not reproduced",
    "no",
    "\u2715",
    RED,
    "On the source's own data it does not hold.",
)
NOT_REPLICATED = Verdict(
    "not_replicated", "not replicated", "no", "\u2717", RED, "On new data of the same kind it does not hold."
)
EXPLAINED = Verdict(
    "explained",
    "does not hold; what holds instead was measured",
    "no; what holds instead was measured",
    "\u25c6",
    AMBER,
    "It does not hold, and what holds instead was named, measured, and holds in at least 95 % of the replicates.",
)
BY_DATA = Verdict(
    "depends_on_data",
    "depends on the data",
    "it depends on the data",
    "\u25a3",
    PURPLE,
    "The experiments differ by more than chance: it is the data set that decides.",
)
DEPENDS = Verdict(
    "depends_on_draw",
    "depends on the draw",
    "it depends on the draw",
    "\u25d0",
    BLUE,
    "It holds in some replicates and fails in others, neither of them rarely.",
)
UNDECIDED = Verdict(
    "undecided",
    "undecided: too few replicates",
    "undecided: too few replicates",
    "?",
    GRAY,
    "The interval contains a cut. `draws_needed` says how many replicates would decide.",
)
REPLICATED = Verdict("replicated", "replicated", "yes", "\u25c9", GREEN, "On new data of the same kind it holds.")
REPRODUCED = Verdict("reproduced", "reproduced", "yes", "\u25cf", GREEN, "On the source's own data it holds.")
BUG = Verdict(
    "bug", "a bug, or other settings", "a bug, or other settings", "\u203c", RED, "An identity fails.", by_data=False
)
CHECKED = Verdict(
    "checked",
    "holds by mathematics; checked",
    "holds by mathematics; checked",
    "\u2713",
    GRAY,
    "An identity holds in every case. This checks the code, and is no evidence for anything else.",
    by_data=False,
)
BY_ARGUMENT = Verdict(
    "by_argument",
    "decided by argument",
    "decided by argument",
    "\u2234",
    GRAY,
    "Mathematics or the literature decides; no number of this study does.",
    by_data=False,
)
NOT_TESTED = Verdict(
    "not_tested",
    "not tested",
    "not tested",
    "\u2013",
    GRAY,
    "There are no numbers for it; the explanation says why.",
    by_data=False,
)
# In the order in which they are listed: what fails first.
VERDICTS = {
    verdict.name: verdict
    for verdict in (
        BUG,
        NOT_REPRODUCED,
        NOT_REPLICATED,
        EXPLAINED,
        BY_DATA,
        DEPENDS,
        UNDECIDED,
        REPLICATED,
        REPRODUCED,
        CHECKED,
        BY_ARGUMENT,
        NOT_TESTED,
    )
}
CLAIMS, QUESTIONS, OTHERS = "Stated by the sources", "Asked by this study", "Not decided by data"
FORMER = {"reproduced_in_distribution": DEPENDS.name}  # words of earlier versions, in files of users


def tally(judged) -> dict[str, dict[Verdict, list]]:
    """Sort what was judged: by whether a source states it and the data decide, then by its verdict.

    Parameters
    ----------
    judged : iterable of (Verdict, str, object)
        The verdict of each, the basis, and what is listed.
    """
    found: dict[str, dict[Verdict, list]] = {CLAIMS: {}, QUESTIONS: {}, OTHERS: {}}
    for verdict, basis, each in sorted(judged, key=lambda one: [*VERDICTS].index(one[0].name)):
        part = OTHERS if not verdict.by_data else QUESTIONS if basis == "question" else CLAIMS
        found[part].setdefault(verdict, []).append(each)
    return {part: verdicts for part, verdicts in found.items() if verdicts}


def style_of_verdicts() -> str:
    """Write the style of what a verdict colors on the page."""
    light, dark = (
        ":root { " + " ".join(f"--{name}: {verdict.colors[theme]};" for name, verdict in VERDICTS.items()) + " }"
        for theme in (0, 1)
    )
    lines = [light, f"@media (prefers-color-scheme: dark) {{ {dark} }}"]
    for name, verdict in VERDICTS.items():
        lines.append(f".verdict.{name} {{ color: var(--{name}); }}")
        if verdict.colors != GRAY:
            lines.append(f".card.{name} {{ border-left-color: var(--{name}); }}")
    return "\n".join(lines) + "\n"
