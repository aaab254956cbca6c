"""The black box: what a life of the rig writes while it lasts, and others read when it has ended, however it did."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping

from piccolo3.clock import Clock
from piccolo3.jsonvalue import JsonValue

__all__ = ["BoxHandler", "Entry", "Recordings", "read"]

Entry = Mapping[str, JsonValue]
_PIECE = 1 << 16


class Recordings:
    """Writes to a pipe, which neither a full disk nor the end of this process does any harm."""

    def __init__(self, descriptor: int, clock: Clock, boot: float) -> None:
        self._descriptor = descriptor
        self._clock = clock
        self.boot = boot
        self._write = os.write  # faults may take its place

    @property
    def now(self) -> float:
        """Seconds since the season began."""
        return self.boot + self._clock.monotonic()

    def note(self, what: str, **details: JsonValue) -> None:
        """Note that this happens now."""
        entry = {"what": what, "time": round(self.now, 6), **details}
        rest = memoryview(json.dumps(entry).encode() + b"\n")
        try:
            while rest:
                rest = rest[self._write(self._descriptor, rest) :]
        except BrokenPipeError:  # nobody looks any more
            os._exit(1)


class BoxHandler(logging.Handler):
    """Puts what is logged into the box."""

    def __init__(self, box: Recordings) -> None:
        super().__init__(logging.WARNING)
        self._box = box

    def emit(self, record: logging.LogRecord) -> None:
        """One entry; a traceback is part of its text."""
        self._box.note("log", level=record.levelname, logger=record.name, text=self.format(record))


def read(descriptor: int) -> Iterator[Entry]:
    """All entries, until whoever writes has gone; one that was not finished is left out. Closes the pipe."""
    with os.fdopen(descriptor, "rb", buffering=_PIECE) as pipe:
        for line in pipe:
            if line.endswith(b"\n"):
                yield json.loads(line)
