"""Many clients of one daemon: each has a socket of its own, observes status and progress, and polls all the time.

Run as a process, so that it is the daemon whose time is measured: `python -m benchmarks.crowd PORT CLIENTS`. Clients
are other computers; here they run with what the daemon leaves of the processor.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable
from contextlib import AsyncExitStack

from piccolo3.client import Piccolo

__all__: list[str] = []

INTERVAL = 1.0  # s between the polls of a client
POLLED = ("control/status", "control/progress", "spectrometer/S_dummy_FLM/status", "shutter/upwelling/status")
OBSERVED = ("control/status", "control/progress")


async def _poll(rig: Piccolo, delay: float) -> None:
    await asyncio.sleep(delay)
    while True:
        for path in POLLED:
            await rig.get(path)
        await asyncio.sleep(INTERVAL)


async def _observe(rig: Piccolo, path: str, there: asyncio.Semaphore) -> None:
    first = True
    async for _ in rig.observe(path):
        if first:
            there.release()
        first = False


async def main(port: int, clients: int) -> None:
    """Connect all, say so, and go on until terminated."""
    there = asyncio.Semaphore(0)
    async with AsyncExitStack() as stack:
        tasks: list[Awaitable[None]] = []
        for number in range(clients):
            rig = await stack.enter_async_context(Piccolo(f"coap://[::1]:{port}"))
            tasks.append(asyncio.create_task(_poll(rig, number * INTERVAL / clients)))
            tasks += [asyncio.create_task(_observe(rig, path, there)) for path in OBSERVED]
        for _ in range(clients * len(OBSERVED)):
            await there.acquire()
        print("there", flush=True)
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
