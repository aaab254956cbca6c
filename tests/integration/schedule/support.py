"""A daemon in this process, with a simulated rig."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from piccolo3 import config
from piccolo3.client import Piccolo
from piccolo3.clock import Clock, SystemClock
from piccolo3.server.application import Application
from soak.ports import free_port
from tests.system.support import INSTRUMENT

FAR = "2199-01-01T00:00:00+00:00"
SCHEDULER = "control/scheduler"


@dataclass
class Rig:
    """Where it listens, and a client."""

    application: Application
    folder: Path
    port: int
    client: Piccolo

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"


@asynccontextmanager
async def daemon(
    folder: Path,
    clock: Clock | None = None,
    *,
    ready: bool = False,
    instrument: str = INSTRUMENT,
    trust: str = "always",
) -> AsyncIterator[Rig]:
    """Start it; `ready`: wait until its spectrometers are."""
    (folder / "piccolo.config").write_text(f"{instrument}\n[clock]\n  trust = {trust}\n")
    port = free_port()
    overrides: dict[tuple[str, ...], object] = {
        ("datadir", "datadir"): str(folder),
        ("coap", "address"): "::1",
        ("coap", "port"): port,
    }
    application = Application(config.load(None, overrides), clock or SystemClock())
    async with application, Piccolo(f"coap://[::1]:{port}") as client:
        for name in ("S_dummy_A", "S_dummy_B") if ready else ():
            async with client.observe(f"spectrometer/{name}/status") as statuses:
                async for status in statuses:
                    if status == 6:
                        break
        yield Rig(application, folder, port, client)


def run(
    folder: Path, scenario: Callable[[Rig], Awaitable[None]], *, ready: bool = False, instrument: str = INSTRUMENT
) -> None:
    """Play a scenario."""

    async def whole() -> None:
        async with asyncio.timeout(30), daemon(folder, ready=ready, instrument=instrument) as rig:
            await scenario(rig)

    asyncio.run(whole())
