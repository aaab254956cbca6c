"""The composition root: what the configuration says is put together, started, and stopped in reverse order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from piccolo3 import __version__
from piccolo3.clock import Clock
from piccolo3.coap import CoapServer
from piccolo3.components import (
    Component,
    Control,
    DataDirectoryResources,
    Group,
    Shutters,
    Spectrometers,
    SystemInformation,
)
from piccolo3.config import Configuration, InstrumentConfig
from piccolo3.devices import Host, Rig, build_rig
from piccolo3.events import Broker
from piccolo3.recording import IntegrationTimes, Recorder
from piccolo3.store import STATE_FILE, DataDirectory, RunInfo, StateFile
from piccolo3.store.mount import Mount
from piccolo3.workers import ShutterWorker, SpectrometerGroup, SpectrometerWorker, State, Worker, Writer

__all__ = ["Application"]

_logger = logging.getLogger(__name__)
_RUNNING = "running_since"


class Application:
    """Everything the daemon consists of; as an async context it runs. `root` is the tree of resources."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        server, instrument = configuration.server, configuration.instrument
        self._clock = clock
        self._broker = Broker()
        output = instrument.output
        directory = DataDirectory(server.data_dir, clock, clobber=output.clobber, split=output.split)
        self._writer = Writer(directory)
        self._state = State(StateFile(server.data_dir / STATE_FILE, clock), self._writer)
        self._system = Worker("system")
        self._instrument = instrument
        self._mount = Mount(server.datadir.device, server.datadir.mntpnt)
        self._address = server.coap
        self._stack = AsyncExitStack()
        self.root: Component = Group("")

    async def __aenter__(self) -> Application:
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
        self._system.start()
        stack.push_async_callback(self._system.stop, 0.5)
        stack.push_async_callback(self._writer.stop, 1.0)
        await self._writer.start()
        self._note_start()
        stack.push_async_callback(self._note_stop)
        rig = build_rig(self._instrument, self._clock)
        stack.callback(rig.close)
        spectrometers, shutters = _workers(self._instrument, rig, self._clock, self._broker)
        for shutter in shutters.values():
            stack.push_async_callback(shutter.stop, 1.0)
            await shutter.start()
        times = IntegrationTimes(spectrometers, shutters, self._state, self._broker)
        stack.push_async_callback(spectrometers.stop, 1.0)
        await spectrometers.start()
        recorder = Recorder(
            spectrometers, shutters, self._writer, times, self._state, self._clock, self._broker, __version__
        )
        stack.push_async_callback(recorder.stop)
        await recorder.start()
        self.root = self._tree(spectrometers, shutters, times, recorder, await self._writer.runs())
        await stack.enter_async_context(CoapServer(self.root, self._address.address, self._address.port))

    def _tree(
        self,
        spectrometers: SpectrometerGroup,
        shutters: dict[str, ShutterWorker],
        times: IntegrationTimes,
        recorder: Recorder,
        runs: Sequence[RunInfo],
    ) -> Component:
        broker = self._broker
        return Group(
            "",
            [
                SystemInformation(Host(), self._system, self._clock, __version__),
                DataDirectoryResources(recorder, self._writer, self._mount, broker, runs),
                Shutters(shutters, recorder, broker),
                Spectrometers(spectrometers, times, recorder, broker),
                Control(recorder, spectrometers, broker),
            ],
        )

    def _note_start(self) -> None:
        since = self._state.get(_RUNNING)
        if since is not None:
            _logger.warning("the last run, begun at %s, ended uncleanly", since)
        self._state.put(_RUNNING, self._clock.utcnow().isoformat())

    async def _note_stop(self) -> None:
        self._state.put(_RUNNING, None)
        await self._state.flush()


def _workers(
    instrument: InstrumentConfig, rig: Rig, clock: Clock, broker: Broker
) -> tuple[SpectrometerGroup, dict[str, ShutterWorker]]:
    """A worker for each device."""
    spectrometers = SpectrometerGroup(
        (
            SpectrometerWorker(
                config,
                rig.spectrometers[config.serial_number],
                rig.power_switches.get(config.serial_number),
                clock,
                broker,
            )
            for config in instrument.spectrometers
        ),
        clock,
    )
    shutters = {
        channel.direction: ShutterWorker(channel.direction, channel, rig.shutters[channel.direction], clock, broker)
        for channel in instrument.channels
    }
    return spectrometers, shutters
