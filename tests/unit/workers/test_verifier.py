"""The check of the data directory in the background, and the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path

from piccolo3.clock import ManualClock
from piccolo3.config import RetentionConfig
from piccolo3.errors import StoreError
from piccolo3.events import Broker
from piccolo3.store import CataloguedDirectory, CheckProgress, CheckReport, DataDirectory, EventRecord, MemoryStore
from piccolo3.store import Verification as Check
from piccolo3.store.mount import Mount
from piccolo3.workers import CatalogueOpened, Journal, Verifier, VerifierChanged, Writer
from tests.unit.workers.fakes import StepClock, until


class Pieces(Check):
    """A comparison of `pieces` pieces; what a store does with it."""

    def __init__(self, store: Kept, pieces: int, deep: bool) -> None:
        self.report = CheckReport()
        self.deep = deep
        self._store = store
        self._pieces = pieces

    def step(self) -> bool:
        if self._store.failure is not None:
            raise self._store.failure
        if self._store.closed:
            return False
        self.report.files += 1
        self.report.complete = self.report.files == self._pieces
        if self.report.complete:
            self.report.note("missing", "r/gone.pico")
            self._store.differs = False
        return not self.report.complete

    @property
    def progress(self) -> CheckProgress:
        return CheckProgress(self.report.files, self._pieces)

    def close(self) -> None:
        self._store.closed = True


class Kept(MemoryStore):
    """A store whose comparison takes its time."""

    def __init__(self, clock: ManualClock, pieces: int = 5) -> None:
        super().__init__(clock)
        self.pieces = pieces
        self.differs = True
        self.closed = False
        self.failure: StoreError | None = None
        self.refuses: StoreError | None = None
        self.checks: list[Pieces] = []
        self.retired: list[tuple[float | None, int | None]] = []

    @property
    def needs_verification(self) -> bool:
        return self.differs

    def verification(self, *, deep: bool = False) -> Pieces:
        self.closed = False
        self.checks.append(Pieces(self, self.pieces, deep))
        return self.checks[-1]

    def retire(self, *, keep_days: float | None = None, max_bytes: int | None = None) -> tuple[str, ...]:
        self.retired.append((keep_days, max_bytes))
        return ("r/old.pico",)

    def add_events(self, events: Iterable[EventRecord]) -> None:
        if self.refuses is not None:
            raise self.refuses
        super().add_events(events)


class Room:
    def __init__(self, retention: RetentionConfig, pieces: int) -> None:
        self.clock = StepClock()
        self.store = Kept(self.clock, pieces)
        self.writer = Writer(self.store)
        self.journal = Journal(self.writer, self.clock)
        broker = Broker()
        self.seen: list[dict[str, object]] = []
        self.opened: list[CatalogueOpened] = []
        self.trusted = True
        self.verifier = Verifier(
            self.writer, self.clock, broker, self.journal, retention, clock_trusted=lambda: self.trusted
        )
        broker.subscribe(VerifierChanged, lambda _: self.seen.append(dict(self.verifier.as_dict())))
        broker.subscribe(CatalogueOpened, self.opened.append)

    def state(self) -> object:
        return self.verifier.as_dict()["state"]

    @property
    def events(self) -> list[str]:
        return [event.message for event in self.store.events().entries]


async def later(clock: ManualClock, condition: Callable[[], bool], step: float = 61.0) -> None:
    """As `until`, while time goes on."""

    def holds() -> bool:
        clock.advance(step)
        return condition()

    await until(holds)


def run(
    scenario: Callable[[Room], Awaitable[None]], *, retention: RetentionConfig | None = None, pieces: int = 5
) -> None:
    async def whole() -> None:
        room = Room(retention or RetentionConfig(), pieces)
        await room.writer.start()
        try:
            await scenario(room)
        finally:
            await room.verifier.stop()
            await room.journal.stop()
            assert await room.writer.stop(1.0)

    asyncio.run(whole())


def test_it_checks_once_piece_by_piece_and_tells_what_it_finds() -> None:
    async def scenario(room: Room) -> None:
        room.journal.note("start", "before there is a catalogue")
        assert len(room.journal) == 1
        room.verifier.start()
        await until(lambda: room.state() == "complete")
        assert [entry["done"] for entry in room.seen] == [0, 1, 2, 3, 4, 5]
        assert room.verifier.as_dict()["found"] == {"missing": 1}
        assert len(room.opened) == 1
        await until(lambda: not len(room.journal))
        assert room.events == [
            "data directory: 5 files, 0 of them new to the catalogue, 1 missing",
            "before there is a catalogue",
        ]
        room.clock.advance(120.0)
        await asyncio.sleep(0.02)
        assert len(room.store.checks) == 1
        assert room.store.retired == []

    run(scenario)


def test_whoever_writes_has_the_next_turn() -> None:
    async def scenario(room: Room) -> None:
        room.verifier.start()
        await until(lambda: room.state() == "running")
        for _ in range(20):
            before = room.store.checks[0].report.files
            await room.writer.run(lambda: None)
            assert room.store.checks[0].report.files <= before + 1
        assert room.state() == "running"

    run(scenario, pieces=10_000)


def test_what_is_found_to_differ_is_checked_again() -> None:
    async def scenario(room: Room) -> None:
        room.verifier.start()
        await until(lambda: room.state() == "complete")
        room.store.differs = True
        await later(room.clock, lambda: len(room.store.checks) == 2)
        await until(lambda: room.state() == "complete")
        room.verifier.again(deep=True)
        await until(lambda: len(room.store.checks) == 3 and room.state() == "complete")
        assert [check.deep for check in room.store.checks] == [False, False, True]

    run(scenario)


def test_one_that_is_asked_for_takes_the_place_of_the_one_under_way() -> None:
    async def scenario(room: Room) -> None:
        room.store.pieces = 100_000
        room.verifier.start()
        await until(lambda: room.state() == "running")
        room.store.pieces = 3
        room.verifier.again(deep=True)
        await until(lambda: room.state() == "complete")
        assert [check.deep for check in room.store.checks] == [False, True]

    run(scenario)


def test_a_store_that_fails_is_checked_later() -> None:
    async def scenario(room: Room) -> None:
        room.store.failure = StoreError("pulled out")
        room.verifier.start()
        await until(lambda: room.state() == "failed")
        assert room.verifier.as_dict()["problem"] == "pulled out"
        room.store.failure = None
        await later(room.clock, lambda: room.state() == "complete")
        assert room.verifier.as_dict()["problem"] is None

    run(scenario)


def test_exported_files_are_retired_once_a_day_where_that_is_wanted() -> None:
    async def scenario(room: Room) -> None:
        room.verifier.start()
        await until(lambda: len(room.store.retired) == 1)
        room.clock.advance(3600.0)
        await asyncio.sleep(0.02)
        assert len(room.store.retired) == 1
        await later(room.clock, lambda: len(room.store.retired) == 2, 3600.0)
        assert room.store.retired[0] == (30.0, None)
        await until(lambda: any("removed" in event for event in room.events))

    run(scenario, retention=RetentionConfig(keep_days=30.0))


def test_nothing_is_retired_by_a_clock_that_nobody_trusts() -> None:
    async def scenario(room: Room) -> None:
        room.trusted = False
        room.verifier.start()
        await until(lambda: room.state() == "complete")
        for _ in range(3):
            room.clock.advance(86_400.0)
            await asyncio.sleep(0.01)
        assert room.store.retired == []
        room.trusted = True
        await later(room.clock, lambda: len(room.store.retired) == 1, 3600.0)

    run(scenario, retention=RetentionConfig(keep_days=30.0))


def test_events_wait_for_a_catalogue_that_takes_them() -> None:
    async def scenario(room: Room) -> None:
        room.store.refuses = StoreError("locked")
        room.journal.open()
        room.journal.note("a", "first")
        await asyncio.sleep(0.02)
        assert len(room.journal) == 1
        room.store.refuses = None
        room.clock.advance(timedelta(seconds=1).total_seconds())
        room.journal.note("b", "second", level="alarm", source="s", details={"n": 1})
        await until(lambda: not len(room.journal))
        assert room.events == ["second", "first"]

    run(scenario)


class Stick(Mount):
    """Carries everything, and can only be unmounted when nothing of it is open."""

    def __init__(self, folder: Path) -> None:
        super().__init__("", folder)

    def carries(self, path: Path) -> bool:
        return True

    def unmount(self) -> str:
        return "unmounted"


def test_a_check_is_given_up_before_the_device_is_unmounted(tmp_path: Path) -> None:
    async def whole() -> None:
        clock = ManualClock()
        store = CataloguedDirectory(DataDirectory(tmp_path, clock, clobber=False, split=True), clock)
        writer = Writer(store)
        journal = Journal(writer, clock)
        verifier = Verifier(writer, clock, Broker(), journal)
        await writer.start()
        for number in range(20):
            await writer.create_run(f"r{number}")
        verifier.start()
        await until(lambda: verifier.as_dict()["state"] == "running")
        assert await writer.unmount(Stick(tmp_path)) == "unmounted"
        await until(lambda: verifier.as_dict()["state"] in ("failed", "waiting"))
        await writer.run(store.open)
        await later(clock, lambda: verifier.as_dict()["state"] == "complete")
        await verifier.stop()
        assert await writer.stop(1.0)

    asyncio.run(whole())
