"""Dates with time and times of day as texts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.wire import parse_time, parse_time_of_day, show_time, show_time_of_day
from piccolo3.wire.times import Naive

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
NAIVE: tuple[Naive, ...] = ("utc", "refuse")

offsets = st.integers(min_value=-24 * 60 + 1, max_value=24 * 60 - 1).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(min_value=datetime(1901, 1, 2), max_value=datetime(2198, 12, 30), timezones=offsets)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-21T12:00:00+00:00",
        "2026-06-21T12:00:00Z",
        "2026-06-21T12:00Z",
        "20260621T120000Z",
        "2026-06-21 14:00:00+02:00",
        "2026-06-21 14:00:00 +0200",
        "2026-06-21T14:00:00.000000+0200",
        " 2026-06-21 12:00:00 UTC\n",
        "2026-06-21 12:00 GMT",
    ],
)
@pytest.mark.parametrize("naive", NAIVE)
def test_dates_with_an_offset_are_read_everywhere(text: str, naive: Naive) -> None:
    assert parse_time(text, naive=naive) == NOON
    assert parse_time(text, naive=naive).tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-06-21T12:00:00", "2026-06-21 12:00", "2026-06-21"])
def test_a_date_without_an_offset_is_utc_or_refused(text: str) -> None:
    assert parse_time(text, naive="utc") == NOON.replace(hour=12 if ":" in text else 0)
    with pytest.raises(InvalidValue, match="has no offset from UTC"):
        parse_time(text, naive="refuse")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Jun 21 2026 12:00 UTC", NOON),
        ("Sun, 21 Jun 2026 14:00:00 +0200", NOON),
        ("21 June 2026 12:00", NOON),
        ("06/21/2026 12:00", NOON),
        ("2026/06/21", NOON.replace(hour=0)),
    ],
)
def test_other_ways_of_writing_a_date_are_for_old_clients_only(text: str, wanted: datetime) -> None:
    assert parse_time(text, naive="utc") == wanted
    with pytest.raises(InvalidValue, match="this is not a date with time"):
        parse_time(text, naive="refuse")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "never",
        "12:00",  # of which day?
        "21 June",
        "10",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-06-21T25:00:00Z",
        "2026-06-21T12:00:00 EST",  # not the same everywhere
        "21 June 2026 12:00 CEST",
        "2026-06-21T12:00:00+25:00",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        "1899-12-31T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "2026-06-21T12:00:00+00:00" + " " * 60 + "x",
        "9" * 10_000,
        "2026-06-21T12:00:00\x00Z",
    ],
)
@pytest.mark.parametrize("naive", NAIVE)
def test_what_is_no_complete_date_is_refused(text: str, naive: Naive) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_time(text, naive=naive)
    assert len(caught.value.message) < 200


@given(moments)
def test_what_is_shown_is_read_again(when: datetime) -> None:
    text = show_time(when)
    assert text.endswith("+00:00")
    for naive in NAIVE:
        assert parse_time(text, naive=naive) == when


@given(moments)
def test_offsets_are_honoured(when: datetime) -> None:
    assert parse_time(when.isoformat(), naive="refuse") == when
    assert parse_time(when.replace(tzinfo=None).isoformat(), naive="utc") == when.replace(tzinfo=UTC)


@given(st.text(max_size=80))
@example("+")
@example("UTC")
@example("0 +1")
@example("1:1 -")
@example("1e400")
@example("٣٠٣٠٣٠٣٠")
def test_any_text_is_a_date_or_refused(text: str) -> None:
    for naive in NAIVE:
        for parse in (parse_time, parse_time_of_day):
            try:
                found = parse(text, naive=naive)
            except InvalidValue:
                continue
            assert found.tzinfo is UTC


@given(st.text(alphabet="0123456789 :.+-/TZUC,JanFebMonam", max_size=30))
def test_any_text_that_looks_like_a_date_is_one_or_refused(text: str) -> None:
    for naive in NAIVE:
        try:
            found = parse_time(text, naive=naive)
        except InvalidValue:
            continue
        assert found.tzinfo is UTC
        assert 1900 <= found.year <= 2199


def test_a_date_without_an_offset_is_not_shown() -> None:
    with pytest.raises(InvalidValue, match="no offset"):
        show_time(datetime(2026, 6, 21))
    with pytest.raises(InvalidValue, match="no offset"):
        show_time_of_day(time(12))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("21:00:00+0000", time(21, tzinfo=UTC)),
        ("21:00:00+0200", time(19, tzinfo=UTC)),
        ("01:30:00+02:00", time(23, 30, tzinfo=UTC)),
        ("23:00 -0200", time(1, tzinfo=UTC)),
        ("21:00Z", time(21, tzinfo=UTC)),
        ("21:00 UTC", time(21, tzinfo=UTC)),
    ],
)
def test_times_of_day_are_in_utc(text: str, wanted: time) -> None:
    for naive in NAIVE:
        assert parse_time_of_day(text, naive=naive) == wanted


def test_a_time_of_day_without_an_offset_is_utc_or_refused() -> None:
    assert parse_time_of_day("21:00:00", naive="utc") == time(21, tzinfo=UTC)
    with pytest.raises(InvalidValue, match="has no offset from UTC"):
        parse_time_of_day("21:00:00", naive="refuse")


@pytest.mark.parametrize("text", ["", "21", "25:00", "21:60", "noon", "2026-06-21T12:00:00Z", "21:00:00 EST"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="not a time of day"):
        parse_time_of_day(text, naive="utc")


@given(st.times(), offsets)
def test_a_time_of_day_is_shown_in_utc_and_read_again(when: time, offset: timezone) -> None:
    whole = when.replace(microsecond=0, tzinfo=offset)
    shown = show_time_of_day(whole)
    assert shown.endswith("+0000")
    assert show_time_of_day(parse_time_of_day(whole.isoformat(), naive="refuse")) == shown
    assert show_time_of_day(parse_time_of_day(shown, naive="utc")) == shown
