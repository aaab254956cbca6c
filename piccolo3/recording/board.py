"""What everybody can see of the engine, and the gate that a pause closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar, Unpack

from piccolo3.clock import Clock
from piccolo3.events import Broker
from piccolo3.recording.events import ProgressChanged, SequenceChanged, StatusChanged
from piccolo3.recording.outcome import Progress, ProgressChanges
from piccolo3.recording.throttle import Throttle

__all__ = ["IDLE", "Board", "Gate"]

IDLE = "idle"
PAUSED = "paused"
WAITING = "waiting"
T = TypeVar("T")
_OFTEN = 0.1  # s between two notices of progress: a burst makes hundreds of steps in a second
_logger = logging.getLogger(__name__)


class Board:
    """Status, sequence and progress; events are published for what changes.

    Progress is told ten times a second at most, but for errors and what is `flush`ed.
    """

    def __init__(self, broker: Broker) -> None:
        self.status = IDLE
        self.sequence = -1
        self.progress = Progress()
        self._broker = broker
        self._progressed = Throttle(lambda: broker.publish(ProgressChanged(progress=self.progress)), _OFTEN)

    @property
    def last_error(self) -> str | None:
        """What went wrong last, since the last batch began."""
        return self.progress.last_error

    def show_status(self, status: str) -> None:
        """Show what is being done."""
        if status != self.status:
            self.status = status
            self._broker.publish(StatusChanged(status=status))

    def show_sequence(self, sequence: int) -> None:
        """Show which sequence is recorded."""
        if sequence != self.sequence:
            self.sequence = sequence
            self._broker.publish(SequenceChanged(sequence=sequence))

    def show_progress(self, progress: Progress) -> None:
        """Show how far the batch is."""
        if progress != self.progress:
            is_urgent = progress.last_error != self.progress.last_error
            self.progress = progress
            if is_urgent:
                self._progressed.now()
            else:
                self._progressed.ask()

    def flush(self) -> None:
        """Tell the progress that was not told yet."""
        self._progressed.flush()

    def change_progress(self, **changes: Unpack[ProgressChanges]) -> None:
        """Show what has changed in it."""
        self.show_progress(replace(self.progress, **changes))

    def show_waiting(self, phase: str) -> None:
        """Show that something is waited for."""
        self.change_progress(channel=None, phase=phase)
        self.show_status(WAITING)

    def show_error(self, message: str) -> None:
        """Show and log what went wrong."""
        _logger.warning("%s", message)
        self.change_progress(last_error=message)


class Gate:
    """A pause holds up whoever passes, ends what is under way, and is seen at once by whoever only waits."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._open = asyncio.Event()
        self._open.set()
        self._held: str | None = None
        self._passing: asyncio.Task[object] | None = None

    @property
    def paused(self) -> bool:
        """Whether a pause is wanted."""
        return not self._open.is_set()

    def toggle(self) -> None:
        """Pause, or go on."""
        if self.paused:
            self._open.set()
        else:
            self._open.clear()
            if self._passing is not None:
                self._passing.cancel()
        self._show()

    async def wait(self, seconds: float) -> None:
        """Wait so long, and on while paused."""
        await self.hold(self._clock.asleep(seconds))

    async def hold(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that a pause does not end, and on while paused; the status is `waiting` meanwhile."""
        with self._holding(WAITING):
            result = await awaitable
            await self._open.wait()
        return result

    async def enter(self) -> None:
        """Go through at once, or when the pause is over."""
        if self.paused:
            with self._holding(self._board.status):
                await self._open.wait()

    async def unless_paused(self, work: Coroutine[object, object, T]) -> tuple[T] | None:
        """The result of `work` in a tuple; None if a pause has ended it before (also if that is over already)."""
        task = asyncio.create_task(work)
        self._passing = task
        try:
            return (await task,)
        except asyncio.CancelledError:
            myself = asyncio.current_task()
            if not task.cancelled() or (myself is not None and myself.cancelling()):
                raise
            return None
        finally:
            self._passing = None

    @contextmanager
    def _holding(self, status: str) -> Iterator[None]:
        self._held = status
        self._show()
        try:
            yield
        finally:
            self._held = None

    def _show(self) -> None:
        if self._held is not None:
            self._board.show_status(PAUSED if self.paused else self._held)
