"""Browsers that watch, as far as the front end sees them: each has a stream of spectra and one of values.

Run as a process: `python -m benchmarks.web.watchers PORT NUMBER`. They are phones with processors of their own; here
they have what the rig leaves.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from benchmarks.web.stream import LIVE, NOW, reading

__all__ = ["watched"]


async def main(port: int, number: int) -> None:
    """Connect all, say so, and go on until terminated."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            for path in (LIVE, NOW):
                await stack.enter_async_context(reading(port, path, keep=False))
        print("there", flush=True)
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def watched(port: int, number: int) -> AsyncIterator[None]:
    """That many are there."""
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.web.watchers", str(port), str(number), stdout=asyncio.subprocess.PIPE
    )
    assert crowd.stdout is not None
    try:
        if await crowd.stdout.readline() != b"there\n":
            message = "those who watch could not connect"
            raise RuntimeError(message)
        yield
    finally:
        if crowd.returncode is None:
            crowd.terminate()
        await crowd.wait()


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
