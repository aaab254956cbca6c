"""The rig of a soak: emulated instruments, and the daemon that drives them, as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from emulators import EmulatedRig
from emulators.instrument_file import rig_of
from piccolo3.client import Piccolo
from piccolo3.errors import PiccoloError
from soak.ports import free_port

__all__ = ["SWITCHES", "Rig", "daemon", "instruments"]

SWITCHES = {"QEP00001": 26, "FLMS00001": 19}  # those with a power switch, and its pin
_START = 60.0  # s until the daemon has to answer
_STOP = 15.0  # s until it has to be gone

_INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = downwelling
    reverse = True
    driver = gpio
  [[shutter_2]]
    direction = upwelling
    reverse = True
    driver = gpio
[spectrometers]
  power_delay = 0
  power_cycle_interval = 30
  power_off_time = 0.5
  [[QEP00001]]
    backend = cseabreeze
    power_switch = 26
    max_integration_time = 300
  [[FLMS00001]]
    backend = pyseabreeze
    power_switch = 19
    max_integration_time = 300
  [[S00001]]
    max_integration_time = 300
[gpio]
  pin_factory = emulators.pins:EmulatedFactory
"""


@dataclass(frozen=True, slots=True)
class Rig:
    """The daemon: where it answers, its process, its data, and what it said."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path
    log_file: Path


@contextmanager
def instruments(folder: Path) -> Iterator[EmulatedRig]:
    """A QE Pro, a Flame and an STS behind two shutters."""
    path = folder / "piccolo.config"
    path.write_text(_INSTRUMENT)
    specification = rig_of(path, {})
    with EmulatedRig(specification.instruments, specification.shutters, **specification.light) as emulated:
        yield emulated


@asynccontextmanager
async def daemon(folder: Path, environment: dict[str, str]) -> AsyncIterator[Rig]:
    """Runs on entry, and answers; ends on exit, within a time. RuntimeError if it does neither."""
    port, log_file = free_port(), folder / "daemon.log"
    program = str(Path(sys.executable).with_name("piccolo3-server"))
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [program, "-o", str(folder), "--address", "::1", "--port", str(port)],
            env=environment,
            stderr=log,
        )
    rig = Rig(f"coap://[::1]:{port}", process, folder, log_file)
    try:
        await _until_it_answers(rig)
        yield rig
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, _STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError("the daemon did not stop") from None


async def _until_it_answers(rig: Rig) -> None:
    until = time.monotonic() + _START
    while time.monotonic() < until and rig.process.poll() is None:
        with suppress(PiccoloError):
            async with Piccolo(rig.url, timeout=1.0) as client:
                await client.control.status()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the daemon did not start, see {rig.log_file}")
