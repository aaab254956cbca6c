"""Pages of the SQL catalogue have what a plain search has, in its order, whatever is asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from piccolo3.clock import ManualClock
from piccolo3.errors import InvalidValue
from piccolo3.spectrum import Flag, SpectraList
from piccolo3.store import Order, SpectrumEntry, SpectrumQuery
from piccolo3.store.catalogue import Catalogue, batches, entries, files, queries
from piccolo3.store.catalogue.models import SpectrumRow
from piccolo3.store.cursor import Cursor
from piccolo3.store.facts import searchable
from piccolo3.store.paging import matches
from tests.unit.store.making import DARK, LIGHT, START, spectrum

TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
FLAGS = st.sampled_from([Flag(0), Flag.SATURATED, Flag.SATURATED | Flag.DARK_DRIFT, Flag.REPEATED_EXPOSURE])
SPECTRA = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2"]),
        st.integers(0, 2),
        st.sampled_from(["S1", "S2"]),
        st.sampled_from(["up", "down"]),
        st.sampled_from([DARK, LIGHT]),
        st.integers(0, 6).map(lambda seconds: START + timedelta(seconds=seconds)),
        FLAGS,
    ),
    max_size=25,
)
MOMENTS = st.none() | st.integers(-1, 8).map(lambda seconds: START + timedelta(seconds=seconds))
QUERIES = st.builds(
    lambda since, until, place, serial_number, direction, dark, any_flags, no_flags, order, limit: SpectrumQuery(
        since=since,
        until=until,
        run=place[0],
        batch=place[1],
        serial_number=serial_number,
        direction=direction,
        dark=dark,
        any_flags=any_flags,
        no_flags=no_flags,
        order=order,
        limit=limit,
    ),
    MOMENTS,
    MOMENTS,
    st.sampled_from([(None, None), ("r1", None), ("r2", 0), ("r1", 1), ("r3", None), ("r1", 9)]),
    st.sampled_from([None, "S1", "S3"]),
    st.sampled_from([None, "up"]),
    st.sampled_from([None, True, False]),
    st.none() | FLAGS,
    st.none() | FLAGS,
    st.sampled_from(Order),
    st.integers(1, 9),
)


@given(st.integers(1, 10**18 - 1), st.none() | TIMES)
def test_a_cursor_is_a_short_text_for_a_uri(number: int, time: datetime | None) -> None:
    cursor = Cursor(number, time)
    assert Cursor.parse(str(cursor), timed=time is not None) == cursor
    assert len(str(cursor)) <= 40
    assert set(str(cursor)) <= set("-0123456789_")


@given(st.text(max_size=30), st.booleans())
def test_any_other_text_is_refused(text: str, timed: bool) -> None:
    try:
        cursor = Cursor.parse(text, timed=timed)
    except InvalidValue:
        return
    assert (cursor.time is not None) == timed


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    opened = Catalogue("sqlite://", ManualClock())
    opened.open()
    yield opened
    opened.close()


def all_pages(catalogue: Catalogue, query: SpectrumQuery) -> tuple[list[SpectrumEntry], int]:
    found: list[SpectrumEntry] = []
    pages = 0
    while True:
        pages += 1
        with catalogue.reading() as connection:
            page = queries.query(connection, query)
        assert len(page.entries) <= query.limit
        found += page.entries
        if page.cursor is None:
            return found, pages
        assert pages < 100
        query = replace(query, cursor=page.cursor)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(found=SPECTRA, query=QUERIES, scanned=st.sampled_from([1, 3, 8, 5000]))
def test_pages_together_are_what_a_plain_search_finds(
    catalogue: Catalogue,
    found: list[tuple[str, int, str, str, object, datetime, Flag]],
    query: SpectrumQuery,
    scanned: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "SCANNED", scanned)
    with catalogue.writing() as connection:
        files.make_stale(connection)
        for number, (run, batch, serial, direction, kind, start, flags) in enumerate(found):
            one = spectrum(
                LIGHT if kind is LIGHT else DARK,
                run=run,
                batch=batch,
                serial_number=serial,
                direction=direction,
                start=start,
                flags=flags,
            )
            facts = entries.FileFacts(run=run, name=f"b{batch:06}_s{number:06}.pico", size=1, modified_ns=1, sha256="")
            entries.add_file(connection, facts, SpectraList((one,), run, batch, number), START, recorded=True)
    everything, _ = all_pages(catalogue, SpectrumQuery(limit=1000))
    assert len(everything) == len(found)
    wanted = [entry for entry in everything if matches(entry, query)]
    wanted.sort(key=lambda entry: (entry.start, entry.id) if query.order is Order.TIME else (entry.id,), reverse=True)
    assert all_pages(catalogue, query)[0] == wanted


def test_what_is_rare_is_looked_for_in_bounded_steps(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SCANNED", 10)
    with catalogue.writing() as connection:
        files.make_stale(connection)
        for number in range(35):
            one = spectrum(LIGHT, start=START + timedelta(seconds=number), flags=Flag(0 if number else 1))
            facts = entries.FileFacts(run="r", name=f"{number}.pico", size=1, modified_ns=1, sha256="")
            entries.add_file(connection, facts, SpectraList((one,), "r", 0, number), START, recorded=True)
    found, pages = all_pages(catalogue, SpectrumQuery(any_flags=Flag.SATURATED))
    assert [entry.sequence for entry in found] == [0]
    assert pages == 4


def fill(catalogue: Catalogue, count: int) -> None:
    """Make it have that many spectra, in two runs with a batch each, by turns."""
    with catalogue.writing() as connection:
        files.make_stale(connection)
        places = []
        for run in ("r1", "r2"):
            facts = entries.FileFacts(run=run, name="b000000_s000000_light.pico", size=1, modified_ns=1, sha256="")
            of_run = batches.touch_run(connection, run, START)
            file = entries.add_file(connection, facts, SpectraList(()), START, recorded=True)
            places.append(
                {"run_id": of_run, "file_id": file, "batch_id": batches.batch_id(connection, of_run, 0, START)}
            )
        rows = []
        for number in range(count):
            one = spectrum(serial_number=f"S{number % 2}", start=START + timedelta(seconds=number))
            columns = {**searchable(one), "flags": 0, "position": number}
            rows.append({**columns, **places[number // 2 % 2]})
        connection.execute(insert(SpectrumRow), rows)


def steps(catalogue: Catalogue, query: SpectrumQuery) -> int:
    """How many instructions (tens) SQLite's machine needs for a query."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    with catalogue.reading() as connection:
        driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        driver.set_progress_handler(count, 10)
        assert queries.query(connection, query).entries
        driver.set_progress_handler(None, 0)
    return counted


SCALED = [
    SpectrumQuery(),
    SpectrumQuery(run="r1"),
    SpectrumQuery(run="r1", batch=0),
    SpectrumQuery(serial_number="S1"),
    SpectrumQuery(since=START + timedelta(seconds=10), until=START + timedelta(seconds=100)),
    SpectrumQuery(run="r1", serial_number="S1", direction="upwelling", dark=False, no_flags=Flag.SATURATED),
    SpectrumQuery(cursor=str(Cursor(10**6, START + timedelta(seconds=150)))),
]


def test_the_cost_of_a_page_does_not_grow(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SCANNED", 100)
    asked = [replace(query, limit=20) for query in SCALED]
    asked += [replace(query, order=Order.RECORDED) for query in asked if query.until is None and query.cursor is None]
    fill(catalogue, 400)
    few = [steps(catalogue, query) for query in asked]
    fill(catalogue, 4000)
    many = [steps(catalogue, query) for query in asked]
    assert all(two <= 1.1 * one + 5 for one, two in zip(few, many, strict=True)), list(
        zip(asked, few, many, strict=True)
    )
