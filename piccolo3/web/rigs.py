"""The rigs: one client each, which is there while somebody looks, and for a while after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from piccolo3.client import LinkChange, Piccolo, Tree
from piccolo3.client.connection import Path
from piccolo3.clock import Clock
from piccolo3.config import RigConfig
from piccolo3.errors import ConnectionFailed, InternalError, PiccoloError
from piccolo3.jsonvalue import JsonValue

__all__ = ["ConnectionState", "Rig"]

_logger = logging.getLogger(__name__)

TIMEOUT = 2.5  # s for an answer; with the 2 s of silence that are allowed, a lost rig is seen within 5 s
ACTION = 15.0  # s for what a request of a browser may take: some open files or devices
LINGER = 30.0  # s for which the client stays when nobody looks any more
_PAUSE = 1.0  # s between attempts to find a rig that is not there

Listener = Callable[["ConnectionState"], None]


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Whether the rig answers, since when that is so, and what is wrong; None while it has not been asked yet.

    `restarts` counts those that were seen: what the rig has may be something else afterwards.
    """

    connected: bool
    since: datetime
    reason: str | None
    restarts: int = 0

    @property
    def known(self) -> bool:
        """Whether the rig was asked at all."""
        return self.connected or self.reason is not None

    def body(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {
            "connected": self.connected,
            "since": self.since.isoformat(),
            "reason": self.reason,
            "restarts": self.restarts,
        }


class Rig:
    """One rig. Everything that talks to it does so inside of `use`; in one event loop."""

    def __init__(self, config: RigConfig, clock: Clock, linger: float = LINGER) -> None:
        self.name = config.name
        self.title = config.title
        self.url = config.url
        self.clock = clock
        self.state = ConnectionState(False, clock.utcnow(), None)
        self._linger = linger
        self._client: Piccolo | None = None
        self._users = 0
        self._opening = asyncio.Lock()
        self._there = asyncio.Event()
        self._seeking: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._listeners: list[Listener] = []

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Rig]:
        """Somebody looks: the client is there, or looked for."""
        self._users += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        try:
            yield self
        finally:
            self._users -= 1
            if not self._users and self._leaving is None:
                self._leaving = asyncio.create_task(self._leave(), name=f"leaving {self.name}")

    @property
    def users(self) -> int:
        """How many look."""
        return self._users

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` when the rig is lost or found; return the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def client(self) -> Piccolo:
        """The client, now. ConnectionFailed if the rig does not answer."""
        if self._client is None:
            await self._open()
        if self._client is None:
            raise InternalError("the client is not there")
        return self._client

    async def found(self) -> Piccolo:
        """The client, whenever the rig answers."""
        while self._client is None:
            self.seek()
            await self._there.wait()
        return self._client

    def seek(self) -> None:
        """Look for the rig in the background, until it is found or nobody looks any more."""
        if self._client is None and (self._seeking is None or self._seeking.done()):
            self._seeking = asyncio.create_task(self._seek(), name=f"looking for {self.name}")

    async def tree(self) -> Tree:
        """What the rig has."""
        return await (await self.client()).tree()

    async def request(
        self, code: int, path: Path, value: JsonValue = None, *, seconds: float = ACTION, accept: int | None = None
    ) -> JsonValue:
        """Send a request; what the rig answers."""
        client = await self.client()
        return await client.connection.request(code, path, value, seconds=seconds, accept=accept)

    async def gather(self, code: int, paths: Sequence[str]) -> dict[str, JsonValue]:
        """Several values at once, without those that there are not. ConnectionFailed if the rig does not answer."""
        found: dict[str, JsonValue] = {}
        for path in paths:
            try:
                found[path] = await self.request(code, path)
            except ConnectionFailed:
                raise
            except PiccoloError as problem:
                _logger.debug("%s of %s: %s", path, self.name, problem)
        return found

    async def close(self) -> None:
        """End."""
        for task in (self._seeking, self._leaving):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._seeking = self._leaving = None
        await self._close()

    async def _open(self) -> None:
        async with self._opening:
            if self._client is not None:
                return
            client = Piccolo(self.url, TIMEOUT, self._on_link)
            try:
                await client.__aenter__()
            except ConnectionFailed as problem:
                self._tell(connected=False, reason=str(problem))
                raise
            self._client = client
            self._there.set()
            self._tell(connected=True, reason=None)

    async def _seek(self) -> None:
        while self._client is None and self._users:
            with suppress(PiccoloError):
                await self._open()
                return
            await asyncio.sleep(_PAUSE)

    async def _leave(self) -> None:
        await asyncio.sleep(self._linger)
        if not self._users:
            self._leaving = None
            await self._close()

    async def _close(self) -> None:
        client, self._client = self._client, None
        self._there.clear()
        if client is not None:
            await client.__aexit__(None, None, None)
            self.state = ConnectionState(False, self.clock.utcnow(), None, self.state.restarts)

    def _on_link(self, change: LinkChange) -> None:
        restarts = self.state.restarts + change.restarted
        self._tell(connected=change.connected, reason=None if change.connected else change.sentence, restarts=restarts)

    def _tell(self, *, connected: bool, reason: str | None, restarts: int | None = None) -> None:
        before = self.state
        restarts = before.restarts if restarts is None else restarts
        if (connected, reason, restarts) == (before.connected, before.reason, before.restarts):
            return
        since = before.since if connected == before.connected else self.clock.utcnow()
        self.state = ConnectionState(connected, since, reason, restarts)
        for listener in tuple(self._listeners):
            listener(self.state)
