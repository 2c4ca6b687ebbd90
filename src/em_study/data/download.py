"""Files from a network, verified before they are used."""

import hashlib
import http.client
import types
import urllib.error
import urllib.request
from pathlib import Path

from em_study.data.checksums import sha256_of
from em_study.data.storage import atomic_file
from em_study.errors import DataError
from em_study.layout import FILES

TIMEOUT = 60  # seconds without an answer
MAX_BYTES = 1_000_000_000


def fetch(url: str, sha256: str, path):
    """Fetch a file and keep it if its checksum is right.

    Parameters
    ----------
    url : str
        An address: http, https, or file for this machine.
    sha256 : str
        Required checksum, in hexadecimal.
    path : path-like
        Where to store the file. Nothing is stored after an error.

    Raises
    ------
    DataError
        If the file cannot be fetched, is too large, or has another checksum.
    """
    digest = hashlib.sha256()
    size = 0
    with atomic_file(path) as temporary:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "em-study"})  # noqa: S310 (as above)
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, open(temporary, "wb") as file:  # noqa: S310
                while block := answer.read(1 << 20):
                    size += len(block)
                    if size > MAX_BYTES:
                        raise DataError(f"{url}: the file is larger than {MAX_BYTES:,} bytes")
                    digest.update(block)
                    file.write(block)
        except urllib.error.HTTPError as error:
            raise DataError(f"{url}: the server answers {error.code} {error.reason}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            hint = "" if url.startswith("file:") else " Is there a network?"
            raise DataError(f"{url}: cannot be fetched ({reason}).{hint}") from None
        if digest.hexdigest() != sha256:
            raise DataError(
                f"{url}: the file has the sha256 {digest.hexdigest()}, and not {sha256}, which was expected"
            )


def fetched(url: str, sha256: str) -> Path:
    """Return a file from a network, which is fetched at its first use and kept in the folder of the run.

    Raises
    ------
    DataError
        If it cannot be fetched, or has another checksum.
    """
    path = Path(FILES["download"].of(sha256=sha256, ending=Path(url).suffix.removeprefix(".")))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fetch(url, sha256, path)
        except DataError as error:
            raise DataError(f"{error} The file can also be stored as {path.absolute()}") from None
    elif (found := sha256_of(path)) != sha256:
        raise DataError(f"{path.absolute()} has the sha256 {found}, but the file of {url} has {sha256}: delete it")
    return path


def fetched_module(url: str, sha256: str) -> types.ModuleType:
    """Import a Python file from a network (`fetched`)."""
    path = fetched(url, sha256)
    module = types.ModuleType(path.stem)
    exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 (by its checksum)
    return module
