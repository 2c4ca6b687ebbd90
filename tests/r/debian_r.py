"""R with its packages, for the tests of what runs it. Where it is not installed, its Debian packages are unpacked.

python tests/r/debian_r.py run COMMAND ...   # with Rscript on the path
python tests/r/debian_r.py probe             # ends with 1, and the reason, where there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from debian import NotHereError, libraries, run_with, unpack

PACKAGES = ("mclust", "flexmix", "mixtools", "mvtnorm")


def find_or_unpack(folder: Path) -> dict[str, str]:
    """Find R, or unpack it into a folder; return the environment in which Rscript is that.

    Raises
    ------
    NotHereError
    """
    program = shutil.which("Rscript") or unpacked(folder)
    loaded = "; ".join(f"library({name})" for name in PACKAGES)
    started = subprocess.run([program, "--vanilla", "-e", loaded], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise NotHereError(f"R does not start with {', '.join(PACKAGES)}: {started.stderr.strip()}")
    return {"PATH": f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"}


def unpacked(folder: Path) -> Path:
    """Unpack R into a folder; return a program Rscript that goes by the places there, not those that R was made for."""
    root = folder / "root"
    unpack(["r-base-core", *(f"r-cran-{name}" for name in PACKAGES)], root)
    home = root / "usr/lib/R"
    settings = {file.name: file for file in (root / "etc/R").iterdir()}
    for name, file in (settings | {"Renviron": "Renviron.ucf"}).items():  # which an installation copies to /etc/R
        (home / "etc" / name).unlink()  # a link to /etc/R
        (home / "etc" / name).symlink_to(file)
    script = home / "bin/R"
    text = script.read_text(encoding="utf-8")
    for place in ("/usr/lib/R", "/usr/share/R"):
        text = text.replace(f"={place}", f"={root}{place}")
    script.write_text(text, encoding="utf-8")
    variables = {
        "RHOME": home,  # where Rscript looks for R
        "R_LIBS": home / "site-library",
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries(root))),
    }
    lines = [f"export {name}='{value}'" for name, value in variables.items()]  # for R alone
    program = folder / "bin/Rscript"
    program.parent.mkdir()
    program.write_text("\n".join(["#!/bin/sh", *lines, f"exec '{root}/usr/bin/Rscript' \"$@\"", ""]), encoding="utf-8")
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    sys.exit(run_with(find_or_unpack, *sys.argv[1:]))
