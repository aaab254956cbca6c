"""The client library: requests against those of bare aiocoap, how soon observers are told, what an import takes."""

from __future__ import annotations

import asyncio
import importlib.metadata
import resource
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import aiocoap
from aiocoap.numbers.codes import Code

from benchmarks import daemon, servers
from benchmarks.result import Result
from piccolo3.client import Piccolo

__all__ = ["imports", "observers", "requests"]

_REQUESTS = 300
_ROUNDS = 7
_AS_FAST = 0.9
_OBSERVERS = (1, 100, 1000)
_FIRST = 0x4000  # message ID: another one than that of who had the same port before
_UPDATES = 3
_LONGEST = 60.0  # s
_IMPORT = 0.3  # s


async def requests() -> list[Result]:
    """GET control/status, one after the other, by the library and by bare aiocoap."""
    ours, bare = [], []
    async with servers.daemon() as server, Piccolo(server.url) as rig:
        context = await aiocoap.Context.create_client_context(transports=["udp6"])
        uri = f"{server.url}/control/status"
        try:
            for _ in range(_ROUNDS):
                ours.append(await _rate(rig.control.status.get))
                bare.append(await _rate(lambda: context.request(aiocoap.Message(code=Code.GET, uri=uri)).response))
        finally:
            await context.shutdown()
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    value = f"{statistics.median(ours):.0f} /s"
    reference = f"bare aiocoap {statistics.median(bare):.0f} /s"
    return [Result("GETs of the library", value, ratio, reference, f">= {_AS_FAST}", met=ratio >= _AS_FAST)]


async def _rate(get: Callable[[], Awaitable[object]]) -> float:
    begin = time.monotonic()
    for _ in range(_REQUESTS):
        await get()
    return _REQUESTS / (time.monotonic() - begin)


class _Observer(asyncio.DatagramProtocol):
    """Observes control/delay with a socket of its own; cheap enough not to be what is measured."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self.value = -1.0
        self.heard = 0.0
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def register(self) -> None:
        self._transport.sendto(struct.pack("!BBHH", 0x42, 0x01, _FIRST + self._number, 1) + b"\x60\x57control\x05delay")

    def datagram_received(self, data: bytes, _addr: object) -> None:
        if data[0] >> 4 == 4:  # to be confirmed
            self._transport.sendto(b"\x60\x00" + data[2:4])
        self.value = float(data.rpartition(b"\xff")[2])
        self.heard = time.monotonic()
        self.changed.set()

    async def until(self, value: float) -> None:
        while self.value != value:
            self.changed.clear()
            await self.changed.wait()

    def close(self) -> None:
        self._transport.close()


async def observers() -> list[Result]:
    """From the PUT of a value until observers have been told."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    results: list[Result] = []
    reference = 0.0
    for number, recording in (*((number, False) for number in _OBSERVERS), (_OBSERVERS[-1], True)):
        async with servers.daemon() as server, Piccolo(server.url) as rig, AsyncExitStack() as stack:
            everybody = [await _observer(server.port, stack, one) for one in range(number)]
            middles, lasts = [], []
            if recording:
                await daemon.until_idle(rig)
                await rig.control.record_sequence("bench", sequences=100_000, auto=-1, delay=0.0)
            for round_ in range(1, _UPDATES + 1):
                begin = time.monotonic()
                await rig.control.delay.set(float(round_))  # of what is set, the next batch takes note
                async with asyncio.timeout(_LONGEST):
                    for one in everybody:
                        await one.until(float(round_))
                late = sorted(one.heard - begin for one in everybody)
                middles.append(statistics.median(late))
                lasts.append(late[-1])
                await asyncio.sleep(0.5)
        middle, last = statistics.median(middles), statistics.median(lasts)
        reference = reference or middle
        # while something is recorded, they may have a share of the daemon's time, and no more
        value = f"median {middle * 1000:.1f}, last {last * 1000:.0f} ms"
        name = f"notification of {number} observer{'s' if number > 1 else ''}{', recording' if recording else ''}"
        results.append(Result(name, value, middle / reference, f"one observer {reference * 1000:.1f} ms"))
    return results


async def _observer(port: int, stack: AsyncExitStack, number: int) -> _Observer:
    loop = asyncio.get_running_loop()
    _, one = await loop.create_datagram_endpoint(lambda: _Observer(number), remote_addr=("::1", port))
    stack.callback(one.close)
    one.register()
    async with asyncio.timeout(_LONGEST):
        await one.changed.wait()
    return one


async def imports() -> list[Result]:
    """Import of the client and --help of each command, beyond the start of Python."""
    folder = Path(sys.executable).parent
    scripts = importlib.metadata.distribution("piccolo3").entry_points.select(group="console_scripts")
    commands = {"import of piccolo3.client": [sys.executable, "-c", "import piccolo3.client"]}
    commands |= {f"{one.name} --help": [str(folder / one.name), "--help"] for one in sorted(scripts)}
    start = min(_seconds([sys.executable, "-c", "pass"]) for _ in range(_ROUNDS))
    results = []
    for name, command in commands.items():
        took = min(_seconds(command) for _ in range(_ROUNDS)) - start
        reference = f"{_IMPORT} s; start of Python {start:.3f} s"
        ratio = took / _IMPORT
        results.append(Result(name, f"{took:.3f} s", ratio, reference, "<= 1", met=ratio <= 1))
    return results


def _seconds(command: list[str]) -> float:
    begin = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - begin
