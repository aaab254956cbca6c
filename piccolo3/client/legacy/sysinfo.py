"""`sys` of an old system."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from datetime import datetime

from piccolo3.client import answers
from piccolo3.client.legacy.component import Component
from piccolo3.client.legacy.link import Link
from piccolo3.errors import ConnectionFailed, PiccoloError

__all__ = ["PiccoloSysinfo"]


class _Connected:
    """True or false as it stands, and when it is awaited as it is found by asking."""

    def __init__(self, link: Link, path: tuple[str, ...]) -> None:
        self._link = link
        self._path = path

    def __bool__(self) -> bool:
        return self._link.connected

    def __await__(self) -> Generator[object, None, bool]:
        return self._ask().__await__()

    async def _ask(self) -> bool:
        try:
            await self._link.get(self._path)
        except ConnectionFailed:
            return False
        except PiccoloError:
            return True
        return True


class PiccoloSysinfo(Component):
    """The computer that the server runs on."""

    async def get_cpu(self) -> float:
        """Load of the processor, %."""
        return answers.number(await self.a_get("cpu"), "sysinfo/cpu")

    async def get_mem(self) -> float:
        """Memory in use, %."""
        return answers.number(await self.a_get("mem"), "sysinfo/mem")

    async def get_host(self) -> str:
        """Name of the computer."""
        return answers.text(await self.a_get("host"), "sysinfo/host")

    async def get_server_version(self) -> str:
        """Version of the server."""
        return answers.text(await self.a_get("version"), "sysinfo/version")

    async def get_clock(self) -> str:
        """What the clock of the server says, ISO 8601."""
        return answers.text(await self.a_get("clock"), "sysinfo/clock")

    async def get_info(self) -> dict[str, float]:
        """Load of the processor and memory in use, %."""
        cpu, mem = await asyncio.gather(self.get_cpu(), self.get_mem())
        return {"cpu": cpu, "mem": mem}

    async def set_clock(self, clock: str | datetime) -> None:
        """Set the clock of the server."""
        await self.a_put("clock", clock.isoformat() if isinstance(clock, datetime) else clock)

    def isConnected(self) -> _Connected:
        """Whether the server answers: a truth value, which may be awaited to have the server asked now."""
        return _Connected(self._link, self._segments("version"))
