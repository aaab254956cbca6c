"""What interrupted writes left behind is kept in `.lost+found`, where it bothers nobody."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from piccolo3.store.atomic import sync_directory, temporary_name
from piccolo3.store.failures import shown, store_errors

__all__ = ["LOST_AND_FOUND", "is_leftover", "move_leftover"]

LOST_AND_FOUND = ".lost+found"
_logger = logging.getLogger(__name__)
_LEFTOVER = temporary_name("b*_s*.pico")


def is_leftover(name: str) -> bool:
    """Whether a file of that name was being written."""
    return fnmatchcase(name, _LEFTOVER)


def move_leftover(root: Path, path: Path) -> Path | None:
    """Move what an interrupted write left to `.lost+found`, as `<run>-<name>`; where it is now.

    None where there is nothing to keep: it is empty, or the second name of a file that is complete.
    """
    with store_errors("clearing away", path):
        status = path.lstat()
        final = path.with_name(path.name.removeprefix(".").removesuffix(".tmp"))
        if not status.st_size or (status.st_nlink > 1 and _is_same(path, final)):
            path.unlink()
            return None
        folder = root / LOST_AND_FOUND
        folder.mkdir(exist_ok=True)
        target = _free(folder, f"{path.parent.name}-{path.name.removeprefix('.')}")
        path.rename(target)
        sync_directory(folder)
    _logger.warning("%s is left of an interrupted write; it is now %s", shown(path), shown(target))
    return target


def _is_same(path: Path, other: Path) -> bool:
    with suppress(OSError):
        return path.samefile(other)
    return False


def _free(folder: Path, name: str) -> Path:
    # names have 255 bytes at most
    name = name.encode(errors="surrogateescape")[-240:].decode(errors="ignore")
    path, number = folder / name, 0
    while os.path.lexists(path):
        number += 1
        path = folder / f"{name}.{number}"
    return path
