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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jinja2
from scipy.stats import binomtest

from em_study.data.storage import write_text
from em_study.diagnosis import reading
from em_study.places import ROOT

FOLDER = ROOT / "benchmarks/wild"
FINDINGS = FOLDER / "findings.json"
MADE = ROOT / ".wild"  # environments, and files that are fetched
# Implementations of the repository, and the environments of their packages; "" is that of the study.
OURS = {"scikit_learn": "", "xu_2021": "", "mclust": "", "flexmix": "", "mixtools": ""}
OURS |= {"gmmx": "jax", "opencv": "numpy", "pomegranate": "torch"}
OF_R = {"mclust", "flexmix", "mixtools"}
LIMIT = 1800  # seconds for one implementation
RIGHT, ELSEWHERE, EXTREMES, OTHER, UNKNOWN = "right", "stops elsewhere", "right but for extremes", "another step", "?"
# Notes of the check-up on stopping and reporting, which leave the steps alone
ABOUT_STOPPING = ("compares its tolerance", "takes", "trace", "reports", "n_iter", "steps")


def files() -> dict[str, tuple[Path, str]]:
    """Return the file and the environment of each implementation, by its name."""
    own = {name: (ROOT / f"implementations/{name}.py", environment) for name, environment in OURS.items()}
    return own | {file.stem: (file, file.parent.name) for file in sorted(FOLDER.glob("*/*.py"))}


def found_in(name: str, file: Path, environment: str) -> dict:
    """Check an implementation in its environment."""
    python = MADE / environment / "bin/python" if environment else sys.executable
    words = [str(python), "-P", str(FOLDER / "one.py"), str(file)]
    settings = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    try:
        done = subprocess.run(words, cwd=MADE, env=settings, timeout=LIMIT, capture_output=True, text=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        sys.exit(f"{name} took more than {LIMIT} s")
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    print(f"{name}: {json.loads(done.stdout)['answer'][0]}", flush=True)
    return json.loads(done.stdout)


def verdict(found: dict) -> str:
    """Name what the check-up found in a few words."""
    if (
        found["outcome"] in (reading.RIGHT, reading.OWN_START, reading.EXPLAINED)
        and "could not" not in found["answer"][-1]
    ):
        if any(cause["part"] for cause in found["causes"]):
            return OTHER
        if not found["causes"]:
            return RIGHT
        only = all(any(word in cause["words"] for word in ABOUT_STOPPING) for cause in found["causes"])
        return ELSEWHERE if only else EXTREMES
    return OTHER if found["outcome"] == reading.NOT_EXPLAINED else UNKNOWN


def page(findings: dict) -> str:
    """Fill the template of docs/wild.md."""
    rows = [
        found
        | {
            "title": ast.get_docstring(ast.parse(files()[name][0].read_text(encoding="utf-8")))
            .splitlines()[0]
            .rstrip("."),
            "verdict": verdict(found),
        }
        for name, found in sorted(findings.items())
    ]
    environment = jinja2.Environment(  # noqa: S701 (makes Markdown)
        loader=jinja2.FileSystemLoader(ROOT / "docs/templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    n_right, n_judged = (
        sum(row["verdict"] in names for row in rows) for names in ((RIGHT,), (RIGHT, ELSEWHERE, EXTREMES, OTHER))
    )
    interval = binomtest(n_right, n_judged).proportion_ci(method="wilson")
    return (
        environment.get_template("wild.md").render(rows=rows, n_right=n_right, n_judged=n_judged, interval=interval)
        + "\n"
    )


def main():
    """Check them, and write the page."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("names", nargs="*", choices=[*files(), []], metavar="NAME")
    names = given.parse_args().names or [name for name in files() if name not in OF_R or shutil.which("Rscript")]
    findings = json.loads(FINDINGS.read_text(encoding="utf-8")) if FINDINGS.exists() else {}
    MADE.mkdir(exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        made = workers.map(lambda name: found_in(name, *files()[name]), names)
        findings |= dict(zip(names, made, strict=True))
    findings = {name: findings[name] for name in sorted(findings) if name in files()}
    write_text(FINDINGS, json.dumps(findings, indent=1) + "\n")
    write_text(ROOT / "docs/wild.md", page(findings))


if __name__ == "__main__":
    main()
