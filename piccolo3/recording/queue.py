"""Sequences on their way to the disk while the next ones are measured."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from piccolo3.clock import Clock
from piccolo3.errors import InternalError, PiccoloError
from piccolo3.recording.events import SpectrumSummary
from piccolo3.recording.judge import Judge
from piccolo3.recording.sheet import Sheet, summarise
from piccolo3.recording.trace import Phase, Trace
from piccolo3.spectrum import SpectraList
from piccolo3.workers import Writer

__all__ = ["WriteQueue"]

# s: the shutters, which are commanded at the same moment, begin to move before this takes the interpreter for itself
_HEAD_START = 0.001
_ATTEMPTS = 2  # to tell the catalogue of files that are written; each waits for other programs that use it
_logger = logging.getLogger(__name__)
Stored = Callable[[Sheet, tuple[str, ...], tuple[SpectrumSummary, ...]], None]
Failed = Callable[[Sheet, PiccoloError], None]


class WriteQueue:
    """Writes sheets in their order, in the background; at most `most` are waiting or being written.

    Nothing is dropped: after a failure the next one is tried. `stored` is told of each that is on the disk and in the
    catalogue, `failed` of each that the disk did not take, or that the catalogue could not be told of: the error has
    `files` in its details then.
    """

    def __init__(
        self,
        writer: Writer,
        most: int,
        judge: Judge,
        clock: Clock,
        trace: Trace | None,
        stored: Stored,
        failed: Failed,
    ) -> None:
        self._writer = writer
        self._most = most
        self._judge = judge
        self._clock = clock
        self._trace = trace
        self._stored = stored
        self._failed = failed
        self._sheets: deque[Sheet] = deque()
        self._changed = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._built: SpectraList | None = None  # of the first sheet, for when it is tried again: the same has to come
        self._attempts = 0

    def __len__(self) -> int:
        """How many are not on the disk yet."""
        return len(self._sheets)

    @property
    def left(self) -> tuple[Sheet, ...]:
        """What is not on the disk yet."""
        return tuple(self._sheets)

    @property
    def full(self) -> bool:
        """Whether the next one has to wait."""
        return len(self._sheets) >= self._most

    def put(self, sheet: Sheet) -> None:
        """Have it written, also if the queue is full: whoever may wait for `room` does so before."""
        self._sheets.append(sheet)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="write sequences")

    async def room(self) -> None:
        """Wait until the queue is not full."""
        await self._until(lambda: not self.full)

    async def empty(self) -> None:
        """Wait until all are written."""
        await self._until(lambda: not self._sheets)

    async def _until(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        start = self._clock.monotonic()
        while not condition():
            self._changed.clear()
            await self._changed.wait()
        self._note("queue", "", start)

    async def _write_all(self) -> None:
        while self._sheets:
            sheet = self._sheets[0]
            await _give_way()
            start = self._clock.monotonic()
            try:
                summaries, paths = await self._writer.make(partial(self._build, sheet), summarise)
            except PiccoloError as error:
                if self._once_more(error):
                    continue
                self._done(partial(self._failed, sheet, error))
            except Exception as error:
                _logger.exception("%s could not be written by an error in the program", sheet.name)
                self._done(partial(self._failed, sheet, InternalError(f"{type(error).__name__}: {error}")))
            else:
                names = tuple(path.name for path in paths)
                self._note("write", ", ".join(names), start)
                self._done(partial(self._stored, sheet, names, summaries))

    def _once_more(self, error: PiccoloError) -> bool:
        """Whether the same is to be tried again: the files are there, only the catalogue does not know of them."""
        if "files" not in error.details or self._attempts >= _ATTEMPTS:
            return False
        self._attempts += 1
        _logger.warning("%s; trying again", error.message)
        return True

    def _build(self, sheet: Sheet) -> SpectraList:
        if self._built is not None:
            return self._built
        start = self._clock.monotonic()
        spectra = sheet.spectra()
        flagged = replace(spectra, spectra=self._judge.flagged(sheet.entries, spectra.spectra))
        self._note("build", sheet.name, start)
        self._built = flagged
        return flagged

    def _done(self, tell: Callable[[], None]) -> None:
        self._sheets.popleft()
        self._built, self._attempts = None, 0
        self._changed.set()
        tell()

    def _note(self, name: str, who: str, start: float) -> None:
        if self._trace is not None:
            self._trace(Phase(name=name, who=who, start=start, end=self._clock.monotonic()))


async def _give_way() -> None:
    """Let the threads that were just asked to move shutters begin before the disk's keeps them from running.

    Each turn of the loop releases the interpreter's lock, for which they queue up; without that a channel takes up to
    4 ms longer.
    """
    for _ in range(5):
        await asyncio.sleep(0)
