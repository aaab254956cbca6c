from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from piccolo3.scheduling.quiet import Window, power_off_window, quiet_window, windows
from piccolo3.store.schedule import Quiet

DAY = datetime(2026, 6, 21, tzinfo=UTC)
minutes = st.integers(0, 1439)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60, tzinfo=UTC)


def _quiet(start: int, end: int, **values: float) -> Quiet:
    return Quiet(enabled=True, start=_time(start), end=_time(end), power_off=bool(values), **values)


@given(minutes, minutes, moments)
def test_at_every_hour_it_is_as_on_a_clock_face(start: int, end: int, moment: datetime) -> None:
    minute = moment.hour * 60 + moment.minute
    expected = start <= minute < end if start <= end else minute >= start or minute < end
    window = quiet_window(_quiet(start, end), moment)
    assert (window is not None) is expected
    if window is not None:
        assert moment in window
        assert (window.begin.hour * 60 + window.begin.minute, window.end.hour * 60 + window.end.minute) == (start, end)


def test_over_midnight() -> None:
    night = _quiet(22 * 60, 4 * 60)
    expected = Window(DAY - timedelta(hours=2), DAY + timedelta(hours=4))
    assert quiet_window(night, DAY - timedelta(hours=2)) == expected
    assert quiet_window(night, DAY + timedelta(hours=3, minutes=59)) == expected
    assert quiet_window(night, DAY + timedelta(hours=4)) is None


def test_one_that_ends_when_it_begins_or_is_not_enabled_is_none() -> None:
    assert quiet_window(_quiet(720, 720), DAY + timedelta(hours=12)) is None
    assert quiet_window(Quiet(start=_time(0), end=_time(1439)), DAY + timedelta(hours=12)) is None


def test_an_offset_of_the_times_counts() -> None:
    zone = timezone(timedelta(hours=2))
    quiet = Quiet(enabled=True, start=time(1, tzinfo=zone), end=time(5, tzinfo=zone))
    assert quiet_window(quiet, DAY) == Window(DAY - timedelta(hours=1), DAY + timedelta(hours=3))


def test_moments_in_other_zones_are_the_same_moments() -> None:
    zone = timezone(timedelta(hours=-9))
    assert quiet_window(_quiet(60, 120), (DAY + timedelta(hours=1)).astimezone(zone)) is not None


@given(minutes, minutes, moments, st.integers(0, 5))
def test_all_of_some_days(start: int, end: int, moment: datetime, days: int) -> None:
    until = moment + timedelta(days=days)
    found = list(windows(_quiet(start, end), moment, until))
    assert all(window.end > moment and window.begin <= until for window in found)
    assert found == sorted(found, key=lambda window: window.begin)
    assert len(found) in ((0,) if start == end else (days, days + 1))


@given(minutes, minutes, moments, st.floats(0, 40000), st.floats(0, 40000))
def test_the_power_is_off_inside_of_the_quiet_time_and_on_early(
    start: int, end: int, moment: datetime, delay: float, warm_up: float
) -> None:
    quiet = _quiet(start, end, power_delay=delay)
    window = power_off_window(quiet, moment, warm_up)
    length = (end - start) % 1440 * 60
    left = length - delay - max(delay, warm_up)
    if window is None:
        assert left <= 1e-3
        return
    assert moment < window.end <= moment + timedelta(days=2)
    assert abs((window.end - window.begin).total_seconds() - left) < 1e-3
    around = quiet_window(quiet, window.begin)
    assert around is not None
    assert (window.begin - around.begin).total_seconds() >= delay - 1e-3
    assert (around.end - window.end).total_seconds() >= max(delay, warm_up) - 1e-3


def test_it_is_off_now_or_next() -> None:
    quiet = _quiet(22 * 60, 4 * 60, power_delay=600)
    tonight = Window(DAY + timedelta(hours=22, minutes=10), DAY + timedelta(days=1, hours=3, minutes=50))
    for hours in (4, 12, 22, 25, 27.8):
        assert power_off_window(quiet, DAY + timedelta(hours=hours)) == tonight
    assert power_off_window(quiet, tonight.end) == Window(
        tonight.begin + timedelta(days=1), tonight.end + timedelta(days=1)
    )
    assert power_off_window(quiet, DAY, 1800) == Window(
        DAY - timedelta(hours=1, minutes=50), DAY + timedelta(hours=3, minutes=30)
    )
    assert power_off_window(_quiet(22 * 60, 4 * 60), DAY) is None
