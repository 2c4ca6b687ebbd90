"""Files from a network, verified before they are used."""

import hashlib
import http.client
import urllib.error
import urllib.request

from em_study.data.storage import atomic_file
from em_study.errors import DataError

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
                f"{url}: the file has the sha256 {digest.hexdigest()}, but the configuration expects {sha256}"
            )
