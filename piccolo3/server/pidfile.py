"""The PID file of the daemon: a stale one is taken over, a live one is respected."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from piccolo3.errors import Conflict, Unavailable

__all__ = ["PidFile"]

_PROGRAM = "piccolo3-server"


class PidFile:
    """Holds the number of this process while the context lasts; to be entered after the process has detached."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Raise Conflict if the file names a running daemon."""
        pid = self._read()
        if pid is not None and pid != os.getpid() and _is_daemon(pid):
            message = f"{_PROGRAM} is running already: process {pid} holds {self._path}; stop it with `kill {pid}`"
            raise Conflict(message, pid=pid)

    def __enter__(self) -> PidFile:
        self.check()
        try:
            self._path.unlink(missing_ok=True)
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError as error:
            raise Conflict(f"another {_PROGRAM} is being started: {self._path} has just appeared") from error
        except OSError as error:
            raise Unavailable(f"the PID file {self._path} can't be written: {error.strerror}") from error
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._read() == os.getpid():
            self._path.unlink(missing_ok=True)

    def _read(self) -> int | None:
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


def _is_daemon(pid: int) -> bool:
    """Whether `pid` runs and is one of us: numbers are used again after a power cut."""
    try:
        program = psutil.Process(pid).cmdline()[:2]  # ours, or the interpreter and ours
        return _PROGRAM in [Path(word).name for word in program]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
    except psutil.AccessDenied:
        return True
