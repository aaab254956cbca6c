from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices.interface import Exposure, SpectrometerInfo
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording.peaks import Sample, sample_of, sample_of_spectrum, smoothed_peak
from piccolo3.spectrum import Spectrum


def info(dark_pixels: tuple[int, ...], optical: tuple[int, int]) -> SpectrometerInfo:
    twin = SimulatedSpectrometer(MODELS["QE-PRO"], "A", World(SimulationConfig(), ManualClock())).open()
    return replace(twin, dark_pixels=dark_pixels, optical_pixel_range=optical)


def exposure(counts: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Exposure:
    return Exposure(counts=counts, start=0, end=1, integration_time=4.0, discarded=0)


def test_one_hot_pixel_does_not_count() -> None:
    counts = np.array([9, 9, 100, 9, 9, 20, 20, 9], np.int32)
    assert smoothed_peak(counts, (0, 8)) == 20
    assert smoothed_peak(counts, (0, 5)) == 9
    assert smoothed_peak(counts, (2, 4)) == 100


def test_with_dark_pixels() -> None:
    counts = np.array([900, 1000, 5, 5, 7, 7, 7, 5], np.int32)
    seen = sample_of(exposure(counts), info((0, 1), (2, 8)))
    assert seen == Sample(
        integration_time=4.0, peak=7.0, base=950.0, base_noise=50 / 2**0.5, noise=0.0, has_dark_pixels=True
    )
    assert seen.light == -943.0


def test_without_dark_pixels_the_darkest_ones_are_the_base() -> None:
    light = 5000 * np.exp(-(((np.arange(1000) - 400) / 100) ** 2))
    counts = (1500 + light + np.random.default_rng(1).normal(0, 5, 1000)).astype(np.int32)
    counts[7] = 0  # a dead one
    seen = sample_of(exposure(counts), info((), (0, 1000)))
    assert seen.base == pytest.approx(1500, abs=12)
    assert seen.peak == pytest.approx(6500, abs=15)
    assert 4 < seen.noise < 25
    assert not seen.has_dark_pixels


def test_a_spectrum_tells_the_same() -> None:
    counts = np.array([900, 1000, 5, 5, 7, 7, 7, 5], np.int32)
    metadata: dict[str, JsonValue] = {"IntegrationTime": 4.0, "DarkPixels": [0, 1], "OpticalPixelRange": [2, 8]}
    spectrum = Spectrum(pixels=counts, metadata=metadata)
    assert sample_of_spectrum(spectrum) == sample_of(exposure(counts), info((0, 1), (2, 8)))


def test_a_single_pixel_has_no_noise() -> None:
    assert sample_of(exposure(np.array([5], np.int32)), info((), (0, 1))).noise == 0.0
