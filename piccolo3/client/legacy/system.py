"""A server as old programs see it."""

from __future__ import annotations

import asyncio
import contextlib

from piccolo3.client.legacy.control import PiccoloControl
from piccolo3.client.legacy.data import PiccoloDataDir
from piccolo3.client.legacy.link import Link, Session
from piccolo3.client.legacy.scheduler import PiccoloScheduler
from piccolo3.client.legacy.spectrometers import PiccoloSpectrometers
from piccolo3.client.legacy.sysinfo import PiccoloSysinfo
from piccolo3.errors import ConnectionFailed

__all__ = ["PiccoloSystem"]


class PiccoloSystem:
    """A server: `control`, `scheduler`, `sys`, `spec` and `data`. Observes by itself as soon as the event loop runs.

    It goes on observing when a server that was away is back. InvalidValue for what is no URL.
    """

    def __init__(self, url: str = "coap://localhost") -> None:
        link = Link(url, self._follow)
        self.control = PiccoloControl(link, "control")
        self.scheduler = PiccoloScheduler(link, "control", "scheduler")
        self.sys = PiccoloSysinfo(link, "sysinfo")
        self.spec = PiccoloSpectrometers(link)
        self.data = PiccoloDataDir(link)
        self._link = link

    def shutdown(self) -> asyncio.Future[None]:
        """Stop observing and close the connection; it may be awaited."""
        return self._link.shutdown()

    async def _follow(self, session: Session) -> None:
        """Observe everything; returns when the server has been restarted: it may have other spectrometers then."""
        with contextlib.suppress(ConnectionFailed):
            try:
                async with asyncio.TaskGroup() as group:
                    for part in (self.control, self.data, self.scheduler, self.spec):
                        await part.follow(session, group)
                    await session.restarted()
                    raise ConnectionFailed("the server was restarted")
            except BaseExceptionGroup as problems:
                _, others = problems.split(ConnectionFailed)
                if others is not None:
                    raise others from None
