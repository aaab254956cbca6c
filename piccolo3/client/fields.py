"""Declare in a class what is below a path of the server: `delay = setting("delay", answers.number)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar, overload

from piccolo3.client.connection import PUT, Connection, arguments
from piccolo3.client.values import ChannelSettings, ChannelValues, Reading, Setting, Value
from piccolo3.wire import JsonValue

__all__ = ["Field", "Room", "channel_settings", "channel_values", "reading", "room", "setting", "value"]

T = TypeVar("T")
B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)
Parse = Callable[[JsonValue, str], T]


class Room:
    """A part of a server's tree; `segments` is the path to it."""

    segments: tuple[str, ...] = ()

    def __init__(self, connection: Connection, segments: tuple[str, ...] | None = None) -> None:
        self._connection = connection
        if segments is not None:
            self.segments = segments

    async def command(self, name: str, given: Mapping[str, JsonValue]) -> JsonValue:
        """Do what is declared as a command; arguments that are None are left to the server. Returns its answer."""
        path = (*self.segments, name) if name else self.segments
        wanted = {key: item for key, item in given.items() if item is not None}
        return await self._connection.request(PUT, path, arguments([], wanted))

    @property
    def connection(self) -> Connection:
        """What its requests go through."""
        return self._connection


class _Make(Protocol[B_co]):
    def __call__(self, connection: Connection, path: tuple[str, ...], /) -> B_co: ...


class Field(Generic[B]):
    """Descriptor: of an instance the bound value, of the class itself what was declared."""

    def __init__(self, name: str, make: _Make[B], parse: object = None) -> None:
        self.name = name
        self._make = make
        self.parse = parse  # for those who look at what is declared

    @overload
    def __get__(self, room: None, owner: type) -> Field[B]: ...

    @overload
    def __get__(self, room: Room, owner: type) -> B: ...

    def __get__(self, room: Room | None, owner: type) -> Field[B] | B:
        if room is None:
            return self
        below = self.name.split("/") if self.name else ()
        return self._make(room.connection, (*room.segments, *below))


def reading(name: str, parse: Parse[T]) -> Field[Reading[T]]:
    """What can only be read."""
    return Field(name, lambda connection, path: Reading(connection, path, parse), parse)


def value(name: str, parse: Parse[T]) -> Field[Value[T]]:
    """What can be read and observed."""
    return Field(name, lambda connection, path: Value(connection, path, parse), parse)


R = TypeVar("R", bound=Room)


def room(name: str, kind: type[R]) -> Field[R]:
    """What is below."""
    return Field(name, lambda connection, path: kind(connection, path))


def setting(name: str, parse: Parse[T], dump: Callable[[T], JsonValue] | None = None) -> Field[Setting[T]]:
    """What can be read, observed and set."""
    if dump is None:
        return Field(name, lambda connection, path: Setting(connection, path, parse), parse)
    return Field(name, lambda connection, path: Setting(connection, path, parse, dump), parse)


def channel_values(name: str, parse: Parse[T]) -> Field[ChannelValues[T]]:
    """A value for each channel."""
    return Field(name, lambda connection, path: ChannelValues(connection, path, parse), parse)


def channel_settings(name: str, parse: Parse[T]) -> Field[ChannelSettings[T]]:
    """The same, to be set."""
    return Field(name, lambda connection, path: ChannelSettings(connection, path, parse), parse)
