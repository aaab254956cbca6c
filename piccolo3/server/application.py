"""The composition root: what the configuration says is put together, started, and stopped in reverse order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from piccolo3 import __version__
from piccolo3.clock import Clock
from piccolo3.coap import CoapServer, open_endpoints
from piccolo3.components import (
    Component,
    Control,
    DataDirectoryResources,
    Group,
    Shutters,
    Spectrometers,
    SystemInformation,
)
from piccolo3.components.diagnosis import ConfigurationInForce, LogTail, Started
from piccolo3.config import Configuration
from piccolo3.devices import Host
from piccolo3.errors import PiccoloError, StoreError
from piccolo3.server.care import Care
from piccolo3.server.engine import Engine
from piccolo3.server.kept import kept_settings, kept_text
from piccolo3.server.rescue import Rescue
from piccolo3.server.tail import LogKeeper
from piccolo3.store import RunInfo
from piccolo3.store.mount import Mount
from piccolo3.workers import Aside

__all__ = ["Application"]


class Application:
    """Everything the daemon consists of; as an async context it runs. `root` is the tree of resources."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        server = configuration.server
        self._clock = clock
        self._host = Host()
        self._reserve = server.datadir.reserve
        self._engine = Engine(
            configuration.instrument,
            server.data_dir,
            clock,
            host=self._host,
            configuration=kept_text(configuration),
            reserve=round(self._reserve * 1e6),
            fallback=server.fallback,
            guard=self._see_to_mount if server.datadir.mount else lambda: None,
        )
        self._housekeeping = configuration.instrument.housekeeping
        self._mount = Mount(server.datadir.device, server.datadir.mntpnt)
        self._address = server.coap
        self._settings = kept_settings(configuration)
        self._log = LogKeeper()
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
        """Start from the bottom up; `stack` gets what stops each. Nothing moves where the port is taken."""
        stack.enter_context(self._log.attached())
        endpoints = await open_endpoints(self._address.address, self._address.port)
        for endpoint in endpoints:
            stack.callback(endpoint.close)
        engine = await stack.enter_async_context(self._engine)
        care = Care(engine, self._host, self._housekeeping, self._reserve)
        self.root = self._tree(engine, care, await engine.writer.runs())
        aside = Aside()
        stack.push_async_callback(aside.stop)
        aside.start()
        where = self._address
        server = CoapServer(
            self.root,
            where.address,
            where.port,
            endpoints,
            aside.run,
            discoverable=where.discoverable,
            is_busy=lambda: engine.recorder.busy,
        )
        await stack.enter_async_context(server)
        stack.push_async_callback(care.stop)
        care.start()
        engine.planner.show(care.health)
        rescue = Rescue(engine.store, engine.writer, care.health, engine.journal, self._clock)
        stack.push_async_callback(rescue.stop)
        rescue.start()
        engine.verifier.start()  # what it needs takes a while to load, and clients don't have to wait for it

    def _see_to_mount(self) -> None:
        """StoreError unless the data device is mounted: what is below its mount point must not be filled instead."""
        try:
            self._mount.mount()
        except PiccoloError as error:
            raise StoreError(error.message, reason="the data device is not mounted") from error

    def _tree(self, engine: Engine, care: Care, runs: Sequence[RunInfo]) -> Component:
        broker, recorder = engine.broker, engine.recorder
        return Group(
            "",
            [
                SystemInformation(
                    self._host,
                    self._clock,
                    __version__,
                    health=care.health,
                    housekeeper=care.housekeeper,
                    timekeeper=engine.time_and_place.timekeeper,
                    locator=engine.time_and_place.locator,
                    broker=broker,
                    children=[
                        Started(self._clock.utcnow()),
                        LogTail(self._log),
                        ConfigurationInForce(self._settings),
                    ],
                ),
                DataDirectoryResources(recorder, engine.writer, engine.verifier, self._mount, broker, runs),
                Shutters(engine.shutters, engine.operations, recorder, broker),
                Spectrometers(engine.spectrometers, engine.times, recorder, broker),
                Control(
                    recorder,
                    engine.spectrometers,
                    engine.trigger,
                    broker,
                    self._clock,
                    schedules=engine.planner.scheduler,
                    maker=engine.planner.maker,
                ),
            ],
        )
