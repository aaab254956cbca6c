"""Devices, workers, store and recorder, put together; what shows them to clients comes on top of it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from piccolo3 import __version__
from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig, InstrumentConfig
from piccolo3.devices import GatedShutter, Host, Rig, build_rig
from piccolo3.events import Broker
from piccolo3.recording import IntegrationTimes, Recorder, Room
from piccolo3.recording.register import Register
from piccolo3.recording.trace import Trace
from piccolo3.server.planner import Planner
from piccolo3.server.signs import Signs
from piccolo3.server.timeplace import TimeAndPlace
from piccolo3.store import STATE_FILE, CataloguedDirectory, DataDirectory, ResilientStore, Spare, StateFile
from piccolo3.workers import (
    GatedShutterWorker,
    IndicatorWorker,
    Journal,
    Operations,
    ShutterWorker,
    SpectrometerGroup,
    SpectrometerTiming,
    SpectrometerWorker,
    State,
    TriggerWorker,
    Verifier,
    Worker,
    Writer,
)

__all__ = ["Engine"]

_logger = logging.getLogger(__name__)
_RUNNING = "running_since"


class Engine:
    """The instrument without its clients; as an async context it runs, and only then its parts exist.

    `trace` is told of each phase of what is done, from any thread; the text of the `configuration` is kept with the
    batches. Nothing is recorded where less than `reserve` bytes are free, unless that is None; a directory `fallback`
    takes what the data directory can't. `guard` raises StoreError where that must not be opened. `timing` has what the
    configuration does not say of the patience with spectrometers. Once everything else runs, `verifier` can be started.
    """

    rig: Rig
    spectrometers: SpectrometerGroup
    shutters: dict[str, ShutterWorker]
    operations: Operations
    times: IntegrationTimes
    recorder: Recorder
    trigger: TriggerWorker
    time_and_place: TimeAndPlace
    planner: Planner

    def __init__(
        self,
        instrument: InstrumentConfig,
        data_dir: Path,
        clock: Clock,
        *,
        trace: Trace | None = None,
        configuration: str | None = None,
        reserve: int | None = None,
        fallback: Path | None = None,
        guard: Callable[[], None] = lambda: None,
        host: Host | None = None,
        timing: SpectrometerTiming | None = None,
    ) -> None:
        output = instrument.output
        self.instrument = instrument
        self.clock = clock
        self.broker = Broker()
        files = DataDirectory(data_dir, clock, clobber=output.clobber, split=output.split)
        spare = None if fallback is None else Spare(fallback, clock, clobber=output.clobber, split=output.split)
        self.store = ResilientStore(
            CataloguedDirectory(files, clock, url=instrument.catalogue.url),
            files,
            clock,
            spare=spare,
            guard=guard,
        )
        self.writer = Writer(self.store)
        self.journal = Journal(self.writer, clock)
        self.verifier = Verifier(
            self.writer,
            clock,
            self.broker,
            self.journal,
            instrument.retention,
            clock_trusted=lambda: self.time_and_place.timekeeper.trusted,
        )
        self._state = State(StateFile(data_dir / STATE_FILE, clock), self.writer)
        self._host = host or Host()
        self._trace = trace
        self._configuration = configuration
        self._reserve = reserve
        self._timing = timing or SpectrometerTiming()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Engine:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        """Start from the bottom up; `stack` gets what stops each."""
        self.rig = build_rig(self.instrument, self.clock)
        stack.callback(self.rig.close)
        light = IndicatorWorker(self.rig.indicator)
        stack.push_async_callback(light.stop)
        stack.push_async_callback(self.writer.stop, 0.8)
        await self.writer.start()
        stack.push_async_callback(self.journal.stop)
        stack.push_async_callback(self.verifier.stop)
        self._note_start()
        stack.push_async_callback(self._note_stop)
        self.time_and_place = TimeAndPlace(
            self.instrument, self.clock, self.broker, self.journal, self._state, self._host
        )
        stack.push_async_callback(self.time_and_place.stop)
        self.time_and_place.start()
        light.start()
        signs = Signs(light, self.broker)
        await self._prepare()
        self._hire()
        stack.callback(self.operations.save)
        stack.push_async_callback(self._stop_shutters)
        await asyncio.gather(*(shutter.start() for shutter in self.shutters.values()))
        self.times = IntegrationTimes(self.spectrometers, self.shutters, self._state, self.broker)
        stack.push_async_callback(self.spectrometers.stop, 0.5)
        await self.spectrometers.start()
        self.recorder = self._recorder()
        stack.push_async_callback(self.recorder.stop)
        await self.recorder.start()
        self.trigger = TriggerWorker(self.rig.trigger, self.clock, self.broker, self.recorder.trigger)
        stack.callback(self.trigger.stop)
        self.trigger.start()
        self.planner = Planner(self)
        stack.push_async_callback(self.planner.stop)
        await self.planner.start()
        signs.ready(self.recorder, self.shutters, self.spectrometers)
        stack.callback(signs.stopping)
        # what there is now, stays: a full collection that looks at all of it holds up every thread for 50 ms
        gc.freeze()
        stack.callback(gc.unfreeze)

    async def _prepare(self) -> None:
        """Let the rig start what it needs, which takes a moment, in a thread."""
        worker = Worker("rig")
        worker.start()
        try:
            await worker.run(self.rig.prepare)
        finally:
            await worker.stop(0.1)

    def _hire(self) -> None:
        """A worker for each device."""
        instrument, rig, clock, broker = self.instrument, self.rig, self.clock, self.broker
        common = instrument.all_spectrometers
        recovery = replace(
            self._timing.recovery,
            power_cycle_interval=common.power_cycle_interval,
            power_off_time=common.power_off_time,
        )
        timing = replace(self._timing, recovery=recovery)
        self.spectrometers = SpectrometerGroup(
            (
                SpectrometerWorker(
                    config,
                    rig.spectrometers[config.serial_number],
                    rig.power_switches.get(config.serial_number),
                    clock,
                    broker,
                    timing=timing,
                )
                for config in instrument.spectrometers
            ),
            clock,
            power_delay=common.power_delay,
        )
        self.operations = Operations(
            ((channel.shutter, channel.direction, rig.shutters[channel.direction]) for channel in instrument.channels),
            self._state,
        )
        self.shutters = {channel.direction: self._shutter(channel) for channel in instrument.channels}

    def _shutter(self, channel: ChannelConfig) -> ShutterWorker:
        shutter, counted = self.rig.shutters[channel.direction], self.operations[channel.direction]
        if isinstance(shutter, GatedShutter) and channel.spectrometer is not None:
            spectrometer = self.spectrometers[channel.spectrometer]
            return GatedShutterWorker(channel, shutter, counted, spectrometer, self.clock, self.broker)
        return ShutterWorker(channel.direction, channel, counted, self.clock, self.broker)

    async def _stop_shutters(self) -> None:
        await asyncio.gather(*(shutter.stop(0.5) for shutter in self.shutters.values()))

    def _recorder(self) -> Recorder:
        common = self.instrument.all_spectrometers
        return Recorder(
            self.spectrometers,
            self.shutters,
            self.writer,
            self.times,
            self._state,
            self.clock,
            self.broker,
            __version__,
            recording=self.instrument.recording,
            recipes=self.instrument.recipes,
            quality=self.instrument.quality,
            trace=self._trace,
            longest_settling=common.longest_settling if common.require_settled else None,
            clock_synchronised=self.time_and_place.timekeeper.synchronised,
            surroundings=self.time_and_place.surroundings,
            register=Register(self.writer, self.clock, configuration=self._configuration, journal=self.journal),
            room=None if self._reserve is None else Room(self._free, self._reserve, self.clock, self.broker),
        )

    async def _free(self) -> int:
        return await self.writer.ask(lambda _: self.store.free_bytes())

    def _note_start(self) -> None:
        since = self._state.get(_RUNNING)
        if since is not None:
            _logger.warning("the last run, begun at %s, ended uncleanly", since)
            self.journal.note("unclean", f"the last run, begun at {since}, ended uncleanly", level="warning")
        self._state.put(_RUNNING, self.clock.utcnow().isoformat())

    async def _note_stop(self) -> None:
        self._state.put(_RUNNING, None)
        await self._state.flush()
