"""What the disk has refused gets there when it works again, and everybody can see that it does not."""

from __future__ import annotations

import asyncio
import logging

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.housekeeping import Health, Level
from piccolo3.store import ResilientStore
from piccolo3.workers import Journal, Writer

__all__ = ["Rescue"]

_INTERVAL = 5.0  # s between two attempts
_MEDIUM = "medium"
_logger = logging.getLogger(__name__)


class Rescue:
    """Lets a store recover, and shows its trouble as a part of the health."""

    def __init__(self, store: ResilientStore, writer: Writer, health: Health, journal: Journal, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._health = health
        self._journal = journal
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            try:
                loop.call_soon_threadsafe(self._show)
            except RuntimeError:
                _logger.debug("the event loop has closed before the trouble of the store was shown")

        self._store.changed = changed
        self._show()
        self._task = asyncio.create_task(self._go_on(), name="rescue")

    async def stop(self) -> None:
        """Leave it."""
        self._store.changed = lambda: None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _show(self) -> None:
        trouble = self._store.trouble
        if trouble is None:
            self._health.note(_MEDIUM, Level.OK, "the data directory can be written again")
        else:
            self._health.note(_MEDIUM, Level.ALARM, trouble)

    async def _go_on(self) -> None:
        while True:
            await self.look()
            await self._clock.asleep(_INTERVAL)

    async def look(self) -> int:
        """Let it recover as far as it can; how many files and sequences were brought home."""
        total = 0
        try:
            while self._store.needs_recovery:
                done = await self._writer.ask(lambda _: self._store.recover())
                total += done
                if not done:
                    break
        except PiccoloError as error:
            _logger.debug("no rescue yet: %s", error)
        except Exception:
            _logger.exception("what the disk has refused could not be rescued by an error in the program")
        if total:
            message = f"{total} files or sequences that the disk had refused are in the data directory now"
            _logger.warning("%s", message)
            self._journal.note("rescue", message, level="warning", source=_MEDIUM, details={"count": total})
        return total
