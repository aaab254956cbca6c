"""The light: sun, air, oxygen, clouds, leaf."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.simulated import World
from piccolo3.devices.simulated.clouds import Clouds
from piccolo3.devices.simulated.leaf import canopy_reflectance
from piccolo3.devices.simulated.oxygen import A_BAND, B_BAND, absorption, line_positions
from piccolo3.devices.simulated.sky import ClearSky, grid, reference_spectrum
from piccolo3.devices.simulated.sun import air_mass, sun_elevation

ELEVATION_OF_TABLE = 41.81  # where the air mass is 1.5


@pytest.mark.parametrize(
    ("when", "latitude", "longitude", "elevation"),
    [
        # noon and midnight at solstice and equinox, by the declination of the sun and the equation of time
        (datetime(2026, 6, 21, 12, 2, tzinfo=UTC), 55.92, 0.0, 90 - 55.92 + 23.44),
        (datetime(2026, 12, 21, 11, 58, tzinfo=UTC), 55.92, 0.0, 90 - 55.92 - 23.44),
        (datetime(2026, 3, 20, 12, 7, 30, tzinfo=UTC), 0.0, 0.0, 90.0),
        (datetime(2026, 6, 21, 0, 2, tzinfo=UTC), 55.92, 0.0, -(90 - 55.92 - 23.44)),
        (datetime(2026, 9, 23, 5, 52, tzinfo=UTC), 0.0, 0.0, 0.0),
        (datetime(2026, 6, 21, 2, 2, tzinfo=UTC), -35.3, 150.0, 90 - 35.3 - 23.44),
    ],
)
def test_elevation_of_the_sun(when: datetime, latitude: float, longitude: float, elevation: float) -> None:
    assert sun_elevation(when, latitude, longitude) == pytest.approx(elevation, abs=0.5)
    zone = timezone(timedelta(hours=-7))
    assert sun_elevation(when.astimezone(zone), latitude, longitude) == sun_elevation(when, latitude, longitude)


def test_air_mass() -> None:
    assert air_mass(90.0) == pytest.approx(1.0, abs=1e-3)
    assert air_mass(ELEVATION_OF_TABLE) == pytest.approx(1.5, abs=3e-3)
    assert air_mass(0.0) == pytest.approx(37.9, abs=0.1)
    assert air_mass(-5.0) == air_mass(0.0)


def test_lines_of_oxygen_are_where_they_were_measured() -> None:
    lines = line_positions(A_BAND)
    # cm-1, vacuum; Robichaud and others (2008), J. Mol. Spectrosc. 251, 27: P9P9 at 13091.710
    assert lines["P9P9"][0] == pytest.approx(13091.710, abs=0.02)
    head = {band: 1e7 / max(position for position, _ in line_positions(band).values()) for band in (A_BAND, B_BAND)}
    # the Fraunhofer lines A and B are the heads of the bands, in air
    assert head[A_BAND] / 1.000275 == pytest.approx(759.370, abs=0.005)
    assert head[B_BAND] / 1.000275 == pytest.approx(686.719, abs=0.005)
    strongest = max(lines, key=lambda name: lines[name][1])
    assert strongest in {"R7Q8", "R9Q10", "R7R7", "R9R9", "P9P9", "P7P7"}


def test_absorption_is_normalised() -> None:
    wavenumbers = np.arange(12900.0, 13300.0, 0.002)
    coefficient = absorption(A_BAND, 1e7 / wavenumbers / 1.000275)
    assert np.trapezoid(coefficient, wavenumbers) == pytest.approx(1.0, abs=0.01)


def mean(wavelengths: NDArray[np.float64], spectrum: NDArray[np.float64], first: float, last: float) -> float:
    return float(spectrum[(wavelengths >= first) & (wavelengths <= last)].mean())


@pytest.mark.parametrize(
    ("first", "last", "tolerance"),
    [(400, 680, 0.002), (685, 698, 0.02), (700, 755, 0.005), (758, 773, 0.01), (780, 1000, 0.005)],
)
def test_agrees_with_the_table_at_its_air_mass(first: float, last: float, tolerance: float) -> None:
    wavelengths = grid(320, 1050)
    light = ClearSky(wavelengths).irradiance(ELEVATION_OF_TABLE) / math.sin(math.radians(ELEVATION_OF_TABLE))
    table = reference_spectrum()
    expected = np.interp(wavelengths, table[0], table[2])
    assert mean(wavelengths, light, first, last) == pytest.approx(
        mean(wavelengths, expected, first, last), rel=tolerance
    )


def test_less_light_and_deeper_bands_the_lower_the_sun() -> None:
    wavelengths = grid(400, 1000)
    sky = ClearSky(wavelengths)
    heights = (90.0, 60.0, 45.0, 20.0, 5.0, 0.5)
    spectra = [sky.irradiance(height) for height in heights]
    totals = [float(np.trapezoid(spectrum, wavelengths)) for spectrum in spectra]
    assert totals == sorted(totals, reverse=True)
    assert 400 < totals[2] < 700  # W m-2
    depth = [mean(wavelengths, s, 759, 770) / mean(wavelengths, s, 755, 757) for s in spectra]
    assert depth == sorted(depth, reverse=True)
    reddening = [mean(wavelengths, s, 440, 460) / mean(wavelengths, s, 850, 870) for s in spectra]
    assert reddening == sorted(reddening, reverse=True)
    assert not sky.irradiance(0.0).any()
    assert not sky.irradiance(-10.0).any()


def test_vegetation() -> None:
    wavelengths = np.arange(400.0, 1000.0)
    reflectance = canopy_reflectance(wavelengths)
    assert reflectance.min() > 0.02
    assert reflectance.max() < 0.6
    at = dict(zip(wavelengths, reflectance, strict=True))
    assert at[552.0] > 2 * at[450.0]
    assert at[552.0] > 2 * at[670.0]
    assert wavelengths[np.argmax(np.diff(reflectance))] == pytest.approx(715, abs=1)
    assert at[800.0] > 10 * at[680.0]
    assert np.abs(np.diff(reflectance)).max() < 0.01  # smooth


@given(st.integers(0, 2**40), st.floats(0, 1), st.floats(0, 1e7))
def test_clouds(seed: int, cover: float, time: float) -> None:
    clouds = Clouds(seed, cover)
    now = clouds.transmittance(time)
    assert 0.2 - 1e-9 <= now <= 1.0
    assert clouds.transmittance(time) == now
    assert clouds.transmittance(time + 0.1) == pytest.approx(now, abs=0.02)
    assert clouds.mean_transmittance(time, time + 0.1) == pytest.approx(now, abs=0.02)


def test_clouds_pass_and_differ_with_the_seed() -> None:
    def series(seed: int) -> list[float]:
        return [Clouds(seed, 1.0).transmittance(float(time)) for time in range(0, 2000, 5)]

    assert np.std(series(1)) > 0.05
    assert np.corrcoef(series(1), series(2))[0, 1] < 0.5
    clouds = Clouds(1, 1.0)
    times = np.arange(0.05, 300.0, 0.1)
    assert clouds.mean_transmittance(0.0, 300.0) == pytest.approx(
        np.mean([clouds.transmittance(float(time)) for time in times]), abs=0.01
    )
    assert Clouds(1, 0.0).mean_transmittance(0.0, 100.0) == 1.0


def test_the_sun_of_the_world() -> None:
    clock = ManualClock(datetime(2026, 6, 21, 12, 15, tzinfo=UTC))
    fixed = World(SimulationConfig(sun_elevation=30.0), clock)
    moving = World(SimulationConfig(sun_elevation=None, latitude=55.92, longitude=-3.17), clock)
    assert fixed.sun_elevation(0.0) == 30.0
    assert moving.sun_elevation(0.0) == pytest.approx(57.5, abs=0.3)
    clock.advance(12 * 3600)
    assert moving.sun_elevation(12 * 3600.0) < 0
    assert moving.sun_elevation(0.0) == pytest.approx(57.5, abs=0.3)  # a time before now
    assert fixed.cloud_transmittance(0.0, 1.0) < 1.0
