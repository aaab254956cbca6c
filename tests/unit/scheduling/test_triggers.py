from __future__ import annotations

import math
import time as machine
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.position import Position
from piccolo3.scheduling import sun, triggers
from piccolo3.store.schedule import ByCron, BySun, Every, Once, When

START = datetime(2026, 1, 1, tzinfo=UTC)
LONDON = Position(latitude=51.5, longitude=-0.12)
ZONES = ("UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca")
FIELDS = st.sampled_from(["*", "*/7", "0", "30", "15,45", "1-5"])
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
intervals = st.floats(1.0, triggers.LONGEST) | st.sampled_from([1.0, 60.0, 3600.0, 86400.0])
everys = st.builds(
    lambda start, seconds, length: Every(
        start=start, seconds=seconds, end=None if length is None else start + timedelta(seconds=length)
    ),
    moments,
    intervals,
    st.none() | st.floats(0, 1e8),
)


@st.composite
def crons(draw: st.DrawFn) -> ByCron:
    hour = draw(st.sampled_from(["*", "*/3", "0", "1", "2", "2,3", "1-3", "23"]))
    day = draw(st.sampled_from(["*", "*", "1", "29", "L", "*/9"]))
    weekday = draw(st.sampled_from(["*", "*", "SUN", "1-5", "SUN#1"]))
    return ByCron(expression=f"{draw(FIELDS)} {hour} {day} * {weekday}", timezone=draw(st.sampled_from(ZONES)))


positions = st.builds(
    lambda latitude, longitude: Position(latitude=latitude, longitude=longitude),
    st.floats(-90, 90) | st.sampled_from([-90.0, -66.6, 0.0, 66.6, 67.88, 90.0]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 179.99, 180.0, 106.73]),
)
suns = st.builds(
    lambda seconds, rise, down, limit: BySun(seconds=seconds, rise_offset=rise, set_offset=down, elevation=limit),
    st.floats(60, 86400),
    st.floats(-20000, 20000),
    st.floats(-20000, 20000),
    st.none() | st.floats(-18, 70),
)


def _all(when: When, after: datetime, until: datetime, position: Position | None = None) -> list[datetime]:
    found: list[datetime] = []
    moment = triggers.next_after(when, after, position)
    while moment is not None and moment <= until:
        found.append(moment)
        moment = triggers.next_after(when, moment, position)
    return found


def _is_consistent(when: When, after: datetime, until: datetime, position: Position | None = None) -> None:
    """Times are in order, and however one asks they are the same ones."""
    times = _all(when, after, until, position)
    assert times == sorted(set(times))
    assert all(after < moment <= until for moment in times)
    assert triggers.count(when, after, until, position) == len(times)
    assert triggers.last_until(when, after, until, position) == (times[-1] if times else None)
    for moment in times[:3]:
        assert triggers.next_after(when, moment - timedelta(microseconds=1), position) == moment


# ---- once and every ----


def test_once() -> None:
    once = Once(at=START)
    assert triggers.next_after(once, START - timedelta(seconds=1)) == START
    assert triggers.next_after(once, START) is None
    assert triggers.count(once, START - timedelta(seconds=1), START) == 1
    assert triggers.count(once, START, START + timedelta(days=1)) == 0
    assert triggers.is_over(once, START)
    assert not triggers.is_over(once, START - timedelta(seconds=1))
    assert triggers.shortest_gap(once, START) is None


@given(everys, moments)
def test_an_interval_is_a_grid(every: Every, moment: datetime) -> None:
    found = triggers.next_after(every, moment)
    if found is None:
        assert every.end is not None
        assert triggers.is_over(every, moment)
        return
    assert found > moment
    assert found >= every.start
    steps = (found - every.start).total_seconds() / every.seconds
    assert math.isclose(steps, round(steps), abs_tol=1e-6 * max(1.0, steps))
    before = found - timedelta(seconds=every.seconds)
    assert before <= moment + timedelta(milliseconds=1) or found == every.start


@given(everys, moments, st.floats(0, 50))
def test_times_of_an_interval_are_counted(every: Every, moment: datetime, steps: float) -> None:
    _is_consistent(every, moment, moment + timedelta(seconds=steps * every.seconds))


def test_a_million_times_are_counted_at_once() -> None:
    every = Every(start=START, seconds=1.0)
    begin = machine.perf_counter()
    assert triggers.count(every, START, START + timedelta(days=10_000)) == 864_000_000
    assert triggers.last_until(every, START, START + timedelta(days=10_000, microseconds=3)) == (
        START + timedelta(days=10_000)
    )
    assert machine.perf_counter() - begin < 0.05


def test_an_end_is_the_last_time() -> None:
    every = Every(start=START, seconds=60, end=START + timedelta(seconds=120))
    assert len(_all(every, START - timedelta(days=1), START + timedelta(days=1))) == 3
    assert triggers.is_over(every, START + timedelta(seconds=120))
    assert not triggers.is_over(every, START + timedelta(seconds=119))


def test_far_away_there_is_nothing() -> None:
    every = Every(start=datetime(2200, 1, 1, tzinfo=UTC), seconds=triggers.LONGEST)
    assert triggers.next_after(every, datetime(9999, 12, 31, tzinfo=UTC)) is None


# ---- cron ----


@given(crons(), moments, st.floats(0, 86400 * 2))
@example(ByCron(expression="15,45 1-3 * * *", timezone="Europe/Berlin"), datetime(2026, 3, 28, 12, tzinfo=UTC), 86400)
@example(ByCron(expression="30 2 * * *", timezone="Europe/Berlin"), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 90000)
@example(ByCron(expression="15,45 * * * *", timezone="Europe/Berlin"), datetime(2026, 10, 24, 23, tzinfo=UTC), 90000)
@example(ByCron(expression="30 0 * * *", timezone="America/Havana"), datetime(2026, 3, 7, 12, tzinfo=UTC), 172800)
def test_times_of_a_cron_expression_are_consistent(cron: ByCron, moment: datetime, seconds: float) -> None:
    _is_consistent(cron, moment, moment + timedelta(seconds=seconds))


@given(st.sampled_from(ZONES), st.integers(0, 365 * 5))
def test_around_changes_of_the_clock_too(zone: str, day: int) -> None:
    moment = START + timedelta(days=day, hours=6)
    for expression in ("30 2 * * *", "*/30 0-3 * * *", "15 * * * *"):
        _is_consistent(ByCron(expression=expression, timezone=zone), moment, moment + timedelta(days=2))


@given(moments, st.integers(0, 23), st.integers(0, 59))
def test_a_daily_cron_expression_means_the_wall_clock(moment: datetime, hour: int, minute: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    found = triggers.next_after(ByCron(expression=f"{minute} {hour} * * *", timezone="Europe/Berlin"), moment)
    assert found is not None
    local = found.astimezone(zone)
    jump = hour == 2 and (local.hour, local.minute) == (3, 0)  # does not exist on that day
    assert (local.hour, local.minute) == (hour, minute) or jump
    assert timedelta(0) < found - moment <= timedelta(hours=25)


def test_an_hour_that_comes_twice_gives_one_time() -> None:
    cron = ByCron(expression="30 2 * * *", timezone="Europe/Berlin")
    times = _all(cron, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert times == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]
    # and so it does for who asks in its second coming
    again = triggers.next_after(cron, datetime(2026, 10, 25, 1, 10, tzinfo=UTC))
    assert again == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_year_of_cron_times_is_counted_quickly() -> None:
    cron = ByCron(expression="* * * * *", timezone="Europe/Berlin")
    begin = machine.perf_counter()
    number = triggers.count(cron, START, START + timedelta(days=365))
    assert machine.perf_counter() - begin < 1.0
    assert number == 365 * 1440


def test_a_cron_expression_between_its_start_and_its_end() -> None:
    cron = ByCron(expression="0 * * * *", start=START + timedelta(hours=3), end=START + timedelta(hours=5))
    assert _all(cron, START, START + timedelta(days=1)) == [START + timedelta(hours=hours) for hours in (3, 4, 5)]
    assert triggers.count(cron, START, START + timedelta(days=1)) == 3
    assert triggers.is_over(cron, START + timedelta(hours=5))


def test_the_shortest_gap_of_a_cron_expression() -> None:
    assert triggers.shortest_gap(ByCron(expression="0,10 * * * *"), START) == 600
    assert triggers.shortest_gap(ByCron(expression="0 12 * * *", end=START + timedelta(days=1)), START) is None


@given(st.text(max_size=30) | st.text("0123456789*/-,#LW ?MONSUN", max_size=40), st.text(max_size=20))
def test_a_wrong_expression_or_zone_is_refused_and_nothing_else_happens(expression: str, zone: str) -> None:
    try:
        triggers.check(ByCron(expression=expression, timezone=zone))
    except InvalidValue:
        return
    assert triggers.next_after(ByCron(expression=expression, timezone=zone), START) is not None


# ---- the sun ----


@given(suns, positions, moments, st.floats(0, 86400 * 3))
def test_times_by_the_sun_are_consistent_everywhere(
    when: BySun, position: Position, moment: datetime, seconds: float
) -> None:
    _is_consistent(when, moment, moment + timedelta(seconds=seconds), position)


@given(positions, moments, st.none() | st.floats(-18, 60))
def test_the_sun_is_up_in_a_window_and_only_then(position: Position, moment: datetime, limit: float | None) -> None:
    height = sun.HORIZON if limit is None else limit
    position = Position(latitude=round(position.latitude, 4), longitude=round(position.longitude, 4))
    days = (moment.date() + timedelta(days=day) for day in range(-2, 3))
    windows = [sun.window(position, day, limit=limit, rise_offset=0, set_offset=0) for day in days]
    found = [window for window in windows if window is not None]
    assert found == sorted(found)
    inside = any(begin <= moment < end for begin, end in found)
    now = sun.elevation(position, moment)
    if abs(now - height) > (0.02 if abs(position.latitude) < 89 else 0.2):  # it hardly rises nor sets at a pole
        assert inside is (now >= height)


@pytest.mark.parametrize(
    ("latitude", "longitude", "day", "end", "expected"),
    [  # of published tables, by the minute
        (51.5, -0.12, "2026-06-21", 0, "2026-06-21T03:43+00:00"),
        (51.5, -0.12, "2026-06-21", 1, "2026-06-21T20:21+00:00"),
        (-30.0, -100.0, "2024-05-06", 1, "2024-05-07T00:00+00:00"),  # two sunsets on this day of UTC
        (-30.0, -100.0, "2024-05-07", 1, "2024-05-07T23:59+00:00"),
    ],
)
def test_sunrise_and_sunset_are_those_of_almanacs(
    latitude: float, longitude: float, day: str, end: int, expected: str
) -> None:
    position = Position(latitude=latitude, longitude=longitude)
    date = datetime.fromisoformat(day).date()
    window = sun.window(position, date, limit=None, rise_offset=0, set_offset=0)
    assert window is not None
    assert abs(window[end] - datetime.fromisoformat(expected)) <= timedelta(minutes=1)


def test_offsets_move_the_ends() -> None:
    day = START.date()
    window = sun.window(LONDON, day, limit=None, rise_offset=0, set_offset=0)
    assert window is not None
    moved = sun.window(LONDON, day, limit=None, rise_offset=1800, set_offset=-3600)
    assert moved == (window[0] + timedelta(minutes=30), window[1] - timedelta(hours=1))
    assert sun.window(LONDON, day, limit=None, rise_offset=40000, set_offset=0) is None  # nothing is left


def test_offsets_that_overlap_the_next_day_make_no_time_twice() -> None:
    when = BySun(seconds=600, rise_offset=-40000, set_offset=40000)
    times = _all(when, START, START + timedelta(days=2), LONDON)
    assert min(b - a for a, b in pairwise(times)) > timedelta(0)


def test_in_a_polar_night_the_next_time_is_in_spring() -> None:
    north = Position(latitude=78.22, longitude=15.65)
    found = triggers.next_after(BySun(seconds=600), datetime(2026, 11, 21, tzinfo=UTC), north)
    assert found is not None
    assert datetime(2027, 2, 13, tzinfo=UTC) < found < datetime(2027, 2, 20, tzinfo=UTC)


def test_in_a_polar_day_it_goes_on_day_and_night() -> None:
    north = Position(latitude=78.22, longitude=15.65)
    times = _all(BySun(seconds=3600), datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 3, tzinfo=UTC), north)
    assert 47 <= len(times) <= 50


def test_where_the_sun_is_never_so_high_there_is_no_time_and_where_the_position_is_not_known_neither() -> None:
    assert triggers.next_after(BySun(seconds=600, elevation=80), START, LONDON) is None
    assert triggers.next_after(BySun(seconds=600), START) is None
    assert triggers.count(BySun(seconds=600), START, START + timedelta(days=9)) == 0
    assert not triggers.is_over(BySun(seconds=600, elevation=80), START, LONDON)


# ---- what is refused ----

LATER = START + timedelta(days=1)


@pytest.mark.parametrize(
    ("when", "argument"),
    [
        (Once(at=datetime(2026, 1, 1)), "at"),
        (Once(at=datetime(9999, 1, 1, tzinfo=UTC)), "at"),
        (Every(start=START, seconds=0), "seconds"),
        (Every(start=START, seconds=-5), "seconds"),
        (Every(start=START, seconds=math.nan), "seconds"),
        (Every(start=START, seconds=math.inf), "seconds"),
        (Every(start=START, seconds=0.5), "seconds"),
        (Every(start=LATER, seconds=5, end=START), "end"),
        (Every(start=START, seconds=5, end=datetime(2027, 1, 1)), "end"),
        (ByCron(expression="* * * *"), "expression"),
        (ByCron(expression="* * * * * *"), "expression"),
        (ByCron(expression="61 * * * *"), "expression"),
        (ByCron(expression="0 0 30 2 *"), "expression"),
        (ByCron(expression="0 " * 200), "expression"),
        (ByCron(expression="0 0 * * *", timezone="Mars/Olympus"), "timezone"),
        (ByCron(expression="0 0 * * *", timezone="../../etc/passwd"), "timezone"),
        (ByCron(expression="0 0 * * *", timezone=""), "timezone"),
        (ByCron(expression="0 0 * * *", start=LATER, end=START), "end"),
        (BySun(seconds=0), "seconds"),
        (BySun(seconds=60, rise_offset=50000), "rise_offset"),
        (BySun(seconds=60, set_offset=math.nan), "set_offset"),
        (BySun(seconds=60, elevation=91), "elevation"),
        (BySun(seconds=60, elevation=math.nan), "elevation"),
    ],
)
def test_what_can_not_be_is_refused(when: When, argument: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        triggers.check(when)
    assert caught.value.details["argument"] == argument


@pytest.mark.parametrize(
    "when",
    [
        Once(at=START),
        Every(start=START, seconds=1, end=START),
        ByCron(expression="0 0 29 2 *", timezone="utc"),
        ByCron(expression="0 12 * * MON-FRI", timezone="Europe/London", start=START, end=LATER),
        BySun(seconds=600, rise_offset=-1800, set_offset=1800, elevation=10),
    ],
)
def test_what_can_be_is_not(when: When) -> None:
    triggers.check(when)
