"""`spec` of an old system: spectrometers by their names."""

from __future__ import annotations

import asyncio
import sys
from asyncio import TaskGroup
from collections.abc import Iterator, Mapping, Sequence

from piccolo3.client import answers
from piccolo3.client.legacy.component import Callback, Component
from piccolo3.client.legacy.link import Link, Session
from piccolo3.client.tables import milliseconds, rows
from piccolo3.common import PiccoloSpectrometerStatus
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.wire import JsonValue

__all__ = ["PiccoloSpectrometer", "PiccoloSpectrometers"]

_VALUES = ("status", "min_time", "max_time", "TECenabled", "target_temperature")
_OF_CHANNELS = ("current_time", "autointegration")


class PiccoloSpectrometer(Component):
    """One spectrometer. Attributes are what was heard last, None before; `get_...` ask. Times are in ms."""

    def __init__(self, link: Link, name: str, channels: Sequence[str] = ()) -> None:
        super().__init__(link, "spectrometer", name)
        self._name = name
        self._channels = tuple(channels)

    @property
    def observed(self) -> tuple[str, ...]:  # type: ignore[override]
        """Resources that callbacks hear of."""
        return (*_VALUES, *(f"{name}/{channel}" for name in _OF_CHANNELS for channel in self._channels))

    @property
    def name(self) -> str:
        """`S_` and the serial number."""
        return self._name

    @property
    def channels(self) -> list[str]:
        """Names of the channels."""
        return list(self._channels)

    @property
    def status(self) -> PiccoloSpectrometerStatus | None:
        """State."""
        value = self._values.get("status")
        return PiccoloSpectrometerStatus(value) if isinstance(value, int) else None

    @property
    def min_time(self) -> float | None:
        """Shortest integration time that may be set."""
        return self._number("min_time")

    @property
    def max_time(self) -> float | None:
        """Longest integration time that may be set."""
        return self._number("max_time")

    @property
    def haveTEC(self) -> bool | None:
        """Whether there is a cooler."""
        value = self._values.get("haveTEC")
        return value if isinstance(value, bool) else None

    def current_time(self, channel: str) -> float | None:
        """Integration time of a channel."""
        return self._number(f"current_time/{channel}")

    async def current_temperature(self) -> float | None:
        """Temperature of the detector, degrees C."""
        value = await self.a_get("current_temperature")
        return None if value is None else answers.number(value, "current temperature")

    async def get_TECenabled(self) -> bool:
        """Whether the cooler is on."""
        return bool(await self.a_get("TECenabled"))

    async def set_TECenabled(self, state: bool) -> None:
        """Switch the cooler on or off."""
        await self.a_put("TECenabled", state)

    async def get_target_temperature(self) -> float:
        """Set point of the cooler, degrees C."""
        return answers.number(await self.a_get("target_temperature"), "target temperature")

    async def set_target_temperature(self, t: float) -> None:
        """Set the set point of the cooler, degrees C."""
        await self.a_put("target_temperature", t)

    async def get_min_time(self) -> float:
        """Shortest integration time that may be set."""
        return answers.number(await self.a_get("min_time"), "minimal integration time")

    async def set_min_time(self, t: float) -> None:
        """Set the shortest integration time."""
        await self.a_put("min_time", t)

    async def get_max_time(self) -> float:
        """Longest integration time that may be set."""
        return answers.number(await self.a_get("max_time"), "maximal integration time")

    async def set_max_time(self, t: float) -> None:
        """Set the longest integration time."""
        await self.a_put("max_time", t)

    async def get_current_time(self, channel: str) -> float:
        """Integration time of a channel."""
        return answers.number(await self.a_get(f"current_time/{channel}"), "integration time")

    async def set_current_time(self, channel: str, t: float) -> None:
        """Set the integration time of a channel."""
        await self.a_put(f"current_time/{channel}", t)

    async def get_auto_status(self, channel: str) -> str:
        """How automatic integration ended: n (not done), s (success) or f (failed)."""
        return answers.text(await self.a_get(f"autointegration/{channel}"), "automatic integration")

    async def get_status(self) -> PiccoloSpectrometerStatus:
        """State."""
        value = answers.integer(await self.a_get("status"), "status")
        try:
            return PiccoloSpectrometerStatus(value)
        except ValueError:
            raise InvalidValue(f"the server's status is {value}, which is no known state") from None

    async def connect(self) -> str:
        """Connect; `ok`, or why not."""
        return answers.text(await self._act("connect"), "answer")

    async def disconnect(self) -> str:
        """Disconnect; `ok`, or why not."""
        return answers.text(await self._act("disconnect"), "answer")

    async def power_on(self) -> str:
        """Switch on; `ok`, or why not."""
        return answers.text(await self._act("power_on"), "answer")

    async def power_off(self) -> str:
        """Switch off; `ok`, or why not."""
        return answers.text(await self._act("power_off"), "answer")

    async def follow(self, session: Session, group: TaskGroup) -> None:
        await self.update()
        await super().follow(session, group)

    async def update(self) -> None:
        """Ask for everything that has an attribute and was not heard of yet."""
        for resource in (*self.observed, "haveTEC"):
            if self._values.get(resource) is None:
                try:
                    value = await self.a_get(resource)
                except NotFound:
                    continue
                await self._heard(resource, value)

    def _number(self, resource: str) -> float | None:
        value = self._values.get(resource)
        return value if isinstance(value, int | float) else None

    def _message(self, resource: str, value: JsonValue) -> JsonValue:
        return [self._name, resource, value]


class PiccoloSpectrometers(Component, Mapping[str, PiccoloSpectrometer]):
    """All spectrometers, by `S_` and their serial number; known when the server was heard or `get_spectrometers` asked.

    Callbacks registered here hear of every one of them.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link, "spectrometer")
        self._spectrometers: dict[str, PiccoloSpectrometer] = {}
        self._channels: tuple[str, ...] = ()
        self._are_known = False

    def __getitem__(self, name: str) -> PiccoloSpectrometer:
        if name not in self._spectrometers and not self._are_known:  # who has not asked may name what is there
            return self._made(name)
        return self._spectrometers[name]

    def __contains__(self, name: object) -> bool:
        return name in self._spectrometers

    def __iter__(self) -> Iterator[str]:
        return iter(self._spectrometers)

    def __len__(self) -> int:
        return len(self._spectrometers)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def register_callback(self, callback: Callback) -> None:
        super().register_callback(callback)
        for spectrometer in self._spectrometers.values():
            spectrometer.register_callback(callback)

    async def get_spectrometers(self) -> list[str]:
        """Names of the spectrometers, sorted."""
        names = await self._ask()
        await asyncio.gather(*(self._spectrometers[name].update() for name in names))
        return names

    async def get_channels(self) -> list[str]:
        """Names of the channels, sorted."""
        return list(answers.texts(await self.a_get("channels"), "channels"))

    async def connect(self) -> str:
        """Connect to all; `ok`, or why not."""
        return answers.text(await self._act("connect"), "answer")

    async def disconnect(self) -> str:
        """Disconnect all; `ok`, or why not."""
        return answers.text(await self._act("disconnect"), "answer")

    async def power_on(self) -> str:
        """Switch all on; `ok`, or why not."""
        return answers.text(await self._act("power_on"), "answer")

    async def power_off(self) -> str:
        """Switch all off; `ok`, or why not."""
        return answers.text(await self._act("power_off"), "answer")

    async def pprint(self) -> None:
        """Print a table of integration times and states."""
        names = await self._ask()
        body = []
        for spectrometer in (self._spectrometers[name] for name in names):
            times = [await spectrometer.get_current_time(channel) for channel in self._channels]
            times = [await spectrometer.get_min_time(), *times, await spectrometer.get_max_time()]
            body.append([spectrometer.name, *map(milliseconds, times), (await spectrometer.get_status()).name])
        header = ["", "min", *self._channels, "max", "status"]
        sys.stdout.write(rows(header, body, left=(0, len(header) - 1)))

    async def follow(self, session: Session, group: TaskGroup) -> None:
        for name in await self._ask():
            await self._spectrometers[name].follow(session, group)

    async def _ask(self) -> list[str]:
        self._channels = tuple(await self.get_channels())
        names = answers.texts(await self.a_get("spectrometers"), "spectrometers")
        for name in set(self._spectrometers) - set(names):
            del self._spectrometers[name]
        for name in names:
            if name not in self._spectrometers or not self._spectrometers[name].channels:
                self._spectrometers[name] = self._made(name)
        self._are_known = True
        return list(names)

    def _made(self, name: str) -> PiccoloSpectrometer:
        spectrometer = PiccoloSpectrometer(self._link, name, self._channels)
        for callback in self._callbacks:
            spectrometer.register_callback(callback)
        return spectrometer
