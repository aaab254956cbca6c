"""What the parts of the application share: rigs with what is known of them, and who may do what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from piccolo3.clock import Clock
from piccolo3.config import RigConfig, WebConfiguration
from piccolo3.errors import NotFound
from piccolo3.web.access import Access, Visitor
from piccolo3.web.failures import Forbidden
from piccolo3.web.live import Live
from piccolo3.web.rigs import Rig
from piccolo3.web.users import Role
from piccolo3.web.values import Values

__all__ = ["Shown", "Site", "operating", "site_of", "visitor_of"]


_EXPORTS = 2  # at once


@dataclass(slots=True)
class Shown:
    """One rig as it is shown."""

    rig: Rig
    values: Values
    live: Live

    @classmethod
    def of(cls, config: RigConfig, clock: Clock) -> Shown:
        """Nothing is asked of it yet."""
        rig = Rig(config, clock)
        values = Values(rig)
        return cls(rig, values, Live(rig, values))

    async def close(self) -> None:
        """End."""
        await self.live.close()
        await self.values.close()
        await self.rig.close()


class Site:
    """Everything behind the application."""

    def __init__(self, configuration: WebConfiguration, clock: Clock) -> None:
        self.configuration = configuration
        self.clock = clock
        self.access = Access(configuration, clock)
        self.rigs = {rig.name: Shown.of(rig, clock) for rig in configuration.rigs}
        self.exports = asyncio.Semaphore(_EXPORTS)
        self.streams = 0
        self.closing = False

    def shown(self, request: Request) -> Shown:
        """The rig that the path of a request names."""
        name = request.path_params["rig"]
        if name not in self.rigs:
            raise NotFound(f"there is no rig {name!r}, there are: {', '.join(self.rigs)}")
        return self.rigs[name]

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[None]:
        """Count a stream."""
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    async def close(self) -> None:
        """End."""
        for shown in self.rigs.values():
            await shown.close()


def site_of(request: Request) -> Site:
    """What the application was made with."""
    site = request.app.state.site
    if not isinstance(site, Site):
        raise TypeError("the application has no site")
    return site


def visitor_of(request: Request) -> Visitor:
    """Who asks, as the gate has found out."""
    visitor = request.state.visitor
    if not isinstance(visitor, Visitor):
        raise TypeError("the gate has let nobody in")
    return visitor


def operating(request: Request) -> Visitor:
    """Who asks, if they may change something."""
    visitor = visitor_of(request)
    if visitor.role < Role.OPERATE:
        raise Forbidden("you may look, but not operate: log in as somebody who may")
    return visitor
