"""What the judge of a batch knows besides the spectrum: the darks around it, the clock."""

from __future__ import annotations

import pytest

from piccolo3.spectrum import Flag, Spectrum
from tests.unit.recording.bench import Bench, run


def spectra(bench: Bench, name: str) -> tuple[Spectrum, ...]:
    return bench.directory.written[f"r/{name}.pico"].spectra


def drifts_from(bench: Bench, exposure: int) -> None:
    """From this exposure on (0 is the next of A) counts are 50 higher, 5 % of saturation."""
    acquirer = bench.acquirers["A"]
    first = len(acquirer.requests) + exposure
    acquirer.counts = lambda _: 500 + 50 * (len(acquirer.requests) > first)


def has_drifted(spectrum: Spectrum) -> bool:
    return Flag.DARK_DRIFT in spectrum.flags


def test_the_later_dark_is_flagged_and_names_the_earlier_one() -> None:
    async def scenario(bench: Bench) -> None:
        drifts_from(bench, 6)
        await bench.record(sequences=2)
        first, last = spectra(bench, "b000000_s000000_dark"), spectra(bench, "b000000_s000001_dark")
        assert not any(has_drifted(dark) for dark in first)
        assert [has_drifted(dark) for dark in last] == [True, False, True, False]
        for dark in last:
            assert dark.metadata["PreviousDarkFile"] == "b000000_s000000_dark.pico"
            assert dark.metadata["PreviousDarkSequence"] == 0
            assert "DarkFile" not in dark.metadata
        assert not any("PreviousDarkFile" in dark.metadata for dark in first)
        # these are on the disk already; what they name tells which they are
        for light in spectra(bench, "b000000_s000001_light"):
            assert light.metadata["DarkFile"] == "b000000_s000000_dark.pico"
            assert not has_drifted(light)

    run(scenario)


def test_within_a_sequence_all_that_is_concerned_is_flagged() -> None:
    async def scenario(bench: Bench) -> None:
        drifts_from(bench, 5)
        await bench.record(mode="deled")
        for kind in ("dark", "light"):
            for spectrum in spectra(bench, f"b000000_s000000_{kind}"):
                assert has_drifted(spectrum) is (spectrum.serial_number == "A")

    run(scenario)


def test_darks_at_different_times_are_not_compared() -> None:
    async def scenario(bench: Bench) -> None:
        drifts_from(bench, 1)
        await bench.record()
        assert not any(has_drifted(dark) for dark in spectra(bench, "b000000_s000000_dark"))

    run(scenario)


@pytest.mark.parametrize("synchronised", [True, False, None])
def test_the_clock(synchronised: bool | None) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record()
        flagged = [Flag.CLOCK_UNSYNCHRONISED in s.flags for s in spectra(bench, "b000000_s000000_light")]
        assert flagged == [synchronised is False] * 4

    run(scenario, clock_synchronised=lambda: synchronised)
