from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from piccolo3.errors import StoreError
from piccolo3.events import Broker
from piccolo3.housekeeping import Health, Housekeeper, Keeping, Level
from piccolo3.jsonvalue import JsonValue
from piccolo3.store import HOUSEKEEPING_FOLDER, MemoryStore, Sample
from piccolo3.workers import Writer
from tests.unit.workers.fakes import StepClock, until


class Samples:
    def __init__(self, clock: StepClock) -> None:
        self.clock = clock
        self.values: dict[str, JsonValue] = {"cpu_temperature": 50.0}
        self.failure: Exception | None = None

    def sample(self) -> Sample:
        if self.failure is not None:
            raise self.failure
        return Sample(time=self.clock.utcnow(), values=self.values)


class Disk:
    def __init__(self) -> None:
        self.kept: list[Sample] = []
        self.tries = 0
        self.failure: StoreError | None = None
        self.hang: asyncio.Event | None = None

    async def keep(self, samples: Sequence[Sample]) -> None:
        self.tries += 1
        if self.hang is not None:
            await self.hang.wait()
        if self.failure is not None:
            raise self.failure
        self.kept += samples


def run(test: Callable[[StepClock, Samples, Disk, Health, Housekeeper], Awaitable[None]]) -> None:
    async def whole() -> None:
        clock, disk = StepClock(), Disk()
        samples, health = Samples(clock), Health({}, clock, Broker())
        housekeeper = Housekeeper(samples, health, disk.keep, clock, interval=60)
        housekeeper.start()
        await until(lambda: clock.sleeping == 1)
        try:
            await test(clock, samples, disk, health, housekeeper)
        finally:
            await housekeeper.stop()

    asyncio.run(whole())


def test_a_sample_at_once_and_every_minute() -> None:
    async def test(clock: StepClock, _: Samples, disk: Disk, health: Health, housekeeper: Housekeeper) -> None:
        await until(lambda: len(disk.kept) == 1)
        clock.advance(59)
        await asyncio.sleep(0.01)
        assert len(disk.kept) == 1
        clock.advance(1)
        await until(lambda: len(disk.kept) == 2)
        assert housekeeper.latest is disk.kept[-1]
        assert health.level is Level.OK

    run(test)


def test_what_is_sampled_is_compared_with_the_limits() -> None:
    async def test(clock: StepClock, samples: Samples, _: Disk, health: Health, __: Housekeeper) -> None:
        samples.values = {"cpu_temperature": 81.0}
        clock.advance(60)
        await until(lambda: health.level is Level.ALARM)

    run(test)


def test_a_disk_that_fails_gets_all_of_it_later() -> None:
    async def test(clock: StepClock, _: Samples, disk: Disk, health: Health, housekeeper: Housekeeper) -> None:
        await until(lambda: housekeeper.waiting == 0)
        disk.failure = StoreError("full")
        for tries in (2, 3):
            clock.advance(60)
            await until(lambda: disk.tries == tries and clock.sleeping == 1)  # noqa: B023
        assert housekeeper.waiting == 2
        disk.failure = None
        clock.advance(60)
        await until(lambda: housekeeper.waiting == 0)
        assert [sample.time.minute for sample in disk.kept] == [0, 1, 2, 3]

    run(test)


def test_a_disk_that_hangs_holds_nothing_up() -> None:
    async def test(clock: StepClock, samples: Samples, disk: Disk, health: Health, housekeeper: Housekeeper) -> None:
        await until(lambda: housekeeper.waiting == 0)
        disk.hang = asyncio.Event()
        clock.advance(60)
        await until(lambda: housekeeper.waiting == 1 and clock.sleeping == 1)
        samples.values = {"cpu_temperature": 99.0}
        clock.advance(60)
        await until(lambda: health.level is Level.ALARM)
        assert disk.tries == 2
        disk.hang.set()
        await until(lambda: len(disk.kept) == 3)

    run(test)


def test_a_sample_that_fails_is_not_the_end() -> None:
    async def test(clock: StepClock, samples: Samples, disk: Disk, _: Health, __: Housekeeper) -> None:
        await until(lambda: len(disk.kept) == 1)
        samples.failure = ValueError("a mistake")
        clock.advance(60)
        await asyncio.sleep(0.01)
        await until(lambda: clock.sleeping == 1)
        samples.failure = None
        clock.advance(60)
        await until(lambda: len(disk.kept) == 2)

    run(test)


class Store(MemoryStore):
    failure: StoreError | None = None

    def add_housekeeping(self, samples: Sequence[Sample]) -> None:  # type: ignore[override]
        if self.failure is not None:
            raise self.failure
        super().add_housekeeping(samples)


def test_a_row_is_in_the_table_once_also_if_the_catalogue_comes_later(tmp_path: Path) -> None:
    async def whole() -> None:
        clock = StepClock()
        store = Store(clock, path=tmp_path)
        writer = Writer(store)
        await writer.start()
        keeping = Keeping(writer, ("a",))
        first = Sample(time=clock.utcnow(), values={"a": 1})
        second = Sample(time=clock.utcnow(), values={"a": 1})  # an equal one is another one
        store.failure = StoreError("locked")
        try:
            await keeping.keep([first])
        except StoreError:
            store.failure = None
        await keeping.keep([first, second])
        assert len(store.housekeeping().entries) == 2
        (table,) = (tmp_path / HOUSEKEEPING_FOLDER).iterdir()
        assert len(table.read_text().splitlines()) == 3
        assert store.runs() == []
        await writer.stop()

    asyncio.run(whole())


def test_each_sample_is_told() -> None:
    async def test(clock: StepClock, _: Samples, disk: Disk, __: Health, housekeeper: Housekeeper) -> None:
        await until(lambda: len(disk.kept) == 1)
        told: list[Sample | None] = []
        housekeeper.subscribe(lambda: told.append(housekeeper.latest))
        for _minute in range(2):
            clock.advance(60)
            await until(lambda: clock.sleeping == 1)
        await until(lambda: len(disk.kept) == 3)
        assert told == disk.kept[1:]

    run(test)
