"""The answer of the check-up: what was found about an implementation, as sentences."""

from em_study.diagnosis import reading
from em_study.diagnosis.deviations import CENTER_OF_STEP
from em_study.diagnosis.reading import Reading
from em_study.diagnosis.recipe import LAST
from em_study.diagnosis.stopping import AS_ASKED

FIXED = {
    reading.OWN_START: "It ignores the initial parameters that are passed in, and chooses its own.",
    reading.TOO_FEW: "Its steps cannot be analyzed: it takes fewer than three, or the same number for every max_iter.",
    reading.NOT_TWICE: (
        "It returns different results for the same samples and initial parameters, so nothing else can be analyzed."
    ),
    reading.JUMPS: (
        "Its results jump when the samples move by a millionth, by more than the rounding of single precision, so "
        "nothing else can be analyzed."
    ),
}
# Name of the part of the step to which a deviation belongs
STEP = {
    "E-step": "old shown in_distance in_determinant powers terms found counted responsibilities",
    "weights": "weights new_weights",
    "means": "means",
    "covariances": "centers shares scatter divisors estimate covariances regularization",
}
PARTS = {part: words for words, parts in STEP.items() for part in parts.split()}


def answer(readings: tuple[Reading, ...]) -> list[str]:
    """Return the answer as sentences: the cause first, then the evidence.

    Parameters
    ----------
    readings : tuple of Reading
        One per covariance type (`reading.read_all`).
    """
    first, *others = readings
    said = [*_of_one(first)]
    same = [other for other in others if _cause(other) == _cause(first)]
    if same:
        said.append(f"The same is true with {_where(same)}.")
    if first.features or (others and not same and first.kind != "full"):  # the other types follow
        said[0] = f"With {first.where}: {said[0]}"
    unseen = [other for other in others if other.outcome == reading.INDISTINGUISHABLE]
    if unseen:
        said.append(f"With {_where(unseen)}, these samples cannot distinguish it from the textbook's EM.")
    alike = {}  # the other readings, by what is said of them
    for other in others:
        if other not in [*same, *unseen]:
            alike.setdefault(_of_one(other)[0], []).append(other)
    return [*said, *(f"With {_where(each)}: {sentence}" for sentence, each in alike.items())]


def causes(found: Reading) -> dict[str, dict]:
    """Return its deviations, each described as the end of "it ...", with the part of the step and the values."""
    kept = any(change.deviation.part == "means" and change.when == LAST for change in found.changes)
    changes = [one for one in found.changes if not (kept and one.deviation.words == CENTER_OF_STEP)]
    does = {one.words: {"part": PARTS.get(one.deviation.part, "all"), "values": [*one.values]} for one in changes}
    others = [*found.notes]
    if found.stops and found.stops not in (found.declared, "unknown"):
        others.append(f"compares its tolerance with {found.stops}, not with {found.declared}")
    return does | {words: {"part": "", "values": []} for words in others}


def _where(readings) -> str:
    """List the covariances and features of several readings."""
    if any(one.features for one in readings):
        return _listed(one.where for one in readings)
    return f"{_listed(one.kind for one in readings)} covariances"


def _cause(found):
    return found.outcome, [*causes(found)], found.unexplained


def _of_one(found: Reading) -> list[str]:
    does = causes(found)
    if found.outcome == reading.NOT_RUN:
        return [f"It could not be run: {found.problem}."]
    if found.outcome == reading.OWN_START and found.unexplained:
        return [FIXED[found.outcome], "Its steps from these could not be explained."]
    if found.outcome == reading.OWN_START:
        steps = f"it {_listed(does)}" if does else "its steps are the textbook's"
        return [FIXED[found.outcome], f"From these, {steps}."]
    if found.outcome in FIXED:
        return [FIXED[found.outcome]]
    if found.outcome == reading.NOT_EXPLAINED:
        return _unexplained(found, does)
    said = [f"Cause: it {_listed(does)}." if does else "Cause: none. Its steps are the textbook's."]
    if does:
        changed = {PARTS.get(change.deviation.part, "") for change in found.changes}
        rest = [part for part in STEP if part not in changed]
        if "" not in changed:
            said.append(
                f"The other parts of its step are the textbook's: {_listed(rest)}."
                if changed
                else "Its steps are the textbook's."
            )
    ours = "the textbook's EM with this change" if does else "the textbook's EM"
    others = f"{len(found.sets)} others" if len(found.sets) > 1 else "another"
    said.append(
        f"This was found on {found.n_cases} small data sets. On {others}, {ours} gives the same parameters after "
        f"1 to 5 steps; the largest difference is {_size(found.predicted)}."
    )
    if found.changes:
        said.append(f"The best of {found.n_tried:,} other formulas has an error of {_size(found.rival)}.")
    if found.stops == found.declared != AS_ASKED:
        said.append(f"Its tolerance is compared with {found.stops}, as TOLERANCE_OF declares.")
    if found.stops == "unknown":
        said.append("The quantity that its tolerance is compared with could not be found.")
    return said


def _unexplained(found, does):
    if found.missed:
        said = [
            f"Not explained: what was found (it {_listed(does) or 'takes the steps of the textbook'}) does not predict "
            f"its steps on these data sets: {_listed(found.missed)}."
        ]
    elif found.unexplained and found.unexplained[0].startswith("its "):
        step = f"it {_listed(does)}" if does else "it does as the textbook says"
        said = [f"Not explained: {found.unexplained[0]}. In the first step, {step}."]
    else:
        said = [f"Not explained: no formula of the catalogue gives its {_listed(found.unexplained)}."]
        if does:
            said.append(f"Given these, it {_listed(does)}.")
    if found.right and not found.missed:
        right = [
            part
            for part in STEP
            if part in found.right
            or (part == "E-step" and found.unexplained[0] not in (part, "means") and "means" in found.right)
        ]
        step = "In the first step" if found.unexplained[0].startswith("its ") else "Given the earlier parts of the step"
        said.append(f"{step}, these are correct: {_listed(right)}.")
    return said


def _size(number: float) -> str:
    return f"{number:.0e} standard deviations" if number else "0"


def _listed(words) -> str:
    """Join words: a, b and c."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last
