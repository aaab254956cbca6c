"""Pause, abort and the safe state in every state of the engine."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.config import RecordingConfig
from piccolo3.errors import DeviceError
from piccolo3.recording import Phase
from piccolo3.status import ShutterStatus, SpectrometerStatus
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until


def exposing(bench: Bench) -> bool:
    return all(worker.status is SpectrometerStatus.RECORDING for worker in bench.workers.values())


async def in_a_light(bench: Bench) -> None:
    for acquirer in bench.acquirers.values():
        acquirer.hold_from = 2
    await bench.recorder.record_sequence(run="r", sequences=2, delay=10)
    await until(lambda: all(len(acquirer.requests) == 3 for acquirer in bench.acquirers.values()))
    assert exposing(bench)
    assert not bench.closed()


async def in_the_delay(bench: Bench) -> None:
    await bench.recorder.record_sequence(run="r", sequences=2, delay=10)
    await bench.until("waiting")


async def in_a_pause(bench: Bench) -> None:
    await in_the_delay(bench)
    await bench.recorder.pause()


async def with_a_full_queue(bench: Bench) -> None:
    bench.directory.gate.clear()
    await bench.recorder.record_sequence(run="r", sequences=9)
    await until(lambda: bench.recorder.progress.phase == "writing")


async def waiting_for_a_trigger(bench: Bench) -> None:
    await bench.recorder.record_sequence(run="r", sequences=2, triggered=True)
    await bench.until("waiting")


async def while_spectrometers_return(bench: Bench) -> None:
    bench.hold()
    await bench.recorder.record_sequence(run="r", sequences=2)
    await until(lambda: exposing(bench))
    await bench.recorder.pause()
    await bench.until("paused")
    await bench.recorder.pause()
    await bench.until("waiting")


STATES = [in_a_light, in_the_delay, in_a_pause, with_a_full_queue, waiting_for_a_trigger, while_spectrometers_return]
QUEUE = RecordingConfig(queue=2)


@pytest.mark.parametrize("state", STATES)
def test_abort_is_effective_at_once(state: Callable[[Bench], Awaitable[None]]) -> None:
    async def scenario(bench: Bench) -> None:
        await state(bench)
        loop = asyncio.get_running_loop()
        before = loop.time()
        aborting = asyncio.create_task(bench.recorder.abort())
        await until(lambda: bench.closed() and bench.status() in ("idle", "waiting"))
        assert loop.time() - before < 0.05
        bench.directory.gate.set()
        await aborting
        assert bench.status() == "idle"
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert outcome.result == "aborted"
        bench.release()
        await bench.idle()
        assert (await bench.record(delay=0.0, sequences=1)).result == "complete"

    run(scenario, recording=QUEUE)


@pytest.mark.parametrize("state", [s for s in STATES if s is not in_a_pause])
def test_a_pause_is_effective_at_once_and_costs_nothing(state: Callable[[Bench], Awaitable[None]]) -> None:
    async def scenario(bench: Bench) -> None:
        await state(bench)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await bench.recorder.pause()
        await bench.until("paused")
        assert bench.closed()
        assert loop.time() - before < 0.05
        bench.directory.gate.set()
        bench.release()
        await bench.idle()
        assert bench.status() == "paused"
        await bench.recorder.pause()
        if state is waiting_for_a_trigger:
            for number in (1, 2):
                await until(lambda: bench.recorder.progress.phase == "trigger")
                bench.recorder.trigger(number, 0.0)
                await until(lambda: bench.recorder.progress.phase != "trigger")
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())

    run(scenario, recording=QUEUE)


def test_what_a_pause_cut_off_is_measured_again_when_the_spectrometers_have_returned() -> None:
    async def scenario(bench: Bench) -> None:
        await in_a_light(bench)
        before = len(bench.acquirers["A"].requests)
        await bench.recorder.pause()
        await bench.until("paused")
        await bench.recorder.pause()
        await bench.until("waiting")  # for them, with the shutters closed
        assert exposing(bench)
        assert bench.closed()
        bench.release()
        await until(lambda: len(bench.acquirers["A"].requests) > before)
        assert bench.acquirers["A"].requests[before - 1][0] == bench.acquirers["A"].requests[before][0]
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())

    run(scenario)


def test_pause_and_resume_at_the_same_moment() -> None:
    async def scenario(bench: Bench) -> None:
        await in_a_light(bench)
        await bench.recorder.pause()
        await bench.recorder.pause()
        bench.release()
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())

    run(scenario)


def test_the_batch_waits_for_a_slow_disk_and_drops_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        await with_a_full_queue(bench)
        assert bench.status() == "waiting"
        assert bench.recorder.progress.queue == 2
        assert bench.closed()
        bench.directory.gate.set()
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost, outcome.sequences_done) == ("complete", (), 9)
        assert len(bench.files) == 11
        assert bench.recorder.progress.queue == 0

    run(scenario, recording=QUEUE)


def test_what_is_queued_is_written_when_it_is_aborted() -> None:
    async def scenario(bench: Bench) -> None:
        await with_a_full_queue(bench)
        aborting = asyncio.create_task(bench.recorder.abort())
        await asyncio.sleep(0.005)
        bench.directory.gate.set()
        await aborting
        assert len(bench.files) == 3  # two that had waited, and the one that waited for room
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert outcome.lost == ()
        assert outcome.sequences_done == len(bench.files) - 1

    run(scenario, recording=QUEUE)


@pytest.mark.parametrize("busy", [True, False])
def test_make_safe(busy: bool) -> None:
    async def scenario(bench: Bench) -> None:
        if busy:
            await in_a_light(bench)
        moves = {name: len(shutter.moves) for name, shutter in bench.shutters.items()}
        await bench.recorder.make_safe()
        assert bench.closed()
        assert not bench.busy()
        for name, shutter in bench.shutters.items():
            assert "close" in shutter.moves[moves[name] :]  # also those that should be closed already
        if busy:
            assert bench.recorder.outcome is not None
            assert bench.recorder.outcome.result == "aborted"

    run(scenario)


def test_make_safe_when_everything_else_is_stuck() -> None:
    async def scenario(bench: Bench) -> None:
        bench.directory.gate.clear()
        for acquirer in bench.acquirers.values():
            acquirer.tells_early = True
        await in_a_light(bench)
        await until(lambda: bench.shutters["upwelling"].status is ShutterStatus.OPEN)
        bench.shutters["downwelling"].hang = threading.Event()
        await asyncio.wait_for(bench.recorder.make_safe(), 5.0)
        assert bench.shutters["upwelling"].status is ShutterStatus.CLOSED
        assert "downwelling" in str(bench.recorder.last_error)

    run(scenario)


def test_make_safe_reports_a_shutter_that_fails_and_closes_the_others() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.shutter_workers["upwelling"].open()
        bench.shutters["downwelling"].failures["close"] = [DeviceError("no pin")]
        await bench.recorder.make_safe()
        assert bench.closed()
        assert bench.recorder.last_error == "shutter downwelling did not close: no pin"

    run(scenario)


def test_progress_tells_how_long_it_takes() -> None:
    async def scenario(bench: Bench) -> None:
        for serial in bench.workers:
            for channel in bench.recorder.channels:
                bench.times.set_current_time(serial, channel, 1000.0)
        await bench.recorder.record_sequence(run="r", sequences=2, delay=10)
        # 8 exposures of a second and what comes on top, and two delays
        assert bench.recorder.progress.seconds_left == pytest.approx(28.0, abs=0.5)
        await bench.until("waiting")
        assert bench.recorder.progress.seconds_left == pytest.approx(24.0, abs=0.5)
        bench.clock.advance(10)
        await bench.ends()
        assert bench.recorder.progress.seconds_left == 0.0
        assert bench.recorder.progress.seconds_done >= 10.0
        assert len(json.dumps(bench.recorder.progress.as_dict())) < 1000

    run(scenario)


def test_the_time_line_of_a_sequence_is_data() -> None:
    phases: list[Phase] = []

    async def scenario(bench: Bench) -> None:
        await bench.record()
        names = [(phase.name, phase.who) for phase in phases]
        for name in ("open", "close"):
            assert {(name, channel) for channel in bench.recorder.channels} <= set(names)
        assert names.count(("exposure", "A")) == names.count(("acquire", "B")) == 4
        assert ("write", "b000000_s000000_light.pico") in names
        assert ("build", "light of sequence 0") in names
        assert all(phase.start <= phase.end for phase in phases)

    run(scenario, trace=phases.append)
