"""What every store does: files with a catalogue in SQLite or on a server, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from piccolo3.clock import ManualClock
from piccolo3.errors import Conflict, InvalidValue, NotFound, StoreError
from piccolo3.spectrum import Flag, JsonValue, loads
from piccolo3.store import (
    BatchEnd,
    BatchRecord,
    CataloguedDirectory,
    DataDirectory,
    EventRecord,
    FileState,
    MemoryStore,
    Order,
    ResilientStore,
    Sample,
    Spare,
    SpectrumEntry,
    SpectrumQuery,
    Store,
)
from tests.unit.store import servers
from tests.unit.store.making import DARK, LIGHT, START, sequence, spectrum

NOW = START
RECORD = BatchRecord(
    kind="record",
    started=NOW,
    requested_by="coap://[::1]:40000",
    command={"run": "r", "sequences": 2, "target": 80.0, "mode": None},
)


@dataclass
class Bench:
    """Makes stores; `again` opens what is there once more, as after a restart."""

    clock: ManualClock
    make: Callable[..., Store]
    survives: bool


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[str | None]:
    if servers.missing() is not None:
        yield None
        return
    with servers.postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "memory", "postgresql", "resilient", "resilient-postgresql"])
def bench(request: pytest.FixtureRequest, server: str | None, tmp_path: Path) -> Bench:
    clock = ManualClock(NOW)
    if request.param == "memory":
        return Bench(clock, partial(MemoryStore, clock), survives=False)
    url = None
    if "postgresql" in request.param:
        if server is None:
            pytest.skip(str(servers.missing()))
        url = server
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()

    def make(*, clobber: bool = False, split: bool = True) -> Store:
        directory = DataDirectory(tmp_path / "data", clock, clobber=clobber, split=split)
        store = CataloguedDirectory(directory, clock, url=url)
        if "resilient" not in request.param:
            return store
        return ResilientStore(
            store, directory, clock, spare=Spare(tmp_path / "spare", clock, clobber=clobber, split=split)
        )

    return Bench(clock, make, survives=True)


@pytest.fixture
def store(bench: Bench) -> Iterator[Store]:
    made = bench.make()
    made.open()
    yield made
    made.close()


def filled(store: Store, count: int = 12) -> None:
    """One run of `count` sequences of two spectrometers and channels, ten to a batch."""
    store.create_run("r")
    for number in range(count):
        if number % 10 == 0:
            batch = store.begin_batch("r", RECORD)
        store.write(
            sequence(
                LIGHT,
                batch=batch,
                sequence=number % 10,
                start=START + timedelta(seconds=number),
                serial_numbers=("S1", "S2"),
                directions=("downwelling", "upwelling"),
                flags=Flag.SATURATED if number % 4 == 0 else Flag(0),
            )
        )


def paged(store: Store, query: SpectrumQuery) -> list[SpectrumEntry]:
    """All pages of a query."""
    found: list[SpectrumEntry] = []
    while True:
        page = store.query(query)
        assert len(page.entries) <= query.limit
        found += page.entries
        if page.cursor is None:
            return found
        query = replace(query, cursor=page.cursor)


def test_nothing_works_before_it_is_open_and_after_it_was_closed(bench: Bench) -> None:
    store = bench.make()
    store.open()
    store.prepare()
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.check()
    with pytest.raises(StoreError):
        store.latest()
    with pytest.raises(StoreError):
        store.write(sequence(LIGHT))


def test_an_empty_store(store: Store) -> None:
    assert store.runs() == []
    assert store.newest_run() is None
    assert store.query(SpectrumQuery()).entries == ()
    assert store.latest() == ()
    assert store.batches().entries == ()
    assert store.events().entries == ()
    assert store.housekeeping().entries == ()
    assert store.files().entries == ()
    assert not store.run_exists("r")


def test_files_of_a_sequence(store: Store) -> None:
    assert store.create_run("r") == "r"
    paths = store.write(sequence(DARK, LIGHT))
    names = ["b000000_s000000_dark.pico", "b000000_s000000_light.pico"]
    assert paths == tuple(store.path / "r" / name for name in names)
    assert store.spectra_files("r") == names[::-1]
    read = loads(store.read("r", names[0]))
    assert [one.kind for one in read.spectra] == [DARK]
    assert [file.name for file in store.files("r").entries] == names[::-1]
    assert {file.state for file in store.files().entries} == {FileState.SOUND}


def test_an_existing_file_stays(store: Store) -> None:
    store.write(sequence(LIGHT))
    text = store.read("r", "b000000_s000000_light.pico")
    with pytest.raises(Conflict):
        store.write(sequence(LIGHT, level=7))
    assert store.read("r", "b000000_s000000_light.pico") == text
    assert len(store.query(SpectrumQuery()).entries) == 1
    assert store.latest()[0].peak == 115


def test_an_existing_file_is_replaced_if_that_is_wanted(bench: Bench) -> None:
    store = bench.make(clobber=True)
    store.open()
    store.write(sequence(LIGHT))
    store.write(sequence(LIGHT, level=7))
    (entry,) = store.query(SpectrumQuery()).entries
    assert entry.peak == 22
    assert [one.id for one in store.latest()] == [entry.id]
    assert store.spectrum(entry.id).peak == 22
    assert len(store.files().entries) == 1
    store.close()


def test_dark_and_light_in_one_file(bench: Bench) -> None:
    store = bench.make(split=False)
    store.open()
    store.write(sequence(DARK))
    store.write(sequence(LIGHT, dark_file="b000000_s000000.pico"))
    assert store.spectra_files("r") == ["b000000_s000000.pico"]
    dark, light = sorted(store.query(SpectrumQuery()).entries, key=lambda entry: not entry.dark)
    assert light.dark_id == dark.id
    assert {entry.id for entry in store.latest()} == {dark.id, light.id}
    with pytest.raises(Conflict):
        store.write(sequence(DARK))
    store.close()


def test_what_is_known_of_a_spectrum(store: Store) -> None:
    store.write(sequence(DARK))
    light = sequence(LIGHT, flags=Flag.WEAK_SIGNAL | Flag.DARK_DRIFT, dark_file="b000000_s000000_dark.pico")
    store.write(light)
    dark_entry = store.query(SpectrumQuery(dark=True)).entries[0]
    (entry,) = store.query(SpectrumQuery(dark=False)).entries
    assert entry == SpectrumEntry(
        id=entry.id,
        run="r",
        batch=0,
        sequence=0,
        file="b000000_s000000_light.pico",
        serial_number="S1",
        model="FLAME-S",
        direction="upwelling",
        dark=False,
        dark_id=dark_entry.id,
        start=START,
        end=START + timedelta(milliseconds=10),
        integration_time=10.5,
        peak=115,
        saturated_pixels=0,
        flags=Flag.WEAK_SIGNAL | Flag.DARK_DRIFT,
        temperature=-10.25,
        simulated=True,
    )
    assert entry.start.tzinfo is UTC
    found = store.spectrum(entry.id)
    assert dict(found.metadata) == dict(light.spectra[0].metadata)
    assert np.array_equal(found.pixels, light.spectra[0].pixels)


def test_a_spectrum_that_there_is_not(store: Store) -> None:
    for number in (0, -1, 12345, 2**63, 2**80):
        with pytest.raises(NotFound):
            store.spectrum(number)


def test_batch_numbers_are_never_used_twice(store: Store) -> None:
    store.create_run("r")
    assert store.current_batch("r") == -1
    assert store.begin_batch("r", RECORD) == 0
    assert store.is_open
    assert store.new_batch("r") == 1
    assert store.current_batch("r") == 1
    store.write(sequence(LIGHT, batch=7))
    assert store.current_batch("r") == 7
    assert store.begin_batch("r", RECORD) == 8
    store.create_run("other")
    assert store.begin_batch("other", RECORD) == 0


def test_a_batch_needs_a_run(store: Store) -> None:
    with pytest.raises(NotFound):
        store.begin_batch("r", RECORD)
    with pytest.raises(NotFound):
        store.spectra_files("r")
    with pytest.raises(NotFound):
        store.current_batch("r")
    with pytest.raises(InvalidValue):
        store.spectra_files("../r")


def test_a_batch_from_its_begin_to_its_end(store: Store) -> None:
    store.create_run("r")
    version = store.configuration("a = 1")
    record = replace(RECORD, configuration=version)
    number = store.begin_batch("r", record)
    (batch,) = store.batches().entries
    assert (batch.run, batch.number, batch.record, batch.end) == ("r", number, record, None)
    end = BatchEnd(
        outcome="aborted",
        reason="by request",
        ended=NOW + timedelta(minutes=1),
        lost=("dark of sequence 1: the disk is full",),
        lost_spectra=4,
        sequences_done=1,
    )
    store.end_batch("r", number, end)
    assert store.batches("r").entries[0].end == end
    with pytest.raises(NotFound):
        store.end_batch("r", 99, end)
    with pytest.raises(NotFound):
        store.end_batch("other", 0, end)


def test_pages_of_batches(store: Store) -> None:
    store.create_run("r")
    store.create_run("other")
    for _ in range(5):
        store.begin_batch("r", RECORD)
        store.begin_batch("other", RECORD)
    page = store.batches("r", limit=3)
    assert [batch.number for batch in page.entries] == [4, 3, 2]
    page = store.batches("r", limit=3, cursor=page.cursor)
    assert [batch.number for batch in page.entries] == [1, 0]
    assert page.cursor is None
    assert len(store.batches().entries) == 10


def test_an_interrupted_batch_is_closed_at_the_next_start(bench: Bench) -> None:
    if not bench.survives:
        pytest.skip("it forgets everything")
    store = bench.make()
    store.open()
    store.create_run("r")
    done, unannounced, number = store.begin_batch("r", RECORD), store.new_batch("r"), store.begin_batch("r", RECORD)
    store.end_batch("r", done, BatchEnd(outcome="complete", ended=NOW))
    store.write(sequence(LIGHT, batch=number, sequence=3, start=NOW + timedelta(hours=1)))
    store.close()
    store = bench.make()
    store.open()
    batches = {batch.number: batch.end for batch in store.batches().entries}
    assert batches[number] == BatchEnd(
        outcome="failed", reason="interrupted", ended=NOW + timedelta(hours=1), sequences_done=4
    )
    assert batches[unannounced] is None
    assert batches[done] == BatchEnd(outcome="complete", ended=NOW)
    store.close()


def test_everything_is_there_after_a_restart(bench: Bench) -> None:
    if not bench.survives:
        pytest.skip("it forgets everything")
    store = bench.make()
    store.open()
    filled(store)
    store.add_events([EventRecord(time=NOW, kind="start", message="started")])
    before = (paged(store, SpectrumQuery()), store.latest(), store.runs(), store.spectra_files("r"), store.events())
    store.close()
    store = bench.make()
    store.open()
    store.prepare()
    assert before == (
        paged(store, SpectrumQuery()),
        store.latest(),
        store.runs(),
        store.spectra_files("r"),
        store.events(),
    )
    assert store.begin_batch("r", RECORD) == 2
    store.close()


def test_pages_have_everything_once_newest_first(store: Store) -> None:
    filled(store)
    for order, limit in product(Order, (1, 7, 50)):
        found = paged(store, SpectrumQuery(limit=limit, order=order))
        assert len(found) == 48
        assert found == sorted(found, key=lambda entry: (entry.start, entry.id), reverse=True)


QUERIES = [
    (SpectrumQuery(since=START + timedelta(seconds=10)), 8),
    (SpectrumQuery(until=START + timedelta(seconds=10)), 40),
    (SpectrumQuery(since=START + timedelta(seconds=2), until=START + timedelta(seconds=4)), 8),
    (SpectrumQuery(run="r"), 48),
    (SpectrumQuery(run="other"), 0),
    (SpectrumQuery(run="r", batch=1), 8),
    (SpectrumQuery(run="r", batch=2), 0),
    (SpectrumQuery(serial_number="S2"), 24),
    (SpectrumQuery(serial_number="S2", run="r", batch=0), 20),
    (SpectrumQuery(direction="upwelling"), 24),
    (SpectrumQuery(serial_number="S1", direction="upwelling", dark=False), 12),
    (SpectrumQuery(dark=True), 0),
    (SpectrumQuery(any_flags=Flag.SATURATED), 12),
    (SpectrumQuery(any_flags=Flag.SATURATED | Flag.DARK_DRIFT), 12),
    (SpectrumQuery(any_flags=Flag.DARK_DRIFT), 0),
    (SpectrumQuery(no_flags=Flag.SATURATED), 36),
    (SpectrumQuery(run="r", batch=0, any_flags=Flag.SATURATED, direction="upwelling"), 6),
]


def test_what_a_query_finds(store: Store) -> None:
    filled(store)
    for query, count in QUERIES:
        for order in Order:
            found = paged(store, replace(query, order=order, limit=5))
            assert len(found) == len({entry.id for entry in found}) == count, query


def test_pages_stay_where_they_are_when_more_comes(store: Store) -> None:
    filled(store)
    first = store.query(SpectrumQuery(limit=10))
    store.write(sequence(LIGHT, batch=1, sequence=9, start=START + timedelta(days=1)))
    second = store.query(SpectrumQuery(limit=10, cursor=first.cursor))
    everything = [entry for entry in paged(store, SpectrumQuery()) if entry.start < START + timedelta(days=1)]
    assert [*first.entries, *second.entries] == everything[:20]


def test_the_time_zone_of_a_question_does_not_matter(store: Store) -> None:
    filled(store)
    since = (START + timedelta(seconds=10)).astimezone(timezone(timedelta(hours=-7)))
    assert len(store.query(SpectrumQuery(since=since)).entries) == 8


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": 0},
        {"limit": 1001},
        {"batch": 0},
        {"since": datetime(2026, 1, 1)},
        {"until": datetime(2026, 1, 1)},
    ],
)
def test_questions_that_make_no_sense(bad: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        SpectrumQuery(**bad)  # type: ignore[arg-type]


CURSORS = ["", "x", "1", "1_", "_1", "1_2_3", "9" * 19 + "_1", "1_" + "9" * 30, "\0", "\u0661_\u0661"]


def test_cursors_that_make_no_sense(store: Store) -> None:
    for cursor in CURSORS:
        with pytest.raises(InvalidValue):
            store.query(SpectrumQuery(cursor=cursor))


def test_the_latest_of_each(store: Store) -> None:
    for number, kind in enumerate((DARK, LIGHT, LIGHT, DARK)):
        store.write(
            sequence(kind, sequence=number, start=START + timedelta(seconds=number), serial_numbers=("S1", "S2"))
        )
    assert [(entry.serial_number, entry.dark, entry.sequence) for entry in store.latest()] == [
        ("S1", False, 2),
        ("S1", True, 3),
        ("S2", False, 2),
        ("S2", True, 3),
    ]


def test_a_clock_that_was_set_back_by_a_year(store: Store, bench: Bench) -> None:
    filled(store)
    bench.clock.step(-365 * 86400.0)
    store.create_run("later")
    number = store.begin_batch("later", replace(RECORD, started=bench.clock.utcnow()))
    assert number == 0
    store.write(sequence(LIGHT, run="later", start=START - timedelta(days=365)))
    store.end_batch("later", 0, BatchEnd(outcome="complete", ended=bench.clock.utcnow()))
    assert store.newest_run() == "later"
    assert max(store.runs(), key=lambda run: run.rank).name == "later"
    recorded = paged(store, SpectrumQuery(order=Order.RECORDED, limit=10))
    timed = paged(store, SpectrumQuery(limit=10))
    assert recorded[0] == timed[-1]
    assert recorded[0].run == "later"
    assert len(recorded) == len(timed) == 49
    assert next(entry for entry in store.latest() if entry.direction == "upwelling").run == "later"
    assert store.batches().entries[0].run == "later"


def test_all_spectra_of_a_batch_may_have_one_time(store: Store) -> None:
    for number in range(9):
        store.write(sequence(LIGHT, sequence=number, serial_numbers=("S1", "S2")))
    found = paged(store, SpectrumQuery(limit=4))
    assert len({entry.id for entry in found}) == 18


AWKWARD = ["naïve", "🌱 plot", "a'b", 'a"b;--', "%41", "a\\b", "ＡＢ", "e\u0301", "\u202eevil"]  # noqa: RUF001


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names(store: Store, name: str) -> None:
    try:
        run = store.create_run(name)
    except InvalidValue:
        run = "r"  # refused, which is fine, too
    paths = store.write(sequence(LIGHT, run=run, serial_numbers=(name,), directions=(name,)))
    assert store.run_exists(run)
    assert store.begin_batch(run, replace(RECORD, requested_by=name, command={name: name})) == 1
    (entry,) = store.query(SpectrumQuery(run=run, serial_number=name, direction=name)).entries
    assert (entry.run, entry.serial_number, entry.file) == (run, name, paths[0].name)
    assert store.batches(run).entries[0].record.command == {name: name}
    assert [one.serial_number for one in store.latest()] == [name]


def test_metadata_with_anything_in_it(store: Store) -> None:
    extra: dict[str, JsonValue] = {
        "Note": "\0 \x7f 🌱 \u2028",
        "Deep": [{"a": [1.5e300, -(2**64), True, None]}],
        "": "",
    }
    one = spectrum(extra=extra, serial_number="S\0")
    store.write(replace(sequence(), spectra=(one,)))
    (entry,) = store.query(SpectrumQuery()).entries
    assert dict(store.spectrum(entry.id).metadata) == dict(one.metadata)


def test_events(store: Store) -> None:
    store.add_events([])
    events = [
        EventRecord(
            time=NOW + timedelta(seconds=number),
            kind="temperature",
            level="alarm",
            source="S1",
            message=f"too warm {number}",
            details={"value": 1.5, "limit": None},
        )
        for number in range(5)
    ]
    store.add_events(events[:2])
    store.add_events(events[2:])
    page = store.events(limit=3)
    assert list(page.entries) == events[:1:-1]
    page = store.events(limit=3, cursor=page.cursor)
    assert list(page.entries) == events[1::-1]
    assert page.cursor is None
    found = store.events(NOW + timedelta(seconds=1), NOW + timedelta(seconds=3))
    assert list(found.entries) == [events[2], events[1]]
    with pytest.raises(InvalidValue):
        store.events(cursor="7")


def test_housekeeping(store: Store) -> None:
    store.add_housekeeping([])
    samples = [
        Sample(time=NOW + timedelta(minutes=number), values={"cpu_temperature": 50.5 + number, "clock": "gps"})
        for number in range(4)
    ]
    store.add_housekeeping(samples)
    page = store.housekeeping(limit=2)
    assert list(page.entries) == samples[:1:-1]
    assert list(store.housekeeping(limit=2, cursor=page.cursor).entries) == samples[1::-1]
    assert list(store.housekeeping(until=NOW).entries) == []


@pytest.mark.parametrize("most", [2, 3, 7, 500])
def test_old_housekeeping_is_thinned(store: Store, most: int) -> None:
    begin = NOW.replace(minute=3, second=0, microsecond=0)
    store.add_housekeeping(Sample(time=begin + timedelta(minutes=number), values={"n": number}) for number in range(40))
    until, rest, turns = begin + timedelta(minutes=27), None, 0
    while turns < 40 and (turns == 0 or rest is not None):
        rest = store.thin_housekeeping(until, timedelta(minutes=10), since=rest, most=most)
        turns += 1
    assert rest is None
    assert (turns == 1) == (most == 500)
    # minutes 3, 10 and 20 come first in their intervals; from minute 30 on all stay
    kept = [sample.values["n"] for sample in store.housekeeping().entries]
    assert kept == [*range(39, 26, -1), 17, 7, 0]


def test_thinning_once_more_removes_nothing(store: Store) -> None:
    begin = NOW.replace(minute=0, second=0, microsecond=0)
    store.add_housekeeping(Sample(time=begin + timedelta(minutes=number), values={"n": number}) for number in range(30))
    end = begin + timedelta(hours=1)
    assert store.thin_housekeeping(end, timedelta(minutes=10)) is None
    kept = store.housekeeping().entries
    assert len(kept) == 3
    assert store.thin_housekeeping(end, timedelta(minutes=10), most=2) == begin + timedelta(minutes=10)
    assert store.thin_housekeeping(end, timedelta(minutes=10)) is None
    assert store.housekeeping().entries == kept
    with pytest.raises(InvalidValue):
        store.thin_housekeeping(end, timedelta(minutes=10), most=1)


def test_versions_of_the_configuration(store: Store) -> None:
    first = store.configuration("[channels]\nµ = 1")
    assert store.configuration("[channels]\nµ = 2") != first
    assert store.configuration("[channels]\nµ = 1") == first
    assert store.configuration_text(first) == "[channels]\nµ = 1"
    with pytest.raises(NotFound):
        store.configuration_text(99)


def test_nothing_is_removed_that_was_not_exported(store: Store, bench: Bench) -> None:
    filled(store, 3)
    bench.clock.advance(400 * 86400)
    assert store.retire(keep_days=0, max_bytes=0) == ()
    assert store.retire() == ()
    store.mark_exported([("r", "b000000_s000001_light.pico"), ("r", "nothing.pico"), ("other", "x.pico")])
    assert store.retire() == ()
    assert store.retire(keep_days=401) == ()
    assert store.retire(keep_days=399) == ("r/b000000_s000001_light.pico",)
    assert store.spectra_files("r") == ["b000000_s000002_light.pico", "b000000_s000000_light.pico"]
    assert len(store.query(SpectrumQuery()).entries) == 12
    gone = next(entry for entry in store.query(SpectrumQuery()).entries if entry.sequence == 1)
    with pytest.raises(NotFound):
        store.spectrum(gone.id)
    with pytest.raises(NotFound):
        store.read("r", "b000000_s000001_light.pico")
    assert {file.name: file.state for file in store.files("r").entries}[gone.file] is FileState.REMOVED
    assert store.verification().run().sound


def test_the_oldest_are_removed_while_there_is_too_much(store: Store) -> None:
    filled(store, 4)
    store.mark_exported(("r", name) for name in store.spectra_files("r")[1:])
    size = store.files("r").entries[0].size
    assert store.retire(max_bytes=5 * size) == ()
    assert store.retire(max_bytes=3 * size) == ("r/b000000_s000000_light.pico",)
    assert len(store.retire(max_bytes=0)) == 2
    assert store.spectra_files("r") == ["b000000_s000003_light.pico"]


def test_nothing_is_wrong_with_what_was_written(store: Store) -> None:
    assert store.needs_verification
    filled(store)
    report = store.verification().run()
    assert report.complete
    assert report.sound
    assert (report.files, report.indexed) == (12, 0)
    assert not store.needs_verification


def test_rebuilding_changes_nothing_that_is_known(store: Store) -> None:
    filled(store)
    store.add_events([EventRecord(time=NOW, kind="k", message="m")])
    before = [replace(entry, id=0) for entry in paged(store, SpectrumQuery())]
    latest = [replace(entry, id=0) for entry in store.latest()]
    files = store.files("r").entries
    assert store.rebuild().run().sound
    assert sorted(before, key=repr) == sorted((replace(e, id=0) for e in paged(store, SpectrumQuery())), key=repr)
    assert latest == [replace(entry, id=0) for entry in store.latest()]
    assert store.files("r").entries == files
    assert len(store.events().entries) == 1
    assert [batch.record.kind for batch in store.batches().entries] == ["record", "record"]


def test_texts_that_no_database_takes_as_they_are(store: Store) -> None:
    odd = "a\0b \udcff 🌱"
    store.add_events([EventRecord(time=NOW, kind="k", source=odd, message=odd)])
    assert store.events().entries[0].message[-1] == "🌱"
    store.create_run("r")
    number = store.begin_batch("r", replace(RECORD, requested_by=odd))
    store.end_batch("r", number, BatchEnd(outcome="failed", ended=NOW, reason=odd))
    assert store.query(SpectrumQuery(serial_number=odd, run=odd)).entries == ()
    assert len(store.batches().entries) == 1


def test_values_that_nobody_could_read_again() -> None:
    naive = datetime(2026, 1, 1)
    with pytest.raises(InvalidValue):
        EventRecord(time=naive, kind="k", message="m")
    with pytest.raises(InvalidValue):
        Sample(time=naive, values={})
    with pytest.raises(InvalidValue):
        BatchRecord(kind="k", started=naive)
    with pytest.raises(InvalidValue):
        BatchEnd(outcome="complete", ended=naive)
    for value in (float("nan"), 2**70, "\ud800", NOW):
        with pytest.raises(InvalidValue):
            Sample(time=NOW, values={"a": value})  # type: ignore[dict-item]
        with pytest.raises(InvalidValue):
            EventRecord(time=NOW, kind="k", message="m", details={"a": value})  # type: ignore[dict-item]
        with pytest.raises(InvalidValue):
            BatchRecord(kind="k", started=NOW, command={"a": value})  # type: ignore[dict-item]


def test_numbers_that_no_database_takes(store: Store) -> None:
    store.create_run("r")
    for bad in (2**63, 2**70, -1):
        with pytest.raises(InvalidValue):
            SpectrumQuery(run="r", batch=bad)
        with pytest.raises(InvalidValue):
            SpectrumQuery(any_flags=Flag.SATURATED, no_flags=bad)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            store.configuration_text(bad)
        with pytest.raises(NotFound):
            store.end_batch("r", bad, BatchEnd(outcome="complete", ended=NOW))
