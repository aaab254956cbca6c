"""Orders that were resolved before: done to their end, without a trace in the settings of the operator."""

from __future__ import annotations

import asyncio

import pytest

from piccolo3.errors import Busy, InvalidValue
from piccolo3.recording import BatchSettings, RunChanged, SettingsChanged
from piccolo3.recording.order import Order
from tests.unit.recording.bench import Bench, run

ORDER = Order(kind="record", settings=BatchSettings(sequences=2, target=55.0), run="job", lasting=False)


def test_an_order_is_recorded_and_the_settings_stay() -> None:
    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        before, current = recorder.settings, recorder.run
        begun: list[tuple[str | None, int | None]] = []
        outcome = await recorder.record(ORDER, lambda *place: begun.append(place))
        assert (outcome.result, outcome.run, outcome.batch, outcome.sequences_done) == ("complete", "job", 0, 2)
        assert begun == [("job", 0)]
        assert (recorder.settings, recorder.run) == (before, current)
        assert not any(isinstance(event, RunChanged | SettingsChanged) for event in bench.events)
        assert not recorder.busy

    run(scenario)


@pytest.mark.parametrize("kind", ["dark", "auto"])
def test_other_orders(kind: str) -> None:
    async def scenario(bench: Bench) -> None:
        order = Order(kind="dark" if kind == "dark" else "auto", settings=BatchSettings(target=55.0), lasting=False)
        outcome = await bench.recorder.record(order, lambda *_: None)
        assert (outcome.kind, outcome.run is None) == (kind, kind == "auto")
        assert bench.recorder.settings == BatchSettings()

    run(scenario)


def test_what_can_not_begin_has_not_begun() -> None:
    async def scenario(bench: Bench) -> None:
        begun: list[object] = []
        bench.hold("A")
        await bench.recorder.record_sequence(run="r")
        with pytest.raises(Busy):
            await bench.recorder.record(ORDER, lambda *place: begun.append(place))
        bench.release()
        await bench.recorder.idle()
        assert not bench.recorder.busy
        await bench.recorder.idle()
        assert begun == []

    run(scenario)


def test_an_order_that_makes_no_sense_here() -> None:
    async def scenario(bench: Bench) -> None:
        deled = Order(kind="record", settings=BatchSettings(mode="deled"), lasting=False)
        with pytest.raises(InvalidValue):
            await bench.recorder.record(deled, lambda *_: None)

    run(scenario, channels=["upwelling"])


def test_who_gives_up_waiting_does_not_abort() -> None:
    async def scenario(bench: Bench) -> None:
        begun = asyncio.Event()
        bench.hold("A")
        waiting = asyncio.create_task(bench.recorder.record(ORDER, lambda *_: begun.set()))
        await begun.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        bench.release()
        assert (await bench.ends()).result == "complete"

    run(scenario)


def test_an_aborted_order_ends_as_aborted() -> None:
    async def scenario(bench: Bench) -> None:
        begun = asyncio.Event()
        bench.hold("A")
        waiting = asyncio.create_task(bench.recorder.record(ORDER, lambda *_: begun.set()))
        await begun.wait()
        aborting = asyncio.create_task(bench.recorder.abort())
        bench.release()
        await aborting
        assert (await waiting).result == "aborted"

    run(scenario)
