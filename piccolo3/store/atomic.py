"""Writing files so that at any moment, power cuts included, a name stands for a whole file or for none.

The content goes to a temporary name (a dot in front) in the same directory and is synced; then it gets its name, and
the directory is synced.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from piccolo3.errors import Conflict
from piccolo3.store.failures import shown, store_errors

__all__ = ["sync_directory", "temporary_name", "write_files"]

# what file systems without hard links (those of memory sticks) say
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


def temporary_name(name: str) -> str:
    """The name that a file has while it is written."""
    return f".{name}.tmp"


def write_files(contents: Mapping[Path, bytes], *, clobber: bool) -> None:
    """Write files of one directory; they are durable on return.

    All or none are there after an error (without `clobber`): StoreError, or Conflict where a name is taken. With
    `clobber` existing files are replaced, in the given order. One writer at a time per directory.
    """
    published: list[Path] = []
    try:
        for path, data in contents.items():
            with store_errors("writing", path):
                _write_synced(_temporary(path), data)
        for path in contents:
            with store_errors("writing", path):
                _publish(path, clobber=clobber)
            published.append(path)
        for directory in {path.parent for path in contents}:
            sync_directory(directory)
    except BaseException:
        leftover = [_temporary(path) for path in contents]
        for path in leftover if clobber else [*leftover, *published]:
            with suppress(OSError):
                path.unlink()
        raise


def _temporary(path: Path) -> Path:
    return path.with_name(temporary_name(path.name))


def _write_synced(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # left behind by an interrupted write
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(path: Path, *, clobber: bool) -> None:
    temporary = _temporary(path)
    if clobber:
        temporary.replace(path)
        return
    try:
        _take_name(temporary, path)
    except FileExistsError as error:
        raise Conflict(f"{path.name} exists already and is not overwritten", path=shown(path)) from error


def _take_name(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # no race: the data directory is locked, and there is one writer
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from error
        temporary.rename(path)
    else:
        with suppress(OSError):  # the file is complete under its name; the other name is never listed
            temporary.unlink()


def sync_directory(directory: Path) -> None:
    """Make new names in `directory` durable, where its file system knows how to."""
    with store_errors("writing to", directory):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                raise
        finally:
            os.close(descriptor)
