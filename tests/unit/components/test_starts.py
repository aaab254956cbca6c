"""When a batch would start: at_time, interval and end_time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from piccolo3.components.starts import coming, when_of
from piccolo3.errors import InvalidValue
from piccolo3.store.schedule import Every, Once

NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 6, 21, 13, tzinfo=UTC)


def test_now_and_never_again() -> None:
    assert when_of(None, None, None, NOW) is None
    assert coming(None, NOW) == []


@pytest.mark.parametrize(
    "text", ["2026-06-21T13:00:00+00:00", "2026-06-21T15:00:00+02:00", "2026-06-21T13:00:00", "2026-06-21 13:00:00Z"]
)
def test_once(text: str) -> None:
    when = when_of(text, None, None, NOW)
    assert when == Once(at=LATER)
    assert coming(when, NOW) == [LATER]


def test_again_and_again() -> None:
    assert when_of(None, 60, None, NOW) == Every(start=NOW, seconds=60)
    when = when_of("2026-06-21T13:00:00Z", 600, "2026-06-21T13:25:00Z", NOW)
    assert when == Every(start=LATER, seconds=600, end=LATER + timedelta(minutes=25))
    assert coming(when, NOW) == [LATER + timedelta(minutes=minutes) for minutes in (0, 10, 20)]
    begun = when_of("2026-06-21T11:55:00Z", 600, None, NOW)
    assert coming(begun, NOW)[0] == NOW + timedelta(minutes=5)
    assert len(coming(begun, NOW)) == 10


@pytest.mark.parametrize(
    ("at_time", "interval", "end_time", "message"),
    [
        ("noon", None, None, "this is not a date with time: 'noon'"),
        ("2026-06-21T11:00:00Z", None, None, "is in the past"),
        (None, 60.0, "2026-06-21T11:00:00Z", "is before the start"),
        ("2026-06-21T10:00:00Z", 60.0, "2026-06-21T11:00:00Z", "is in the past"),
        ("2026-06-21T13:00:00Z", 60.0, "2026-06-21T12:30:00Z", "is before the start"),
        ("2026-06-21T11:00:00Z", 86400.0, "2026-06-21T13:00:00Z", "there is no start before the end"),
        (None, 0.0, None, "the interval must be from 1 s"),
        (None, -5.0, None, "the interval must be from 1 s"),
        (None, 1e12, None, "the interval must be from 1 s"),
        (None, None, "2026-06-21T13:00:00Z", "it needs an interval"),
    ],
)
def test_what_makes_no_sense(at_time: str | None, interval: float | None, end_time: str | None, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        when_of(at_time, interval, end_time, NOW)
