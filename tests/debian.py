"""Debian's packages, unpacked into a folder where they are not installed; no root is needed."""

import re
import subprocess
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


def libraries(root: Path) -> list[Path]:
    """List the folders of shared libraries among what was unpacked."""
    return sorted({file.parent for file in root.glob("usr/lib/**/*.so*")})
