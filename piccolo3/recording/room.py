"""Room for data: enough for a batch before it begins, and never less than the reserve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.errors import StoreError
from piccolo3.events import Broker, Event
from piccolo3.recording.measurement import Rig
from piccolo3.recording.order import Order
from piccolo3.recording.plan import Action

__all__ = ["Room", "RoomChecked", "expected_bytes"]

_MEGABYTE = 1_000_000
_PER_PIXEL = 14  # bytes: about 10 in the file, and up to 4 in the catalogue
_PER_PIXEL_OF_AVERAGES = 25  # more, for the standard deviation
_PER_SPECTRUM = 7_000  # metadata in both
_PIXELS = 2048  # of a spectrometer that has not told yet
_OFTEN = 5.0  # s between two looks while a batch is recorded: much less than the reserve comes in that time


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChecked(Event):
    """So many bytes were free."""

    free: int


def expected_bytes(order: Order, rig: Rig) -> int:
    """What a batch will take, in its files and in the catalogue together; rather more than less."""
    counts = order.counts(rig.shutters.channels)
    measurements = counts[Action.DARK] + counts[Action.LIGHT]
    pixels = [_PIXELS if worker.info is None else worker.info.pixels for worker in rig.spectrometers.values()]
    each = _PER_PIXEL + (_PER_PIXEL_OF_AVERAGES if order.settings.averages > 1 else 0)
    return measurements * sum(each * number + _PER_SPECTRUM for number in pixels)


class Room:
    """Asks `free` for the bytes that are left; `reserve` of them are not for data."""

    def __init__(self, free: Callable[[], Awaitable[int]], reserve: int, clock: Clock, broker: Broker) -> None:
        self._free = free
        self._reserve = reserve
        self._clock = clock
        self._broker = broker
        self._looked = clock.monotonic()

    async def check(self, needed: int) -> None:
        """StoreError, with `free`, `needed` and `reserve` (bytes) in its details, if a batch has no room."""
        free = await self._look()
        if free < self._reserve:
            raise StoreError(self._short(free), free=free, needed=needed, reserve=self._reserve)
        if free - self._reserve < needed:
            message = (
                f"the batch needs about {_shown(needed)}, and {_shown(free - self._reserve)} are left for data "
                f"(beside the reserve of {_shown(self._reserve)}): record fewer sequences, or make room"
            )
            raise StoreError(message, free=free, needed=needed, reserve=self._reserve)

    async def shortage(self) -> str | None:
        """Why a batch can't go on; looked for every now and then only. StoreError where nobody knows."""
        if self._clock.monotonic() - self._looked < _OFTEN:
            return None
        free = await self._look()
        return self._short(free) if free < self._reserve else None

    async def _look(self) -> int:
        self._looked = self._clock.monotonic()
        free = await self._free()
        self._broker.publish(RoomChecked(free=free))
        return free

    def _short(self, free: int) -> str:
        return f"only {_shown(free)} are free, below the reserve of {_shown(self._reserve)} nothing is recorded"


def _shown(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB".replace(",", " ")
