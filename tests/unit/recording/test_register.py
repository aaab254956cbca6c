"""What the catalogue is told of batches."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from piccolo3.errors import Conflict, StoreError
from piccolo3.origin import origin
from piccolo3.recording.batch import Batch
from piccolo3.spectrum import SpectraList
from piccolo3.store import BatchEnd, BatchRecord
from tests.unit.recording.bench import Bench, disk_full, run
from tests.unit.workers.fakes import until


def test_a_batch_with_all_that_decided_what_it_did() -> None:
    async def scenario(bench: Bench) -> None:
        token = origin.set("coap [::1]:4711")
        outcome = await bench.record(sequences=2, target=70.0)
        origin.reset(token)
        (batch,) = bench.directory.batches().entries
        record, end = batch.record, batch.end
        assert (record.kind, record.requested_by) == ("record", "coap [::1]:4711")
        assert record.command == {
            "sequences": 2,
            "autointegration": -1,
            "delay": 0.0,
            "target": 70.0,
            "mode": "classic",
            "averages": 1,
            "burst": False,
            "triggered": False,
            "channels": ["downwelling", "upwelling"],
            "integration_times": {
                serial: {c: bench.times.current_time(serial, c) for c in ("downwelling", "upwelling")}
                for serial in ("A", "B")
            },
        }
        assert record.configuration is not None
        assert bench.directory.configuration_text(record.configuration) == "[channels]"
        assert end == BatchEnd(outcome="complete", ended=outcome.ended, sequences_done=2)
        await bench.recorder.record_dark("r")
        await bench.ends()
        newest = bench.directory.batches().entries[0]
        assert (newest.record.kind, newest.record.requested_by) == ("dark", "")
        assert newest.record.configuration == record.configuration

    run(scenario)


def test_automatic_integration_is_an_event() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.auto()
        await bench.ends()
        await until(lambda: len(bench.directory.events().entries) == 1)
        (event,) = bench.directory.events().entries
        assert (event.kind, event.message, event.level) == ("auto", "auto is complete", "info")
        assert not bench.directory.batches().entries

    run(scenario)


def test_an_aborted_batch() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold()
        await bench.recorder.record_sequence(run="r", sequences=2)
        await bench.recorder.abort()
        await bench.ends()
        assert bench.directory.ends == [("r", 0, "aborted")]

    run(scenario)


def test_a_batch_that_is_aborted_while_it_gets_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        asked, begin = threading.Event(), bench.directory.begin_batch

        def slowly(run: str, record: BatchRecord) -> int:
            asked.set()
            bench.directory.gate.wait(5)
            return begin(run, record)

        monkeypatch.setattr(bench.directory, "begin_batch", slowly)
        bench.directory.gate.clear()
        request = asyncio.create_task(bench.recorder.record_sequence(run="r", sequences=1))
        await until(asked.is_set)
        await bench.recorder.abort()
        with pytest.raises(Conflict, match="aborted before it began"):
            await request
        bench.directory.gate.set()
        await until(lambda: bench.directory.ends == [("r", 0, "aborted")])
        assert bench.recorder.outcome is None

    run(scenario)


def test_an_end_that_the_catalogue_did_not_take_is_told_with_the_next_batch() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=1)
        bench.directory.failure = disk_full()
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert bench.directory.ends == [("r", 0, None)]
        bench.directory.failure = None
        await bench.record(sequences=1)
        assert bench.directory.ends == [("r", 1, "complete"), ("r", 0, "failed")]
        messages = [event.message for event in bench.directory.events().entries]
        assert messages == ["batch 0 of r is failed: disk full"]

    run(scenario)


class Missed:
    """Writes files of which the catalogue does not get to know, so many times."""

    def __init__(self, bench: Bench, times: int) -> None:
        self._write = bench.directory.write
        self._times = times
        self.asked: list[SpectraList] = []

    def __call__(self, spectra: SpectraList) -> tuple[Path, ...]:
        self.asked.append(spectra)
        if self._times:
            self._times -= 1
            raise StoreError("b000000_s000000_dark.pico: written, but the catalogue does not know of it", files=["x"])
        return self._write(spectra)


def test_what_only_the_catalogue_missed_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        missed = Missed(bench, 2)
        monkeypatch.setattr(bench.directory, "write", missed)
        outcome = await bench.record(sequences=1)
        assert (outcome.result, outcome.lost, outcome.sequences_done) == ("complete", (), 1)
        assert missed.asked[0] is missed.asked[1] is missed.asked[2]  # the very same, or it would be written once more
        assert len(bench.stored) == 2

    run(scenario)


def test_what_the_catalogue_never_takes_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        monkeypatch.setattr(bench.directory, "write", Missed(bench, 1000))
        outcome = await bench.record(sequences=1)
        assert outcome.result == "failed"
        assert outcome.lost_spectra < 8
        assert "the catalogue does not know of it" in outcome.lost[0]
        assert not bench.stored

    run(scenario)


@pytest.mark.parametrize("method", ["show_first", "run"])
def test_a_batch_that_ends_by_an_error_in_the_program(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    async def scenario(bench: Bench) -> None:
        def fail(batch: Batch) -> None:
            raise ZeroDivisionError("by mistake")

        with monkeypatch.context() as patch:
            patch.setattr(Batch, method, fail)
            with contextlib.suppress(ZeroDivisionError):  # who asked hears of it if it has not begun
                await bench.recorder.record_sequence(run="r", sequences=2)
            await until(lambda: not bench.recorder.busy and len(bench.directory.events().entries) == 1)
        (batch,) = bench.directory.batches().entries
        assert batch.end is not None
        assert (batch.end.outcome, batch.end.reason) == (
            "failed",
            "an error in the program: ZeroDivisionError: by mistake",
        )
        (event,) = bench.directory.events().entries
        assert event.message == f"batch 0 of r is failed: {batch.end.reason}"
        await bench.record(sequences=1)  # the next one is another one
        assert [end for _, _, end in bench.directory.ends] == ["complete", "failed"]  # the last one first

    run(scenario)
