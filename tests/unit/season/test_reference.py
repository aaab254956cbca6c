"""The reference that a season is judged by, against what anybody can see in an almanac or a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from piccolo3.season.reference import is_quiet, planned
from piccolo3.store.schedule import ByCron, BySun, Every, Job, Once, Quiet, TaskKind, When

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
GREENWICH = (51.48, 0.0)


def due(when: When, days: float, *, sure: bool = False) -> list[datetime]:
    job = Job(task=TaskKind.RECORD, when=when, made=BEGIN)
    found = planned(job, BEGIN, BEGIN + timedelta(days=days), *GREENWICH)
    return [one.moment for one in found if one.sure or not sure]


def test_once() -> None:
    assert due(Once(at=BEGIN + timedelta(hours=1)), 1) == [BEGIN + timedelta(hours=1)]
    assert due(Once(at=BEGIN + timedelta(hours=25)), 1) == []
    assert due(Once(at=BEGIN - timedelta(hours=1)), 1) == []


def test_every() -> None:
    every = Every(start=BEGIN - timedelta(minutes=10), seconds=1800, end=BEGIN + timedelta(hours=1))
    assert due(every, 1) == [BEGIN + timedelta(minutes=20), BEGIN + timedelta(minutes=50)]


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("0 12 * * *", 7),
        ("*/15 6-7 * * *", 7 * 8),
        ("30 9 * * 1-5", 5),
        ("30 9 * * 7", 1),  # the season begins on a Sunday
        ("0 0 3,5 * *", 2),
        ("0 0 3 * 1", 2),  # the 3rd, and Monday the 2nd
        ("0 0 1 4 *", 0),
    ],
)
def test_cron(expression: str, number: int) -> None:
    assert len(due(ByCron(expression=expression), 7)) == number


def test_the_sun_at_the_equinox() -> None:
    begin = datetime(2026, 3, 20, tzinfo=UTC)
    job = Job(task=TaskKind.RECORD, when=BySun(seconds=3600), made=BEGIN)
    found = planned(job, begin, begin + timedelta(days=1), *GREENWICH)
    # the almanac has 6:05 and 18:13
    assert abs(found[0].moment - begin.replace(hour=6, minute=5)) < timedelta(minutes=3)
    assert len(found) == 13
    assert all(one.sure for one in found)


def test_what_comes_close_to_sunset_is_not_sure() -> None:
    up = BySun(seconds=60, elevation=20.0)
    assert 5 <= len(set(due(up, 1)) - set(due(up, 1, sure=True))) <= 11


def test_offsets_move_both_ends() -> None:
    plain, moved = due(BySun(seconds=600), 1), due(BySun(seconds=600, rise_offset=-1800, set_offset=3600), 1)
    assert moved[0] == plain[0] - timedelta(minutes=30)
    assert abs(moved[-1] - plain[-1] - timedelta(hours=1)) <= timedelta(minutes=10)


def test_quiet_time_over_midnight() -> None:
    quiet = Quiet(enabled=True, start=time(22, tzinfo=UTC), end=time(4, tzinfo=UTC))
    hours = [hour for hour in range(24) if is_quiet(quiet, BEGIN + timedelta(hours=hour))]
    assert hours == [0, 1, 2, 3, 22, 23]
    assert not is_quiet(Quiet(), BEGIN)
    day = Quiet(enabled=True, start=time(9, tzinfo=UTC), end=time(9, tzinfo=UTC))
    assert not is_quiet(day, BEGIN + timedelta(hours=9))
