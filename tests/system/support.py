"""The real daemon, in a process of its own, with a simulated rig."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from piccolo3.client import Piccolo
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from soak.ports import free_port

__all__ = ["INSTRUMENT", "SERVER", "Daemon", "free_port", "wait_for_answer"]

SERVER = str(Path(sys.executable).with_name("piccolo3-server"))

INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = upwelling
    reverse = True
    fibreDiameter = 400
  [[shutter_2]]
    direction = downwelling
[spectrometers]
  [[dummy_A]]
    model = QE-PRO
  [[dummy_B]]
    model = FLAME-S
    min_integration_time = 2
    max_integration_time = 60000
"""


@dataclass
class Daemon:
    """A daemon that was started, and how to talk to it."""

    port: int
    folder: Path
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"

    def ask(self, path: str) -> JsonValue:
        """GET."""

        async def talk() -> JsonValue:
            async with Piccolo(self.url) as rig:
                return await rig.get(path)

        return asyncio.run(talk())

    def put(self, path: str, *arguments: JsonValue, **named: JsonValue) -> JsonValue:
        async def talk() -> JsonValue:
            async with Piccolo(self.url) as rig:
                return await rig.put(path, *arguments, **named)

        return asyncio.run(talk())

    def wait_for(self, path: str, wanted: Callable[[object], bool], seconds: float = 20.0) -> object:
        """Observe until the value is wanted."""

        async def watch() -> object:
            async with Piccolo(self.url) as rig:
                async with asyncio.timeout(seconds):
                    async for value in rig.observe(path):
                        if wanted(value):
                            return value
            raise AssertionError

        return asyncio.run(watch())

    def wait_until_ready(self) -> None:
        names = self.ask("spectrometer/spectrometers")
        assert isinstance(names, list)
        for name in names:
            self.wait_for(f"spectrometer/{name}/status", lambda status: status == 6)

    def wait_until_it_catches(self, number: int) -> None:
        """Wait until the process has a handler for the signal."""
        status = Path(f"/proc/{self.process.pid}/status")
        until = time.monotonic() + 20
        while not int(status.read_text().partition("SigCgt:")[2].split()[0], 16) & 1 << (number - 1):
            assert time.monotonic() < until, "no handler"
            time.sleep(0.005)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send the signal; return exit status and seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(10)
        return status, time.monotonic() - begin


def wait_for_answer(port: int, process: subprocess.Popen[str] | None = None, url: str | None = None) -> None:
    async def first() -> None:
        async with Piccolo(url or f"coap://[::1]:{port}", timeout=0.5) as rig:
            await rig.get("control/status")

    until = time.monotonic() + 20
    while True:
        with suppress(PiccoloError):
            return asyncio.run(first())
        assert process is None or process.poll() is None, "the daemon ended at once"
        assert time.monotonic() < until, "the daemon does not answer"
        time.sleep(0.05)
