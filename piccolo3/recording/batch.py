"""One batch, from its first step to its outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from piccolo3.errors import PiccoloError
from piccolo3.events import Broker
from piccolo3.recording.autointegrator import Autointegrator
from piccolo3.recording.board import Board, Gate
from piccolo3.recording.events import SpectraStored, SpectrumSummary
from piccolo3.recording.measurement import Measurement, Place, Rig
from piccolo3.recording.outcome import Losses, Outcome, Progress
from piccolo3.recording.plan import Action, Step, count_measurements, plan
from piccolo3.recording.presence import somebody_idle
from piccolo3.recording.settings import BatchSettings
from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.status import SpectrumKind
from piccolo3.workers import Writer

__all__ = ["Batch", "Kind"]

Kind = Literal["record", "dark", "auto"]
Result = Literal["complete", "aborted", "failed"]
_logger = logging.getLogger(__name__)
_WRITE_LIMIT = 3.0  # s that an abort waits for the disk before it says so
_ABORTED: tuple[Result, str | None] = ("aborted", None)


class _Failed(Exception):
    """The batch can't go on."""


@dataclass(slots=True)
class _Unwritten:
    """Spectra of the sequence under way, of the channels that were finished."""

    kind: SpectrumKind
    place: Place
    spectra: list[Spectrum]


class Batch:
    """Runs the plan of a batch once. It is ended by `abort`, never by cancelling `run`, which has to tidy up."""

    def __init__(
        self,
        kind: Kind,
        settings: BatchSettings,
        run: str,
        number: int,
        *,
        rig: Rig,
        writer: Writer,
        board: Board,
        gate: Gate,
        broker: Broker,
    ) -> None:
        self._kind: Kind = kind
        self._settings = settings
        self._place = Place(run=run, batch=number, sequence=0)
        self._rig = rig
        self._writer = writer
        self._board = board
        self._gate = gate
        self._broker = broker
        self._losses = Losses()
        self._measurement = Measurement(rig, self._losses, board.show_error)
        self._autointegrator = Autointegrator(rig, gate, board.show_error)
        self._unwritten: _Unwritten | None = None
        self._writing: asyncio.Task[None] | None = None
        self._attempting: asyncio.Task[tuple[Result, str | None]] | None = None
        self._stored = 0
        self._sequences_done = 0

    def show_first(self) -> None:
        """Show what is going to be done first."""
        channels = self._rig.shutters.channels
        measurements = count_measurements(self._settings) if self._kind == "record" else 1
        self._board.show_progress(
            Progress(
                run=None if self._kind == "auto" else self._place.run,
                batch=None if self._kind == "auto" else self._place.batch,
                sequences=self._settings.sequences if self._kind == "record" else 0,
                steps=measurements * len(channels),
            )
        )
        if self._kind == "record":
            self._board.show_sequence(-1)
        first = next(self._steps())
        self._show(first, channels[0])

    async def run(self) -> Outcome:
        """Do it all; whatever happens, the shutters are closed and what was recorded is written."""
        started = self._rig.clock.utcnow()
        self._attempting = asyncio.create_task(self._attempt(), name="steps of a batch")
        await asyncio.wait({self._attempting})
        result, reason = _ABORTED if self._attempting.cancelled() else self._attempting.result()
        result, reason = await self._settle(result, reason)
        return Outcome(
            run=None if self._kind == "auto" else self._place.run,
            batch=None if self._kind == "auto" else self._place.batch,
            kind=self._kind,
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

    # ---- the whole ----

    async def _attempt(self) -> tuple[Result, str | None]:
        try:
            for step in self._steps():
                await self._do(step)
        except asyncio.CancelledError:
            return _ABORTED
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
        try:
            self._note_incomplete()
            await asyncio.wait_for(self._write_rest(), _WRITE_LIMIT)
        except TimeoutError:
            result, reason = "failed", f"the disk has not taken the last spectra within {_WRITE_LIMIT:.0f} s"
            self._board.show_error(reason)
        except _Failed as error:
            result, reason = "failed", reason or str(error)
        if result == "complete" and self._kind != "auto" and not self._stored:
            result, reason = "failed", "nothing could be recorded"
        return result, reason

    def _steps(self) -> Iterator[Step]:
        if self._kind == "record":
            return plan(self._settings, clobber=self._writer.clobber)
        return iter((Step(Action.DARK if self._kind == "dark" else Action.AUTOINTEGRATE, 0),))

    async def _do(self, step: Step) -> None:
        if step.action is Action.DELAY:
            self._board.show_progress(replace(self._board.progress, channel=None, phase=step.action.value))
            await self._gate.wait(self._settings.delay)
            return
        await self._gate.enter()
        if not await somebody_idle(self._rig, self._broker, self._board):
            raise self._failed("no spectrometer is available")
        if step.action is Action.AUTOINTEGRATE:
            for channel in self._rig.shutters.channels:
                await self._gate.enter()
                self._show(step, channel)
                await self._autointegrator.integrate(channel, self._settings.target)
                self._advance()
            return
        await self._record(step)

    async def _record(self, step: Step) -> None:
        kind = SpectrumKind.DARK if step.action is Action.DARK else SpectrumKind.LIGHT
        if kind is SpectrumKind.LIGHT:
            self._board.show_sequence(step.sequence)
        self._unwritten = _Unwritten(kind, replace(self._place, sequence=step.sequence), [])
        for channel in self._rig.shutters.channels:
            await self._gate.enter()
            self._show(step, channel)
            self._unwritten.spectra += await self._measurement.measure(channel, kind, self._unwritten.place)
            self._advance()
        await self._write_rest()
        if kind is SpectrumKind.LIGHT:
            self._sequences_done += 1

    # ---- the disk ----

    async def _write_rest(self) -> None:
        """Write what is not written yet; goes on where this is cancelled."""
        rest, self._unwritten = self._unwritten, None
        if rest is not None and rest.spectra:
            self._writing = asyncio.create_task(self._write(rest), name="write a sequence")
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write(self, rest: _Unwritten) -> None:
        place = rest.place
        spectra = SpectraList(tuple(rest.spectra), run=place.run, batch=place.batch, sequence=place.sequence)
        try:
            paths = await self._writer.write(spectra)
        except PiccoloError as error:
            self._losses.add(error.message, f"{rest.kind} of sequence {place.sequence}", len(rest.spectra))
            raise self._failed(error.message) from error
        self._stored += len(rest.spectra)
        self._broker.publish(
            SpectraStored(
                run=place.run,
                batch=place.batch,
                sequence=place.sequence,
                files=tuple(path.name for path in paths),
                spectra=tuple(_summary(spectrum) for spectrum in rest.spectra),
            )
        )

    def _note_incomplete(self) -> None:
        rest = self._unwritten
        if rest is not None:
            taken = {spectrum.direction for spectrum in rest.spectra}
            missing = [channel for channel in self._rig.shutters.channels if channel not in taken]
            if missing:
                self._losses.add(
                    f"{rest.kind} of sequence {rest.place.sequence} is incomplete: no {', '.join(missing)}",
                    "the batch ended before",
                    len(missing) * len(self._rig.spectrometers),
                )

    # ---- what is seen ----

    def _show(self, step: Step, channel: str) -> None:
        phase = step.action.value
        self._board.show_progress(replace(self._board.progress, sequence=step.sequence, channel=channel, phase=phase))
        self._board.show_status(f"{phase} {channel}" if step.action is Action.AUTOINTEGRATE else f"{channel} {phase}")

    def _advance(self) -> None:
        self._board.show_progress(replace(self._board.progress, step=self._board.progress.step + 1))

    def _failed(self, message: str) -> _Failed:
        self._board.show_error(message)
        return _Failed(message)


def _summary(spectrum: Spectrum) -> SpectrumSummary:
    return SpectrumSummary(
        serial_number=spectrum.serial_number,
        direction=spectrum.direction,
        kind=spectrum.kind,
        integration_time=spectrum.integration_time,
        peak_percent=spectrum.peak_percent,
        saturated=spectrum.is_saturated,
    )
