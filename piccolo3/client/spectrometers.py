"""The spectrometers of a server and their integration times."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.client.fields import Room, channel_settings, channel_values, reading, setting, value
from piccolo3.errors import InvalidValue, NotAllowed
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.wire import JsonValue

__all__ = ["Spectrometer", "Spectrometers"]

_PREFIX = "S_"


def _status(value: JsonValue, what: str) -> SpectrometerStatus:
    number = answers.integer(value, what)
    try:
        return SpectrometerStatus(number)
    except ValueError:
        raise InvalidValue(f"the server's {what} is {number}, which is no known state") from None


def _autointegration(value: JsonValue, what: str) -> AutointegrationState:
    text = answers.text(value, what)
    try:
        return AutointegrationState(text)
    except ValueError:
        raise InvalidValue(f"the server's {what} is {text!r}, which is no known state") from None


class Spectrometer(Room):
    """One spectrometer; times are integration times in ms, temperatures in degrees C."""

    status = value("status", _status)
    """Its state."""

    reason = reading("reason", answers.optional_text)
    """Why it can't be used, None if it can."""

    info = reading("info", answers.optional_mapping)
    """Model, firmware, number of pixels and limits; None until it was connected."""

    min_time = setting("min_time", answers.number)
    """Shortest integration time that may be set."""

    max_time = setting("max_time", answers.number)
    """Longest integration time that may be set."""

    current_time = channel_settings("current_time", answers.number)
    """Integration time of the next exposure of a channel."""

    autointegration = channel_values("autointegration", _autointegration)
    """Result of the last automatic integration of a channel."""

    achieved = channel_values("achieved", answers.optional_number)
    """Peak that automatic integration achieved for a channel, in percent of saturation; None where there was none."""

    cooler = reading("cooler", answers.mapping)
    """What the cooler does: `enabled`, `target`, `temperature`, `age` (s) and `settled`."""

    has_cooler = reading("haveTEC", answers.optional_truth)
    """Whether there is a cooler, None as long as it is not known."""

    cooler_enabled = setting("TECenabled", answers.truth)
    """Whether the cooler is on."""

    target_temperature = setting("target_temperature", answers.number)
    """Temperature that the cooler aims at."""

    temperature = reading("current_temperature", answers.number)
    """Temperature of the detector. NotFound where it is not known."""

    def __init__(self, connection: Connection, name: str) -> None:
        super().__init__(connection, ("spectrometer", name))
        self.name = name

    @property
    def serial_number(self) -> str:
        """The name without its prefix."""
        return self.name.removeprefix(_PREFIX)

    async def set_min_time(self, time: float) -> None:
        """Set the shortest integration time."""
        await self.min_time.set(time)

    async def set_max_time(self, time: float) -> None:
        """Set the longest integration time."""
        await self.max_time.set(time)

    async def set_current_time(self, channel: str, time: float) -> None:
        """Set the integration time of the next exposures."""
        await self.current_time[channel].set(time)

    async def connect(self) -> None:
        """Connect, in the background. Conflict in the wrong state."""
        await self._act("connect")

    async def disconnect(self) -> None:
        """Disconnect. Conflict in the wrong state, Busy while a batch is recorded."""
        await self._act("disconnect")

    async def power_on(self) -> None:
        """Switch it on and connect. Conflict in the wrong state."""
        await self._act("power_on")

    async def power_off(self) -> None:
        """Disconnect and switch it off. Conflict in the wrong state, Busy while a batch is recorded."""
        await self._act("power_off")

    async def _act(self, name: str) -> None:
        try:
            await self._connection.request(PUT, (*self.segments, name), arguments([], {}))
        except NotAllowed:  # servers from before 0.6 have actions as GET only
            await self._connection.request(GET, (*self.segments, name))


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
