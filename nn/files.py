"""Files that are whole or not there: what is written replaces the old file in one step, or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write a file so that whoever opens it, at any moment and after any crash, finds the old bytes or the new ones.

    The bytes go into a file beside it, to the disk, and then under its name. A process that is killed on the way may leave
    that other file behind, whose name begins with a dot and ends in ".part". Gives back the path.
    """
    given = Path(path)
    target = Path(os.path.realpath(given))  # a link stays one
    if target.is_dir():
        raise IsADirectoryError(f"{given} is a folder: name a file in it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{given}: there is no folder {target.parent}. Make it first.")
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(target.parent)
    return given


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write a text in UTF-8, in one step as `write` does."""
    return write(path, text.encode("utf-8"))


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk too, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
