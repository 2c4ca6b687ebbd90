"""Implementations whose deviation is known, read: which are named, and whether one is ever accused wrongly.

    python benchmarks/reading.py

Writes the section "Implementations that were read" of RESULTS.md. The implementations are those of heldout.py.
"""

import re
import tempfile
import time
from collections import Counter
from pathlib import Path

from em_study.diagnosis.answer import answer, causes
from em_study.diagnosis.reading import NOT_EXPLAINED, RIGHT, read_all
from em_study.fits.implementations import Implementation
from heldout import cases, write
from results import machine, row, write_section

ANSWERS = ("named", "right", "not explained", "another cause", "wrongly right")
Z = 1.96  # of a 95 % interval


def judged(case, readings) -> str:
    """Compare what was read with what is known."""
    said = " ; ".join([answer(readings)[0], *(words for one in readings for words in causes(one))])
    if all(one.outcome == RIGHT and not causes(one) for one in readings):
        return "right" if case.expect == ("right",) else "wrongly right"
    if all(re.search(expected, said, re.IGNORECASE) for expected in case.expect):
        return "not explained" if readings[0].outcome == NOT_EXPLAINED else "named"
    return "not explained" if readings[0].outcome == NOT_EXPLAINED else "another cause"


def wilson(n: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share (Wilson, 1927)."""
    center, half = (n + Z**2 / 2) / (of + Z**2), Z / (of + Z**2) * (n * (of - n) / of + Z**2 / 4) ** 0.5
    return max(0.0, center - half), center + half


def main():
    """Read each, print its answer, and write the section."""
    counts, seconds = {}, []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        for case in cases():
            begun = time.perf_counter()
            with Implementation(Path(folder) / f"{case.name}.py", 20.0) as implementation:
                readings = read_all(implementation)
            seconds.append(time.perf_counter() - begun)
            verdict = judged(case, readings)
            counts.setdefault(case.kind, Counter())[verdict] += 1
            print(f"{verdict}: {case.name} ({case.says}): {answer(readings)[0]}", flush=True)
    total = sum(counts.values(), Counter())
    wrong = total["another cause"] + total["wrongly right"]
    low, high = wilson(wrong, total.total())
    seconds.sort()
    write_section(
        "Implementations that were read",
        [
            f"Written by `python benchmarks/reading.py`. {machine()};",
            f"{seconds[len(seconds) // 2]:.1f} s each (median), at most {seconds[-1]:.0f} s, others at work.",
            f"Wrongly accused or acquitted: {wrong} of {total.total()} ({100 * low:.1f} to {100 * high:.1f} %).",
            "",
            row(["implementations", "number", *ANSWERS]),
            row(["---"] * (len(ANSWERS) + 2)),
            *(row([kind, count.total(), *(count[one] or "" for one in ANSWERS)]) for kind, count in counts.items()),
        ],
    )


if __name__ == "__main__":
    main()
