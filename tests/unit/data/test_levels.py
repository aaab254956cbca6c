"""What becomes of counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from piccolo3.data.directory import Directory
from piccolo3.data.levels import Level, Row, corrected, reflectance, rows
from piccolo3.data.reader import RunReader
from piccolo3.spectrum import Flag, Spectrum
from piccolo3.status import SpectrumKind
from tests.unit.data import samples

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT


def spectrum(*arguments: Any, **more: Any) -> Spectrum:
    return samples.spectrum(*arguments, **more)


def all_rows(folder: Path, level: Level) -> tuple[list[Row], RunReader]:
    reader = RunReader(Directory(folder), folder.name)
    return [row for _, name, found in reader.files() if found for row in rows(reader, level, name, found)], reader


def test_raw_is_everything_as_it_was_recorded(data: Path) -> None:
    found, _ = all_rows(data / "tower", Level.RAW)
    assert len(found) == 2 * (2 + 3) * 4
    assert len({row.id for row in found}) == len(found)
    assert found[4].id == "b000000_s000000_light#1"
    assert found[4].values.tolist() == list(range(1100, 1120))
    assert found[4].dark_file == "b000000_s000000_dark.pico"


def test_corrected_is_without_dark_linear_and_by_time() -> None:
    more = {"nonlinearity_coefficients": [0.9, 1e-5], "dark_pixels": [0, 1]}
    light, dark = spectrum(LIGHT, "upwelling", counts=1000, **more), spectrum(DARK, "upwelling", counts=100, **more)

    def linear(counts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        rest = counts - counts[:2].mean()
        return np.asarray(rest / (0.9 + 1e-5 * rest))

    expected = (linear(1000.0 + np.arange(20)) - linear(100.0 + np.arange(20))) / 250.5
    found = corrected(light, dark)
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_the_time_that_the_device_took_counts() -> None:
    light = spectrum(LIGHT, "upwelling", counts=1100, integration_time_actual=200.0)
    found = corrected(light, spectrum(DARK, "upwelling", counts=100))
    assert found is not None
    assert found.tolist() == [5.0] * 20


def test_without_integration_time_there_is_nothing_by_time(tmp_path: Path) -> None:
    for kind in (DARK, LIGHT):
        samples.write(tmp_path / "old", [spectrum(kind, "upwelling", integration_time=0)], 0, 0, kind)
    found, reader = all_rows(tmp_path / "old", Level.CORRECTED)
    assert not found
    assert reader.findings.remarks == {"spectra with an integration time of 0 are left out": 1}


def test_counts_beyond_the_nonlinearity_are_none() -> None:
    more = {"nonlinearity_coefficients": [1.0, -1e-3]}
    light, dark = spectrum(LIGHT, "upwelling", counts=990, **more), spectrum(DARK, "upwelling", counts=1, **more)
    found = corrected(light, dark)
    assert found is not None
    assert np.isfinite(found[:10]).all()
    assert np.isnan(found[10:]).all()


def test_the_named_dark_is_taken_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "tower"
    for sequence, counts in ((0, 100), (1, 300)):
        samples.write(folder, [spectrum(DARK, "upwelling", sequence=sequence, counts=counts)], 0, sequence, DARK)
    named = spectrum(LIGHT, "upwelling", sequence=1, counts=601, dark_file="b000000_s000000_dark.pico", dark_sequence=0)
    lost = spectrum(LIGHT, "upwelling", sequence=2, counts=601, dark_file="b000000_s000009_dark.pico", dark_sequence=9)
    samples.write(folder, [named], 0, 1, LIGHT)
    samples.write(folder, [lost], 0, 2, LIGHT)
    found, reader = all_rows(folder, Level.CORRECTED)
    assert [row.values.tolist() for row in found] == [[2.0] * 20]
    assert reader.findings.remarks == {"light spectra without their dark are left out": 1}


def test_old_files_get_the_nearest_dark_before_of_the_same_setup(tmp_path: Path) -> None:
    folder = tmp_path / "tower"
    for sequence, counts, time in ((0, 100, 250.5), (3, 200, 250.5), (5, 400, 99), (9, 500, 250.5)):
        dark = spectrum(DARK, "upwelling", sequence=sequence, counts=counts, integration_time=time)
        samples.write(folder, [dark], 0, sequence, DARK)
    for sequence in (2, 3, 7):
        samples.write(folder, [spectrum(LIGHT, "upwelling", sequence=sequence, counts=701)], 0, sequence, LIGHT)
    found, _ = all_rows(folder, Level.CORRECTED)
    assert [row.dark_file for row in found] == [f"b000000_s00000{number}_dark.pico" for number in (0, 3, 3)]
    # never from another batch
    samples.write(folder, [spectrum(LIGHT, "upwelling", batch=1)], 1, 0, LIGHT)
    found, reader = all_rows(folder, Level.CORRECTED)
    assert len(found) == 3
    assert reader.findings.remarks


def test_a_file_with_both_kinds_has_its_own_dark(tmp_path: Path) -> None:
    both = [spectrum(DARK, "upwelling", counts=100, at=-1), spectrum(LIGHT, "upwelling", counts=601)]
    samples.write(tmp_path / "tower", both, 0, 0, None)
    found, _ = all_rows(tmp_path / "tower", Level.CORRECTED)
    assert [row.values.tolist() for row in found] == [[2.0] * 20]
    assert found[0].dark_file == "b000000_s000000.pico"


def test_reflectance_is_upwelling_by_downwelling(data: Path) -> None:
    found, _ = all_rows(data / "tower", Level.REFLECTANCE)
    assert [row.spectrum.direction for row in found] == ["upwelling"] * 12
    assert {tuple(row.values.tolist()) for row in found} == {(0.5,) * 20}


def test_reflectance_of_three_is_interpolated_in_time() -> None:
    before, up, after = (
        spectrum(LIGHT, direction, at=at)
        for direction, at in (("downwelling", 0.0), ("upwelling", 1.0), ("downwelling", 4.0))
    )
    down = (np.full(20, 8.0), np.full(20, 16.0))
    found = reflectance((up, np.full(20, 5.0)), (before, down[0]), (after, down[1]))
    np.testing.assert_allclose(found, 5.0 / (8.0 + 8.0 / 4))


def test_flags_of_all_that_it_was_made_of(tmp_path: Path) -> None:
    folder = tmp_path / "tower"
    for channel, flags in (("downwelling", Flag.DARK_DRIFT), ("upwelling", Flag.WEAK_SIGNAL)):
        dark = spectrum(DARK, channel, quality_flags=flags)
        folder.mkdir(exist_ok=True)
        samples.write(folder, [dark], 0, 0 if channel == "downwelling" else 1, DARK)
    lights = [
        spectrum(LIGHT, "downwelling", sequence=1, quality_flags=Flag.SATURATED),
        spectrum(LIGHT, "upwelling", sequence=1, quality_flags=None),
    ]
    samples.write(folder, lights, 0, 1, LIGHT)
    (found,), _ = all_rows(folder, Level.REFLECTANCE)
    assert found.flags == Flag.DARK_DRIFT | Flag.WEAK_SIGNAL | Flag.SATURATED


def test_no_light_is_no_reflectance_and_channels_may_have_their_own_wavelengths() -> None:
    up = spectrum(LIGHT, "upwelling")
    down = spectrum(LIGHT, "downwelling", piccolo_wavelength_coefficients=[400.25, 0.5, 0, 0])
    values = np.arange(20.0) - 1.0
    found = reflectance((up, np.ones(20)), (down, values), (down, values))
    # half a pixel further: what is at pixel n of one is between n - 1 and n of the other
    assert np.isnan(found[:2]).all()
    np.testing.assert_allclose(found[2:], 1.0 / (np.arange(2, 20) - 1.5))
    assert up.datetime + timedelta(0) == down.datetime


@pytest.mark.parametrize("level", list(Level))
def test_unreadable_files_are_findings(data: Path, level: Level) -> None:
    path = data / "tower" / "b000000_s000000_dark.pico"
    path.write_bytes(path.read_bytes()[:1000])
    found, reader = all_rows(data / "tower", level)
    assert found
    assert list(reader.findings.unreadable) == [path.name]
    assert "not JSON" in reader.findings.unreadable[path.name]
