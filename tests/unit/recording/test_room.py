from __future__ import annotations

import asyncio

import pytest

from piccolo3.errors import StoreError
from piccolo3.events import Broker
from piccolo3.recording import RoomChecked
from piccolo3.recording.room import Room
from tests.unit.recording.bench import RESERVE, Bench, run
from tests.unit.workers.fakes import StepClock, until


class Disk:
    def __init__(self, free: int) -> None:
        self.left = free
        self.failure: StoreError | None = None

    def free(self) -> int:
        if self.failure is not None:
            raise self.failure
        return self.left


def test_nothing_begins_below_the_reserve() -> None:
    disk = Disk(RESERVE - 1)

    async def scenario(bench: Bench) -> None:
        with pytest.raises(StoreError, match=r"only 100\.0 MB are free, below the reserve of 100\.0 MB") as caught:
            await bench.recorder.record_sequence(run="r")
        assert caught.value.details == {
            "free": RESERVE - 1,
            "needed": caught.value.details["needed"],
            "reserve": RESERVE,
        }
        with pytest.raises(StoreError):
            await bench.recorder.record_dark()
        assert not bench.busy()
        assert bench.recorder.run != "r"
        assert [event.free for event in bench.events if isinstance(event, RoomChecked)] == [RESERVE - 1] * 2
        await bench.recorder.auto()  # which writes nothing
        await bench.ends()

    run(scenario, free=disk.free)


def test_a_batch_that_has_no_room_does_not_begin() -> None:
    disk = Disk(RESERVE + 1_000_000)

    async def scenario(bench: Bench) -> None:
        with pytest.raises(StoreError, match=r"needs about [\d ]+\.\d MB, and 1\.0 MB are left .* fewer sequences"):
            await bench.recorder.record_sequence(run="r", sequences=1000)
        assert bench.recorder.settings.sequences == 1
        assert (await bench.record(sequences=2)).result == "complete"

    run(scenario, free=disk.free)


def test_a_batch_ends_where_the_reserve_begins() -> None:
    disk = Disk(10 * RESERVE)

    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=1000, delay=10)
        await until(lambda: len(bench.stored) == 2)
        disk.left = RESERVE - 1
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert outcome.reason is not None
        assert "below the reserve" in outcome.reason
        assert bench.recorder.last_error == outcome.reason
        assert outcome.lost_spectra == 0
        assert outcome.sequences_done < 10
        assert len(bench.files) >= 3  # a dark, and what was measured till then

    run(scenario, free=disk.free)


def test_a_disk_that_does_not_tell_does_not_end_a_batch() -> None:
    disk = Disk(10 * RESERVE)

    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=5, delay=10)
        disk.failure = StoreError("gone")
        assert (await bench.ends()).result == "complete"
        with pytest.raises(StoreError, match="gone"):
            await bench.recorder.record_sequence(run="r")

    run(scenario, free=disk.free)


def test_it_is_looked_for_now_and_then() -> None:
    async def whole() -> None:
        clock, asked = StepClock(), 0

        async def free() -> int:
            nonlocal asked
            asked += 1
            return 0

        room = Room(free, 1, clock, Broker())
        for _ in range(20):
            await room.shortage()
            clock.advance(1)
        assert asked == 3

    asyncio.run(whole())
