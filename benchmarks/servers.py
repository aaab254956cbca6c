"""Servers to measure: the daemon with a simulated rig, and a bare aiocoap server of one resource."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psutil

from benchmarks import load
from soak.ports import free_port

__all__ = ["Server", "bare", "daemon"]

INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = upwelling
  [[shutter_2]]
    direction = downwelling
[spectrometers]
  [[dummy_QEP]]
    model = QE-PRO
  [[dummy_FLM]]
    model = FLAME-S
"""

BARE = """
import asyncio, sys
import aiocoap, aiocoap.resource as resource

class Status(resource.ObservableResource):
    async def render_get(self, request):
        return aiocoap.Message(payload=b'"idle"', content_format=50)

async def main():
    site = resource.Site()
    site.add_resource(["control", "status"], Status())
    context = await aiocoap.Context.create_server_context(
        site, bind=("::1", int(sys.argv[1])), transports=["udp6"])
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


@dataclass(frozen=True)
class Server:
    """A running server: where it is, how long it took to answer (s), and what it weighs."""

    port: int
    started_in: float
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"coap://[::1]:{self.port}"

    @property
    def resident(self) -> float:
        """Resident memory, MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6


@asynccontextmanager
async def _running(command: list[str], port: int, environment: Mapping[str, str] = os.environ) -> AsyncIterator[Server]:
    begin = time.monotonic()
    environment = {**environment, "AIOCOAP_REUSE_PORT": "0"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not await asyncio.to_thread(load.answers, port):
            if process.poll() is not None or time.monotonic() - begin > 30:
                message = f"{command[0]} did not answer on port {port}"
                raise RuntimeError(message)
        yield Server(port, time.monotonic() - begin, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """A bare aiocoap server that answers control/status."""
    port = free_port()
    async with _running([sys.executable, "-c", BARE, str(port)], port) as server:
        yield server


@asynccontextmanager
async def daemon(
    options: str = "",
    *,
    instrument: str = INSTRUMENT,
    environment: Mapping[str, str] = os.environ,
    files: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Server]:
    """The daemon with two spectrometers and two channels, or another instrument, in a temporary data directory.

    `files` are there before it is started: texts by their path in that directory.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        Path(folder, "piccolo.config").write_text(instrument + options)
        program = str(Path(sys.executable).with_name("piccolo3-server"))
        command = [program, "-o", folder, "--address", "::1", "--port", str(port)]
        async with _running(command, port, environment) as server:
            yield server
