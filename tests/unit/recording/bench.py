"""A recorder with fake devices and a data directory in memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from piccolo3.clock import Clock
from piccolo3.config import RecipeConfig, RecordingConfig, SpectrometerConfig
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo
from piccolo3.errors import StoreError
from piccolo3.events import Broker, Event
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording import (
    BatchEnded,
    IntegrationTimes,
    Outcome,
    Recorder,
    Room,
    SpectraStored,
    StatusChanged,
    Trace,
)
from piccolo3.recording.measurement import Surroundings
from piccolo3.recording.register import Register
from piccolo3.spectrum import SpectraList
from piccolo3.status import ShutterStatus, SpectrometerStatus
from piccolo3.store import BatchEnd, BatchRecord, MemoryStore
from piccolo3.workers import Journal, ShutterWorker, SpectrometerTiming, SpectrometerWorker, Writer
from tests.unit.workers.fakes import (
    FakeAcquirer,
    FakeShutter,
    FakeSpectrometer,
    StepClock,
    channel_config,
    spectrometer_config,
    until,
)

CHANNELS = ("downwelling", "upwelling")
SERIALS = ("A", "B")
RESERVE = 100_000_000


class MemoryState:
    """Keeps settings, but not for long."""

    def __init__(self) -> None:
        self.values: dict[str, JsonValue] = {}

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        return self.values.get(key, default)

    def put(self, key: str, value: JsonValue) -> None:
        self.values[key] = value


class MemoryDirectory(MemoryStore):
    """A store without a disk. `failure` is raised by whatever writes; writing waits for `gate`.

    `written` has the spectra of each file that was written.
    """

    def __init__(self, clock: Clock, *, clobber: bool = False) -> None:
        super().__init__(clock, clobber=clobber)
        self.written: dict[str, SpectraList] = {}
        self.failure: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    @property
    def numbers(self) -> dict[str, int]:
        """The last batch number of each run."""
        return {run.name: self.current_batch(run.name) for run in self.runs()}

    @property
    def ends(self) -> list[tuple[str, int, str | None]]:
        """Run, number and outcome of all batches, the last begun first."""
        return [(b.run, b.number, None if b.end is None else b.end.outcome) for b in self.batches(limit=1000).entries]

    def add_runs(self, runs: Sequence[str]) -> None:
        """Runs that were there before."""
        for run in runs:
            super().create_run(run)

    def create_run(self, run: str) -> str:
        self._fail()
        return super().create_run(run)

    def begin_batch(self, run: str, record: BatchRecord) -> int:
        self._fail()
        return super().begin_batch(run, record)

    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        self._fail()
        super().end_batch(run, number, end)

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        self.gate.wait(10)
        self._fail()
        paths = super().write(spectra)
        for path, kind in zip(paths, spectra.kinds, strict=True):
            self.written[f"{spectra.run}/{path.name}"] = spectra.of_kind(kind)
        return paths

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class Bench:
    recorder: Recorder
    times: IntegrationTimes
    clock: StepClock
    broker: Broker
    state: MemoryState
    directory: MemoryDirectory
    writer: Writer
    devices: dict[str, FakeSpectrometer]
    acquirers: dict[str, FakeAcquirer]
    workers: dict[str, SpectrometerWorker]
    shutters: dict[str, FakeShutter]
    shutter_workers: dict[str, ShutterWorker]
    events: list[Event]

    @property
    def statuses(self) -> list[str]:
        return [event.status for event in self.events if isinstance(event, StatusChanged)]

    @property
    def stored(self) -> list[SpectraStored]:
        return [event for event in self.events if isinstance(event, SpectraStored)]

    @property
    def files(self) -> list[str]:
        return sorted(self.directory.written)

    def status(self) -> str:
        return self.recorder.status

    def busy(self) -> bool:
        return self.recorder.busy

    def closed(self) -> bool:
        """Whether all shutters are closed."""
        return all(shutter.status is ShutterStatus.CLOSED for shutter in self.shutters.values())

    def hold(self, *serials: str) -> None:
        """Hold up the exposures of these spectrometers (all if none is named)."""
        for serial in serials or self.acquirers:
            self.acquirers[serial].gate.clear()

    def release(self) -> None:
        for acquirer in self.acquirers.values():
            acquirer.gate.set()

    async def until(self, status: str) -> None:
        await until(lambda: self.recorder.status == status)

    async def ends(self) -> Outcome:
        """Wait until the batch has ended, moving the clock where only time is missing."""
        before = sum(isinstance(event, BatchEnded) for event in self.events)
        async with asyncio.timeout(20.0):
            while True:
                ended = [event for event in self.events if isinstance(event, BatchEnded)]
                if len(ended) > before or (ended and not self.recorder.busy):
                    return ended[-1].outcome
                if self.recorder.status == "waiting":
                    self.clock.advance(1.0)
                    await _rest()
                else:
                    await asyncio.sleep(0.0005)

    async def record(self, **settings: float | str) -> Outcome:
        await self.recorder.record_sequence(run="r", **settings)  # type: ignore[arg-type]
        return await self.ends()

    async def idle(self) -> None:
        await until(lambda: all(w.status is SpectrometerStatus.IDLE for w in self.workers.values()))


async def _rest() -> None:
    """Let everybody act on the time that it is now, however busy this machine is."""
    for _ in range(2):
        for _ in range(20):
            await asyncio.sleep(0)
        upkeep = {task for task in asyncio.all_tasks() if task.get_name().startswith("upkeep")}
        if upkeep:  # they wait for threads
            await asyncio.wait(upkeep)


def _room(free: Callable[[], int] | None, clock: Clock, broker: Broker) -> Room | None:
    async def asked() -> int:
        assert free is not None
        return free()

    return None if free is None else Room(asked, RESERVE, clock, broker)


def run(
    scenario: Callable[[Bench], Awaitable[None]],
    *,
    channels: Sequence[str] = CHANNELS,
    serials: Sequence[str] = SERIALS,
    clobber: bool = False,
    state: MemoryState | None = None,
    runs: Sequence[str] = (),
    config: Callable[[str], SpectrometerConfig] = spectrometer_config,
    recording: RecordingConfig | None = None,
    trace: Trace | None = None,
    clock_synchronised: Callable[[], bool | None] = lambda: None,
    surroundings: Surroundings = dict,
    longest_settling: float | None = None,
    free: Callable[[], int] | None = None,
    recipes: Sequence[RecipeConfig] = (),
) -> None:
    async def whole() -> None:
        clock, broker, kept = StepClock(), Broker(), state or MemoryState()
        acquirers: dict[str, FakeAcquirer] = {}

        def acquirer(device: Spectrometer, info: SpectrometerInfo, clock: Clock) -> FakeAcquirer:
            acquirers[info.serial_number] = FakeAcquirer(device, info, clock)
            return acquirers[info.serial_number]

        devices = {serial: FakeSpectrometer(serial) for serial in serials}
        timing = SpectrometerTiming(margin=1.0, grace=0.05)
        workers = {
            serial: SpectrometerWorker(config(serial), device, None, clock, broker, timing=timing, acquirer=acquirer)
            for serial, device in devices.items()
        }
        shutters = {channel: FakeShutter() for channel in channels}
        shutter_workers = {
            channel: ShutterWorker(channel, channel_config(channel), shutter, clock, broker, deadline=0.5)
            for channel, shutter in shutters.items()
        }
        directory = MemoryDirectory(clock, clobber=clobber)
        directory.open()
        directory.add_runs(runs)
        writer = Writer(directory)
        await writer.start()
        for shutter_worker in shutter_workers.values():
            await shutter_worker.start()
        times = IntegrationTimes(workers, channels, kept, broker)
        recorder = Recorder(
            workers,
            shutter_workers,
            writer,
            times,
            kept,
            clock,
            broker,
            "1.2.3",
            recording=recording,
            trace=trace,
            clock_synchronised=clock_synchronised,
            surroundings=surroundings,
            longest_settling=longest_settling,
            room=_room(free, clock, broker),
            register=_register(writer, clock),
            recipes={recipe.name: recipe for recipe in recipes},
        )
        await recorder.start()
        bench = Bench(
            recorder=recorder,
            times=times,
            clock=clock,
            broker=broker,
            state=kept,
            directory=directory,
            writer=writer,
            devices=devices,
            acquirers=acquirers,
            workers=workers,
            shutters=shutters,
            shutter_workers=shutter_workers,
            events=[],
        )
        for worker in workers.values():
            await worker.start()
        await bench.idle()
        broker.subscribe(Event, bench.events.append)
        try:
            await scenario(bench)
        finally:
            await recorder.stop()
            directory.gate.set()
            bench.release()
            for device in devices.values():
                device.released.set()
            for worker in workers.values():
                assert await worker.stop(1.0)
            for shutter in shutters.values():
                if shutter.hang is not None:
                    shutter.hang.set()
            for shutter_worker in shutter_workers.values():
                assert await shutter_worker.stop(1.0)
            assert await writer.stop(1.0)

    asyncio.run(whole())


def _register(writer: Writer, clock: Clock) -> Register:
    journal = Journal(writer, clock)
    journal.open()
    return Register(writer, clock, configuration="[channels]", journal=journal)


def disk_full() -> StoreError:
    return StoreError("disk full")
