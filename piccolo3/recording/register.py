"""Batches as the catalogue has them: when they begin and how they end."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import deque
from functools import partial

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.origin import origin
from piccolo3.recording.measurement import Rig
from piccolo3.recording.order import Order
from piccolo3.recording.outcome import Outcome
from piccolo3.store import BatchEnd, BatchRecord
from piccolo3.workers import Journal, Writer
from piccolo3.workers.calls import at_most

__all__ = ["Register"]

_PATIENCE = 0.5  # s that the end of a batch waits for the catalogue
_LONGEST = 500  # characters of a reason
_MOST = 100  # ends that could not be told
_logger = logging.getLogger(__name__)


class Register:
    """Tells the catalogue of batches; `configuration` is the text of the one in force."""

    def __init__(
        self, writer: Writer, clock: Clock, *, configuration: str | None = None, journal: Journal | None = None
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._configuration = configuration
        self._journal = journal
        self._untold: deque[tuple[str, int, BatchEnd]] = deque(maxlen=_MOST)
        self._telling: asyncio.Task[None] | None = None
        self._first = True
        self._under_way: tuple[str, int] | None = None

    async def begin(self, order: Order, run: str, rig: Rig) -> int:
        """The number of a new batch. Raises StoreError."""
        await self._tell_ends()  # before there is another one to be told of
        record = BatchRecord(
            kind=order.kind, started=self._clock.utcnow(), requested_by=origin.get(), command=_command(order, rig)
        )
        beginning = asyncio.create_task(self._writer.begin_batch(run, record, self._configuration), name="begin batch")
        try:
            number = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(partial(self._never_began, run))
            raise
        self._under_way = run, number
        if self._first:
            # what came with the catalogue stays: collections that look at all of it would hold up the batch
            self._first = False
            gc.freeze()
        return number

    async def end(self, outcome: Outcome) -> None:
        """A batch has ended; returns when that is in the catalogue, or it is certain that it will take a while."""
        if outcome.run is not None and outcome.batch is not None:
            end = BatchEnd(
                outcome=outcome.result,
                ended=outcome.ended,
                reason=outcome.reason,
                lost=outcome.lost,
                lost_spectra=outcome.lost_spectra,
                sequences_done=outcome.sequences_done,
            )
            await self._tell(outcome.run, outcome.batch, end)
        if self._journal is not None and (outcome.batch is None or outcome.result == "failed"):
            what = outcome.kind if outcome.batch is None else f"batch {outcome.batch} of {outcome.run}"
            because = "" if outcome.reason is None else f": {outcome.reason}"
            self._journal.note(
                outcome.kind if outcome.batch is None else "batch",
                f"{what} is {outcome.result}{because}",
                level="warning" if outcome.result == "failed" else "info",
                source="control",
                details=outcome.as_dict(),
            )

    async def give_up(self, error: Exception) -> None:
        """The batch that has begun, if one has, ended by an error in the program. Returns as `end` does."""
        if self._under_way is None:
            return
        run, number = self._under_way
        reason = f"an error in the program: {type(error).__name__}: {error}"[:_LONGEST]
        await self._tell(run, number, BatchEnd(outcome="failed", ended=self._clock.utcnow(), reason=reason))
        if self._journal is not None:
            sentence = f"batch {number} of {run} is failed: {reason}"
            self._journal.note("batch", sentence, level="warning", source="control")

    async def _tell(self, run: str, number: int, end: BatchEnd) -> None:
        self._under_way = None
        self._untold.append((run, number, end))
        if not await at_most(self._tell_ends(), _PATIENCE):
            _logger.warning("the catalogue has not taken the end of batch %d in time", number)

    def _never_began(self, run: str, beginning: asyncio.Task[int]) -> None:
        """It was aborted while its number was given to it."""
        if not beginning.cancelled() and beginning.exception() is None:
            end = BatchEnd(outcome="aborted", ended=self._clock.utcnow(), reason="aborted before it began")
            self._untold.append((run, beginning.result(), end))
            self._telling = asyncio.create_task(self._tell_ends(), name="end batch")

    async def _tell_ends(self) -> None:
        while self._untold:
            run, number, end = first = self._untold[0]
            try:
                await self._writer.end_batch(run, number, end)
            except PiccoloError as error:
                _logger.warning("the end of batch %d of %s is not in the catalogue: %s", number, run, error.message)
                return
            if self._untold and self._untold[0] is first:
                self._untold.popleft()


def _command(order: Order, rig: Rig) -> dict[str, JsonValue]:
    """Everything that decides what the batch does."""
    channels = rig.shutters.channels
    command = {
        **order.settings.as_dict(),
        "burst": order.burst,
        "triggered": order.triggered,
        "channels": list(channels),
        "integration_times": {
            serial: {channel: rig.times.current_time(serial, channel) for channel in channels}
            for serial in rig.spectrometers
        },
    }
    return command if order.recipe is None else {**command, "recipe": order.recipe}
