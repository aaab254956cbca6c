"""What the parts of an old system have in common: resources below one path, and callbacks on changes."""

from __future__ import annotations

import json
import logging
from asyncio import TaskGroup
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from piccolo3.client.legacy.link import Link, Session, watch
from piccolo3.wire import JsonValue

__all__ = ["Callback", "Component"]

_logger = logging.getLogger(__name__)

Callback: TypeAlias = Callable[[str], Awaitable[object]]


class Component:
    """Resources below `path`; `observed` are those that callbacks hear of."""

    observed: tuple[str, ...] = ()

    def __init__(self, link: Link, *path: str) -> None:
        self._link = link
        self._path = path
        self._callbacks: list[Callback] = []
        self._values: dict[str, JsonValue] = {}

    def register_callback(self, callback: Callback) -> None:
        """Call a coroutine function with a JSON text of every value that is heard."""
        self._callbacks.append(callback)

    async def a_get(self, resource: str) -> JsonValue:
        """The value of a resource."""
        return await self._link.get(self._segments(resource))

    async def a_put(self, resource: str, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Set a value or call an action; what the server answers."""
        return await self._link.put(self._segments(resource), *args, **kwargs)

    def a_observe(self, resource: str) -> AsyncIterator[JsonValue]:
        """The value of a resource and its changes."""
        return self._link.observe(self._segments(resource))

    async def follow(self, session: Session, group: TaskGroup) -> None:
        """Observe everything that is observed, in tasks of the group."""
        for resource in self.observed:
            group.create_task(self._follow(session, resource))

    async def _follow(self, session: Session, resource: str) -> None:
        async def heard(value: JsonValue) -> None:
            await self._heard(resource, value)

        await watch(session, self._segments(resource), heard)

    async def _heard(self, resource: str, value: JsonValue) -> None:
        known = resource in self._values and self._values[resource] == value
        self._values[resource] = value
        if not known:  # a restarted server says again what is known already
            await self._tell(self._message(resource, value))

    def _message(self, resource: str, value: JsonValue) -> JsonValue:
        return {resource: value}

    async def _tell(self, message: JsonValue) -> None:
        text = json.dumps(message)
        for callback in self._callbacks:
            try:
                await callback(text)
            except Exception:
                _logger.exception("a callback failed on %s", text)

    async def _act(self, resource: str) -> JsonValue:
        return await self._link.act(self._segments(resource))

    def _segments(self, resource: str) -> tuple[str, ...]:
        return (*self._path, *resource.split("/"))
