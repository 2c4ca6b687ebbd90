"""Implementations of EM that the diagnosis was not made from: what deviates in each is known, and who is right.

    python benchmarks/heldout.py FOLDER

Writes each as FOLDER/NAME.py. `heldout/cases.txt` is the table of them: each is one of the implementations next to it,
with other lines in some slots (`# [slot]` marks where one begins; it ends at the next mark or at an empty line).
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "heldout"
MARK = re.compile(r"(?P<indent> *)(?P<code>.*?)(?:^|  |(?<= ))# \[(?P<slot>\w+)\]")


@dataclass(frozen=True)
class Case:
    """An implementation by the contract of docs/implementations.md.

    Attributes
    ----------
    name, says : str
        In words, from RIGHT, DEVIATES (on purpose) or WRONG on.
    kind : str
        single, unlisted (a single one, less common), type (of one covariance type alone), pair, single precision,
        honest (no formula of one step explains it) or right.
    expect : tuple of str
        Regular expressions, one a deviation, to be searched for in a right diagnosis whatever the case of its letters.
    source : str
        The text of the file.
    """

    name: str
    says: str
    kind: str
    expect: tuple[str, ...]
    source: str


def assembled(base: str, slots: dict[str, list[str]]) -> str:
    """Return the text of a base with other lines in some slots; `slot+` are lines after those of the slot."""
    name, _, kind = base.partition(":")
    if kind:
        slots = {"only": [f'if kind != "{kind}": raise NotImplementedError("{kind} only")'], **slots}
    lines, left, indent, slot = [], dict(slots), "", ""
    for line in [*(HERE / f"{name}.py").read_text(encoding="utf-8").splitlines(), ""]:
        mark = MARK.fullmatch(line)
        if slot and (mark or not line):  # the end of a slot
            lines += [indent + added for added in left.pop(f"{slot}+", [])]
            slot = ""
        if mark:
            indent, slot = mark["indent"], mark["slot"]
            replaced = slot in left
            lines += [indent + new for new in left.pop(slot, [])]
            if mark["code"] and not replaced:
                lines.append(indent + mark["code"].rstrip())
        elif not slot or not replaced:
            lines.append(line)
    if left:
        raise ValueError(f"{base} has no slots {sorted(left)}")
    return "\n".join(lines[:-1]) + "\n"


def cases() -> list[Case]:
    """Read the table of cases."""
    table, kind = {}, ""
    for line in (HERE / "cases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind = line[3:]
        elif line.startswith("#") or not line:
            continue
        elif kind == "pair":
            one, two = (table[name] for name in line.split(" + "))
            both = {slot: one[2].get(slot, []) + two[2].get(slot, []) for slot in one[2] | two[2]}
            if any(slot[-1] != "+" for slot in one[2].keys() & two[2].keys()):
                raise ValueError(f"{line}: both are in one slot")
            table[line.replace(" + ", "_and_")] = f"{one[0]}; and {two[0]}", one[1], both, one[3] + two[3], kind
        else:
            name, *row = re.split(r" \| ?", line) if line[0] != " " else ["", "", "", "", *line[4:].split(" | ")]
            if name:
                slots = {}
                table[name] = row[1], row[0], slots, (row[2],) if row[2] else (), kind
            for part in filter(None, row[3:]):
                slot, code = part.split(": ", 1)
                slots.setdefault(slot, []).append(code)
    return [
        Case(name, says, kind, expect, f"# {says}\n{assembled(base, slots)}")
        for name, (says, base, slots, expect, kind) in table.items()
    ]


def write(folder) -> list[Path]:
    """Write all as files NAME.py; return them."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    files = {Path(folder) / f"{case.name}.py": case.source for case in cases()}
    for file, source in files.items():
        file.write_text(source, encoding="utf-8")
    return [*files]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("write: python benchmarks/heldout.py FOLDER")
    print(f"{len(write(sys.argv[1]))} implementations in {sys.argv[1]}")
