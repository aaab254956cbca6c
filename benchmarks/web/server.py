"""The web front end as a process in front of a daemon, and a bare Starlette application to compare it with."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from soak.ports import free_port

__all__ = ["RIG", "FrontEnd", "bare", "front_end"]

RIG = "/r/rig"
"""Where the pages of the rig begin."""

_LONGEST = 30.0  # s
_NICE = 5

_BARE = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("there"))])
uvicorn.run(app, port=int(sys.argv[1]), log_config=None)
"""


@dataclass(frozen=True)
class FrontEnd:
    """A running web server."""

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident(self) -> float:
        """Resident memory, MB."""
        return float(self.process.memory_info().rss) / 1e6

    async def share(self, seconds: float) -> float:
        """Which part of a processor it takes in that time."""
        begin, before = time.monotonic(), self._computed()
        await asyncio.sleep(seconds)
        return (self._computed() - before) / (time.monotonic() - begin)

    def _computed(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def front_end(rig_url: str, hosts: Sequence[str] = ()) -> AsyncIterator[FrontEnd]:
    """`piccolo3-web` for that rig, reached also by the names of these hosts."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        file = Path(folder, "web.cfg")
        names = f"hosts = {', '.join(hosts)},\n" if hosts else ""
        file.write_text(f"[http]\nport = {port}\n{names}[rigs]\n[[rig]]\nurl = {rig_url}\n", encoding="utf-8")
        program = str(Path(sys.executable).with_name("piccolo3-web"))
        async with _running([program, "-c", str(file)], port) as found:
            yield found


@asynccontextmanager
async def bare() -> AsyncIterator[FrontEnd]:
    """Starlette and uvicorn with one answer."""
    port = free_port()
    async with _running([sys.executable, "-c", _BARE, str(port)], port) as found:
        yield found


@asynccontextmanager
async def _running(command: Sequence[str], port: int) -> AsyncIterator[FrontEnd]:
    behind = ["nice", "-n", str(_NICE), *command]  # as the service does: the daemon comes first
    process = subprocess.Popen(behind, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(_LONGEST):
            while not await _listens(port):
                if process.poll() is not None:
                    message = f"{command[0]} has ended with {process.returncode}"
                    raise RuntimeError(message)
        yield FrontEnd(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(10)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.01)  # refused at once
        return False
    writer.close()
    return True
