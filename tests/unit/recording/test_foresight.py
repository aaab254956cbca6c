"""Dry runs: what a batch would do, and what is in the way."""

from __future__ import annotations

import json

import pytest

from piccolo3.config import RecipeConfig
from piccolo3.events import Event
from piccolo3.recording.room import RoomChecked, expected_bytes
from piccolo3.status import SpectrometerStatus
from tests.unit.recording.bench import RESERVE, Bench, MemoryState, run

RECIPE = RecipeConfig(
    name="noon", run="midday", sequences=3, mode="deled", averages=2, integration_times={"A": {"upwelling": 40.0}}
)


WARM = tuple(f"the detector of spectrometer {serial} has not come to its set point" for serial in "AB")  # as they are


def test_what_it_comes_to_and_that_nothing_changes() -> None:
    state = MemoryState()

    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        before, events = json.dumps(state.values), len(bench.events)
        order = recorder.resolve(recipe="noon")
        found = await recorder.foresee(order)
        assert (found.run, found.channels) == ("midday", ("downwelling", "upwelling"))
        assert found.steps == {"dark": 12, "light": 9}
        assert [(p.serial_number, p.darks, p.lights, p.exposures, p.automatic) for p in found.parts] == [
            ("A", 12, 9, 42, 0),
            ("B", 12, 9, 42, 0),
        ]
        assert found.parts[0].integration_times == {"downwelling": 8.0, "upwelling": 40.0}
        assert (found.parts[0].status, found.spectra, found.warnings) == ("IDLE", 42, WARM)
        assert found.bytes == expected_bytes(order, recorder.rig)
        body = found.as_dict()
        assert json.loads(json.dumps(body)) == body
        assert body["spectrometers"]["S_A"]["integration_times"] == {  # type: ignore[index, call-overload]
            "downwelling": 8,
            "upwelling": 40,
        }
        assert json.dumps(state.values) == before
        assert not [event for event in bench.events[events:] if not isinstance(event, RoomChecked)]
        assert bench.directory.written == {}

    run(scenario, recipes=[RECIPE], state=state)


def test_the_current_run_and_settings_count_where_nothing_is_said() -> None:
    async def scenario(bench: Bench) -> None:
        bench.recorder.change_settings(sequences=7)
        found = await bench.recorder.foresee(bench.recorder.resolve())
        assert (found.run, found.order.settings.sequences) == (bench.recorder.run, 7)

    run(scenario)


@pytest.mark.parametrize(
    ("wanted", "gap", "warning"),
    [
        ({"sequences": 100}, 1.0, "longer than the 1 s from one start to the next"),
        ({"autointegration": 0}, None, "are going to be found automatically"),
        ({"triggered": True}, None, "each sequence waits for a trigger"),
    ],
)
def test_what_is_to_be_known_of_its_time(wanted: dict[str, bool], gap: float | None, warning: str) -> None:
    async def scenario(bench: Bench) -> None:
        order = bench.recorder.resolve(**wanted)  # type: ignore[arg-type]
        *warm, found = (await bench.recorder.foresee(order, gap)).warnings
        assert tuple(warm) == WARM
        assert warning in found

    run(scenario)


def test_what_is_in_the_way_now() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.workers["B"].disconnect()
        found = await bench.recorder.foresee(bench.recorder.resolve(sequences=10_000))
        warm, absent, full = found.warnings
        assert warm == WARM[0]
        assert absent.startswith(f"spectrometer B is {SpectrometerStatus.DISCONNECTED.name}, and would not take part")
        assert "record fewer sequences, or make room" in full
        assert found.parts[1].status == "DISCONNECTED"

    run(scenario, free=lambda: RESERVE + 1000)


def test_while_something_is_recorded() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold()
        await bench.recorder.record_sequence(run="r")
        found = await bench.recorder.foresee(bench.recorder.resolve())
        assert found.warnings[0] == "something is being recorded: it would be refused now"
        assert not [warning for warning in found.warnings if "take part" in warning]
        bench.release()
        await bench.ends()
        assert isinstance(bench.events[-1], Event)

    run(scenario)
