"""The engine in this process, with simulated spectrometers that run as fast as real ones."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from piccolo3 import config
from piccolo3.clock import SystemClock
from piccolo3.recording import BatchEnded, Outcome
from piccolo3.server.engine import Engine
from piccolo3.spectrum import SpectraList, pico
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerChanged

__all__ = ["CHANNELS", "FLAME_MINIMUM", "FLAME_READ_OUT", "PULSE", "SETTLING", "ended", "engine", "files", "record"]

CHANNELS = ("downwelling", "upwelling")
FLAME_MINIMUM = 1.0  # ms
FLAME_READ_OUT = 1.5  # ms
PULSE, SETTLING = 5.0, 10.0  # ms, of the shutters
_LONGEST = 600.0  # s that a batch may take


def instrument(spectrometers: int, model: str = "FLAME-S") -> config.InstrumentConfig:
    """The configuration of a rig of two channels."""
    return config.InstrumentConfig(
        channels=tuple(
            config.ChannelConfig(
                shutter=f"shutter_{number + 1}",
                direction=direction,
                driver="simulated",
                open_pin=10 + number,
                close_pin=20 + number,
                pulse_time=PULSE,
                settling_time=SETTLING,
            )
            for number, direction in enumerate(CHANNELS)
        ),
        spectrometers=tuple(
            config.SpectrometerConfig(serial_number=f"dummy_{number}", driver="simulated", model=model)
            for number in range(spectrometers)
        ),
    )


@asynccontextmanager
async def engine(spectrometers: int, milliseconds: float, **recording: object) -> AsyncIterator[Engine]:
    """A running engine of FLAME-S at this integration time (but not below the minimum), in a temporary directory.

    `recording` are fields of the configuration of that name.
    """
    rig = instrument(spectrometers)
    rig = replace(rig, recording=replace(rig.recording, **recording))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        async with Engine(rig, Path(folder), SystemClock()) as running:
            await all_idle(running)
            for serial_number in running.spectrometers:
                for channel in CHANNELS:
                    running.times.set_current_time(serial_number, channel, max(milliseconds, FLAME_MINIMUM))
            await record(running, 1, run="warm")  # a detector that was just opened has whatever exposure under way
            yield running


async def all_idle(running: Engine) -> None:
    """Wait until all spectrometers can be used."""
    changed = asyncio.Event()
    unsubscribe = running.broker.subscribe(SpectrometerChanged, lambda _: changed.set())
    try:
        async with asyncio.timeout(30):
            while any(worker.status is not SpectrometerStatus.IDLE for worker in running.spectrometers.values()):
                await changed.wait()
                changed.clear()
    finally:
        unsubscribe()


@asynccontextmanager
async def ended(running: Engine) -> AsyncIterator[asyncio.Future[Outcome]]:
    """The outcome of the batch that is started within."""
    outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def hear(event: BatchEnded) -> None:
        if not outcome.done():
            outcome.set_result(event.outcome)

    unsubscribe = running.broker.subscribe(BatchEnded, hear)
    try:
        yield outcome
    finally:
        unsubscribe()


async def record(running: Engine, sequences: int, run: str = "bench") -> float:
    """Record a complete batch; how long it took, s."""
    clock = running.clock
    async with ended(running) as outcome:
        begin = clock.monotonic()
        await running.recorder.record_sequence(run=run, sequences=sequences)
        async with asyncio.timeout(_LONGEST):
            result = await outcome
        took = clock.monotonic() - begin
    if result.result != "complete" or result.lost_spectra:
        message = f"a batch was not complete: {result}"
        raise RuntimeError(message)
    return took


async def files(running: Engine) -> list[SpectraList]:
    """All files that were recorded, in the order of their names."""
    names = sorted(await running.writer.spectra_files("bench"))
    return [pico.loads(await running.writer.read("bench", name)) for name in names]
