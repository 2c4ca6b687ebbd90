"""Files and text of unknown origin. It imports nothing of the study."""

from pathlib import Path


def file_within(folder: Path, path: str) -> Path | None:
    """Find a file in a folder; None if it is missing, no regular file, or leads out of the folder."""
    try:
        file = (folder / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # links in a circle, or a name that no file can have
        return None
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None


def leads_out(path: str) -> bool:
    """Tell whether a path may lead out of the folder that it is relative to."""
    return Path(path).is_absolute() or ".." in Path(path).parts


def one_line(text) -> str:
    """Write text of unknown origin on one line, without what a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in str(text))
