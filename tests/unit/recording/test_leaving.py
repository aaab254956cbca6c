"""The shutters move on as soon as nobody looks through them any more, and no sooner."""

from __future__ import annotations

import asyncio
import threading

import pytest

from piccolo3.devices.acquisition import Overtaken
from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until


def early(bench: Bench, *serials: str) -> None:
    for serial in serials:
        bench.acquirers[serial].tells_early = True


async def in_the_light(bench: Bench) -> None:
    """Come to the first light, whose exposures are held up."""
    for acquirer in bench.acquirers.values():
        acquirer.hold_from = len(acquirer.requests) + 2
    await bench.recorder.record_sequence(run="r")
    await until(lambda: all(len(a.requests) > (a.hold_from or 0) for a in bench.acquirers.values()))


def status(bench: Bench, channel: str) -> ShutterStatus:
    return bench.shutters[channel].status


def test_they_move_before_it_is_read_out() -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, "A", "B")
        await in_the_light(bench)
        await until(lambda: status(bench, "upwelling") is ShutterStatus.OPEN)
        await until(lambda: status(bench, "downwelling") is ShutterStatus.CLOSED)
        assert bench.status() == "downwelling light"
        bench.release()
        assert (await bench.ends()).lost == ()
        assert bench.shutters["upwelling"].moves == ["close", "open", "close"]
        assert bench.shutters["downwelling"].moves == ["close", "open", "close"]

    run(scenario)


def test_one_that_still_looks_holds_them() -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, "A")
        await in_the_light(bench)
        await asyncio.sleep(0.01)
        assert status(bench, "downwelling") is ShutterStatus.OPEN
        assert status(bench, "upwelling") is ShutterStatus.CLOSED
        bench.release()
        assert (await bench.ends()).lost == ()

    run(scenario)


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("end", ["abort", "make_safe", "stop", "pause"])
def test_whatever_ends_it_finds_the_shutters(end: str, gone: bool) -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, *(("A", "B") if gone else ("A",)))
        await in_the_light(bench)
        if gone:
            await until(lambda: status(bench, "upwelling") is ShutterStatus.OPEN)
        async with asyncio.timeout(0.5):
            await getattr(bench.recorder, end)()
            if end == "pause":
                await bench.until("paused")
                await until(bench.closed)
        assert bench.closed()
        assert all(worker.surely_closed for worker in bench.shutter_workers.values())
        bench.release()
        if end == "pause":
            await bench.recorder.pause()
            assert (await bench.ends()).lost == ()

    run(scenario)


@pytest.mark.parametrize("unusable", [0, 1])
def test_what_was_overtaken_is_measured_again_by_whom_it_concerns(unusable: int) -> None:
    async def scenario(bench: Bench) -> None:
        for acquirer in bench.acquirers.values():
            acquirer.hold_from = 2
        early(bench, "A", "B")
        bench.acquirers["B"].overtaken = []
        await bench.recorder.record_sequence(run="r")
        await until(lambda: all(len(a.requests) == 3 for a in bench.acquirers.values()))
        bench.acquirers["B"].overtaken = [Overtaken("late", unusable=unusable)]
        await until(lambda: status(bench, "upwelling") is ShutterStatus.OPEN)
        bench.release()
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())
        assert len(bench.acquirers["A"].requests) == 4
        assert len(bench.acquirers["B"].requests) == 5
        assert bench.acquirers["B"].unusable == [0, 0, 0, unusable, 0]
        # back to the view that it is measured with, and on
        assert bench.shutters["downwelling"].moves == ["close", "open", "close", "open", "close"]
        assert len(bench.directory.written["r/b000000_s000000_light.pico"].spectra) == 4

    run(scenario)


def test_the_shutter_does_not_come_back_for_what_was_overtaken() -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, "A", "B")
        await in_the_light(bench)
        bench.acquirers["B"].overtaken = [Overtaken("late", unusable=0)]
        await until(lambda: status(bench, "upwelling") is ShutterStatus.OPEN)
        bench.shutters["downwelling"].failures["open"] = [DeviceError("no pin")]
        bench.release()
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost_spectra) == ("complete", 1)
        assert "downwelling did not open: no pin" in outcome.lost[0]

    run(scenario)


@pytest.mark.parametrize("move", ["open", "close"])
def test_a_move_ahead_that_fails_is_told_where_it_is_needed(move: str) -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, "A", "B")
        await in_the_light(bench)
        channel = "upwelling" if move == "open" else "downwelling"
        bench.release()
        bench.shutters[channel].failures[move] = [DeviceError("no pin")]
        outcome = await bench.ends()
        assert outcome.result == "complete"
        if outcome.lost:  # it may have gone before
            assert outcome.lost_spectra == 2
            assert f"{channel} did not {move}: no pin" in outcome.lost[0]
        assert bench.closed()

    run(scenario)


def test_a_shutter_that_hangs_after_it_has_departed() -> None:
    async def scenario(bench: Bench) -> None:
        early(bench, "A", "B")
        bench.shutters["upwelling"].hang = threading.Event()
        await bench.recorder.record_sequence(run="r")
        outcome = await bench.ends()
        assert outcome.lost_spectra == 2
        assert "upwelling" in outcome.lost[0]
        assert status(bench, "downwelling") is ShutterStatus.CLOSED

    run(scenario)
