"""The clock is set while something is recorded: nothing that runs cares, and what is written down fits together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from piccolo3.spectrum import Spectrum
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until

STEPS = [-1e9, -3600.0, -0.5, 0.5, 3600.0, 1e9]


def spectra(bench: Bench) -> list[Spectrum]:
    return [spectrum for file in bench.files for spectrum in bench.directory.written[file].spectra]


def check_times(bench: Bench, number: int) -> None:
    found = spectra(bench)
    assert len(found) == number
    for spectrum in found:
        assert spectrum.exposure_start is not None
        assert spectrum.exposure_end is not None
        took = spectrum.exposure_end - spectrum.exposure_start
        assert took == timedelta(milliseconds=spectrum.integration_time)


@pytest.mark.parametrize("seconds", STEPS)
def test_a_step_between_sequences_changes_no_delay(seconds: float) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=2, delay=100.0)
        await bench.until("waiting")
        bench.clock.step(seconds)
        bench.clock.advance(99.0)
        assert bench.recorder.status == "waiting"
        outcome = await bench.ends()
        assert (outcome.result, outcome.sequences_done, outcome.lost) == ("complete", 2, ())
        check_times(bench, 16)

    run(scenario)


@pytest.mark.parametrize("seconds", STEPS)
def test_a_step_during_an_exposure_leaves_its_length_as_it_was(seconds: float) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.idle()
        bench.hold("A")
        await bench.recorder.record_sequence(run="r")
        await until(lambda: bool(bench.acquirers["A"].requests))
        bench.clock.step(seconds)
        bench.release()
        outcome = await bench.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())
        check_times(bench, 8)

    run(scenario)


def test_spectra_tell_where_and_with_what_clock_they_were_taken() -> None:
    place: dict[str, float | str] = {"Clock": "unsynchronised"}

    async def scenario(bench: Bench) -> None:
        assert (await bench.record()).result == "complete"
        assert {spectrum.metadata["Clock"] for spectrum in spectra(bench)} == {"unsynchronised"}
        bench.directory.written.clear()
        place.update({"Clock": "gps", "Latitude": 55.9})
        assert (await bench.record()).result == "complete"
        assert {(s.metadata["Clock"], s.metadata["Latitude"]) for s in spectra(bench)} == {("gps", 55.9)}

    run(scenario, surroundings=lambda: dict(place))
