"""What the operating system says, as sentences for the operator."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from piccolo3.errors import StoreError

__all__ = ["DatabaseDamaged", "shown", "store_error", "store_errors"]

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "it has vanished",
    errno.ENOTDIR: "it is not a directory",
    errno.EEXIST: "there is something else of that name",
    errno.EIO: "the disk reports an error",
    errno.ENODEV: "the disk is gone",
    errno.ENXIO: "the disk is gone",
}


class DatabaseDamaged(StoreError):
    """A database is of no use any more; what was in it has to be found elsewhere: in the files, in a copy."""


def shown(path: Path) -> str:
    """The path as a text that can be encoded, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def store_error(action: str, path: Path, reason: str) -> StoreError:
    """The error that says what could not be done with which file and why."""
    return StoreError(f"{action} {shown(path)} failed: {reason}", path=shown(path), reason=reason)


@contextmanager
def store_errors(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError inside into a StoreError; `action` starts its sentence."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
        raise store_error(action, path, reason) from error
