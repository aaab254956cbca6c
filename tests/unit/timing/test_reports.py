"""What gpsd says, sound and not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.timing.reports import EARLIEST, Sky, Tpv, read_report

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


def tpv(**values: object) -> bytes:
    report: dict[str, object] = {
        "class": "TPV",
        "device": "/dev/ttyS0",
        "mode": 3,
        "time": "2026-06-21T12:00:00.000Z",
        "lat": 55.9,
        "lon": -3.2,
        "altMSL": 60.5,
        "eph": 4.2,
        "epv": 9.0,
    }
    return json.dumps({**report, **values}).encode() + b"\n"


def test_a_report_of_gpsd() -> None:
    line = (
        b'{"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2026-06-21T12:00:00.000Z","leapseconds":18,"ept":0.005,'
        b'"lat":55.921870,"lon":-3.175830,"altHAE":130.100,"altMSL":80.400,"alt":80.400,"epx":3.1,"epy":4.1,"epv":7.6,'
        b'"track":0.0,"speed":0.04,"climb":0.0,"eps":0.1,"epc":0.1,"geoidSep":49.7,"eph":5.1,"sep":9.5}\r\n'
    )
    assert read_report(line) == Tpv(
        device="/dev/ttyACM0",
        mode=3,
        latitude=55.92187,
        longitude=-3.17583,
        altitude=80.4,
        horizontal_error=5.1,
        vertical_error=7.6,
        time=NOON,
    )


def test_satellites() -> None:
    old = {"class": "SKY", "device": "a", "hdop": 0.9, "satellites": [{"PRN": 1, "used": True}, {"used": False}, 5]}
    assert read_report(json.dumps(old).encode()) == Sky(device="a", satellites=1, hdop=0.9)
    assert read_report(b'{"class":"SKY","nSat":12,"uSat":7}') == Sky(device="", satellites=7)
    assert read_report(b'{"class":"SKY","uSat":-1,"hdop":"x"}') == Sky(device="")


def test_an_old_gpsd_has_other_names() -> None:
    report = read_report(tpv(altMSL=None, alt=61.0))
    assert isinstance(report, Tpv)
    assert report.altitude == 61.0


@pytest.mark.parametrize(
    "values",
    [
        {"mode": 0},
        {"mode": 1},
        {"mode": 4},
        {"mode": True},
        {"mode": "3"},
        {"mode": None},
        {"lat": None},
        {"lat": 90.1},
        {"lon": "12"},
        {"lon": -180.1},
        {"lat": float("nan")},
        {"lat": 10**400},
        {"lon": True},
        {"status": 8},  # simulated
    ],
)
def test_what_is_no_fix(values: dict[str, object]) -> None:
    assert read_report(tpv(**values)) == Tpv(device="/dev/ttyS0", mode=1)


@pytest.mark.parametrize(
    "values",
    [
        {"time": None},
        {"time": 1782043200.0},
        {"time": "soon"},
        {"time": "2026-06-21T12:00:00"},  # no offset
        {"time": (NOON - timedelta(weeks=1024)).isoformat()},  # the week number began again
        {"time": (NOON + timedelta(weeks=1024)).isoformat()},
        {"time": "1980-01-06T00:00:00Z"},
        {"time": "9999-12-31T23:59:59Z"},
        {"time": (EARLIEST - timedelta(seconds=1)).isoformat()},
        {"leapseconds": 0},
        {"leapseconds": 17},
    ],
)
def test_dates_that_can_not_be_are_not_taken_but_the_position_is(values: dict[str, object]) -> None:
    report = read_report(tpv(**values))
    assert isinstance(report, Tpv)
    assert report.time is None
    assert report.latitude == 55.9


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"garbage\n",
        b"$GPGGA,120000,,,,,0,,,,,,,,*66\r\n",
        b'{"class":"TPV","mode":3',
        b"[]",
        b"null",
        b"1",
        b'{"class":["TPV"]}',
        b'{"class":"DEVICES","devices":[]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"mode":3}',
    ],
)
def test_garbage_is_nothing(line: bytes) -> None:
    assert read_report(line) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(
    [
        "mode",
        "lat",
        "lon",
        "alt",
        "altMSL",
        "eph",
        "epv",
        "time",
        "leapseconds",
        "status",
        "device",
        "uSat",
        "hdop",
        "satellites",
    ]
)


@given(st.sampled_from(["TPV", "SKY"]), st.dictionaries(keys, json_values))
def test_any_object_is_taken_for_what_is_sound_of_it(kind: str, values: dict[str, object]) -> None:
    report = read_report(json.dumps({**values, "class": kind}).encode())
    assert isinstance(report, Tpv | Sky)
    if isinstance(report, Tpv) and report.mode > 1:
        assert report.latitude is not None
        assert report.longitude is not None
        assert -90 <= report.latitude <= 90
        assert -180 <= report.longitude <= 180


@given(st.binary(max_size=100))
def test_any_bytes_are_taken(line: bytes) -> None:
    read_report(line)
