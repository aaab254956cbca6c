"""How long the pulses of shutters really are, while the daemon's process and all processors are busy.

The times are those at which the pins change, taken by the pins themselves in the process that owns them. In the longest
of them the host of a virtual machine may have taken the processor away, which no priority prevents: 99 % count.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gpiozero.pins.mock import MockFactory, MockPin

from benchmarks.result import Result
from piccolo3.config import ChannelConfig
from piccolo3.devices.gpio import PulseShutter
from piccolo3.pins import Pins

__all__ = ["TimedFactory", "pulses"]

_MOVES = 300
_NOMINAL = 5.0  # ms
_LONGEST = 6.0  # ms
_ENVIRONMENT = "PULSES_FILE"
_BUSY_THREADS = 3


class _TimedPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    def _change_state(self, value: bool) -> bool:
        changed: bool = super()._change_state(value)
        if changed and not value:
            self.factory.note(1000 * self.states[-1].timestamp)  # ms since it was switched on
        del self.states[:-2]
        return changed


class TimedFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins that write down how long (ms) each was on."""

    def __init__(self) -> None:
        self._file = Path(os.environ[_ENVIRONMENT]).open("a", buffering=1, encoding="ascii")  # noqa: SIM115 - its life
        super().__init__(pin_class=_TimedPin)

    def note(self, milliseconds: float) -> None:
        """Write it down."""
        self._file.write(f"{milliseconds!r}\n")


@contextmanager
def _busy_threads(number: int) -> Iterator[None]:
    stop = threading.Event()

    def count() -> None:
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=count, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _busy_processes(number: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _measure(*, load: bool) -> tuple[list[float], str]:
    """How long (ms) the pulses were, and with which priority they were made."""
    config = ChannelConfig(
        shutter="shutter_1", direction="up", driver="gpio", open_pin=18, close_pin=17, settling_time=0.0
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "pulses"
        os.environ[_ENVIRONMENT] = str(file)
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        pins = Pins(f"{__name__}:TimedFactory")
        stack.callback(pins.close)
        priority = pins.start().priority
        if load:
            stack.enter_context(_busy_processes((os.cpu_count() or 1) + 1))
            stack.enter_context(_busy_threads(_BUSY_THREADS))
        shutter = PulseShutter(config, pins)
        for _ in range(_MOVES // 2):
            shutter.open()
            shutter.close()
        shutter.release()
        return [float(line) for line in file.read_text(encoding="ascii").split()], priority


async def pulses() -> list[Result]:
    """Pulses of 5 ms without load, and with three busy threads in this process and every processor busy."""
    results = []
    for name, load in (("pulse width, nothing else to do", False), ("pulse width, all processors busy", True)):
        widths, priority = await asyncio.to_thread(_measure, load=load)
        ordered = sorted(widths)
        usual = ordered[round(0.99 * (len(ordered) - 1))]
        held = ordered[0] >= _NOMINAL and usual <= _LONGEST
        allowed = priority == "real-time"  # without it the scheduler decides, and there is nothing to promise
        results.append(
            Result(
                name=name,
                value=f"{statistics.median(widths):.2f}, 99 % {usual:.2f}, max {ordered[-1]:.2f} ms",
                ratio=usual / _NOMINAL,
                reference=f"{_NOMINAL:g} ms ({len(widths)} pulses, {priority} priority)",
                goal=f"99 % from {_NOMINAL:g} to {_LONGEST:g} ms" if allowed else "",
                met=held or not allowed,
            )
        )
    return results
