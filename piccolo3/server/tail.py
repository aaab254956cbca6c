"""The last lines of the log, kept for clients that ask for them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from piccolo3.server.kept import without_passwords

__all__ = ["Line", "LogKeeper"]

_MOST = 1000  # lines


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log."""

    number: int
    time: datetime
    level: str
    severity: int
    source: str
    message: str


class LogKeeper(logging.Handler):
    """A handler that keeps what was logged last; `level` and filters are those of the loggers."""

    def __init__(self, most: int = _MOST) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=most)
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; called with the lock of the handler held."""
        try:
            message = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                message += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        except Exception:  # noqa: BLE001 - a mistake in a log call must not end what is logged
            self.handleError(record)
            return
        time = datetime.fromtimestamp(record.created, UTC)
        self._lines.append(
            Line(self._count, time, record.levelname, record.levelno, record.name, without_passwords(message))
        )
        self._count += 1

    def lines(self) -> Sequence[Line]:
        """What is kept, the oldest first."""
        self.acquire()
        try:
            return tuple(self._lines)
        finally:
            self.release()

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Keep what is logged meanwhile."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)
