"""One batch, from its first step to its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Literal, TypeVar

from piccolo3.config import RecordingConfig
from piccolo3.errors import DeviceError, PiccoloError
from piccolo3.events import Broker
from piccolo3.recording.autointegrator import Autointegrator
from piccolo3.recording.board import Board, Gate
from piccolo3.recording.darks import DarkReference, Darks
from piccolo3.recording.estimate import Estimate
from piccolo3.recording.events import SpectraStored, SpectrumSummary
from piccolo3.recording.follow import Follower
from piccolo3.recording.judge import Judge
from piccolo3.recording.measurement import Measurement, Rig, Wanted
from piccolo3.recording.order import Order
from piccolo3.recording.outcome import Losses, Outcome, Progress
from piccolo3.recording.plan import Action, Step
from piccolo3.recording.presence import all_returned, anybody_exposing, anybody_idle, cold, somebody_idle
from piccolo3.recording.queue import WriteQueue
from piccolo3.recording.sheet import Entry, Place, Sheet, Trigger
from piccolo3.spectrum import file_name
from piccolo3.status import SpectrumKind
from piccolo3.workers import Writer
from piccolo3.workers.calls import at_most

__all__ = ["Batch"]

Result = Literal["complete", "aborted", "failed"]
T = TypeVar("T")
_logger = logging.getLogger(__name__)
_WRITE_LIMIT = 3.0  # s that the end of a batch waits for the disk before it says so
_PATIENCE = 0.05  # s that are not worth mentioning
_ABORTED: tuple[Result, str | None] = ("aborted", None)


class _Failed(Exception):
    """The batch can't go on."""


class Batch:
    """Does what an order says, once. It is ended by `abort`, never by cancelling `run`, which has to tidy up.

    `write_limit` is how many seconds its end waits for the disk; what is not written then counts as lost.
    """

    def __init__(
        self,
        order: Order,
        *,
        rig: Rig,
        writer: Writer,
        recording: RecordingConfig,
        board: Board,
        gate: Gate,
        broker: Broker,
    ) -> None:
        self._order = order
        self._settings = order.settings
        self._rig = rig
        self._writer = writer
        self._board = board
        self._gate = gate
        self._broker = broker
        self._losses = Losses()
        self._darks = Darks()
        self._measurement = Measurement(rig, self._losses, board.show_error)
        self._autointegrator = Autointegrator(rig, gate, board.show_error)
        self._queue = WriteQueue(
            writer,
            recording.queue,
            Judge(rig.quality, rig.clock_synchronised),
            rig.clock,
            rig.trace,
            self._stored,
            self._not_stored,
        )
        follows = recording.follow and order.kind == "record" and not order.burst
        self._follower = Follower(rig.times, order.settings.target) if follows else None
        self._last_dark: int | None = None
        self._estimate = Estimate(order.settings, order.counts(rig.shutters.channels), rig)
        self._sheet: Sheet | None = None
        self._trigger: asyncio.Future[Trigger] | None = None
        self._attempting: asyncio.Task[tuple[Result, str | None]] | None = None
        self.write_limit = _WRITE_LIMIT
        self._disk_failure: str | None = None
        self._stored_spectra = 0
        self._sequences_done = 0

    def show_first(self) -> None:
        """Show what is going to be done first."""
        order = self._order
        self._board.show_progress(
            Progress(
                run=order.run,
                batch=order.number,
                sequences=self._settings.sequences if order.kind == "record" else 0,
                steps=self._estimate.measurements,
                seconds_left=self._estimate.times()["seconds_left"],
            )
        )
        if order.kind == "record":
            self._board.show_sequence(-1)
        first = next(step for step in self._steps() if step.channels)
        self._show(first, first.channels[0])

    async def run(self) -> Outcome:
        """Do it all; whatever happens, the shutters are closed and what was recorded is written."""
        started = self._rig.clock.utcnow()
        self._attempting = asyncio.create_task(self._attempt(), name="steps of a batch")
        await asyncio.wait({self._attempting})
        result, reason = _ABORTED if self._attempting.cancelled() else self._attempting.result()
        result, reason = await self._settle(result, reason)
        return Outcome(
            run=self._order.run,
            batch=self._order.number,
            kind=self._order.kind,
            result=result,
            reason=reason,
            lost=self._losses.sentences(),
            lost_spectra=self._losses.spectra,
            sequences_done=self._sequences_done,
            started=started,
            ended=self._rig.clock.utcnow(),
        )

    def abort(self) -> None:
        """Take no further step; what was begun is left at once. `run` returns when the rig is safe."""
        if self._attempting is not None:
            self._attempting.cancel()

    def trigger(self, trigger: Trigger) -> None:
        """Begin the sequence that waits for it; otherwise it is counted."""
        if self._trigger is not None and not self._trigger.done():
            self._trigger.set_result(trigger)
        elif self._order.triggered:
            self._board.change_progress(triggers_missed=self._board.progress.triggers_missed + 1)

    # ---- the whole ----

    async def _attempt(self) -> tuple[Result, str | None]:
        try:
            await cold(self._rig, self._broker, self._board, self._gate)
            steps = self._steps()
            step = next(steps, None)
            while step is not None:
                following = next(steps, None)
                await self._do(step, following)
                step = following
            await self._close_shutters()
            if not await at_most(self._queue.empty(), _PATIENCE):
                self._board.change_progress(channel=None, phase="writing")
                await self._gate.hold(self._queue.empty())
        except asyncio.CancelledError:
            return _ABORTED if self._disk_failure is None else ("failed", self._disk_failure)
        except _Failed as error:
            return "failed", str(error)
        except Exception as error:
            _logger.exception("a batch ended by an error in the program")
            return "failed", f"{type(error).__name__}: {error}"
        return "complete", None

    async def _settle(self, result: Result, reason: str | None) -> tuple[Result, str | None]:
        """Bring the rig to its safe state, then the data to the disk."""
        for problem in await self._rig.shutters.make_safe():
            self._losses.add(problem, "at the end", 0)
            self._board.show_error(problem)
        self._note_incomplete()
        self._store()
        if len(self._queue):
            self._board.show_waiting("writing")
        try:
            await asyncio.wait_for(self._queue.empty(), self.write_limit)
        except TimeoutError:
            result, reason = "failed", f"the disk has not taken the last spectra within {self.write_limit:.0f} s"
            self._board.show_error(reason)
            for sheet in self._queue.left:  # they are still tried, but nobody waits for that
                self._losses.add("not on the disk in time", sheet.name, len(sheet.entries))
        if self._disk_failure is not None:
            result, reason = "failed", reason or self._disk_failure
        if result == "complete" and self._order.kind != "auto" and not self._stored_spectra:
            result, reason = "failed", "nothing could be recorded"
        return result, reason

    def _steps(self) -> Iterator[Step]:
        return self._order.steps(self._rig.shutters.channels, clobber=self._writer.clobber)

    async def _do(self, step: Step, following: Step | None) -> None:
        if step.action is Action.DELAY:
            await self._delay()
        elif step.action is Action.TRIGGER:
            await self._wait_for_trigger()
        else:
            await self._ready()
            if step.action is Action.AUTOINTEGRATE:
                await self._autointegrate(step)
            else:
                await self._record(step, following)

    # ---- waiting, with closed shutters ----

    async def _delay(self) -> None:
        begin = self._rig.clock.monotonic()
        self._board.change_progress(channel=None, phase=Action.DELAY.value, **self._estimate.times())
        await self._close_shutters()
        await self._gate.wait(max(0.0, self._settings.delay - (self._rig.clock.monotonic() - begin)))
        self._estimate.did(Action.DELAY)

    async def _wait_for_trigger(self) -> None:
        await self._close_shutters()
        self._board.change_progress(channel=None, phase=Action.TRIGGER.value, **self._estimate.times())
        self._trigger = asyncio.get_running_loop().create_future()
        await self._gate.hold(self._trigger)

    async def _ready(self) -> None:
        """Wait until there is a spectrometer."""
        if not anybody_idle(self._rig):
            await self._close_shutters()
            if not await self._gate.hold(somebody_idle(self._rig, self._broker)):
                self._board.show_error(message := "no spectrometer is available")
                raise _Failed(message)

    async def _close_shutters(self) -> None:
        """For as long as nothing is measured. What could not be closed is tried again by whatever comes next."""
        if not self._rig.shutters.surely_closed:
            try:
                await self._rig.shutters.make_sure_closed()
            except DeviceError as error:
                self._board.show_error(error.message)

    async def _undisturbed(self, show: Callable[[], None], work: Callable[[], Coroutine[object, object, T]]) -> T:
        """The result of `work`. A pause ends it; it is done again from its beginning when that is over."""
        interrupted = False
        while True:
            if self._gate.paused or interrupted:
                await self._close_shutters()
                await self._gate.enter()
            if interrupted and anybody_exposing(self._rig):  # what that brings belongs to nothing any more
                await self._gate.hold(all_returned(self._rig, self._broker))
            show()
            self._estimate.begin()
            done = await self._gate.unless_paused(work())
            if done is not None:
                return done[0]
            interrupted = True

    # ---- measuring ----

    async def _autointegrate(self, step: Step) -> None:
        for channel in step.channels:
            await self._undisturbed(
                lambda: self._show(step, channel),  # noqa: B023 - done with when the next one begins
                lambda: self._autointegrator.integrate(channel, self._settings.target),  # noqa: B023
            )
            self._estimate.did(step.action, channel)
        self._board.change_progress(**self._estimate.times())

    async def _record(self, step: Step, following: Step | None) -> None:
        kind = SpectrumKind.DARK if step.action is Action.DARK else SpectrumKind.LIGHT
        if kind is SpectrumKind.LIGHT:
            await self._renew_darks(step)
            self._board.show_sequence(step.sequence)
        if self._sheet is None:
            self._sheet = Sheet(self._place(step), self._rig.software_version)
        sheet = self._sheet
        sheet.expect(kind, step.channels)
        self._measurement.begin()
        for wanted in self._wanted(step, kind, following):
            await self._record_channel(sheet, step, wanted)
        if kind is SpectrumKind.LIGHT and self._follower is not None:
            self._follower.after(sheet.spectra().spectra)
        sheet.complete = step.completes
        if step.completes:
            await self._make_room()
            self._store()
        self._board.change_progress(**self._estimate.times())

    async def _renew_darks(self, step: Step) -> None:
        """Take those again that don't belong to the light any more, because integration times have followed it."""
        channels = tuple(dict.fromkeys(c for c in step.channels if self._darks.outdated(c, self._rig.times)))
        if channels:
            dark = Step(Action.DARK, step.sequence, channels, completes=self._sheet is None)
            await self._record(dark, step)

    def _wanted(self, step: Step, kind: SpectrumKind, following: Step | None) -> Iterator[Wanted]:
        """What is measured in a step, one after the other."""
        for number, channel in enumerate(step.channels):
            after = step.channels[number + 1] if number + 1 < len(step.channels) else None
            if after is None:
                next_view = None if following is None else following.first_view
            else:
                next_view = after if kind is SpectrumKind.LIGHT else None
            yield Wanted(
                channel=channel,
                kind=kind,
                sequence=step.sequence,
                averages=self._settings.averages,
                stay=self._stays(step, kind, channel, after),
                next_view=next_view,
            )

    def _stays(self, step: Step, kind: SpectrumKind, channel: str, following: str | None) -> bool:
        """Whether the detectors just go on: the next measurement is of the same view, at the same times."""
        if kind is SpectrumKind.LIGHT:
            is_last = step.sequence == self._settings.sequences - 1
            return self._order.burst and len(step.channels) == 1 and not is_last
        time = self._rig.times.current_time
        return following is not None and all(time(s, channel) == time(s, following) for s in self._rig.spectrometers)

    async def _record_channel(self, sheet: Sheet, step: Step, wanted: Wanted) -> None:
        channel, kind = wanted.channel, wanted.kind
        taken = await self._undisturbed(lambda: self._show(step, channel), lambda: self._measurement.measure(wanted))
        entries = []
        for one in taken:
            entries.append(Entry(one, self._darks.of(one.info.serial_number, channel, one.exposure.integration_time)))
            if kind is SpectrumKind.DARK:
                self._darks.remember(one, self._dark_reference(sheet.place))
        sheet.add(kind, channel, entries)
        self._estimate.did(step.action, channel)

    def _place(self, step: Step) -> Place:
        sequence = step.sequence
        is_part = step.action is Action.LIGHT or not step.completes
        trigger = self._trigger.result() if self._trigger is not None and self._trigger.done() else None
        if step.action is Action.DARK:
            # one that was taken in between may have the number; it is kept unless files may be overwritten
            if sequence == self._last_dark and not self._writer.clobber:
                sequence += 1
            self._last_dark = sequence
        return Place.of(self._order, sequence, trigger if is_part else None)

    def _dark_reference(self, place: Place) -> DarkReference:
        kind = SpectrumKind.DARK if self._writer.split else None
        return DarkReference(file=file_name(place.batch, place.sequence, kind), sequence=place.sequence)

    # ---- the disk ----

    async def _make_room(self) -> None:
        if self._queue.full:
            await self._close_shutters()
            self._board.change_progress(channel=None, phase="writing", **self._estimate.times())
            await self._gate.hold(self._queue.room())

    def _store(self) -> None:
        """Have written what was measured."""
        sheet, self._sheet = self._sheet, None
        if sheet is not None and sheet.entries:
            self._queue.put(sheet)
            self._board.change_progress(queue=len(self._queue), **self._estimate.times())
        elif sheet is not None and sheet.complete and SpectrumKind.LIGHT in sheet.kinds:
            self._sequences_done += 1

    def _stored(self, sheet: Sheet, files: tuple[str, ...], spectra: tuple[SpectrumSummary, ...]) -> None:
        self._stored_spectra += len(spectra)
        if sheet.complete and SpectrumKind.LIGHT in sheet.kinds:
            self._sequences_done += 1
        self._board.change_progress(queue=len(self._queue))
        place = sheet.place
        self._broker.publish(
            SpectraStored(run=place.run, batch=place.batch, sequence=place.sequence, files=files, spectra=spectra)
        )

    def _not_stored(self, sheet: Sheet, error: PiccoloError) -> None:
        """The batch can't go on without a disk. What has its files is not lost: the catalogue learns of it later."""
        message = error.message
        self._losses.add(message, sheet.name, 0 if "files" in error.details else len(sheet.entries))
        self._board.show_error(message)
        self._board.change_progress(queue=len(self._queue))
        self.give_up(message)

    def give_up(self, message: str) -> None:
        self._disk_failure = self._disk_failure or message
        self.abort()

    def _note_incomplete(self) -> None:
        sheet = self._sheet
        for kind in [] if sheet is None else sheet.kinds:
            missing = [] if sheet is None else sheet.missing(kind)
            if sheet is not None and missing:
                self._losses.add(
                    f"{kind} of sequence {sheet.place.sequence} is incomplete: no {', '.join(missing)}",
                    "the batch ended before",
                    len(missing) * len(self._rig.spectrometers),
                )

    # ---- what is seen ----

    def _show(self, step: Step, channel: str) -> None:
        phase = step.action.value
        self._board.change_progress(sequence=step.sequence, channel=channel, phase=phase, **self._estimate.times())
        self._board.show_status(f"{phase} {channel}" if step.action is Action.AUTOINTEGRATE else f"{channel} {phase}")
