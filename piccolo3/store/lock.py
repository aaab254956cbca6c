"""One process per data directory."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from piccolo3.errors import Conflict
from piccolo3.store.failures import shown, store_errors

__all__ = ["LOCK_FILE", "DirectoryLock"]

LOCK_FILE = ".piccolo3.lock"


class DirectoryLock:
    """A lock on a directory, held by means of a file in it until `release`; it ends with the process, too."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises Conflict that names the process that holds it."""
        path = self._directory / LOCK_FILE
        with store_errors("locking", path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.pread(descriptor, 32, 0).decode("ascii", errors="replace").strip()
                os.close(descriptor)
                who = f"process {holder}" if holder.isdigit() else "another process"
                message = f"the data directory {shown(self._directory)} is in use by {who}"
                raise Conflict(message, path=shown(self._directory), process=holder) from error
            except OSError:
                os.close(descriptor)
                raise
        self._descriptor = descriptor
        with suppress(OSError):  # only for the message; a full disk must not keep the daemon from starting
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; doing so twice does no harm."""
        if self._descriptor is not None:
            # the file stays: taking it away would let two others lock different files of that name
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
