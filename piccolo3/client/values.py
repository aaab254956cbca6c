"""Values of a server: read, followed, waited for and set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from piccolo3.client.changes import Changes
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.failures import TimedOut
from piccolo3.wire import JsonValue

__all__ = ["ChannelSettings", "ChannelValues", "Reading", "Setting", "Value", "keep"]

T = TypeVar("T")
Parse = Callable[[JsonValue, str], T]


def keep(value: JsonValue, what: str) -> JsonValue:
    """The value as it came."""
    return value


def _plain(value: object) -> JsonValue:
    return cast("JsonValue", value)


class Reading(Generic[T]):
    """A value that can be read: `await reading.get()`, or in short `await reading()`."""

    def __init__(
        self,
        connection: Connection,
        path: tuple[str, ...],
        parse: Parse[T],
        dump: Callable[[T], JsonValue] = _plain,
    ) -> None:
        self._connection = connection
        self._segments = path
        self._parse = parse
        self._dump = dump

    @property
    def path(self) -> str:
        """Where it is, such as "control/status"."""
        return "/".join(self._segments)

    async def get(self) -> T:
        """Read it. InvalidValue where it is not of its type, and whatever the server refuses."""
        return self._read(await self._connection.request(GET, self._segments))

    async def __call__(self) -> T:
        """Read it."""
        return await self.get()

    def _read(self, value: JsonValue) -> T:
        return self._parse(value, self.path)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path} of {self._connection.address}>"


class Value(Reading[T]):
    """A value that can also be followed."""

    def observe(self) -> Changes[T]:
        """First the value, then every other one, for as long as you like: after a restart of server or network, too.

        ::

            async for status in rig.control.status.observe():
                print(status)

        """
        return Changes(self._connection, self._segments, self._read)

    async def wait_for(self, wanted: T | Callable[[T], bool], timeout: float | None = None) -> T:  # noqa: ASYNC109
        """Wait until it is `wanted`, or `wanted(value)` is true; return it.

        TimedOut after `timeout` seconds (None: never), with what it was then.
        """
        test = wanted if callable(wanted) else lambda value: bool(value == wanted)
        seen: list[T] = []
        try:
            async with asyncio.timeout(timeout), self.observe() as changes:
                async for value in changes:
                    if test(value):
                        return value
                    seen[:] = [value]
        except TimeoutError:
            is_now = f"it is {seen[0]!r}" if seen else "it could not be read"
            link = "" if self._connection.link.connected else ", and the server does not answer"
            name = "what was waited for" if callable(wanted) else repr(wanted)
            raise TimedOut(
                f"{self.path} of {self._connection.address} did not become {name} within {timeout:g} s: {is_now}{link}"
            ) from None
        raise TimedOut(f"the connection to {self._connection.address} was closed while {self.path} was waited for")


class Setting(Value[T]):
    """A value that can also be set."""

    async def set(self, value: T) -> None:
        """Set it; returns when the server has taken it. InvalidValue, Busy or Conflict where it refuses."""
        await self._connection.request(PUT, self._segments, arguments([self._dump(value)], {}))


class ChannelValues(Generic[T]):
    """A value for each channel: `values["upwelling"]`; `await values("upwelling")` reads one."""

    def __init__(self, connection: Connection, path: tuple[str, ...], parse: Parse[T]) -> None:
        self._connection = connection
        self._segments = path
        self._parse = parse

    def __getitem__(self, channel: str) -> Value[T]:
        return Value(self._connection, (*self._segments, channel), self._parse)

    async def __call__(self, channel: str) -> T:
        """Read the value of a channel."""
        return await self[channel].get()


class ChannelSettings(ChannelValues[T]):
    """The same for values that can be set."""

    def __getitem__(self, channel: str) -> Setting[T]:
        return Setting(self._connection, (*self._segments, channel), self._parse)
