"""What gpsd says: reports on lines of JSON, of which only what is sound is taken.

The objects TPV (time, position, velocity) and SKY (satellites) are described in gpsd_json(5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from piccolo3.errors import InvalidValue
from piccolo3.wire import parse_time

__all__ = ["EARLIEST", "LATEST", "Sky", "Tpv", "read_report"]

# Receivers know the date from a week number of ten bits, which begins again every 1024 weeks, and tell one that is as
# much too early, sooner or later (or too late). So a date is only right within one such period, which begins before
# the first version of this program.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
LATEST = EARLIEST + timedelta(weeks=1024)
_LEAP_SECONDS = 18  # since 2017; a receiver that has just been switched on may not know them yet, for 12.5 minutes
_SIMULATED = 8  # the status of a fix that is not real
_ALTITUDES = (-1000.0, 20_000.0)  # m
_ERRORS = (0.0, 1e6)  # m, and dilutions of precision
_MOST_SATELLITES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tpv:
    """Time and position; `mode` is 0 or 1 without a fix, 2 or 3 with one of that many dimensions.

    Position in degrees, altitude above mean sea level and errors (95 %) in m; None is what was not told or not sound.
    The `time` (UTC) is not to be believed by itself.
    """

    device: str
    mode: int
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    horizontal_error: float | None = None
    vertical_error: float | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """How many satellites are used, and the horizontal dilution of precision."""

    device: str
    satellites: int | None = None
    hdop: float | None = None


def read_report(line: bytes) -> Tpv | Sky | None:
    """One line as a report; None for everything else, garbage included."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if found.get("class") == "TPV":
        return _tpv(found)
    return _sky(found) if found.get("class") == "SKY" else None


def _tpv(found: Mapping[str, object]) -> Tpv:
    mode = found.get("mode")
    latitude, longitude = _number(found, "lat", -90.0, 90.0), _number(found, "lon", -180.0, 180.0)
    if type(mode) is not int or mode not in {2, 3} or found.get("status") == _SIMULATED:
        return Tpv(device=_device(found), mode=1)
    if latitude is None or longitude is None:
        return Tpv(device=_device(found), mode=1)
    altitude = _number(found, "altMSL", *_ALTITUDES)
    return Tpv(
        device=_device(found),
        mode=mode,
        latitude=latitude,
        longitude=longitude,
        altitude=_number(found, "alt", *_ALTITUDES) if altitude is None else altitude,
        horizontal_error=_number(found, "eph", *_ERRORS),
        vertical_error=_number(found, "epv", *_ERRORS),
        time=_time(found),
    )


def _sky(found: Mapping[str, object]) -> Sky:
    satellites: object = found.get("uSat")
    listed = found.get("satellites")
    if satellites is None and isinstance(listed, list):
        satellites = sum(1 for one in listed if isinstance(one, dict) and one.get("used") is True)
    if type(satellites) is not int or not 0 <= satellites <= _MOST_SATELLITES:
        satellites = None
    return Sky(device=_device(found), satellites=satellites, hdop=_number(found, "hdop", *_ERRORS))


def _device(found: Mapping[str, object]) -> str:
    device = found.get("device")
    return device[:64] if isinstance(device, str) else ""


def _number(found: Mapping[str, object], name: str, lowest: float, highest: float) -> float | None:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if lowest <= value <= highest else None  # NaN is not, either


def _time(found: Mapping[str, object]) -> datetime | None:
    text, leap = found.get("time"), found.get("leapseconds")
    if not isinstance(text, str) or (type(leap) is int and leap < _LEAP_SECONDS):
        return None
    try:
        time = parse_time(text, naive="refuse")
    except InvalidValue:
        return None
    return time if EARLIEST <= time <= LATEST else None
