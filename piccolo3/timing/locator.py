"""Where the rig is: what GPS says, or else the configuration."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from piccolo3.clock import Clock
from piccolo3.events import Broker
from piccolo3.jsonvalue import JsonValue
from piccolo3.position import Position
from piccolo3.timing.events import PositionChanged
from piccolo3.timing.satellites import Fix, Satellites
from piccolo3.wire import show_time

__all__ = ["Locator"]

_METRES_PER_DEGREE = 111_195.0  # of a great circle, with a mean radius of 6371 km
_NOISE = 25.0  # m; what moves by less has not moved
_PLACES, _DIGITS = 7, 1  # of degrees (1 cm) and of m
Source = Literal["gps", "configuration", "simulation"]


class Locator:
    """Tells the position to whoever wants to know; belongs to the event loop's thread.

    `site` is the configured place; `simulated` the one where the simulated sun shines, for a rig without any other.
    `reached` tells whether gpsd is.
    """

    def __init__(
        self,
        clock: Clock,
        broker: Broker,
        *,
        site: Position | None = None,
        simulated: Position | None = None,
        satellites: Satellites | None = None,
        reached: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._broker = broker
        self._site = site
        self._simulated = simulated
        self._satellites = satellites
        self._reached = reached
        self._told: tuple[object, ...] = ()
        self._told_position: Position | None = None
        self.check()

    def position(self) -> Position | None:
        """Where the rig is now, None if nobody knows."""
        return self._find()[0]

    def check(self) -> None:
        """Look whether there is anything new, of which to tell."""
        position, source, fix = self._find()
        state = (source, None if fix is None else fix.mode, self._gps())
        if state != self._told or _moved(self._told_position, position):
            self._told, self._told_position = state, position
            self._broker.publish(PositionChanged())

    def metadata(self) -> dict[str, JsonValue]:
        """What belongs into a spectrum: nothing where the position is not known or only that of the simulation."""
        position, source, fix = self._find()
        if position is None or source == "simulation":
            return {}
        found = {**_place(position, "Latitude", "Longitude", "Altitude"), "PositionSource": source}
        if fix is not None:
            found |= {
                "GpsMode": fix.mode,
                "GpsSatellites": fix.satellites,
                "GpsHdop": fix.hdop,
                "GpsHorizontalError": fix.horizontal_error,
                "GpsVerticalError": fix.vertical_error,
                "GpsTime": None if fix.time is None else show_time(fix.time),
                "GpsAge": self._age(fix),
            }
        return {name: value for name, value in found.items() if value is not None}

    def as_dict(self) -> dict[str, JsonValue]:
        """For clients; far less than 1 kB."""
        position, source, fix = self._find()
        found: dict[str, JsonValue] = {"source": source, "latitude": None, "longitude": None, "altitude": None}
        if position is not None:
            found |= _place(position, "latitude", "longitude", "altitude")
        return {
            **found,
            "gps": self._gps(),
            "mode": None if fix is None else fix.mode,
            "satellites": None if fix is None else fix.satellites,
            "hdop": None if fix is None else fix.hdop,
            "horizontal_error": None if fix is None else fix.horizontal_error,
            "vertical_error": None if fix is None else fix.vertical_error,
            "time": None if fix is None or fix.time is None else show_time(fix.time),
            "age": None if fix is None else self._age(fix),
        }

    def _find(self) -> tuple[Position | None, Source | None, Fix | None]:
        fix = None if self._satellites is None else self._satellites.fix(self._clock.monotonic())
        if fix is not None:
            return Position(latitude=fix.latitude, longitude=fix.longitude, altitude=fix.altitude), "gps", fix
        if self._site is not None:
            return self._site, "configuration", None
        return self._simulated, None if self._simulated is None else "simulation", None

    def _gps(self) -> str:
        if self._satellites is None:
            return "off"
        if self._satellites.has_fix(self._clock.monotonic()):
            return "fix"
        return "no fix" if self._reached() else "unreachable"

    def _age(self, fix: Fix) -> float:
        return round(self._clock.monotonic() - fix.received, 1)


def _place(position: Position, latitude: str, longitude: str, altitude: str) -> dict[str, JsonValue]:
    return {
        latitude: round(position.latitude, _PLACES),
        longitude: round(position.longitude, _PLACES),
        altitude: None if position.altitude is None else round(position.altitude, _DIGITS),
    }


def _moved(one: Position | None, other: Position | None) -> bool:
    """Whether two positions differ by more than noise; over short distances the earth is flat."""
    if one is None or other is None:
        return one is not other
    north = other.latitude - one.latitude
    east = (other.longitude - one.longitude + 180.0) % 360.0 - 180.0
    distance = math.hypot(north, east * math.cos(math.radians(one.latitude))) * _METRES_PER_DEGREE
    up = 0.0 if one.altitude is None or other.altitude is None else other.altitude - one.altitude
    return distance > _NOISE or abs(up) > 2 * _NOISE
