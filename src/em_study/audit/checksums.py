"""Untrusted files and text. It imports nothing of the study."""

from pathlib import Path


def file_within(folder: Path, path: str) -> Path | None:
    """Find a file in a folder; None if it is missing, not a regular file, or leads out of the folder."""
    try:
        file = (folder / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # circular links, or an invalid file name
        return None
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None


def leads_out(path: str) -> bool:
    """Whether a path may lead out of the folder that it is relative to."""
    return Path(path).is_absolute() or ".." in Path(path).parts


def one_line(text) -> str:
    """Write untrusted text on one line, without control characters."""
    return "".join(character if character.isprintable() else "?" for character in str(text))
