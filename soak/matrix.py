"""Run the fault matrix: in each phase every fault at once, each on an instrument of its own, in one engine.

One more instrument is well all the time, and has to lose nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from emulators import EmulatedRig
from emulators.instrument_file import specification_of
from piccolo3.clock import SystemClock
from piccolo3.config import ChannelConfig, GpioConfig, InstrumentConfig, SpectrometerConfig, SpectrometersConfig
from piccolo3.recording import BatchEnded, Outcome, StatusChanged
from piccolo3.server.engine import Engine
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.workers import SpectrometerChanged
from soak.cells import Cell, Fault, Finding, Phase
from soak.checking import Checker

__all__ = ["WELL", "Matrix", "matrix"]

WELL = "QEPW"
_CHANNEL = "downwelling"
_RUN = "faults"
_TIME = 50.0  # ms, of all exposures
_LATE = 0.4  # s
_READY = 60.0  # s for all to be connected
_UNPLUGGED = 0.3  # s
_NOTICED = 4.0  # s in which a call that does not end is given up
_SLOW = (Fault.TIMEOUT, Fault.HANG)
_OFTEN = 0.02  # s between two looks
_LONGEST = 120.0  # s


@dataclass(slots=True)
class _History:
    """Of one spectrometer, since it was looked at: why it was dropped first, and when it came back last."""

    reported: str | None = None
    back: float = 0.0
    gone: bool = False


@dataclass(slots=True)
class Matrix:
    """The engine with its instruments; `serials` has that of each backend and fault."""

    rig: EmulatedRig
    engine: Engine
    serials: Mapping[tuple[str, Fault], str]
    folder: Path
    checker: Checker
    _faults: Container[Fault] = tuple(Fault)
    _histories: dict[str, _History] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, phase: Phase, faults: Container[Fault] = tuple(Fault)) -> dict[Cell, Finding]:
        """Let these faults happen in a phase."""
        self._faults = faults
        self._histories = {serial: _History() for serial in self.engine.spectrometers}
        since = time.monotonic()
        if phase is Phase.CONNECTING:
            outcome, moments = None, await self._connect(since)
        else:
            outcome, moments = await self._do(phase, since)
        await self._all_idle()
        wrong = self._check(outcome, since)
        after = await self._record()
        missing = self._check(after, since) | {
            serial: ("something is missing in the batch after that",)
            for serial in self.engine.spectrometers
            if any(serial in sentence for sentence in after.lost)
        }
        findings = {}
        for cell, serial in self._cells(phase):
            self.rig.clear_faults(serial)
            findings[cell] = self._finding(
                serial, moments.get(serial), outcome, (*wrong.get(serial, ()), *missing.get(serial, ()))
            )
        return findings

    @property
    def untouched(self) -> bool:
        """Whether the instrument that is well was connected all the time of the last phase."""
        return self._histories[WELL].reported is None

    async def all_idle(self) -> None:
        """Wait until everything can be used, and set the integration times."""
        await self._all_idle()
        for serial in self.engine.spectrometers:
            self.engine.times.set_current_time(serial, _CHANNEL, _TIME)
        await self._record()

    def note(self, event: SpectrometerChanged) -> None:
        """Of the engine's broker."""
        history = self._histories.get(event.serial_number)
        worker = self.engine.spectrometers[event.serial_number]
        if history is not None and event.what == "status":
            if worker.status is SpectrometerStatus.DROPPED:
                history.gone = True
                history.reported = history.reported or worker.reason
            elif worker.status is SpectrometerStatus.IDLE and history.gone:
                history.gone = False
                history.back = time.monotonic()
        self._changed.set()

    async def _do(self, phase: Phase, since: float) -> tuple[Outcome | None, dict[str, float]]:
        """Let all faults happen in the phase; the outcome of its batch, and from when on each could have been well."""
        recorder, outcome = self.engine.recorder, None
        helping = asyncio.create_task(self._help_all(phase, since))
        if phase is Phase.IDLE:
            self._arm(phase)
        elif phase is Phase.AUTO:
            self._arm(phase)
            async with self._ended() as ending:
                await recorder.auto()
                outcome = await ending
        elif phase is Phase.LIGHT:
            unsubscribe = self.engine.broker.subscribe(StatusChanged, self._arm_for_light)
            outcome = await self._record()
            unsubscribe()
        else:
            self._arm(phase)
            outcome = await self._record(dark=phase is Phase.DARK)
        return outcome, await helping

    def _cells(self, phase: Phase) -> Iterator[tuple[Cell, str]]:
        for (backend, fault), serial in self.serials.items():
            if fault in self._faults and (cell := Cell(backend, phase, fault)).is_possible:
                yield cell, serial

    async def _connect(self, since: float) -> dict[str, float]:
        """Let them connect again, which only one can do at a time; from when on each could have been well."""
        moments: dict[str, float] = {}
        for cell, serial in self._cells(Phase.CONNECTING):
            self._arm_one(cell, serial)
            self._kill_host(serial)
            await self._until_gone(serial, _READY)
            self._histories[serial] = _History(gone=True)
            moments[serial] = await self._help(cell, serial, since)
            await self._all_idle()
        return moments

    def _arm(self, phase: Phase) -> None:
        for cell, serial in self._cells(phase):
            if not cell.is_direct:
                self._arm_one(cell, serial)

    def _arm_one(self, cell: Cell, serial: str) -> None:
        details = {"seconds": _LATE} if cell.fault.kind == "late" else {}
        self.rig.fault(serial, cell.fault.kind, 1, on=cell.phase.request, **details)

    def _arm_for_light(self, event: StatusChanged) -> None:
        if event.status == f"{_CHANNEL} light":
            self._arm(Phase.LIGHT)

    async def _help_all(self, phase: Phase, since: float) -> dict[str, float]:
        cells = list(self._cells(phase))
        moments = await asyncio.gather(*(self._help(cell, serial, since) for cell, serial in cells))
        return {serial: moment for (_, serial), moment in zip(cells, moments, strict=True)}

    async def _help(self, cell: Cell, serial: str, since: float) -> float:
        """Do what else has to be done for a fault; from when on it could have been well (monotonic, s)."""
        struck = await self._direct(cell, serial) if cell.is_direct else await self._until_struck(serial, since)
        if cell.fault in _SLOW:
            with suppress(TimeoutError):
                await self._until_gone(serial, _NOTICED)
        if cell.fault is Fault.KILLED and not cell.is_direct:
            self._kill_host(serial)
        if cell.fault is not Fault.UNPLUGGED:
            return struck
        while self.rig.report(serial).attached:
            await asyncio.sleep(_OFTEN)
        await asyncio.sleep(_UNPLUGGED)
        if cell.is_direct:
            await self._until_gone(serial, _NOTICED)
        self.rig.plug_in(serial)
        return time.monotonic()

    async def _direct(self, cell: Cell, serial: str) -> float:
        if cell.fault is Fault.UNPLUGGED:
            self.rig.unplug(serial)
        else:
            self._kill_host(serial)
        struck = time.monotonic()
        await self._until_gone(serial, _NOTICED)
        return struck

    def _kill_host(self, serial: str) -> None:
        for pid in self.rig.report(serial).opened_by:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _until_struck(self, serial: str, since: float) -> float:
        async with asyncio.timeout(_READY):
            while (struck := self._struck(serial, since)) is None:
                await asyncio.sleep(_OFTEN)
        return struck

    async def _until_gone(self, serial: str, seconds: float) -> None:
        await self._until(lambda: self._histories[serial].gone, seconds)

    def _struck(self, serial: str, since: float) -> float | None:
        """When the fault came to pass (monotonic, s)."""
        return next((entry.time for entry in self.rig.log(serial, since) if entry.what.startswith("fault ")), None)

    def _finding(self, serial: str, moment: float | None, outcome: Outcome | None, wrong: tuple[str, ...]) -> Finding:
        history = self._histories[serial]
        lost = () if outcome is None else tuple(text for text in outcome.lost if serial in text)
        if outcome is not None and outcome.kind == "auto" and not lost:
            state = self.engine.times.auto_state(serial, _CHANNEL)
            lost = () if state is AutointegrationState.SUCCESS else ("the integration time was not found",)
        return Finding(
            struck=moment is not None,
            reported=None if history.reported is None else _plain(history.reported, serial),
            lost=tuple(_plain(text, serial) for text in lost),
            back=max(0.0, history.back - moment) if history.back and moment is not None else None,
            wrong=wrong,
        )

    def _check(self, outcome: Outcome | None, since: float) -> dict[str, tuple[str, ...]]:
        """What is wrong with the spectra of a batch."""
        if outcome is None or outcome.batch is None:
            return {}
        before = len(self.checker.wrong)
        self.checker.check(sorted(self.folder.glob(f"{_RUN}/b{outcome.batch:06d}_*.pico")), since)
        found = self.checker.wrong[before:]
        return {serial: tuple(text for text in found if serial in text) for serial in self.engine.spectrometers}

    async def _record(self, *, dark: bool = False) -> Outcome:
        async with self._ended() as ending, asyncio.timeout(_LONGEST):
            if dark:
                await self.engine.recorder.record_dark(_RUN)
            else:
                await self.engine.recorder.record_sequence(run=_RUN, sequences=1, autointegration=-1, delay=0.0)
            return await ending

    @asynccontextmanager
    async def _ended(self) -> AsyncIterator[asyncio.Future[Outcome]]:
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        unsubscribe = self.engine.broker.subscribe(BatchEnded, lambda event: outcome.set_result(event.outcome))
        try:
            yield outcome
        finally:
            unsubscribe()

    async def _all_idle(self) -> None:
        workers = self.engine.spectrometers.values()
        await self._until(lambda: all(worker.status is SpectrometerStatus.IDLE for worker in workers))

    async def _until(self, wanted: Callable[[], bool], seconds: float = _READY) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not wanted():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            workers = self.engine.spectrometers.values()
            states = [f"{worker.serial_number} is {worker.status.name}: {worker.reason}" for worker in workers]
            raise TimeoutError("; ".join(states)) from None


@asynccontextmanager
async def matrix(backends: Sequence[str], faults: Iterable[Fault] = tuple(Fault)) -> AsyncIterator[Matrix]:
    """The matrix of these, ready to be run."""
    serials = {
        (backend, fault): f"QEP{backend[0].upper()}{number:02d}"
        for backend in backends
        for number, fault in enumerate(faults)
    }
    instrument = _instrument({serial: backend for (backend, _), serial in serials.items()} | {WELL: "auto"})
    specification = specification_of(instrument, {})
    with (
        tempfile.TemporaryDirectory() as folder,
        EmulatedRig(specification.instruments, specification.shutters, **specification.light) as rig,
        rig.around(),
    ):
        async with Engine(instrument, Path(folder), SystemClock()) as engine:
            checker = Checker(rig, tuple(engine.spectrometers))
            found = Matrix(rig, engine, serials, Path(folder), checker)
            unsubscribe = engine.broker.subscribe(SpectrometerChanged, found.note)
            await found.all_idle()
            yield found
            unsubscribe()


def _instrument(backends: Mapping[str, str]) -> InstrumentConfig:
    return InstrumentConfig(
        channels=(ChannelConfig(shutter="shutter_1", direction=_CHANNEL, driver="gpio", open_pin=18, close_pin=17),),
        spectrometers=tuple(
            SpectrometerConfig(serial_number=serial, driver="seabreeze", backend=backend)
            for serial, backend in backends.items()
        ),
        all_spectrometers=SpectrometersConfig(power_delay=0.0),
        gpio=GpioConfig(pin_factory="emulators.pins:EmulatedFactory"),
    )


def _plain(text: str, serial: str) -> str:
    """Without what is of this rig only."""
    return text.removeprefix(f"spectrometer {serial}: ").replace(f"spectrometer {serial}", "it").replace(serial, "it")
