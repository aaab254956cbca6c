"""Which fix counts, and when the time by GPS is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from piccolo3.timing.satellites import Satellites

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def line(seconds: float = 0.0, mode: int = 3, device: str = "a", latitude: float = 10.0, **more: object) -> bytes:
    time = (NOON + timedelta(seconds=seconds)).isoformat()
    report = {"class": "TPV", "device": device, "mode": mode, "time": time, "lat": latitude, "lon": 20.0}
    return json.dumps({**report, **more}).encode()


def test_a_fix_has_what_is_known_of_the_satellites() -> None:
    satellites = Satellites(60.0)
    assert satellites.fix(0.0) is None
    assert not satellites.feed(b'{"class":"SKY","device":"a","uSat":9,"hdop":0.8}', 0.0)
    assert satellites.fix(0.0) is None
    assert satellites.feed(line(altMSL=5.0, eph=2.0, epv=3.0), 1.0)
    fix = satellites.fix(1.0)
    assert fix is not None
    assert (fix.mode, fix.latitude, fix.longitude, fix.altitude) == (3, 10.0, 20.0, 5.0)
    assert (fix.satellites, fix.hdop, fix.horizontal_error, fix.vertical_error) == (9, 0.8, 2.0, 3.0)
    assert (fix.received, fix.time) == (1.0, NOON)


def test_a_position_that_was_lost_counts_until_it_is_too_old() -> None:
    satellites = Satellites(60.0)
    satellites.feed(line(), 0.0)
    assert satellites.has_fix(0.0)
    satellites.feed(line(mode=1), 5.0)
    assert not satellites.has_fix(5.0)
    assert satellites.fix(60.0) is not None
    assert satellites.fix(60.1) is None
    satellites.feed(line(mode=2), 100.0)
    assert satellites.fix(100.0) is not None


def test_silence_is_no_fix() -> None:
    satellites = Satellites(60.0)
    satellites.feed(line(), 0.0)
    assert satellites.has_fix(9.0)
    assert not satellites.has_fix(11.0)


def test_the_better_one_of_two_receivers_counts_as_long_as_it_is_heard() -> None:
    satellites = Satellites(60.0)
    satellites.feed(line(device="good", latitude=1.0, mode=3), 0.0)
    satellites.feed(line(device="poor", latitude=2.0, mode=2), 1.0)
    satellites.feed(line(device="none", mode=1), 1.0)
    fix = satellites.fix(1.0)
    assert fix is not None
    assert fix.latitude == 1.0
    satellites.feed(line(device="poor", latitude=2.0, mode=2), 20.0)
    fix = satellites.fix(20.0)
    assert fix is not None
    assert fix.latitude == 2.0


def test_receivers_without_number_are_forgotten() -> None:
    satellites = Satellites(60.0)
    for number in range(1000):
        satellites.feed(line(device=str(number)), float(number))
    assert len(satellites._devices) == 8


def test_the_time_is_believed_after_three_fixes_in_a_row() -> None:
    satellites = Satellites(60.0)
    told = []
    for second in range(4):
        satellites.feed(line(second), 100.0 + second)
        told.append(satellites.utc(100.0 + second))
    assert told == [None, None, NOON + timedelta(seconds=2), NOON + timedelta(seconds=3)]
    assert satellites.utc(112.0) == NOON + timedelta(seconds=12)
    assert satellites.utc(113.1) is None  # nothing was heard for too long


@pytest.mark.parametrize(
    "other",
    [
        line(2, mode=2),
        line(2, mode=1),
        line(2, time=None),
        line(2, leapseconds=0),
        line(3600),  # jumps
        line(-3600),
        line(1 - 1024 * 7 * 86400),
    ],
)
def test_what_is_not_in_a_row_begins_anew(other: bytes) -> None:
    satellites = Satellites(60.0)
    for second in range(2):
        satellites.feed(line(second), float(second))
    satellites.feed(other, 2.0)
    for second in range(3, 5):
        assert satellites.utc(float(second)) is None
        satellites.feed(line(second), float(second))
    satellites.feed(line(5), 5.0)
    assert satellites.utc(5.0) == NOON + timedelta(seconds=5)


def test_the_same_fix_again_does_not_count() -> None:
    satellites = Satellites(60.0)
    for _ in range(10):
        satellites.feed(line(0), 0.0)
    assert satellites.utc(0.0) is None


def test_the_report_that_came_fastest_tells_the_time() -> None:
    satellites = Satellites(60.0)
    for second, delay in enumerate([0.4, 0.1, 0.9, 0.3]):
        satellites.feed(line(second), second + delay)
    assert satellites.utc(3.3) == NOON + timedelta(seconds=3.2)
