"""EM in the wild: the check-up of public implementations, and how far they end from the textbook's EM.

    make wild, or python benchmarks/wild.py [NAME ...]

Writes docs/wild.md by its template. Each folder of benchmarks/wild is an environment with its requirements, and holds
one file per implementation (docs/implementations.md). Their findings are kept in benchmarks/wild/findings.json: NAME
makes those of some again, and without a name all are made. What cannot be run here, such as R's, keeps its findings.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from scipy.stats import binomtest

from em_study.claims.findings import document
from em_study.data.storage import write_text
from em_study.diagnosis import reading
from em_study.errors import StudyError
from em_study.places import ROOT

FOLDER = ROOT / "benchmarks/wild"
FINDINGS = FOLDER / "findings.json"
MADE = ROOT / ".wild"  # environments, and files that are fetched
# Implementations of the repository, and the environments of their packages; "" is that of the study.
OURS = {"scikit_learn": "", "xu_2021": "", "mclust": "", "flexmix": "", "mixtools": ""}
OURS |= {"gmmx": "jax", "opencv": "numpy", "pomegranate": "torch"}
OF_R = {"mclust", "flexmix", "mixtools"}
STEPS = 200  # on article A's data: the textbook's EM moves nothing any more there
FAR = 1e-3  # standard deviations of a component
LIMIT = 1800  # seconds for one implementation
RIGHT, ELSEWHERE, LIMITS = "right", "stops elsewhere", "right, with limits"
OTHER, NOT_JUDGED = "another step", "not judged"
VERDICTS = {
    RIGHT: "all its steps are the textbook's, its tolerance is compared with the change of the log-likelihood (mean, "
    "sum or relative), and all checks pass",
    ELSEWHERE: "its steps are the textbook's; its tolerance is compared with something else, or it counts its steps "
    "otherwise",
    LIMITS: "its steps are the textbook's for ordinary samples; it fails or loses digits for extreme ones, has less "
    "than double precision, modifies its input, takes no initial parameters, or fails another check; it may stop "
    "elsewhere, too",
    OTHER: "its step is not the textbook's",
    NOT_JUDGED: "the check-up cannot compare it: its results differ between calls or jump, or single steps cannot be "
    "observed",
}
# What the check-up says, and its checks, of stopping and reporting, which leave the steps alone
ABOUT_STOPPING = ("compares its tolerance", "takes one step", "may stop", "returns the parameters", "trace")
UNEXPLAINED = "Its steps from these could not be explained."
OF_STOPPING = ("steps", "n_iter", "trace", "tolerance")


def files() -> dict[str, tuple[Path, str]]:
    """Return the file and the environment of each implementation, by its name."""
    found = {name: (ROOT / f"implementations/{name}.py", environment) for name, environment in OURS.items()}
    for file in sorted(FOLDER.glob("*/*.py")):
        if file.stem in found:
            sys.exit(f"{file} has the name of {found[file.stem][0]}: rename it")
        found[file.stem] = file, file.parent.name
    return found


def found_in(name: str, file: Path, environment: str) -> dict:
    """Check an implementation in its environment.

    Raises
    ------
    StudyError
        If it cannot be run; the text says why.
    """
    python = MADE / environment / "bin/python" if environment else Path(sys.executable)
    if not python.exists():
        raise StudyError(
            f"{name}: there is no environment .wild/{environment}: run `make .wild/{environment}/complete`"
        )
    words = [str(python), "-P", str(ROOT / "benchmarks/wild_one.py"), str(file), str(STEPS)]
    settings = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    try:
        done = subprocess.run(words, cwd=MADE, env=settings, timeout=LIMIT, capture_output=True, text=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise StudyError(f"{name}: it took more than {LIMIT} s") from None
    if done.returncode:
        raise StudyError(f"{name}: {(done.stderr.strip() or 'it ended without a message').splitlines()[-1]}")
    found = json.loads(done.stdout)
    if found["outcome"] == reading.NOT_RUN:
        raise StudyError(f"{name}: {found['answer'][0]}")
    print(f"{name}: {found['answer'][0]}", flush=True)
    return found


def verdict(found: dict) -> str:
    """Name what the check-up found in a few words."""
    outcome, causes = found["outcome"], found["causes"]
    if outcome == reading.NOT_EXPLAINED or UNEXPLAINED in found["answer"] or any(cause["part"] for cause in causes):
        return OTHER
    if outcome in (reading.TOO_FEW, reading.NOT_TWICE, reading.JUMPS, reading.INDISTINGUISHABLE):
        return NOT_JUDGED
    others = [not any(word in cause["words"] for word in ABOUT_STOPPING) for cause in causes]
    others += [check["name"] not in OF_STOPPING for check in found["checks"] if not check["follows"]]
    return LIMITS if any(others) else ELSEWHERE if others else RIGHT


def sentence(found: dict) -> str:
    """Return the answer: the cause, what differs with other covariances or numbers of features, and failed checks."""
    first, *others = found["answer"]
    said = [first, *others[: found["outcome"] == reading.OWN_START]]
    said += [other for other in others if other.startswith("With ") or other.endswith("could not be found.")]
    left = [check["name"] for check in found["checks"] if not check["follows"] and "Failed checks" not in first]
    left = [name for name in left if (name, found["outcome"]) != ("start", reading.OWN_START)]
    said = " ".join(said + [f"Other failed checks: {', '.join(left)}."] * bool(left))
    said = said.replace("Cause: not in its steps, which are the textbook's.", "Its steps are the textbook's.")
    for words, shorter in (("Cause: none. ", ""), ("Cause: it ", "It "), (": It ", ": it "), (": Its ", ": its ")):
        said = said.replace(words, shorter)
    return said


def version(found: dict) -> str:
    """Return the versions of its packages, or the commit of its repository."""
    return ", ".join(
        [*map(" ".join, found["versions"].items()), *(f"commit {one[:7]}" for one in found["commits"][:1])]
    )


def end(found: dict) -> str:
    """Return the three cells on article A's data."""
    if found["failure"]:
        return f"{found['failure']} | | "
    others = [f"{found['covariances']} covariances"] * (found["covariances"] != "full")
    others += ["the first feature"] * (found["n_features"] == 1) + ["`reg_covar` 1e-6"] * (found["reg_covar"] > 0)
    how = f" ({', '.join(others)})" if others else ""
    sizes = [f"{found[name]:.0e}" if found[name] else "0" for name in ("difference", "log_likelihood")]
    cells = sizes[0] + how, sizes[1], f"{100 * found['other_class']:.1f} %"
    return " | ".join(cells)


def page(findings: dict) -> str:
    """Fill the template of docs/wild.md."""
    rows, known = [], files()
    for name, found in findings.items():
        described = {"title": title(known[name][0]), "version": version(found), "end": end(found["article_a"])}
        rows.append({"verdict": verdict(found), "sentence": sentence(found)} | described)
    rows.sort(key=lambda row: ([*VERDICTS].index(row["verdict"]), row["title"].lower()))
    counts = {name: sum(row["verdict"] == name for row in rows) for name in VERDICTS}
    n_judged = len(rows) - counts[NOT_JUDGED]
    often = Counter(words for found in findings.values() for words in {cause["words"] for cause in found["causes"]})
    given = {"rows": rows, "counts": counts, "verdicts": VERDICTS, "n_judged": n_judged, "steps": STEPS, "far": FAR}
    given["n_far"] = sum(found["article_a"].get("difference", 0) > FAR for found in findings.values())
    given["often"] = [(words, count) for words, count in often.most_common() if count > 1]
    given["version"] = ", ".join(sorted({found["checkup"] for found in findings.values()}))
    given["interval"] = binomtest(counts[RIGHT], n_judged).proportion_ci(method="wilson")
    return document("wild.md", given) + "\n"


def title(file: Path) -> str:
    """Return the first sentence of a file's docstring."""
    try:
        return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))).splitlines()[0].split(". ")[0].rstrip(".")
    except (AttributeError, SyntaxError) as error:
        sys.exit(f"{file} must begin with a docstring, whose first line says what is called ({error})")


def main() -> int:
    """Check them, and write the page; return 1 if one could not be run, whose findings stay as they were."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("names", nargs="*", metavar="NAME")
    names, known = given.parse_args().names, files()
    if unknown := [name for name in names if name not in known]:
        given.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    for file, _ in known.values():
        title(file)  # before anything runs
    names = names or [name for name in known if name not in OF_R or shutil.which("Rscript")]
    MADE.mkdir(exist_ok=True)
    made, problems = {}, []
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        running = {workers.submit(found_in, name, *known[name]): name for name in names}
        for one in as_completed(running):
            try:
                made[running[one]] = one.result()
            except StudyError as error:
                problems.append(str(error))
    findings = json.loads(FINDINGS.read_text(encoding="utf-8")) if FINDINGS.exists() else {}
    findings |= made
    findings = {name: findings[name] for name in sorted(findings) if name in known}
    write_text(FINDINGS, json.dumps(findings, indent=1) + "\n")
    write_text(ROOT / "docs/wild.md", page(findings))
    for problem in problems:
        print(problem, "Its row stays as it was.", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
