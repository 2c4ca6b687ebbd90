"""Debian's packages, unpacked into a folder where they are not installed; no root is needed."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


class NotHereError(Exception):
    """A program is not installed here, and cannot be unpacked either."""


def unpack(names, root: Path):
    """Unpack packages with all that they need and is not installed.

    Raises
    ------
    NotHereError
    """
    wanted = ["apt-get", "--simulate", "install", "--no-install-recommends", *names]
    try:
        listed = subprocess.run(wanted, capture_output=True, text=True, check=True)
        packages = root.with_name("packages")
        packages.mkdir(parents=True, exist_ok=True)
        found = re.findall(r"^Inst (\S+)", listed.stdout, flags=re.MULTILINE)
        subprocess.run(["apt-get", "download", "-q", *found], cwd=packages, capture_output=True, text=True, check=True)
        for package in packages.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, root], check=True)
    except OSError as error:
        raise NotHereError(f"{names[0]} is not installed, and cannot be unpacked: {error}") from None
    except subprocess.CalledProcessError as error:
        told = (error.stderr or "").strip()
        raise NotHereError(f"{names[0]} is not installed, and apt-get cannot get it: {told}") from None


def run_with(find_or_unpack, word, *command) -> int:
    """Run a command with the variables that find a program, which is unpacked into a folder while it runs; or probe.

    Parameters
    ----------
    find_or_unpack : callable
        From a folder to the variables of the environment. It raises a `NotHereError` without the program.
    word : str
        run, with a command; or probe, which only tells by the exit status whether the program is there.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            variables = find_or_unpack(Path(folder))
        except NotHereError as error:
            print(error, file=sys.stderr)
            return 1
        if word == "probe":
            return 0
        return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


def libraries(root: Path) -> list[Path]:
    """List the folders of shared libraries among what was unpacked."""
    return sorted({file.parent for file in root.glob("usr/lib/**/*.so*")})
