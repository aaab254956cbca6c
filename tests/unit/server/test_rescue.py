from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from piccolo3.events import Broker
from piccolo3.housekeeping import Health, HealthChanged, Level
from piccolo3.server.rescue import Rescue
from piccolo3.store import BatchRecord, CataloguedDirectory, DataDirectory, ResilientStore, Spare
from piccolo3.workers import Journal, Writer
from tests.unit.store.making import DARK, LIGHT, START, sequence
from tests.unit.workers.fakes import StepClock, until

Scenario = Callable[[Path, StepClock, Writer, Health, list[HealthChanged]], Awaitable[None]]


def run(tmp_path: Path, scenario: Scenario) -> None:
    async def whole() -> None:
        clock, broker, events = StepClock(), Broker(), list[HealthChanged]()
        broker.subscribe(HealthChanged, events.append)
        files = DataDirectory(tmp_path / "data", clock, clobber=False, split=True)
        spare = Spare(tmp_path / "spare", clock, clobber=False, split=True)
        store = ResilientStore(CataloguedDirectory(files, clock), files, clock, spare=spare)
        writer, health = Writer(store), Health({}, clock, broker)
        journal = Journal(writer, clock)
        journal.open()
        await writer.start()
        rescue = Rescue(store, writer, health, journal, clock)
        rescue.start()
        try:
            await writer.create_run("r")
            await writer.begin_batch("r", BatchRecord(kind="record", started=START))
            await scenario(tmp_path, clock, writer, health, events)
        finally:
            await rescue.stop()
            await journal.stop()
            assert await writer.stop()

    asyncio.run(whole())


def level(health: Health) -> str:
    return health.level.word


def test_trouble_shows_and_ends(tmp_path: Path) -> None:
    async def scenario(
        path: Path, clock: StepClock, writer: Writer, health: Health, events: list[HealthChanged]
    ) -> None:
        assert level(health) == "ok"
        (path / "data").rename(path / "pulled")
        await writer.write(sequence(DARK, LIGHT))
        await until(lambda: health.level is Level.ALARM)
        assert "spectra go to" in health.sentences[0]
        clock.advance(5)
        await asyncio.sleep(0.02)
        assert level(health) == "alarm"
        (path / "pulled").rename(path / "data")
        await until(lambda: clock.sleeping > 0)
        clock.advance(5)
        await until(lambda: health.level is Level.OK)
        assert [event.level for event in events] == [Level.ALARM, Level.OK]
        for _ in range(1000):  # it is noted after all of it has been done
            if noted := await writer.ask(lambda store: store.events().entries):
                break
        assert [event.kind for event in noted] == ["rescue"]
        assert noted[0].details == {"count": 2}
        assert len(list((path / "data" / "r").iterdir())) == 2

    run(tmp_path, scenario)
