"""The computer that the server runs on."""

from __future__ import annotations

from datetime import datetime

from piccolo3.client import answers
from piccolo3.client.connection import GET, Connection
from piccolo3.wire import JsonValue

__all__ = ["Sysinfo"]


class Sysinfo:
    """Version, host, load, clock and health of the server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def version(self) -> str:
        """Version of the server."""
        return answers.text(await self._get("version"), "sysinfo/version")

    async def host(self) -> str:
        """Name of the computer."""
        return answers.text(await self._get("host"), "sysinfo/host")

    async def cpu(self) -> float:
        """Load of the processor in percent."""
        return answers.number(await self._get("cpu"), "sysinfo/cpu")

    async def mem(self) -> float:
        """Memory in use in percent."""
        return answers.number(await self._get("mem"), "sysinfo/mem")

    async def clock(self) -> datetime:
        """What the clock of the server says, aware."""
        return answers.moment(await self._get("clock"), "sysinfo/clock")

    async def health(self) -> JsonValue:
        """Whether the rig is well: `status` (ok, warn or alarm) and `sentences`, the worst first."""
        return await self._get("health")

    async def housekeeping(self) -> JsonValue:
        """The last sample of what is measured of the rig itself: `time` and `values`; None before the first."""
        return await self._get("housekeeping")

    async def _get(self, name: str) -> JsonValue:
        return await self._connection.request(GET, ("sysinfo", name))
