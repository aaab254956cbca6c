"""What has happened, on its way to the catalogue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.store import EventRecord
from piccolo3.workers.calls import retrieve
from piccolo3.workers.writer import Writer

__all__ = ["Journal"]

_MOST = 1000  # events that wait for the catalogue; older ones are forgotten then
_logger = logging.getLogger(__name__)


class Journal:
    """Keeps events until the catalogue has them. What it did not take is tried again with the next one.

    Before `open` nothing is written, so that nobody has to wait for the catalogue while the daemon starts.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._waiting: deque[EventRecord] = deque(maxlen=_MOST)
        self._writing: asyncio.Task[None] | None = None
        self._open = False

    def __len__(self) -> int:
        """How many are not in the catalogue yet."""
        return len(self._waiting)

    def note(
        self,
        kind: str,
        message: str,
        *,
        level: str = "info",
        source: str = "",
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Keep that this has happened now; `level` is info, warning or alarm."""
        self._waiting.append(
            EventRecord(
                time=self._clock.utcnow(), kind=kind, message=message, level=level, source=source, details=details or {}
            )
        )
        self._write()

    def open(self) -> None:
        """Begin to write."""
        self._open = True
        self._write()

    async def stop(self) -> None:
        """Have written what still waits. After that it is up to the writer, which waits for it when it stops."""
        self.open()
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=0.2)

    def _write(self) -> None:
        if self._open and self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write_all(), name="journal")
            self._writing.add_done_callback(retrieve)

    async def _write_all(self) -> None:
        while self._waiting:
            events = tuple(self._waiting)
            try:
                await self._writer.tell(lambda store: store.add_events(events))  # noqa: B023 - awaited
            except PiccoloError as error:
                _logger.warning("%d events are not in the catalogue yet: %s", len(events), error.message)
                return
            for event in events:
                if self._waiting and self._waiting[0] is event:  # it may have been forgotten meanwhile
                    self._waiting.popleft()
