"""The spectrometers of a server and their integration times."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.errors import InvalidValue
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.wire import JsonValue

__all__ = ["Spectrometer", "Spectrometers"]

_PREFIX = "S_"


class Spectrometer:
    """One spectrometer; times are integration times in ms."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    @property
    def serial_number(self) -> str:
        """The name without its prefix."""
        return self.name.removeprefix(_PREFIX)

    async def status(self) -> SpectrometerStatus:
        """Its state."""
        value = answers.integer(await self._get("status"), self._path("status"))
        try:
            return SpectrometerStatus(value)
        except ValueError:
            raise InvalidValue(f"the server's {self._path('status')} is {value}, which is no known state") from None

    async def min_time(self) -> float:
        """Shortest integration time that may be set."""
        return answers.number(await self._get("min_time"), self._path("min_time"))

    async def set_min_time(self, time: float) -> None:
        """Set the shortest integration time."""
        await self._put(time, "min_time")

    async def max_time(self) -> float:
        """Longest integration time that may be set."""
        return answers.number(await self._get("max_time"), self._path("max_time"))

    async def set_max_time(self, time: float) -> None:
        """Set the longest integration time."""
        await self._put(time, "max_time")

    async def current_time(self, channel: str) -> float:
        """Integration time of the next exposure."""
        return answers.number(await self._get("current_time", channel), self._path("current_time", channel))

    async def set_current_time(self, channel: str, time: float) -> None:
        """Set the integration time of the next exposures."""
        await self._put(time, "current_time", channel)

    async def autointegration(self, channel: str) -> AutointegrationState:
        """Result of the last automatic integration."""
        value = answers.text(await self._get("autointegration", channel), self._path("autointegration", channel))
        try:
            return AutointegrationState(value)
        except ValueError:
            raise InvalidValue(f"the server's autointegration is {value!r}, which is no known state") from None

    def _path(self, *names: str) -> str:
        return "/".join(("spectrometer", self.name, *names))

    async def _get(self, *names: str) -> JsonValue:
        return await self._connection.request(GET, ("spectrometer", self.name, *names))

    async def _put(self, value: JsonValue, *names: str) -> None:
        await self._connection.request(PUT, ("spectrometer", self.name, *names), arguments([value], {}))


class Spectrometers:
    """All spectrometers, by name ("S_" and the serial number) or serial number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getitem__(self, name: str) -> Spectrometer:
        """One of them; whether there is such a one is seen when it is asked for something."""
        return Spectrometer(self._connection, name if name.startswith(_PREFIX) else _PREFIX + name)

    async def names(self) -> tuple[str, ...]:
        """Names, sorted."""
        path = ("spectrometer", "spectrometers")
        return answers.texts(await self._connection.request(GET, path), "/".join(path))

    async def channels(self) -> tuple[str, ...]:
        """Names of the channels, sorted."""
        path = ("spectrometer", "channels")
        return answers.texts(await self._connection.request(GET, path), "/".join(path))

    async def all(self) -> tuple[Spectrometer, ...]:
        """All of them, sorted by name."""
        return tuple(self[name] for name in await self.names())
