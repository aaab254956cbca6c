"""The shutters of a server, one for each channel."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.fields import Room, reading
from piccolo3.errors import InvalidValue
from piccolo3.status import ShutterStatus
from piccolo3.wire import JsonValue

__all__ = ["Shutter", "Shutters"]


def _status(value: JsonValue, what: str) -> ShutterStatus:
    try:
        return ShutterStatus(answers.text(value, what))
    except ValueError:
        raise InvalidValue(f"the server's {what} is {value!r}, which is no known state") from None


class Shutter(Room):
    """One shutter."""

    status = reading("status", _status)
    """Open or closed, or what else is known of it."""

    fibre_diameter = reading("fibre_diameter", answers.number)
    """Diameter of the fibre in µm."""

    reverse = reading("reverse", answers.truth)
    """Whether its polarity is reversed."""

    def __init__(self, connection: Connection, direction: str) -> None:
        super().__init__(connection, ("shutter", direction))
        self.direction = direction

    async def open(self) -> None:
        """Open it. Conflict if it is open already, Busy while a batch is recorded."""
        await self._connection.request(PUT, (*self.segments, "open_shutter"), arguments([True], {}))

    async def close(self) -> None:
        """Close it. Conflict if it is closed already, Busy while a batch is recorded."""
        await self._connection.request(PUT, (*self.segments, "close_shutter"), arguments([True], {}))


class Shutters:
    """All shutters, by the name of their channel."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getitem__(self, direction: str) -> Shutter:
        """One of them; whether there is such a one is seen when it is asked for something."""
        return Shutter(self._connection, direction)

    async def names(self) -> tuple[str, ...]:
        """Names of the channels, sorted."""
        return answers.texts(await self._connection.request(GET, ("shutter", "shutters")), "shutter/shutters")

    async def all(self) -> tuple[Shutter, ...]:
        """All of them, sorted by name."""
        return tuple(self[name] for name in await self.names())
