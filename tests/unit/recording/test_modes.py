"""Modes of a batch, darks that belong to lights, averages, flags, bursts, triggers."""

from __future__ import annotations

import asyncio

import pytest

from piccolo3.config import RecordingConfig
from piccolo3.errors import InvalidValue, SpectrumRejected
from piccolo3.recording import BatchSettings
from piccolo3.spectrum import Flag, Spectrum
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until


def spectra(bench: Bench, name: str) -> tuple[Spectrum, ...]:
    return bench.directory.written[f"r/b000000_{name}.pico"].spectra


def names(bench: Bench) -> list[str]:
    return [name.removeprefix("r/b000000_").removesuffix(".pico") for name in bench.files]


def test_downwelling_before_and_after_upwelling() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=2, mode="deled")
        outcome = await bench.ends()
        assert (outcome.result, outcome.sequences_done, outcome.lost) == ("complete", 2, ())
        assert names(bench) == ["s000000_dark", "s000000_light", "s000001_dark", "s000001_light"]
        e, l_ = "downwelling", "upwelling"
        one = [f"{e} dark", f"{l_} dark", f"{e} light", f"{l_} light", f"{e} light", f"{e} dark", f"{l_} dark"]
        assert bench.statuses == [*one, *one, "idle"]
        light = spectra(bench, "s000001_light")
        assert [(s.direction, s.serial_number) for s in light] == [(c, n) for c in (e, l_, e) for n in "AB"]
        assert {s.metadata["BatchMode"] for s in light} == {"deled"}
        assert len(spectra(bench, "s000001_dark")) == 8
        assert {(s.metadata["DarkFile"], s.metadata["DarkSequence"]) for s in light} == {
            ("b000000_s000001_dark.pico", 1)
        }
        assert bench.recorder.progress.step == bench.recorder.progress.steps == 14

    run(scenario)


def test_a_mode_that_the_channels_do_not_allow_changes_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(InvalidValue, match="channels named downwelling and upwelling"):
            await bench.recorder.record_sequence(run="r", mode="deled")
        with pytest.raises(InvalidValue, match="mode must be one of"):
            bench.recorder.change_settings(mode="delde")
        assert bench.recorder.settings == BatchSettings()
        assert not bench.busy()

    run(scenario, channels=("a", "b"))


def test_the_configuration_says_how_to_record_and_is_not_overruled_by_a_restart() -> None:
    async def scenario(bench: Bench) -> None:
        assert bench.recorder.settings.mode == "dark_each"
        bench.recorder.change_settings(mode="classic", averages=5, delay=1)
        assert bench.state.values["batch_settings"] == {
            "sequences": 1,
            "autointegration": -1,
            "delay": 1.0,
            "target": 80.0,
        }

    run(scenario, recording=RecordingConfig(mode="dark_each", averages=3))


def test_every_light_names_its_dark() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record(sequences=3, autointegration=2)
        for name, file in {"s000000_light": 0, "s000001_light": 0, "s000002_light": 2}.items():
            for spectrum in spectra(bench, name):
                assert spectrum.metadata["DarkSequence"] == file
                assert spectrum.metadata["DarkFile"] == f"b000000_s{file:06}_dark.pico"
        assert "DarkFile" not in spectra(bench, "s000000_dark")[0].metadata

    run(scenario)


def test_a_light_whose_dark_was_lost_names_none() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["A"].failures["read"] = [SpectrumRejected("all zero")]
        await bench.record()
        named = {(s.direction, s.serial_number): s.metadata.get("DarkFile") for s in spectra(bench, "s000000_light")}
        assert named.pop(("downwelling", "A")) is None
        assert set(named.values()) == {"b000000_s000000_dark.pico"}

    run(scenario)


def test_averages_are_asked_for_and_told() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record(averages=4)
        assert all(s.metadata["Averages"] == 4 for s in spectra(bench, "s000000_light"))
        assert all(s.metadata["Averages"] == 4 for s in spectra(bench, "s000000_dark"))

    run(scenario)


def test_integration_times_that_follow_the_light_take_their_dark_along() -> None:
    async def scenario(bench: Bench) -> None:
        for serial in ("A", "B"):
            for channel in bench.recorder.channels:
                bench.times.set_current_time(serial, channel, 80.0)
        bench.times.set_current_time("A", "upwelling", 20.0)
        outcome = await bench.record(sequences=3)
        assert outcome.result == "complete"
        assert "s000001_dark" in names(bench)
        dark = spectra(bench, "s000001_dark")
        assert {s.direction for s in dark} == {"upwelling"}
        for name in ("s000000_light", "s000001_light", "s000002_light"):
            for spectrum in spectra(bench, name):
                file = spectrum.metadata["DarkFile"]
                assert isinstance(file, str)
                own = [
                    s.integration_time
                    for s in bench.directory.written[f"r/{file}"].spectra
                    if (s.serial_number, s.direction) == (spectrum.serial_number, spectrum.direction)
                ]
                assert own == [spectrum.integration_time]
        assert spectra(bench, "s000001_light")[2].integration_time > 20.0

    run(scenario, recording=RecordingConfig(follow=True))


def test_flags_are_in_the_file_and_told() -> None:
    async def scenario(bench: Bench) -> None:
        bench.times.set_current_time("A", "upwelling", 120.0)
        outcome = await bench.record()
        assert outcome.result == "complete"
        light = {(s.direction, s.serial_number): s for s in spectra(bench, "s000000_light")}
        saturated = light["upwelling", "A"]
        assert saturated.flags & Flag.SATURATED
        assert saturated.metadata["SaturatedPixels"] == 8
        told = {(s.direction, s.serial_number): s.flags for s in bench.stored[1].spectra}
        assert "SATURATED" in told["upwelling", "A"]
        assert "SATURATED" not in told["upwelling", "B"]

    run(scenario)


def test_downwelling_that_changes_is_flagged() -> None:
    async def scenario(bench: Bench) -> None:
        acquirer = bench.acquirers["A"]
        acquirer.counts = lambda time: {3: 300, 4: 300, 5: 600}.get(len(acquirer.requests), 0)
        await bench.record(mode="deled")
        flagged = [bool(s.flags & Flag.ILLUMINATION_UNSTABLE) for s in spectra(bench, "s000000_light")]
        assert flagged == [True, False, False, False, True, False]

    run(scenario)


def test_a_burst_moves_a_shutter_once_for_each_sequence_and_not_at_all_with_one_channel() -> None:
    async def two(bench: Bench) -> None:
        await bench.record(sequences=4, burst=True, delay=100)
        opened = [shutter.moves.count("open") for shutter in bench.shutters.values()]
        assert opened == [3, 2]
        assert len(names(bench)) == 6

    async def one(bench: Bench) -> None:
        await bench.record(sequences=4, burst=True)
        assert bench.shutters["downwelling"].moves.count("open") == 1
        assert bench.closed()

    run(two)
    run(one, channels=("downwelling",))


def test_sequences_wait_for_triggers_and_count_those_that_come_too_early() -> None:
    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        bench.hold()
        recorder.trigger(1, bench.clock.monotonic())  # there is no batch: it means nothing
        await recorder.record_sequence(run="r", sequences=2, triggered=True)
        recorder.trigger(2, bench.clock.monotonic())
        assert recorder.progress.triggers_missed == 1
        bench.release()
        await bench.until("waiting")
        assert recorder.progress.phase == "trigger"
        assert bench.closed()
        bench.clock.advance(5.0)
        recorder.trigger(3, bench.clock.monotonic() - 1.0)
        recorder.trigger(4, bench.clock.monotonic())
        await until(lambda: recorder.current_sequence == 0)
        await bench.until("waiting")
        recorder.trigger(5, bench.clock.monotonic())
        outcome = await bench.ends()
        assert outcome.result == "complete"
        assert recorder.progress.triggers_missed == 2
        first, second = spectra(bench, "s000000_light")[0], spectra(bench, "s000001_light")[0]
        assert first.metadata["TriggerNumber"] == 3
        assert first.metadata["TriggerTime"] == "2026-06-21T12:00:04.000000+0000"
        assert second.metadata["TriggerNumber"] == 5
        assert "TriggerNumber" not in spectra(bench, "s000000_dark")[0].metadata

    run(scenario)


def test_abort_while_waiting_for_a_trigger() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", triggered=True)
        await bench.until("waiting")
        await bench.recorder.pause()
        await until(lambda: bench.status() == "paused")
        await bench.recorder.abort()
        assert bench.status() == "idle"
        bench.recorder.trigger(1, 0.0)
        await asyncio.sleep(0)
        assert not bench.busy()

    run(scenario)
