"""Engines and daemons on emulated instruments: the drivers are the real ones."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import servers, twins
from benchmarks.servers import Server
from emulators import EmulatedRig
from emulators.instrument_file import specification_of
from piccolo3 import config
from piccolo3.clock import SystemClock
from piccolo3.server.engine import Engine

__all__ = ["Emulated", "daemon", "engine", "instrument"]

_FACTORY = "emulators.pins:EmulatedFactory"


class Emulated(Engine):
    """An engine whose instruments can be asked what they did."""

    instruments: EmulatedRig

    async def __aenter__(self) -> Emulated:
        await super().__aenter__()
        return self


def instrument(backends: Mapping[str, str]) -> config.InstrumentConfig:
    """Spectrometers with these backends, behind the shutters of the twins."""
    twin = twins.instrument(0)
    return replace(
        twin,
        channels=tuple(replace(channel, driver="gpio") for channel in twin.channels),
        spectrometers=tuple(
            config.SpectrometerConfig(serial_number=serial, driver="seabreeze", backend=backend)
            for serial, backend in backends.items()
        ),
        all_spectrometers=config.SpectrometersConfig(power_delay=0.0),
        gpio=config.GpioConfig(pin_factory=_FACTORY),
    )


@contextmanager
def _rig(backends: Mapping[str, str]) -> Iterator[EmulatedRig]:
    specification = specification_of(instrument(backends), {})
    with EmulatedRig(specification.instruments, specification.shutters, **specification.light) as rig:
        yield rig


@asynccontextmanager
async def engine(backends: Mapping[str, str], milliseconds: float) -> AsyncIterator[Emulated]:
    """A running engine at this integration time (but not below the minimum), in a temporary directory."""
    with _rig(backends) as rig, tempfile.TemporaryDirectory() as folder, rig.around():
        async with Emulated(instrument(backends), Path(folder), SystemClock()) as running:
            running.instruments = rig
            await twins.all_idle(running)
            for serial_number, worker in running.spectrometers.items():
                shortest = 0.0 if worker.info is None else worker.info.min_integration_time
                for channel in twins.CHANNELS:
                    running.times.set_current_time(serial_number, channel, max(milliseconds, shortest))
            await twins.record(running, 1, run="warm")
            yield running


@asynccontextmanager
async def daemon(backends: Mapping[str, str]) -> AsyncIterator[tuple[Server, EmulatedRig]]:
    """The daemon on these."""
    text = "[channels]\n"
    for channel in instrument(backends).channels:
        text += f"  [[{channel.shutter}]]\n    direction = {channel.direction}\n    driver = gpio\n"
    text += "[spectrometers]\n  power_delay = 0\n"
    text += "".join(f"  [[{serial}]]\n    backend = {backend}\n" for serial, backend in backends.items())
    with _rig(backends) as rig:
        options = f"[gpio]\n  pin_factory = {_FACTORY}\n"
        async with servers.daemon(options, instrument=text, environment=rig.environment) as server:
            yield server, rig
