"""What is known from GPS: the last fix of each receiver, and the time, if it can be believed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from piccolo3.timing.reports import Sky, Tpv, read_report

__all__ = ["Fix", "Satellites"]

_NEEDED = 3  # three-dimensional fixes in a row before their time is believed: gpsd_json(5)
_LATE = 1.5  # s by which reports may come later than others
_REMEMBERED = 10  # reports; the one that came fastest counts
_FRESH = 10.0  # s that a time, or a better fix of another receiver, counts without another report
_MOST_DEVICES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A position as a receiver has told it at the moment `received` (monotonic, s); see `Tpv` and `Sky` for units."""

    received: float
    mode: int
    latitude: float
    longitude: float
    altitude: float | None
    horizontal_error: float | None
    vertical_error: float | None
    time: datetime | None
    satellites: int | None
    hdop: float | None


@dataclass(slots=True)
class _Device:
    heard: float
    fix: Fix | None = None
    has_fix: bool = False
    sky: Sky | None = None
    good: int = 0  # times in a row that go with one another
    last: tuple[datetime, float] | None = None
    differences: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Satellites:
    """Takes the lines of gpsd. A fix counts for `max_age` s; all moments are monotonic, in s."""

    def __init__(self, max_age: float) -> None:
        self._max_age = max_age
        self._devices: dict[str, _Device] = {}

    def feed(self, line: bytes, now: float) -> bool:
        """Take a line; whether it was a report of position."""
        report = read_report(line)
        if report is None:
            return False
        device = self._device(report.device, now)
        if isinstance(report, Sky):
            device.sky = report
            return False
        device.has_fix = report.mode > 1
        self._take_time(device, report, now)
        if report.latitude is not None and report.longitude is not None:
            sky = device.sky
            device.fix = Fix(
                received=now,
                mode=report.mode,
                latitude=report.latitude,
                longitude=report.longitude,
                altitude=report.altitude,
                horizontal_error=report.horizontal_error,
                vertical_error=report.vertical_error,
                time=report.time,
                satellites=None if sky is None else sky.satellites,
                hdop=None if sky is None else sky.hdop,
            )
        return True

    def fix(self, now: float) -> Fix | None:
        """The best fix that is not too old."""
        found = [device.fix for device in self._devices.values() if device.fix is not None]
        fresh = [fix for fix in found if now - fix.received <= min(_FRESH, self._max_age)]
        if fresh:
            return max(fresh, key=lambda fix: (fix.mode, fix.received))
        usable = [fix for fix in found if now - fix.received <= self._max_age]
        return max(usable, key=lambda fix: fix.received, default=None)

    def has_fix(self, now: float) -> bool:
        """Whether a receiver has a fix right now."""
        return any(device.has_fix and now - device.heard <= _FRESH for device in self._devices.values())

    def utc(self, now: float) -> datetime | None:
        """The time of day by GPS at the moment `now`; None unless it can be believed."""
        believed = [
            device
            for device in self._devices.values()
            if device.good >= _NEEDED and device.last is not None and now - device.last[1] <= _FRESH
        ]
        if not believed:
            return None
        best = max(believed, key=lambda device: device.good)
        return datetime.fromtimestamp(max(best.differences) + now, UTC)

    def _device(self, name: str, now: float) -> _Device:
        device = self._devices.setdefault(name, _Device(heard=now))
        device.heard = now
        if len(self._devices) > _MOST_DEVICES:
            del self._devices[min(self._devices, key=lambda other: self._devices[other].heard)]
        return device

    @staticmethod
    def _take_time(device: _Device, report: Tpv, now: float) -> None:
        """Count times that go on as time does; anything else begins anew."""
        if report.mode != 3 or report.time is None:
            device.good, device.last = 0, None
            device.differences.clear()
            return
        last, device.last = device.last, (report.time, now)
        if last is not None and last[0] == report.time:
            device.last = last  # the same fix again
            return
        on = None if last is None else (report.time - last[0]).total_seconds()
        if last is None or on is None or on <= 0 or abs(on - (now - last[1])) > _LATE:
            device.good = 0
            device.differences.clear()
        device.good += 1
        device.differences.append(report.time.timestamp() - now)
