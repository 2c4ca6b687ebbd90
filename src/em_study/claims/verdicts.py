"""The verdicts: as tables have them, as people read them, and how they look."""

from dataclasses import dataclass

GRAY = "#555555", "#b4b4b4"


@dataclass(frozen=True)
class Verdict:
    """What is said of a claim."""

    name: str  # in tables
    words: str  # for people
    sign: str  # so that none is told by its color alone
    colors: tuple[str, str]  # on white and on black, with a contrast of 4.5 : 1 and more
    meaning: str = ""  # when a claim has it (docs/verdicts.md); empty if the claim's kind says so


REPRODUCED = Verdict("reproduced", "reproduced", "\u25cf", ("#00694e", "#5fd3ae"))
DEPENDS = Verdict("reproduced_in_distribution", "depends on the draw", "\u25d0", ("#00588a", "#7cc4f0"))
EXPLAINED = Verdict(
    "explained",
    "does not hold; what holds instead was measured",
    "\u25c6",
    ("#8a5a00", "#f0b94d"),
    "it would be `not_reproduced`, and what holds instead was measured and holds in at least 95 % of the draws. The "
    "claim does not hold.",
)
NOT_REPRODUCED = Verdict("not_reproduced", "not reproduced", "\u2715", ("#b03a00", "#ff9a66"))
UNDECIDED = Verdict(
    "undecided",
    "undecided: too few draws",
    "?",
    GRAY,
    "a number or an inequality has fewer than 20 draws, or an existence has found no case among fewer than 20 draws.",
)
NOT_TESTED = Verdict(
    "not_tested", "not tested", "\u2013", GRAY, "there are no numbers for it; the explanation says why."
)
VERDICTS = {
    verdict.name: verdict for verdict in (REPRODUCED, DEPENDS, EXPLAINED, NOT_REPRODUCED, UNDECIDED, NOT_TESTED)
}


def style_of_verdicts() -> str:
    """Write the style of what a verdict colors on the page."""
    light, dark = (
        ":root { " + " ".join(f"--{name}: {verdict.colors[theme]};" for name, verdict in VERDICTS.items()) + " }"
        for theme in (0, 1)
    )
    lines = [light, f"@media (prefers-color-scheme: dark) {{ {dark} }}"]
    for name, verdict in VERDICTS.items():
        lines.append(f".{name} .verdict {{ color: var(--{name}); }}")
        if verdict.colors != GRAY:
            lines.append(f".card.{name} {{ border-left-color: var(--{name}); }}")
    return "\n".join(lines) + "\n"
