"""One life of the rig, from when its power comes to when it goes: the real engine on a clock that jumps."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from piccolo3.config import InstrumentConfig
from piccolo3.devices import Host
from piccolo3.errors import PiccoloError
from piccolo3.recording.events import BatchEnded, SettingsChanged, SpectraStored, StatusChanged
from piccolo3.scheduling import JobRunChanged, SchedulerRestarted
from piccolo3.season.box import BoxHandler, Entry, Recordings, read
from piccolo3.season.clock import VirtualClock
from piccolo3.season.inject import Injection
from piccolo3.season.loop import run
from piccolo3.season.watched import run_details
from piccolo3.season.world import Life, World
from piccolo3.server.care import Care
from piccolo3.server.engine import Engine
from piccolo3.server.rescue import Rescue
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import RecoveryTiming, SpectrometerChanged, SpectrometerTiming

__all__ = ["Setup", "lived"]

RESERVE = 100_000_000  # bytes
_RESTART = 10.0  # s after which a daemon that could not start is started again
# idle spectrometers are not looked at every second here, which is what most of the time would be spent with
_TIMING = SpectrometerTiming(upkeep=300.0, recovery=RecoveryTiming(longest_search=60.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The rig: what is configured, and where its data go."""

    instrument: InstrumentConfig
    directory: Path


class _Computer(Host):
    """What the kernel says of the clock is what happens to it in the simulation."""

    def __init__(self, injection: Injection, boot_id: str) -> None:
        super().__init__()
        self._injection = injection
        self._this_boot = boot_id

    def clock_synchronised(self) -> bool | None:
        return self._injection.trusted

    def boot_id(self) -> str | None:
        return self._this_boot


def lived(setup: Setup, world: World, life: Life) -> Iterator[Entry]:
    """What the black box says, entry after entry; the last one, `end`, has the exit `status` of the process."""
    ours, theirs = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of numpy do not matter: the child has its own
        child = os.fork()
    if not child:
        os.close(ours)
        _live_and_end(setup, world, life, theirs)
    os.close(theirs)
    try:
        yield from read(ours)
    finally:
        _, status = os.waitpid(child, 0)
    yield {"what": "end", "status": os.waitstatus_to_exitcode(status)}


def _live_and_end(setup: Setup, world: World, life: Life, descriptor: int) -> None:
    """Never returns."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        clock = VirtualClock(world.begin + timedelta(seconds=life.boot + life.error))
        box = Recordings(descriptor, clock, life.boot)
        logging.root.handlers[:] = [BoxHandler(box)]
        logging.root.setLevel(logging.WARNING)
        run(clock, _live(setup, world, life, box, clock))
    except BaseException:  # noqa: BLE001 - nothing may get out of this process
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


async def _live(setup: Setup, world: World, life: Life, box: Recordings, clock: VirtualClock) -> None:
    injection = Injection(world, life, clock, box)
    injection.begin()
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_at(world.seconds - life.boot, over.set_result, None)
    while not over.done():
        box.note("start")
        try:
            async with AsyncExitStack() as stack:
                await _start(stack, setup, injection, box, clock)
                pause = await injection.until_stopped(over)
        except PiccoloError as error:
            box.note("start failed", why=error.message)
            pause = _RESTART
        await asyncio.wait({over}, timeout=pause)
    box.note("season over")


async def _start(
    stack: AsyncExitStack, setup: Setup, injection: Injection, box: Recordings, clock: VirtualClock
) -> Engine:
    """What the daemon starts, but its CoAP server: nothing outside of the process can take part in this."""
    host = _Computer(injection, f"boot {box.boot:.3f}")
    engine = Engine(setup.instrument, setup.directory, clock, reserve=RESERVE, host=host, timing=_TIMING)
    _observe(engine, box)
    await stack.enter_async_context(engine)
    faults = engine.rig.spectrometer_faults
    plugs = [faults[config.serial_number] for config in setup.instrument.spectrometers]
    injection.attach(plugs, engine.time_and_place.timekeeper.check)
    box.note("settings", settings=engine.recorder.settings.as_dict())
    care = Care(engine, host, setup.instrument.housekeeping, RESERVE / 1e6)
    stack.push_async_callback(care.stop)
    care.start()
    rescue = Rescue(engine.store, engine.writer, care.health, engine.journal, clock)
    stack.push_async_callback(rescue.stop)
    rescue.start()
    engine.verifier.start()
    return engine


def _observe(engine: Engine, box: Recordings) -> None:
    def ended(event: BatchEnded) -> None:
        outcome = event.outcome
        box.note(
            "batch ended",
            run=outcome.run,
            batch=outcome.batch,
            kind=outcome.kind,
            result=outcome.result,
            reason=outcome.reason,
            lost=list(outcome.lost),
            sequences=outcome.sequences_done,
        )

    def stored(event: SpectraStored) -> None:
        box.note("stored", run=event.run, batch=event.batch, files=list(event.files))

    def settings(_: SettingsChanged) -> None:
        box.note("settings", settings=engine.recorder.settings.as_dict())

    off: set[str] = set()

    def switched(event: SpectrometerChanged) -> None:
        is_off = engine.spectrometers[event.serial_number].status is SpectrometerStatus.POWERED_OFF
        if is_off is not (event.serial_number in off):
            (off.add if is_off else off.remove)(event.serial_number)
            box.note("power", spectrometer=event.serial_number, on=not is_off)

    tell = engine.broker.subscribe
    tell(SpectrometerChanged, switched)
    tell(SpectraStored, stored)
    tell(StatusChanged, lambda event: box.note("status", status=event.status))
    tell(BatchEnded, ended)
    tell(SettingsChanged, settings)
    tell(JobRunChanged, lambda event: box.note("job run", **run_details(event.run)))
    tell(SchedulerRestarted, lambda event: box.note("scheduler restarted", reason=event.reason))
