"""`sysinfo`: the machine that carries the rig."""

from __future__ import annotations

import platform

from piccolo3.clock import Clock
from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Number, Text
from piccolo3.components.declaration import value
from piccolo3.devices import Host
from piccolo3.workers import Worker

__all__ = ["SystemInformation"]


class SystemInformation(Component):
    """Clock, load and version of the server; `worker` is the thread in which the clock is set."""

    def __init__(self, host: Host, worker: Worker, clock: Clock, version: str) -> None:
        super().__init__("sysinfo", title="the machine that carries the rig")
        self._host = host
        self._worker = worker
        self._clock = clock
        self._version = version

    @value(Text(max_length=40), title="system clock", text="UTC, ISO 8601")
    def clock(self) -> str:
        """Return the time of day."""
        return self._clock.utcnow().isoformat()

    @clock.setter(Argument("clock", Text(max_length=64), text="a time; without an offset it is UTC"))
    async def set_clock(self, clock: str) -> None:
        """Set the system clock."""
        await self._worker.run(lambda: self._host.set_clock(clock))

    @value(Number(minimum=0, unit="%"), title="use of the processors since the last request")
    def cpu(self) -> float:
        """Return the load."""
        return self._host.cpu_percent()

    @value(Number(minimum=0, unit="%"), title="use of the memory")
    def mem(self) -> float:
        """Return the use of the memory."""
        return self._host.memory_percent()

    @value(Text(max_length=64), title="name of the machine")
    def host(self) -> str:
        """Return the host name."""
        return platform.node()

    @value(Text(max_length=64), title="version of the server")
    def version(self) -> str:
        """Return the version."""
        return self._version
